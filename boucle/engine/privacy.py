"""Personal values, apart from everything else: erasing a person is deleting rows of `personal`.

A value that a ledger event speaks of is committed there as sha256(salt ‖ value); the value and its
salt lie here alone. Without the salt nobody can try likely values against the commitment.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping

from sqlalchemy import insert
from sqlmodel import Session, col, delete, select

from boucle.engine.tables import Personal
from boucle.model import Person

CONTACT = "contact"
"""The scope of a person's own data (name, email, phone), committed nowhere."""

_SALT_BYTES = 16


def commitment(salt: str, value: str) -> str:
    """sha256 of the salt's bytes followed by the value in UTF-8, in hexadecimal."""
    return hashlib.sha256(bytes.fromhex(salt) + value.encode()).hexdigest()


def store(session: Session, subject: str, scope: str, values: Mapping[str, str]) -> dict[str, str]:
    """Keep `values` by field under a subject and scope that has none; their commitments by field."""
    salted = {field: (value, secrets.token_hex(_SALT_BYTES)) for field, value in values.items()}
    if salted:
        rows = [
            {"subject": subject, "scope": scope, "field": field, "value": value, "salt": salt}
            for field, (value, salt) in salted.items()
        ]
        session.execute(insert(Personal), rows)
    return {field: commitment(salt, value) for field, (value, salt) in salted.items()}


def replace(session: Session, subject: str, scope: str, values: Mapping[str, str]) -> None:
    """As `store`, over what these fields held before. Never for a scope that is committed."""
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
    query = select(Personal.field, Personal.value).where(
        col(Personal.subject) == subject, col(Personal.scope) == scope
    )
    return dict(session.exec(query).all())


def find_person(session: Session, contact_id: str) -> Person:
    """A contact's own data; every field None where nothing is known, or is known no more."""
    held = read(session, contact_id, CONTACT)
    return Person(name=held.get("name"), email=held.get("email"), phone=held.get("phone"))


def keep_person(session: Session, contact_id: str, person: Person) -> None:
    """Keep what `person` says of a contact; what it does not say stays as it was."""
    said = {name: value for name, value in person.model_dump().items() if value is not None}
    held = read(session, contact_id, CONTACT)
    changed = {name: value for name, value in said.items() if held.get(name) != value}
    if changed:
        replace(session, contact_id, CONTACT, changed)
