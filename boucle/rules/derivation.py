"""Derived facts, computed: pure, from the response at hand and the past as data.

Past *responses* are those answered up to this one's `responded_at`, ends included, so that a late
arrival sees nothing of what came after it. *Loops* and *offers* have no such upper end: what was begun
was begun, whatever the response's date. `within` counts back from `responded_at` for all of them.
The latest is that of the latest instant, and of several at one instant the one accepted last.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from boucle.model import Closure, FactValue
from boucle.rules.bundle import Bundle
from boucle.rules.catalogue import Catalogue, Derived, Fact
from boucle.rules.encoding import LARGEST, encode


@dataclass(frozen=True)
class PastResponse:
    """An accepted response, as later ones look back on it.

    `asked` names the derived facts whose `where` holds for it (or that have none); `facts` are those
    that some derived fact takes of it, as far as they are known.
    """

    responded_at: datetime
    asked: frozenset[str]
    facts: Mapping[str, FactValue] = field(default_factory=dict)

    @classmethod
    def of(cls, bundle: Bundle, responded_at: datetime, facts: Mapping[str, FactValue]) -> PastResponse:
        """A response that brought `facts`: the known ones that fit the bundle's catalogue.

        A `where` that is undecided does not hold. Nor does any where a fact is missing that the
        catalogue of today says is always known: a condition on it would have no meaning.
        """
        over = [one for one in bundle.catalogue.derived.values() if one.over == "responses"]
        asked = frozenset(one.name for one in over if one.where is None)
        if len(asked) < len(over) and _given(bundle.catalogue) <= facts.keys():
            truths = bundle.ask_past(encode(bundle.catalogue, facts))
            asked |= {name for name, truth in truths.items() if truth == "true"}
        taken = {one.of for one in over if one.of is not None}
        return cls(responded_at, asked, {name: facts[name] for name in taken & facts.keys()})


def _given(catalogue: Catalogue) -> frozenset[str]:
    """The facts that every response must bring."""
    return frozenset(name for name, fact in catalogue.facts.items() if not fact.optional and not fact.derived)


@dataclass(frozen=True)
class PastLoop:
    """A loop, as responses look back on it; `closure` None: it is open."""

    play: str
    opened_at: datetime
    closure: Closure | None = None


@dataclass(frozen=True)
class PastOffer:
    """An offer that was granted."""

    granted_at: datetime


@dataclass
class Past:
    """What was accepted of the customers and contacts at hand, by their ids, in the order of acceptance.

    It grows with each response that is decided. The responses of a party have keys, their ids.
    """

    responses: dict[str, dict[str, PastResponse]] = field(default_factory=dict)
    loops: dict[str, list[PastLoop]] = field(default_factory=dict)
    offers: dict[str, list[PastOffer]] = field(default_factory=dict)

    def add_response(
        self, past: PastResponse, parties: Collection[str | None], response: str | None = None
    ) -> None:
        """Look back on `past` from now on, for its customer and for its contact.

        `response` is its id: a revision takes the place of what was there under the same one.
        """
        for party in filter(None, parties):
            known = self.responses.setdefault(party, {})
            known[response or f"{len(known)}"] = past

    def add_loop(self, past: PastLoop, parties: Collection[str | None]) -> None:
        """Look back on `past` from now on, for its customer and for its contact."""
        for party in filter(None, parties):
            self.loops.setdefault(party, []).append(past)

    def add_offer(self, past: PastOffer, parties: Collection[str | None]) -> None:
        """Look back on `past` from now on, for the customer and the contact of its loop."""
        for party in filter(None, parties):
            self.offers.setdefault(party, []).append(past)


@dataclass(frozen=True)
class Present:
    """The response about to be decided. `facts` are the known ones that were given, checked.

    `customer` and `contact` are the ids under which the past holds them, None where unknown;
    `customer_since` is when the customer was first heard of; `comment` is all that was written, for
    the length of the comment where `facts` do not hold it.
    """

    responded_at: datetime
    facts: Mapping[str, FactValue]
    customer: str | None = None
    contact: str | None = None
    customer_since: datetime | None = None
    comment: str = ""


def derive(bundle: Bundle, present: Present, past: Past, at: datetime) -> dict[str, FactValue]:
    """Every built-in and derived fact of the catalogue that is known for a response accepted at `at`."""
    catalogue = bundle.catalogue
    found = dict(_built_in(present, past, at))
    for derived in catalogue.derived.values():
        party = present.customer if derived.per == "customer" else present.contact
        if party is None:
            continue
        events = list(_events(derived, past, party, present.responded_at))
        value = _compute(derived, catalogue.facts[derived.name], events, present, at)
        if value is not None:
            found[derived.name] = value
    return {name: value for name, value in found.items() if name in catalogue.facts}


def _built_in(present: Present, past: Past, at: datetime) -> Iterator[tuple[str, FactValue]]:
    comment = present.facts.get("comment.text")
    yield "response.age_days", max(0, (at - present.responded_at).days)
    yield "response.known_customer", present.customer is not None
    yield "comment.length", len(comment if isinstance(comment, str) else present.comment)
    if present.customer is not None:
        since = present.customer_since or present.responded_at
        yield "customer.open_loop", any(loop.closure is None for loop in past.loops.get(present.customer, ()))
        yield "customer.tenure_days", max(0, (at - since).days)


# -- looking back -------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Event:
    """One of the things that a verb goes over: when it was, and what is taken of it, where known."""

    at: datetime
    value: FactValue | None = None


def _events(derived: Derived, past: Past, party: str, responded_at: datetime) -> Iterator[_Event]:
    since = responded_at - derived.within if derived.within is not None else None
    for event in _all_events(derived, past, party, responded_at):
        if since is None or event.at >= since:
            yield event


def _all_events(derived: Derived, past: Past, party: str, responded_at: datetime) -> Iterator[_Event]:
    match derived.over:
        case "responses":
            for one in past.responses.get(party, {}).values():
                if derived.name in one.asked and one.responded_at <= responded_at:
                    yield _Event(one.responded_at, one.facts.get(derived.of) if derived.of else None)
        case "loops":
            for loop in past.loops.get(party, ()):
                if derived.play is None or loop.play == derived.play:
                    yield _Event(loop.opened_at, _taken(loop, derived.of))
        case "offers":
            for offer in past.offers.get(party, ()):
                yield _Event(offer.granted_at)


def _taken(loop: PastLoop, of: str | None) -> FactValue | None:
    if of == "closure":
        return loop.closure and loop.closure.value
    return loop.play if of == "play" else None


def _latest(events: Iterable[_Event]) -> _Event | None:
    latest: _Event | None = None
    for event in events:
        if latest is None or event.at >= latest.at:
            latest = event
    return latest


# -- the verbs ----------------------------------------------------------------------------------


def _compute(
    derived: Derived, fact: Fact, events: list[_Event], present: Present, at: datetime
) -> FactValue | None:
    match derived.verb:
        case "count":
            return len(events)
        case "days_since":
            return _days_since(derived, _latest(events), present, at)
        case "last":
            return _last(fact, events)
        case "change":
            return _change(fact, present.facts.get(derived.of or ""), _last_value(events))


def _days_since(derived: Derived, event: _Event | None, present: Present, at: datetime) -> int | None:
    """Whole days since: to this response's date from an earlier response, to its acceptance from our acts.

    A loop or an offer can be younger than a response that came in late, never younger than its
    acceptance, but for two clocks of ours that differ.
    """
    if event is None:
        return None
    until = present.responded_at if derived.over == "responses" else at
    return max(0, (until - event.at).days)


def _last_value(events: Iterable[_Event]) -> FactValue | None:
    latest = _latest(event for event in events if event.value is not None)
    return None if latest is None else latest.value


def _last(fact: Fact, events: Iterable[_Event]) -> FactValue | None:
    """The latest known value; unknown where it is none of the fact's: a play that is no more."""
    value = _last_value(events)
    return None if fact.type == "enum" and value not in fact.values else value


def _change(fact: Fact, now: FactValue | None, before: FactValue | None) -> FactValue | None:
    """The difference; unknown without both, or where it is too large to be carried exactly."""
    if isinstance(now, int) and isinstance(before, int):
        change: int | Decimal = now - before
    elif isinstance(now, Decimal) and isinstance(before, Decimal):
        change = now - before
    else:
        return None
    return change if abs(change) * 10**fact.digits <= LARGEST else None
