"""Personal values, apart from everything else: erasing a person is deleting rows of `personal`.

A value that a ledger event speaks of is committed there as sha256(salt ‖ value); the value and its
salt lie here alone. Without the salt nobody can try likely values against the commitment.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable, Mapping, Sequence

from pydantic import JsonValue
from sqlalchemy import bindparam
from sqlmodel import Session, col, delete, func, select, update

from boucle.engine.rows import insert_rows
from boucle.engine.tables import Personal
from boucle.errors import AmbiguousError
from boucle.model import Person

CONTACT = "contact"
"""The scope of a person's own data (name, email, phone), committed nowhere."""

_SALT_BYTES = 16
_VALUES = select(Personal.field, Personal.value).where(
    Personal.subject == bindparam("subject"), Personal.scope == bindparam("scope")
)


def commitment(salt: str, value: str) -> str:
    """sha256 of the salt's bytes followed by the value in UTF-8, in hexadecimal."""
    return hashlib.sha256(bytes.fromhex(salt) + value.encode()).hexdigest()


def salt(subject: str, scope: str, values: Mapping[str, str]) -> list[dict[str, str]]:
    """Rows for `values` by field, each with a salt of its own, not kept yet."""
    return [
        {
            "subject": subject,
            "scope": scope,
            "field": field,
            "value": value,
            "salt": secrets.token_hex(_SALT_BYTES),
        }
        for field, value in values.items()
    ]


def commitments(rows: Iterable[Mapping[str, str]]) -> dict[str, JsonValue]:
    """What is committed of each row, by field."""
    return {row["field"]: commitment(row["salt"], row["value"]) for row in rows}


def store(session: Session, subject: str, scope: str, values: Mapping[str, str]) -> None:
    """Keep `values` by field under a subject and scope that hold none of these fields."""
    insert_rows(session, Personal, salt(subject, scope, values))


def replace(session: Session, subject: str, scope: str, values: Mapping[str, str]) -> None:
    """Keep `values` over what these fields held before. Never for a scope that is committed."""
    session.execute(
        delete(Personal).where(
            col(Personal.subject) == subject,
            col(Personal.scope) == scope,
            col(Personal.field).in_(list(values)),
        )
    )
    store(session, subject, scope, values)


def read(session: Session, subject: str, scope: str) -> dict[str, str]:
    """The values by field that are still there; empty after an erasure."""
    return dict(session.exec(_VALUES, params={"subject": subject, "scope": scope}).all())


def find_person(session: Session, contact_id: str) -> Person:
    """A contact's own data; every field None where nothing is known, or is known no more."""
    return Person(**read(session, contact_id, CONTACT))


def find_persons(session: Session, contact_ids: Sequence[str]) -> dict[str, dict[str, str]]:
    """What is known of each of these contacts, by field; those of whom nothing is known are left out."""
    query = select(Personal).where(col(Personal.scope) == CONTACT, col(Personal.subject).in_(contact_ids))
    found: dict[str, dict[str, str]] = {}
    for row in session.exec(query):
        found.setdefault(row.subject, {})[row.field] = row.value
    return found


def forget_person(session: Session, contact_id: str) -> None:
    """Delete a contact's own data; what they wrote in responses stays."""
    session.execute(
        delete(Personal).where(col(Personal.subject) == contact_id, col(Personal.scope) == CONTACT)
    )


def keep_person(session: Session, contact_id: str, person: Person) -> None:
    """Keep what `person` says of a contact; what it does not say stays as it was."""
    said = {name: value for name, value in person.model_dump().items() if value is not None}
    replace(session, contact_id, CONTACT, said)


def move(session: Session, subject: str, to: str, scope: str) -> None:
    """What lies under a subject and scope is somebody else's from now on."""
    session.execute(
        update(Personal)
        .where(col(Personal.subject) == subject, col(Personal.scope) == scope)
        .values(subject=to)
    )


def find_contact_by_email(session: Session, email: str) -> str | None:
    """The contact of that address, however its letters are written; AmbiguousError where several have it."""
    query = select(Personal.subject).where(
        Personal.scope == CONTACT, Personal.field == "email", func.lower(Personal.value) == email.lower()
    )
    found = session.exec(query.limit(10)).all()
    if len(found) > 1:
        raise AmbiguousError("contact", email, len(found))
    return found[0] if found else None
