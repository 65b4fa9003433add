"""Consent that was lost, by whatever path: every open loop of the person ends, in the same transaction.

What was handed to a mail server before cannot be called back. All else asks again before it goes out, each
time that it is tried, and finds its loop closed.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime

from sqlmodel import Session, col, select

from boucle.engine import commands, ledger, loops
from boucle.engine.acts.withdrawing import Cause
from boucle.engine.canonical import instant_text
from boucle.engine.consent import MAY_BE_CONTACTED
from boucle.engine.tables import Contact, LoopRow
from boucle.model import ActKind, LoopState


def end_loops(
    session: Session,
    contacts: Collection[str],
    *,
    cause: Cause,
    at: datetime,
    actor: str = loops.BOUCLE,
    spare: Collection[str] = (),
) -> list[str]:
    """End the open loops of these contacts as withdrawn, in order of their ids; which those were.

    `spare` are loops that the rules have begun knowing of it.
    """
    ended = [loop.id for loop in _hold_open(session, contacts) if loop.id not in spare]
    for loop_id in ended:
        commands.record(
            session, loop_id=loop_id, kind=ActKind.WITHDRAW, actor=actor, at=at, recorded_at=at,
            details={"cause": cause},
        )  # fmt: skip
    return ended


def withdraw(
    session: Session, contact_id: str, *, actor: str, at: datetime, text: str | None = None
) -> list[str]:
    """Somebody says that the contact does not want to be contacted: known from now on, their loops end."""
    contact = hold_contact(session, contact_id)
    contact.facts = {**contact.facts, MAY_BE_CONTACTED: False}
    said = {"by": "import", "source": actor, "ref": "by hand", "at": instant_text(at)}
    contact.sources = {**contact.sources, MAY_BE_CONTACTED: said}
    contact.updated_at = max(contact.updated_at, at)
    session.add(contact)
    ended = end_loops(session, [contact.id], cause="consent", at=at, actor=actor)
    ledger.append(
        session, ledger.customer_chain(contact.id), "contact.withdrawn", at=at, actor=actor,
        payload={"contact": contact.id, "loops": [*ended]}, personal={"text": text} if text else None,
        subject=contact.id,
    )  # fmt: skip
    return ended


def hold_contact(session: Session, contact_id: str) -> Contact:
    """The contact that goes on under this id, locked until the commit."""
    query = select(Contact).where(Contact.id == contact_id).with_for_update(key_share=True)
    contact = session.exec(query.execution_options(populate_existing=True)).one()
    return hold_contact(session, contact.merged_into) if contact.merged_into else contact


def list_withdrawn(before: Iterable[str], now: Iterable[Contact]) -> list[str]:
    """The contacts who may not be contacted now, and of whom that was not known `before`."""
    known = frozenset(before)
    return [contact.id for contact in now if is_withdrawn(contact) and contact.id not in known]


def is_withdrawn(contact: Contact) -> bool:
    """Whether it is known that the contact may not be contacted."""
    return contact.facts.get(MAY_BE_CONTACTED) is False


def _hold_open(session: Session, contacts: Collection[str]) -> Sequence[LoopRow]:
    query = (
        select(LoopRow)
        .where(col(LoopRow.contact_id).in_(contacts), col(LoopRow.state) != LoopState.CLOSED)
        .order_by(col(LoopRow.id))
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return session.exec(query).all() if contacts else ()
