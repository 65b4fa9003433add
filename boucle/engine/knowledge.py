"""What is known of customers and contacts: every fact with who said it and since when it is so.

A newer statement wins, fact by fact; of two of one instant the one that came later.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from pydantic import JsonValue
from sqlmodel import Session

from boucle.engine import privacy
from boucle.engine.canonical import instant_text
from boucle.engine.customers import Held, Parties
from boucle.engine.incoming import Incoming
from boucle.engine.plain import read_facts, write_facts
from boucle.engine.rows import insert_rows
from boucle.engine.tables import Contact, Customer, Personal
from boucle.model import FactValue, Person
from boucle.rules.catalogue import Catalogue

TAGS = "customer.tags"
CUSTOMER = "customer"
"""What a contact's `sources` call whose contact it is; a person's data go by `name`, `email`, `phone`."""


@dataclass(frozen=True)
class Origin:
    """Who says something: a response of a source, or an import of what `source` keeps; and as of when.

    `ref` is the response's or the import's id.
    """

    by: Literal["response", "import"]
    source: str
    ref: str
    at: datetime

    def entry(self) -> dict[str, JsonValue]:
        """As `sources` keep it."""
        return {"by": self.by, "source": self.source, "ref": self.ref, "at": instant_text(self.at)}


@dataclass
class Learnt:
    """What came of a statement, by the names of what it said.

    `changed` is known otherwise now; `older` was passed over, since something newer is known.
    """

    changed: set[str] = field(default_factory=set)
    older: set[str] = field(default_factory=set)


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
        return _with_tags(catalogue, customer, said)
    left_open = {name: value for name, value in stored.items() if name not in said and name not in unlisted}
    return _with_tags(catalogue, customer, {**read_facts(catalogue, left_open), **said})


def _with_tags(
    catalogue: Catalogue, customer: Customer | None, facts: Mapping[str, FactValue]
) -> dict[str, FactValue]:
    """With the tags that rules have given, beside a source's; where no source says any, they stay unknown."""
    said, fact = facts.get(TAGS), catalogue.facts.get(TAGS)
    if customer is None or fact is None or not isinstance(said, tuple):
        return dict(facts)
    own = (tag for tag in customer.tags if tag in fact.values)
    return {**facts, TAGS: tuple(sorted({*said, *own}))}


def remember(parties: Parties, catalogue: Catalogue, incoming: Incoming, response_id: str) -> None:
    """Keep what a response says of its customer and contact; an older one never overrides a newer."""
    response = incoming.response
    customer, contact = parties.find_customer(response), parties.find_contact(response)
    public = {name: value for name, value in incoming.facts.items() if not catalogue.facts[name].pii}
    origin = Origin("response", response.source, response_id, response.responded_at)
    if customer:
        learn(customer, _under(public, "customer."), origin)
    if contact is not None:
        learn(contact, _under(public, "contact.", "consent."), origin)
        learn_link(contact, customer, origin)
        learn_person(contact, parties.persons[contact.id], response.person, origin)


def _under(facts: Mapping[str, FactValue], *prefixes: str) -> dict[str, JsonValue]:
    return write_facts({name: value for name, value in facts.items() if name.startswith(prefixes)})


def learn(row: Customer | Contact, said: Mapping[str, JsonValue], origin: Origin) -> Learnt:
    """Take up what is said of facts, fact by fact; None: the fact is known no more."""
    learnt = Learnt()
    facts, sources = dict(row.facts), dict(row.sources)
    for name, value in said.items():
        if not _is_news(sources, name, origin, learnt, same=facts.get(name) == value):
            continue
        if facts.get(name) != value:
            learnt.changed.add(name)
        facts[name] = value
        sources[name] = origin.entry()
    _keep(row, {name: value for name, value in facts.items() if value is not None}, sources, origin.at)
    return learnt


def learn_link(contact: Contact, customer: Customer | None, origin: Origin) -> Learnt:
    """Take up whose contact it is, where that is said."""
    learnt = Learnt()
    sources = dict(contact.sources)
    same = customer is not None and contact.customer_id == customer.id
    if customer is None or not _is_news(sources, CUSTOMER, origin, learnt, same=same):
        return learnt
    if not same:
        contact.customer_id = customer.id
        learnt.changed.add(CUSTOMER)
    _keep(contact, contact.facts, {**sources, CUSTOMER: origin.entry()}, origin.at)
    return learnt


def learn_person(contact: Contact, held: Held, person: Person | None, origin: Origin) -> Learnt:
    """Take up a name, an address, a number, where they are said."""
    learnt = Learnt()
    sources = dict(contact.sources)
    said = person.model_dump(exclude_none=True) if person else {}
    for name, value in said.items():
        if not _is_news(sources, name, origin, learnt, same=held.values.get(name) == value):
            continue
        if held.values.get(name) != value:
            held.values[name] = value
            held.changed.add(name)
            learnt.changed.add(name)
        sources[name] = origin.entry()
    _keep(contact, contact.facts, sources, origin.at)
    return learnt


def _is_news(sources: Mapping[str, Any], name: str, origin: Origin, learnt: Learnt, *, same: bool) -> bool:
    """Whether it is to be taken up: neither older than what is known nor just that again."""
    known = sources.get(name)
    if known is None:
        return True
    at = instant_text(origin.at)
    if known["at"] > at:
        if not same:
            learnt.older.add(name)
        return False
    again = (known["at"], known["by"], known["source"]) == (at, origin.by, origin.source)
    return not (same and again)


def _keep(
    row: Customer | Contact, facts: Mapping[str, Any], sources: Mapping[str, Any], at: datetime
) -> None:
    if facts != row.facts:
        row.facts = dict(facts)
    if sources != row.sources:
        row.sources = dict(sources)
    row.updated_at = max(row.updated_at, at)


def write(session: Session, parties: Parties) -> None:
    """Write what was learned of everybody."""
    session.flush()
    write_persons(session, parties.persons)


def write_persons(session: Session, persons: Mapping[str, Held]) -> None:
    """Write the contacts' own data where something of it was learned."""
    rows: list[dict[str, str]] = []
    for contact_id, held in persons.items():
        said = {name: held.values[name] for name in sorted(held.changed)}
        if held.changed & held.written:
            privacy.replace(session, contact_id, privacy.CONTACT, said)
        else:
            rows += privacy.salt(contact_id, privacy.CONTACT, said)
    insert_rows(session, Personal, rows)


# -- told to people -----------------------------------------------------------------------------


@dataclass(frozen=True)
class Known:
    """One thing that is known of a customer or contact; `by` and the rest say who said it."""

    name: str
    value: JsonValue
    by: str
    source: str
    ref: str
    at: datetime


def list_known(row: Customer | Contact | None) -> list[Known]:
    """Every fact that is known of a customer or contact, by name."""
    if row is None:
        return []
    return [_known(name, value, row.sources[name]) for name, value in sorted(row.facts.items())]


def _known(name: str, value: JsonValue, entry: Mapping[str, str]) -> Known:
    at = datetime.fromisoformat(entry["at"])
    return Known(name, value, entry["by"], entry["source"], entry["ref"], at)
