"""Erasing a person: what is personal of them is deleted for good, what was done with them stays provable.

Texts, names, addresses and keys of sources go, wherever they lie; scores, loops, figures and the ledger stay.
Every chain still verifies: an event holds only commitments to what is personal, and their salts go too.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from pydantic import JsonValue
from sqlalchemy import CursorResult
from sqlmodel import Session, col, delete, func, select, update

from boucle.engine import ledger, privacy, withdrawals
from boucle.engine.canonical import instant_text
from boucle.engine.consent import MAY_BE_CONTACTED
from boucle.engine.tables import Contact, LoopRow, Personal, QuarantineRow, ResponseRow, Revision

ERASED = "erased"


@dataclass(frozen=True)
class Erased:
    """What an erasure met: personal values deleted, responses, and rows of quarantine; the person's loops.

    `ended` are those of the loops that were open until then.
    """

    contact: str
    values: int
    responses: int
    quarantined: int
    loops: tuple[str, ...]
    ended: tuple[str, ...]


def erase(session: Session, contact_id: str, *, actor: str, at: datetime) -> Erased:
    """Erase a contact, whose open loops end as withdrawn. A second time there is nothing left to do."""
    contact = withdrawals.hold_contact(session, contact_id)
    ended = withdrawals.end_loops(session, [contact.id], cause="erasure", at=at, actor=actor)
    records = [contact, *session.exec(select(Contact).where(Contact.merged_into == contact.id))]
    email = privacy.find_person(session, contact.id).email
    quarantined = _empty_quarantine(session, records, email)
    responses = _forget_responses(session, contact)
    values = _delete(session, [*(row.id for row in records), *responses, *_find_mails(session, email)])
    for row in records:
        _forget(row, actor, at)
    loops = session.exec(
        select(LoopRow.id).where(LoopRow.contact_id == contact.id).order_by(LoopRow.id)
    ).all()
    erased = Erased(contact.id, values, len(responses), quarantined, tuple(loops), tuple(ended))
    if values or quarantined or ended:
        _record(session, erased, actor, at)
    return erased


def _forget_responses(session: Session, contact: Contact) -> Sequence[str]:
    """The source's id of a response is often an address; its digest would tell whether a guess is right."""
    rows = session.exec(select(ResponseRow).where(ResponseRow.contact_id == contact.id)).all()
    for row in rows:
        row.source_id = f"{ERASED}-{row.id}"
        session.add(row)
    ids = [row.id for row in rows]
    session.execute(update(Revision).where(col(Revision.response_id).in_(ids)).values(content_digest=ERASED))
    return ids


def _forget(row: Contact, actor: str, at: datetime) -> None:
    """Nothing is known of the contact any more but that nobody is to contact them."""
    said = {"by": "import", "source": actor, "ref": ERASED, "at": instant_text(at)}
    row.key = f"{ERASED}-{row.id}"
    row.facts, row.sources = {MAY_BE_CONTACTED: False}, {MAY_BE_CONTACTED: said}
    row.updated_at = max(row.updated_at, at)


def _find_mails(session: Session, email: str | None) -> Sequence[str]:
    """Mails from the person's address that were attached to no loop; each is kept under its own id."""
    if email is None:
        return ()
    query = select(Personal.subject).where(
        col(Personal.field) == "sender",
        col(Personal.scope).startswith("reply/"),
        func.lower(Personal.value) == email.strip().lower(),
        col(Personal.scope) == "reply/" + col(Personal.subject),
    )
    return session.exec(query).all()


def _empty_quarantine(session: Session, records: Collection[Contact], email: str | None) -> int:
    """What never became a response: whole as it came in, in whatever state it is."""
    query = select(QuarantineRow).where(col(QuarantineRow.source).in_({row.source for row in records}))
    keys = {row.key for row in records}
    found = [row for row in session.exec(query) if _is_of(json.loads(row.payload), keys, email)]
    for row in found:
        row.state = "dropped" if row.state == "waiting" else row.state
        row.payload, row.reasons = "{}", []
        row.source_id = row.content_digest = f"{ERASED}-{row.id}"
        session.add(row)
    return len(found)


def _is_of(said: dict[str, JsonValue], keys: Collection[str], email: str | None) -> bool:
    person = said.get("person")
    address = person.get("email") if isinstance(person, dict) else None
    same_address = isinstance(address, str) and email is not None and address.lower() == email.lower()
    return said.get("contact") in keys or same_address


def _delete(session: Session, subjects: Sequence[str]) -> int:
    deleted = (
        session.execute(delete(Personal).where(col(Personal.subject).in_(part))) for part in _parts(subjects)
    )
    return sum(result.rowcount for result in deleted if isinstance(result, CursorResult))


def _parts(ids: Sequence[str]) -> Iterator[Sequence[str]]:
    """SQLite takes only so many values in one statement."""
    for start in range(0, len(ids), 500):
        yield ids[start : start + 500]


def _record(session: Session, erased: Erased, actor: str, at: datetime) -> None:
    payload: dict[str, JsonValue] = {
        "contact": erased.contact, "values": erased.values, "responses": erased.responses,
        "quarantined": erased.quarantined, "loops": [*erased.loops],
    }  # fmt: skip
    chain = ledger.customer_chain(erased.contact)
    ledger.append(session, chain, "contact.erased", at=at, actor=actor, payload=payload)
