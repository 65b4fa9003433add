"""Customers and contacts: met by the source's keys, locked in id order, remembered by what they said.

Order of locks, so that two intakes never wait for each other in a ring: new customers by key, all
customers by id, new contacts by key, all contacts by id.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeVar

from pydantic import JsonValue
from sqlalchemy import tuple_
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, col, select

from boucle.engine import privacy
from boucle.engine.identity import new_id
from boucle.engine.incoming import Incoming
from boucle.engine.plain import read_facts, write_facts
from boucle.engine.rows import insert_rows
from boucle.engine.tables import Contact, Customer, Personal
from boucle.model import FactValue, Person, Response
from boucle.rules.catalogue import Catalogue

Party = TypeVar("Party", Customer, Contact)
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

    `persons` are the contacts' own data by the contact's id.
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
    customers = _meet(session, Customer, _earliest(responses, customer_key))
    contacts = _meet(session, Contact, _earliest(responses, contact_key))
    ids = [contact.id for contact in contacts.values()]
    known = privacy.find_persons(session, ids) if ids else {}
    return Parties(
        customers,
        contacts,
        {one: Held(frozenset(known.get(one, {})), dict(known.get(one, {}))) for one in ids},
    )


def _earliest(responses: Iterable[Response], key_of: Callable[[Response], Key | None]) -> dict[Key, datetime]:
    """When each was first heard of."""
    found: dict[Key, datetime] = {}
    for response in responses:
        key = key_of(response)
        if key:
            found[key] = min(found.get(key, response.responded_at), response.responded_at)
    return found


def _meet(session: Session, model: type[Party], wanted: Mapping[Key, datetime]) -> dict[Key, Party]:
    if not wanted:
        return {}
    _insert_new(session, model, wanted)
    pair = tuple_(col(model.source), col(model.key))
    query = (
        select(model)
        .where(pair.in_(list(wanted)))
        .order_by(col(model.id))
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    )
    found = {(row.source, row.key): row for row in session.exec(query)}
    for key, row in found.items():
        row.first_seen_at = min(row.first_seen_at, wanted[key])
    return found


def _insert_new(session: Session, model: type[Party], wanted: Mapping[Key, datetime]) -> None:
    rows = [
        model(id=new_id(), source=source, key=key, first_seen_at=at, updated_at=at).model_dump()
        for (source, key), at in sorted(wanted.items())
    ]
    dialect = sqlite if session.get_bind().dialect.name == "sqlite" else postgresql
    session.execute(dialect.insert(model).on_conflict_do_nothing(), rows)


# -- what is known of them ----------------------------------------------------------------------


def recall(
    catalogue: Catalogue,
    customer: Customer | None,
    contact: Contact | None,
    said: Mapping[str, FactValue],
    unlisted: Sequence[str],
) -> dict[str, FactValue]:
    """All that is known: what the response says, and for what it leaves open, what was said before."""
    stored = {**(customer.facts if customer else {}), **(contact.facts if contact else {})}
    if not stored:
        return dict(said)
    left_open = {name: value for name, value in stored.items() if name not in said and name not in unlisted}
    return {**read_facts(catalogue, left_open), **said}


def remember(parties: Parties, catalogue: Catalogue, incoming: Incoming) -> None:
    """Keep what a response says of its customer and contact; an older one never overrides a newer."""
    response = incoming.response
    customer, contact = parties.find_customer(response), parties.find_contact(response)
    public = {name: value for name, value in incoming.facts.items() if not catalogue.facts[name].pii}
    if customer:
        _learn(customer, _under(public, "customer."), response.responded_at)
    if contact is None:
        return
    newer = _learn(contact, _under(public, "contact.", "consent."), response.responded_at)
    if customer and (newer or contact.customer_id is None):
        contact.customer_id = customer.id
    if response.person:
        _learn_person(parties.persons[contact.id], response.person, newer=newer)


def _learn_person(held: Held, person: Person, *, newer: bool) -> None:
    for name, value in person.model_dump().items():
        if value is not None and value != held.values.get(name) and (newer or name not in held.values):
            held.values[name] = value
            held.changed.add(name)


def write(session: Session, parties: Parties) -> None:
    """Write what was learned of everybody."""
    session.flush()
    rows: list[dict[str, str]] = []
    for contact_id, held in parties.persons.items():
        said = {name: held.values[name] for name in sorted(held.changed)}
        if held.changed & held.written:
            privacy.replace(session, contact_id, privacy.CONTACT, said)
        else:
            rows += privacy.salt(contact_id, privacy.CONTACT, said)
    insert_rows(session, Personal, rows)


def _under(facts: Mapping[str, FactValue], *prefixes: str) -> dict[str, JsonValue]:
    return write_facts({name: value for name, value in facts.items() if name.startswith(prefixes)})


def _learn(row: Customer | Contact, said: Mapping[str, JsonValue], responded_at: datetime) -> bool:
    """Take up what is said; whether it is at least as new as what was known."""
    newer = responded_at >= row.updated_at
    merged = {**row.facts, **said} if newer else {**said, **row.facts}
    if merged != row.facts:
        row.facts = merged
    row.updated_at = max(row.updated_at, responded_at)
    return newer
