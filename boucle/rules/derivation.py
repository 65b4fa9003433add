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
    """The facts that every response must bring, and that are kept: no `where` reads a personal one."""
    return frozenset(
        name
        for name, fact in catalogue.facts.items()
        if not fact.optional and not fact.derived and not fact.pii
    )


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

    def forget_response(self, response: str) -> None:
        """Look back on it no more: it is decided anew, and is no past of its own."""
        for known in self.responses.values():
            known.pop(response, None)

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
        events = _list_events(derived, past, party, present.responded_at)
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


_Event = tuple[datetime, FactValue | None]
"""One of the things that a verb goes over: when it was, and what is taken of it. There can be thousands."""


def _list_events(derived: Derived, past: Past, party: str, responded_at: datetime) -> list[_Event]:
    """What the verb goes over, without those of which it takes something that is not known."""
    match derived.over:
        case "responses":
            events = _of_responses(derived, past.responses.get(party, {}).values(), responded_at)
        case "loops":
            events = _of_loops(derived, past.loops.get(party, ()))
        case "offers":
            events = [(offer.granted_at, None) for offer in past.offers.get(party, ())]
    if derived.of is not None:
        events = [event for event in events if event[1] is not None]
    if derived.within is not None:
        events = [event for event in events if responded_at - event[0] <= derived.within]
    return events


def _of_responses(derived: Derived, past: Iterable[PastResponse], responded_at: datetime) -> list[_Event]:
    name, of = derived.name, derived.of or ""
    return [
        (one.responded_at, one.facts.get(of))
        for one in past
        if name in one.asked and one.responded_at <= responded_at
    ]


def _of_loops(derived: Derived, past: Iterable[PastLoop]) -> list[_Event]:
    mine = [loop for loop in past if derived.play is None or loop.play == derived.play]
    if derived.of == "closure":
        return [(loop.opened_at, loop.closure and loop.closure.value) for loop in mine]
    return [(loop.opened_at, loop.play) for loop in mine]


def _find_latest(events: Iterable[_Event]) -> _Event | None:
    """That of the latest instant; of several at one instant the last, which was accepted last."""
    latest: _Event | None = None
    for event in events:
        if latest is None or event[0] >= latest[0]:
            latest = event
    return latest


# -- the verbs ----------------------------------------------------------------------------------


def _compute(
    derived: Derived, fact: Fact, events: list[_Event], present: Present, at: datetime
) -> FactValue | None:
    if derived.verb == "count":
        return len(events)
    latest = _find_latest(events)
    if latest is None:
        return None
    when, value = latest
    match derived.verb:
        case "days_since":
            return _count_days(when, present.responded_at if derived.over == "responses" else at)
        case "last":
            return _known(fact, value)
        case "change":
            return _change(fact, present.facts.get(derived.of or ""), value)


def _count_days(since: datetime, until: datetime) -> int:
    """Whole days: to this response's date from an earlier response, to its acceptance from our own acts.

    A loop or an offer can be younger than a response that came in late. It is never younger than the
    acceptance, but for two clocks of ours that differ: 0 then.
    """
    return max(0, (until - since).days)


def _known(fact: Fact, value: FactValue | None) -> FactValue | None:
    """The value, or None where it is none of the fact's: a play that is no more."""
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
