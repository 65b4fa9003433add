"""Customers and contacts: met by the source's keys, and locked in id order until the commit.

Order of locks, so that two intakes never wait for each other in a ring: the gate that a merge closes,
new customers by key, all customers by id, new contacts by key, all contacts by id.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeVar

from sqlalchemy import text
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, col, func, select

from boucle.engine import privacy
from boucle.engine.identity import new_id
from boucle.engine.pairs import among
from boucle.engine.tables import Contact, Customer
from boucle.model import Response

Party = TypeVar("Party", bound=Customer | Contact)
Key = tuple[str, str]
"""A source, and its key of an account or a person."""


@dataclass
class Held:
    """A contact's name, address and number, as far as known, and which of them were just learned."""

    written: frozenset[str]
    values: dict[str, str]
    changed: set[str] = field(default_factory=set)


@dataclass(frozen=True)
class Parties:
    """The customers and contacts of some responses, by their keys, locked until the commit.

    A key of a merged record leads to the one that goes on for it. `persons` are the contacts' own data
    by the contact's id.
    """

    customers: Mapping[Key, Customer] = field(default_factory=dict)
    contacts: Mapping[Key, Contact] = field(default_factory=dict)
    persons: Mapping[str, Held] = field(default_factory=dict)

    @property
    def ids(self) -> list[str]:
        """The ids of all of them."""
        return [*(row.id for row in self.customers.values()), *(row.id for row in self.contacts.values())]

    def find_customer(self, response: Response) -> Customer | None:
        """The response's customer; None where it names none."""
        key = customer_key(response)
        return self.customers[key] if key else None

    def find_contact(self, response: Response) -> Contact | None:
        """The response's contact; None where it names nobody."""
        key = contact_key(response)
        return self.contacts[key] if key else None


def customer_key(response: Response) -> Key | None:
    """What names the account; None in an anonymous response."""
    return (response.source, response.customer) if response.customer else None


def contact_key(response: Response) -> Key | None:
    """What names the person: the source's key, or for somebody without one the response itself."""
    if response.contact:
        return response.source, response.contact
    return (response.source, f"response {response.source_id}") if response.person else None


def meet(session: Session, responses: Sequence[Response]) -> Parties:
    """Find or create everybody that the responses name, and hold them until the commit."""
    return hold(
        session,
        earliest((customer_key(response), response.responded_at) for response in responses),
        earliest((contact_key(response), response.responded_at) for response in responses),
    )


def earliest(heard: Iterable[tuple[Key | None, datetime]]) -> dict[Key, datetime]:
    """When each was first heard of."""
    found: dict[Key, datetime] = {}
    for key, at in heard:
        if key:
            found[key] = min(found.get(key, at), at)
    return found


def hold(session: Session, customers: Mapping[Key, datetime], contacts: Mapping[Key, datetime]) -> Parties:
    """Find or create all of these, first heard of at these instants, and hold them until the commit."""
    if not customers and not contacts:
        return Parties()
    pass_gate(session)
    found, people = _meet(session, Customer, customers), _meet(session, Contact, contacts)
    ids = [contact.id for contact in people.values()]
    return Parties(found, people, hold_persons(session, ids))


def hold_persons(session: Session, ids: Sequence[str]) -> dict[str, Held]:
    """The own data of these contacts, who are locked."""
    known = privacy.find_persons(session, ids) if ids else {}
    return {one: Held(frozenset(known.get(one, {})), dict(known.get(one, {}))) for one in ids}


def pass_gate(session: Session, *, alone: bool = False) -> None:
    """On PostgreSQL, let nobody merge records until the commit; `alone`: and nobody meet any.

    An intake takes its locks by keys, and a merge changes whose they are.
    """
    if session.get_bind().dialect.name == "postgresql":
        lock = "pg_advisory_xact_lock" if alone else "pg_advisory_xact_lock_shared"
        session.execute(text(f"SELECT {lock}(hashtextextended('boucle customers', 2))")).all()


def _meet(session: Session, model: type[Party], wanted: Mapping[Key, datetime]) -> dict[Key, Party]:
    if not wanted:
        return {}
    named = _look_up(session, model, wanted)
    new = {key: at for key, at in wanted.items() if key not in named}
    if new:
        _insert(session, model, new)
        named |= _look_up(session, model, new)
    rows = _lock(session, model, sorted(set(named.values())))
    found = {key: rows[goes_on] for key, goes_on in named.items()}
    for key, row in found.items():
        row.first_seen_at = min(row.first_seen_at, wanted[key])
    return found


def _look_up(session: Session, model: type[Party], keys: Collection[Key]) -> dict[Key, str]:
    """The id of the record that goes on for each key that is known. Nobody can merge it meanwhile."""
    query = select(model.source, model.key, func.coalesce(model.merged_into, model.id))
    query = query.where(among(model.source, model.key, keys))
    return {(source, key): goes_on for source, key, goes_on in session.exec(query)}


def _insert(session: Session, model: type[Party], new: Mapping[Key, datetime]) -> None:
    """Insert those that nobody else inserts at the same time."""
    rows = [
        model(id=new_id(), source=source, key=key, first_seen_at=at, updated_at=at).model_dump()
        for (source, key), at in sorted(new.items())
    ]
    dialect = sqlite if session.get_bind().dialect.name == "sqlite" else postgresql
    session.execute(dialect.insert(model).on_conflict_do_nothing(), rows)


def _lock(session: Session, model: type[Party], ids: Sequence[str]) -> dict[str, Party]:
    query = (
        select(model)
        .where(col(model.id).in_(ids))
        .order_by(col(model.id))
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    )
    return {row.id: row for row in session.exec(query)}
