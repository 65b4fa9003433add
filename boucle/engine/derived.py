"""Derived facts: computed at the acceptance, under the customer's lock, from what is already accepted.

`within` counts back from the response's `responded_at`. Earlier *responses* are those answered up to
that instant, ends included, so a late arrival does not count what came after it. *Loops* have no such
upper end: a loop opened since was opened, whatever the response's date.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, or_
from sqlmodel import Session, col, select

from boucle.engine.plain import read_facts
from boucle.engine.tables import Contact, Customer, LoopRow, ResponseRow, Revision
from boucle.model import FactValue, LoopState, Response
from boucle.rules.bundle import Bundle
from boucle.rules.catalogue import Catalogue, Count
from boucle.rules.encoding import encode


@dataclass(frozen=True)
class PastResponse:
    """An accepted response, as later ones count it; `counted` names the counts whose `where` holds."""

    responded_at: datetime
    counted: frozenset[str]


@dataclass(frozen=True)
class PastLoop:
    """A loop, as later responses count it."""

    play: str
    opened_at: datetime
    open: bool


@dataclass
class Past:
    """What was accepted of the customers and contacts at hand, by their ids; it grows with each response."""

    responses: dict[str, list[PastResponse]] = field(default_factory=dict)
    loops: dict[str, list[PastLoop]] = field(default_factory=dict)

    def add_response(self, past: PastResponse, parties: Collection[str | None]) -> None:
        """Count `past` from now on, for its customer and for its contact."""
        for party in filter(None, parties):
            self.responses.setdefault(party, []).append(past)

    def add_loop(self, past: PastLoop, parties: Collection[str | None]) -> None:
        """Count `past` from now on, for its customer and for its contact."""
        for party in filter(None, parties):
            self.loops.setdefault(party, []).append(past)


def derive(
    bundle: Bundle,
    response: Response,
    facts: Mapping[str, FactValue],
    customer: Customer | None,
    contact: Contact | None,
    past: Past,
    at: datetime,
) -> dict[str, FactValue]:
    """Every derived fact of the catalogue that is known for this response."""
    found: dict[str, FactValue] = {
        "response.age_days": max(0, (at - response.responded_at).days),
        "response.known_customer": customer is not None,
        "comment.length": len(_comment(response, facts)),
    }
    if customer:
        found["customer.open_loop"] = any(loop.open for loop in past.loops.get(customer.id, ()))
        found["customer.tenure_days"] = max(0, (at - customer.first_seen_at).days)
    for count in bundle.catalogue.counts.values():
        party = customer if count.per == "customer" else contact
        if party:
            found[count.name] = _count(count, past, party.id, response.responded_at)
    return {name: value for name, value in found.items() if name in bundle.catalogue.facts}


def _comment(response: Response, facts: Mapping[str, FactValue]) -> str:
    text = facts.get("comment.text")
    return text if isinstance(text, str) else "\n".join(one.text for one in response.verbatims)


def _count(count: Count, past: Past, party: str, responded_at: datetime) -> int:
    since = responded_at - count.within if count.within is not None else None
    if count.over == "loops":
        return sum(
            (count.play is None or loop.play == count.play) and (since is None or loop.opened_at >= since)
            for loop in past.loops.get(party, ())
        )
    return sum(
        count.name in one.counted
        and one.responded_at <= responded_at
        and (since is None or one.responded_at >= since)
        for one in past.responses.get(party, ())
    )


def counted_as(bundle: Bundle, facts: Mapping[str, FactValue]) -> frozenset[str]:
    """The counts that a response with these facts, the derived and personal ones left out, belongs to.

    A count whose `where` is undecided does not count it. Nor does any where a fact is missing that the
    catalogue of today says is always known: a condition on it would have no meaning.
    """
    counts = [count for count in bundle.catalogue.counts.values() if count.over == "responses"]
    everything = frozenset(count.name for count in counts if count.where is None)
    if len(everything) == len(counts) or not _given(bundle.catalogue) <= facts.keys():
        return everything
    truths = bundle.count(encode(bundle.catalogue, facts))
    return everything | {name for name, truth in truths.items() if truth == "true"}


def _given(catalogue: Catalogue) -> frozenset[str]:
    """The facts that every response must bring."""
    return frozenset(name for name, fact in catalogue.facts.items() if not fact.optional and not fact.derived)


# -- what was accepted before -------------------------------------------------------------------


def load_past(session: Session, bundle: Bundle, parties: Sequence[str], earliest: datetime) -> Past:
    """The past of some customers and contacts, as far back as a response of `earliest` can count."""
    past = Past()
    if not parties:
        return past
    for loop in session.exec(select(LoopRow).where(_of(LoopRow, parties))):
        known = PastLoop(loop.play, loop.opened_at, loop.state != LoopState.CLOSED)
        past.add_loop(known, (loop.customer_id, loop.contact_id))
    counts = [count for count in bundle.catalogue.counts.values() if count.over == "responses"]
    if counts:
        _load_responses(session, bundle, past, parties, _horizon(counts, earliest))
    return past


def _of(model: type[LoopRow | ResponseRow], parties: Sequence[str]) -> ColumnElement[bool]:
    return or_(col(model.customer_id).in_(parties), col(model.contact_id).in_(parties))


def _horizon(counts: Sequence[Count], earliest: datetime) -> datetime | None:
    """Nothing before this instant can count; None: everything can."""
    longest = timedelta()
    for count in counts:
        if count.within is None:
            return None
        longest = max(longest, count.within)
    return earliest - longest


def _load_responses(
    session: Session, bundle: Bundle, past: Past, parties: Sequence[str], horizon: datetime | None
) -> None:
    query = (
        select(ResponseRow, Revision)
        .join(Revision, col(Revision.response_id) == ResponseRow.id)
        .where(Revision.number == ResponseRow.revision, _of(ResponseRow, parties))
    )
    if horizon is not None:
        query = query.where(col(ResponseRow.responded_at) >= horizon)
    for row, revision in session.exec(query):
        counted = counted_as(bundle, read_facts(bundle.catalogue, revision.facts))
        past.add_response(PastResponse(row.responded_at, counted), (row.customer_id, row.contact_id))
