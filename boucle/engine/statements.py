"""Statements about customers and contacts taken in: a list of them, in one transaction of the caller's."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from pydantic import JsonValue
from sqlmodel import Session, select

from boucle.engine import knowledge, ledger, withdrawals
from boucle.engine.canonical import canonical
from boucle.engine.consent import MAY_BE_CONTACTED
from boucle.engine.customers import Key, Parties, earliest, hold
from boucle.engine.knowledge import CUSTOMER, Learnt, Origin
from boucle.engine.ledger import Draft
from boucle.engine.pairs import among
from boucle.engine.plain import to_plain
from boucle.engine.tables import Contact, Customer
from boucle.model import Statement


@dataclass(frozen=True)
class Stating:
    """Whose statements they are: `source` is whose keys they use, `said_by` who keeps the file.

    `run` is the import's id; `unit` names the ledger chain, a new id for each call.
    """

    source: str
    said_by: str
    run: str
    unit: str
    actor: str
    at: datetime


@dataclass
class Stated:
    """What came of statements: keys of customers and contacts; facts by key and name.

    `changed` ones were known and are known otherwise; `older` facts were passed over for newer ones.
    `withdrawn` are the ids of contacts who may no longer be contacted since.
    """

    customers: set[Key] = field(default_factory=set)
    contacts: set[Key] = field(default_factory=set)
    new: set[tuple[str, Key]] = field(default_factory=set)
    changed: set[tuple[str, Key]] = field(default_factory=set)
    facts: set[tuple[str, Key, str]] = field(default_factory=set)
    older: set[tuple[str, Key, str]] = field(default_factory=set)
    withdrawn: set[str] = field(default_factory=set)

    def add(self, other: Stated) -> None:
        """Count those of another call too. Who was new once is not changed after it."""
        for name, found in vars(self).items():
            found.update(getattr(other, name))
        self.changed -= self.new


def state(session: Session, statements: Sequence[Statement], stating: Stating) -> Stated:
    """Take up statements whose facts fit the catalogue; all that they change shows in one ledger event.

    The open loops of those who may no longer be contacted end.
    """
    stated = Stated(
        customers={(stating.source, one.customer) for one in statements if one.customer},
        contacts={(stating.source, one.contact) for one in statements if one.contact},
    )
    known = _find_known(session, stated)
    parties = hold(
        session,
        earliest(((stating.source, one.customer) if one.customer else None, one.as_of) for one in statements),
        earliest(((stating.source, one.contact) if one.contact else None, one.as_of) for one in statements),
    )
    taking = _Taking(stating, parties, stated)
    for one in statements:
        taking.take(one)
    stated.new = {("customer", key) for key in stated.customers} | {
        ("contact", key) for key in stated.contacts
    }
    stated.new -= known
    stated.changed -= stated.new
    knowledge.write(session, parties)
    taking.record(session)
    withdrawals.end_loops(session, stated.withdrawn, cause="consent", at=stating.at)
    return stated


def _find_known(session: Session, stated: Stated) -> set[tuple[str, Key]]:
    """Who was met before."""
    return {
        *(("customer", key) for key in _find_keys(session, Customer, stated.customers)),
        *(("contact", key) for key in _find_keys(session, Contact, stated.contacts)),
    }


def _find_keys(session: Session, model: type[Customer | Contact], keys: Iterable[Key]) -> Iterable[Key]:
    query = select(model.source, model.key).where(among(model.source, model.key, keys))
    return session.exec(query).all() if keys else ()


@dataclass
class _Taking:
    """Statements being taken up; `said` is what changed, for the ledger, by whom it is of."""

    stating: Stating
    parties: Parties
    stated: Stated
    said: dict[str, dict[str, JsonValue]] = field(default_factory=dict)

    def take(self, one: Statement) -> None:
        """Take up what one row says, of its customer and of its contact."""
        origin = Origin("import", self.stating.said_by, self.stating.run, one.as_of)
        facts = {name: None if value is None else to_plain(value) for name, value in one.facts.items()}
        customer = None
        if one.customer:
            key = (self.stating.source, one.customer)
            customer = self.parties.customers[key]
            own = {name: value for name, value in facts.items() if name.startswith("customer.")}
            self._note("customer", key, customer, knowledge.learn(customer, own, origin))
        if one.contact:
            self._take_contact(one, customer, facts, origin)

    def _take_contact(
        self, one: Statement, customer: Customer | None, facts: dict[str, JsonValue], origin: Origin
    ) -> None:
        key = (self.stating.source, one.contact or "")
        contact = self.parties.contacts[key]
        held = self.parties.persons[contact.id]
        own = {name: value for name, value in facts.items() if not name.startswith("customer.")}
        learnt = knowledge.learn(contact, own, origin)
        if MAY_BE_CONTACTED in learnt.changed and contact.facts.get(MAY_BE_CONTACTED) is False:
            self.stated.withdrawn.add(contact.id)
        self._note("contact", key, contact, learnt)
        self._note("contact", key, contact, knowledge.learn_link(contact, customer, origin))
        person = knowledge.learn_person(contact, held, one.person, origin)
        self._note("contact", key, contact, person, held.values)

    def _note(
        self,
        kind: str,
        key: Key,
        row: Customer | Contact,
        learnt: Learnt,
        values: dict[str, str] | None = None,
    ) -> None:
        self.stated.facts |= {(kind, key, name) for name in learnt.changed}
        self.stated.older |= {(kind, key, name) for name in learnt.older}
        if not learnt.changed:
            return
        self.stated.changed.add((kind, key))
        said = self.said.setdefault(row.id, {})
        for name in learnt.changed:
            if values is not None:
                said[name] = values[name]
            else:
                said[name] = row.facts.get(name) if name != CUSTOMER else getattr(row, "customer_id", None)

    def record(self, session: Session) -> None:
        """One event of all that changed; what was said is committed, each person's apart."""
        if not self.said:
            return
        stating = self.stating
        fields = {f"said.{party}": canonical(said) for party, said in self.said.items()}
        counts: dict[str, JsonValue] = {
            "new": len(self.stated.new), "changed": len(self.stated.changed), "facts": len(self.stated.facts),
        }  # fmt: skip
        payload: dict[str, JsonValue] = {"import": stating.run, "source": stating.source, **counts}
        draft = Draft(
            "customer.stated",
            stating.at,
            stating.actor,
            {**payload, "said_by": stating.said_by},
            personal=fields,
            subjects={f"said.{party}": party for party in self.said},
        )
        ledger.append_all(session, ledger.intake_chain(stating.unit), [draft])
