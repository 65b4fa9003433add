"""The intake transaction: a list of responses in, for each exactly one decision, all or nothing of each.

Everybody named is locked first, in one order for all intakes. The whole list is written under one
savepoint, in few statements; should the database refuse one response, the list is taken again with a
savepoint each, so that one undoes nothing of the others.

Order of locks: the responses' identities, customers and contacts, open loops, budgets; within each of
these by id.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from sqlalchemy import text
from sqlalchemy.exc import DataError, IntegrityError
from sqlmodel import Session

from boucle.decision import Decision
from boucle.engine import (
    bundles,
    circumstances,
    customers,
    joining,
    knowledge,
    ledger,
    quarantine,
    responses,
    withdrawals,
)
from boucle.engine.acceptance import (
    Acceptance,
    Content,
    New,
    accept_revision,
    draft_again,
    draft_new,
    write_new,
)
from boucle.engine.circumstances import Named, World
from boucle.engine.customers import Parties
from boucle.engine.derived import add_to_past, derive, load_past
from boucle.engine.incoming import Incoming, Reason, make_ready
from boucle.engine.loops import LoopDefaults
from boucle.engine.quarantine import QuarantineTerms
from boucle.engine.responses import Known
from boucle.engine.tables import Contact, Customer, QuarantineRow
from boucle.model import Response
from boucle.rules import decide as rules
from boucle.rules.bundle import Bundle
from boucle.rules.decide import Facts, Mode, conclude, judge
from boucle.rules.derivation import Past, PastLoop
from boucle.rules.failures import CannotDecideError

Verdict = Literal["new", "duplicate", "revision", "quarantined"]


@dataclass(frozen=True)
class IntakeTerms:
    """What intake needs that neither the responses nor the rules say."""

    loops: LoopDefaults
    quarantine: QuarantineTerms


@dataclass(frozen=True)
class Taken:
    """What became of one response. `reasons` say why it lies in quarantine."""

    source_id: str
    verdict: Verdict
    response_id: str | None = None
    decision: Decision | None = None
    loop_id: str | None = None
    unlisted: tuple[str, ...] = ()
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True)
class Accepted:
    """What became of a list of responses, in its order."""

    taken: tuple[Taken, ...]

    def count(self, verdict: Verdict) -> int:
        """How many had that verdict."""
        return sum(one.verdict == verdict for one in self.taken)

    @property
    def new(self) -> int:
        """Accepted and decided for the first time."""
        return self.count("new")

    @property
    def duplicates(self) -> int:
        """The same content again: nothing changed."""
        return self.count("duplicate")

    @property
    def revisions(self) -> int:
        """Other content under a known id: the first decision was kept."""
        return self.count("revision")

    @property
    def quarantined(self) -> int:
        """Not decided: they wait for a mend."""
        return self.count("quarantined")

    @property
    def unlisted(self) -> int:
        """Values outside a fact's list that were taken for unknown."""
        return sum(len(one.unlisted) for one in self.taken)

    @property
    def decisions(self) -> tuple[Decision, ...]:
        """What was decided, on the new ones."""
        return tuple(one.decision for one in self.taken if one.decision)


def accept(
    session: Session,
    bundle: Bundle,
    incoming: Sequence[Response],
    *,
    at: datetime,
    actor: str,
    unit: str,
    terms: IntakeTerms,
    mode: Mode = "act",
) -> Accepted:
    """Accept and decide responses, in the order given: (responded_at, row) for a file.

    One call a transaction, which the caller commits; `unit` names the intake chain, a new id for each
    chunk or API call. The same content again is a duplicate; other content under a known id is a
    numbered revision that keeps the first decision. What does not fit goes to quarantine.
    """
    ready = [make_ready(bundle.catalogue, response, at) for response in incoming]
    _lock_identities(session, ready)
    bundles.store(session, bundle, at)
    acceptance = Acceptance(bundle, ledger.intake_chain(unit), actor, at, terms.loops)
    return Accepted(_Intake(session, acceptance, mode, terms.quarantine).take_all(ready))


def _lock_identities(session: Session, ready: Sequence[Incoming]) -> None:
    """On PostgreSQL, let nobody else take in the same responses until the commit."""
    if session.get_bind().dialect.name != "postgresql":
        return
    names = sorted(
        {f"{source} {source_id}".replace("\x00", "") for source, source_id in map(_identity, ready)}
    )
    lock = (
        "SELECT pg_advisory_xact_lock(hashtextextended(name, 1)) FROM unnest(CAST(:names AS text[])) AS name"
    )
    session.execute(text(lock), {"names": names}).all()


def _identity(one: Incoming) -> tuple[str, str]:
    return one.identity


@dataclass
class _Intake:
    """One intake at work: what it looked up, growing with each response that it takes."""

    session: Session
    acceptance: Acceptance
    mode: Mode
    quarantine: QuarantineTerms
    known: dict[tuple[str, str], Known] = field(default_factory=dict)
    waiting: dict[str, QuarantineRow] = field(default_factory=dict)
    parties: Parties = field(default_factory=Parties)
    past: Past = field(default_factory=Past)
    unwritten: list[New] = field(default_factory=list)
    found: World | None = None

    @property
    def world(self) -> World:
        """What the gates may ask; only asked once it is looked up."""
        assert self.found is not None  # noqa: S101 `_look_up` comes before every decision
        return self.found

    def take_all(self, ready: Sequence[Incoming]) -> tuple[Taken, ...]:
        """All at once; where the database refuses one of them, one after another.

        What undid the first try gave up its locks: they are taken again, all before the first one.
        """
        try:
            return self._take(ready)
        except (DataError, IntegrityError):
            self._hold(ready)
            return tuple(self._take_alone(one) for one in ready)

    def _hold(self, ready: Sequence[Incoming]) -> None:
        """Lock everybody and everything, if the database only lets us; the savepoints keep to it."""
        with suppress(DataError, IntegrityError), self.session.begin_nested():
            self._look_up(ready)
            if self.acceptance.bundle.policy.budgets:
                self.world.hold()

    def _take_alone(self, one: Incoming) -> Taken:
        try:
            return self._take([one])[0]
        except (DataError, IntegrityError) as error:
            return self._put_aside(one, (Reason(f"the database refused it: {type(error.orig).__name__}"),))

    def _take(self, ready: Sequence[Incoming]) -> tuple[Taken, ...]:
        with self.session.begin_nested():
            self._look_up(ready)
            withdrawn = [one.id for one in self.parties.contacts.values() if withdrawals.is_withdrawn(one)]
            taken = tuple(self._take_one(one) for one in ready)
            self._write()
            knowledge.write(self.session, self.parties)
            self._withdraw(withdrawn, [one.loop_id for one in taken if one.loop_id])
            return taken

    def _withdraw(self, before: Sequence[str], spare: Sequence[str]) -> None:
        """End the loops of those who may no longer be contacted; not what the rules began knowing that."""
        contacts = withdrawals.list_withdrawn(before, self.parties.contacts.values())
        at = self.acceptance.at
        withdrawals.end_loops(self.session, contacts, cause="consent", at=at, spare=spare)

    def _look_up(self, ready: Sequence[Incoming]) -> None:
        """Read all that the decisions need, in a few queries, with everybody concerned locked."""
        self.unwritten = []
        self.known = responses.find_known(self.session, {one.identity for one in ready if one.storable})
        self.waiting = quarantine.find_all(self.session, ready)
        fresh = [one.response for one in ready if not one.reasons and not self._is_duplicate(one)]
        self.parties = customers.meet(self.session, fresh)
        self.found = circumstances.look_up(
            self.session,
            self.acceptance.bundle.policy,
            self.parties,
            joining.list_loops_of(self.session, self._list_revised(ready)),
            self.acceptance.at,
        )
        earliest = min((response.responded_at for response in fresh), default=self.acceptance.at)
        self.past = load_past(self.session, self.acceptance.bundle, self.parties.ids, earliest)

    def _take_one(self, one: Incoming) -> Taken:
        if self._is_duplicate(one):
            return Taken(one.response.source_id, "duplicate", self.known[one.identity].row.id)
        if one.reasons:
            return self._put_aside(one, one.reasons)
        try:
            taken = self._accept(one)
        except CannotDecideError as error:
            return self._put_aside(one, (Reason(str(error)),))
        knowledge.remember(self.parties, self.acceptance.bundle.catalogue, one, taken.response_id or "")
        quarantine.release(self.waiting.values(), one)
        return taken

    def _list_revised(self, ready: Sequence[Incoming]) -> list[str]:
        """Our ids of the responses that come again with other content."""
        again = (self.known.get(one.identity) for one in ready if not self._is_duplicate(one))
        return [known.row.id for known in again if known]

    def _is_duplicate(self, one: Incoming) -> bool:
        known = self.known.get(one.identity)
        return known is not None and one.digest in known.digests

    def _put_aside(self, one: Incoming, reasons: Sequence[Reason]) -> Taken:
        said = tuple(reason.message for reason in reasons)
        if one.digest in self.waiting:
            return Taken(one.response.source_id, "duplicate", reasons=said)
        acceptance = self.acceptance
        self.waiting[one.digest] = quarantine.put(
            self.session,
            one,
            reasons,
            terms=self.quarantine,
            mode=self.mode,
            chain=acceptance.chain,
            actor=acceptance.actor,
            at=acceptance.at,
        )
        return Taken(one.response.source_id, "quarantined", reasons=said)

    def _accept(self, one: Incoming) -> Taken:
        customer, contact = self.parties.find_customer(one.response), self.parties.find_contact(one.response)
        facts = knowledge.recall(self.acceptance.bundle.catalogue, customer, contact, one.facts, one.unlisted)
        content = Content(one, facts, customer.id if customer else None, contact.id if contact else None)
        known = self.known.get(one.identity)
        if known:
            return self._revise(content, known, customer, contact)
        return self._decide(content, customer, contact)

    def _revise(
        self, content: Content, known: Known, customer: Customer | None, contact: Contact | None
    ) -> Taken:
        self._write()
        one = content.incoming
        anew = None
        if self.acceptance.bundle.policy.revisions == "redecide":
            self.past.forget_response(known.row.id)
            anew = self._decide_anew(content, known, customer, contact)
        row = accept_revision(self.session, self.acceptance, content, known.row, anew)
        add_to_past(self.acceptance.bundle, self.past, known.row, content.facts)
        known.digests.add(one.digest)
        return Taken(
            one.response.source_id,
            "revision",
            known.row.id,
            anew.decision if anew else None,
            row.loop_id,
            unlisted=one.unlisted,
        )

    def _decide_anew(
        self, content: Content, known: Known, customer: Customer | None, contact: Contact | None
    ) -> New | None:
        """As for a new one, where nothing was begun on it; else what was begun only becomes more severe."""
        begun = joining.list_loops_of(self.session, [known.row.id])
        verdict = self._judge(content, customer, contact)
        if begun:
            severity = verdict.hit.plan.params.get("severity") if verdict.hit else None
            for loop_id in begun:
                joining.correct(self.session, loop_id, severity, self.acceptance.actor, self.acceptance.at)
            return None
        decision, meets = self._conclude(content, verdict)
        new = draft_again(content, known.row, decision, meets)
        self.world.count(decision, _named(content), new.row.loop_id)
        return new

    def _judge(self, content: Content, customer: Customer | None, contact: Contact | None) -> rules.Verdict:
        response, bundle, at = content.incoming.response, self.acceptance.bundle, self.acceptance.at
        own = derive(bundle, response, content.facts, customer, contact, self.past, at)
        facts = Facts({**content.facts, **own}, response.responded_at, frozenset(own))
        return judge(bundle, facts, at, self.mode)

    def _conclude(self, content: Content, verdict: rules.Verdict) -> tuple[Decision, str | None]:
        """The decision, and the loop that is open meanwhile."""
        named = _named(content)
        told = self.world.tell(verdict.asks, named)
        meets = told.open_loop or self.world.open_loops.find(named.contact, named.customer)
        return conclude(self.acceptance.bundle, verdict, told), meets

    def _decide(self, content: Content, customer: Customer | None, contact: Contact | None) -> Taken:
        one = content.incoming
        decision, meets = self._conclude(content, self._judge(content, customer, contact))
        new = draft_new(self.acceptance, content, decision, meets)
        self.world.count(decision, _named(content), new.row.loop_id)
        self.unwritten.append(new)
        self.known[one.identity] = Known(new.response, {one.digest})
        self._count(new)
        return Taken(
            one.response.source_id, "new", new.response.id, decision, new.row.loop_id, unlisted=one.unlisted
        )

    def _count(self, new: New) -> None:
        """From now on the response counts for those after it."""
        parties = (new.response.customer_id, new.response.contact_id)
        add_to_past(self.acceptance.bundle, self.past, new.response, new.content.facts)
        if new.decision.outcome == "starts" and new.decision.plan:
            self.past.add_loop(PastLoop(new.decision.plan.play, self.acceptance.at), parties)

    def _write(self) -> None:
        write_new(self.session, self.acceptance, self.unwritten)
        self.unwritten = []


def _named(content: Content) -> Named:
    return Named(content.contact_id, content.customer_id)
