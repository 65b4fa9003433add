"""Derived facts, live: the past of everybody at hand is read under their locks, in a few queries.

What counts as the past, and how each fact is computed of it, stands in `rules/derivation.py`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import UTC, datetime, timedelta

from sqlalchemy import ColumnElement, and_, or_
from sqlalchemy.orm import aliased
from sqlmodel import Session, col, select

from boucle.engine.plain import read_facts
from boucle.engine.tables import Contact, Customer, LoopRow, ResponseRow, Revision
from boucle.engine.work_tables import OfferRow
from boucle.model import Closure, FactValue, Response
from boucle.rules import derivation
from boucle.rules.bundle import Bundle
from boucle.rules.catalogue import Over
from boucle.rules.derivation import Past, PastLoop, PastOffer, PastResponse, Present


def derive(
    bundle: Bundle,
    response: Response,
    facts: Mapping[str, FactValue],
    customer: Customer | None,
    contact: Contact | None,
    past: Past,
    at: datetime,
) -> dict[str, FactValue]:
    """Every derived fact of the catalogue that is known for this response, accepted at `at`."""
    present = Present(
        responded_at=response.responded_at,
        facts=facts,
        customer=customer.id if customer else None,
        contact=contact.id if contact else None,
        customer_since=customer.first_seen_at if customer else None,
        comment="\n".join(one.text for one in response.verbatims),
    )
    return derivation.derive(bundle, present, past, at)


def load_past(session: Session, bundle: Bundle, parties: Collection[str], earliest: datetime) -> Past:
    """The past of some customers and contacts, as far back as a response of `earliest` can look.

    A query each for responses, loops and offers, however many the parties are; those of which no
    derived fact asks anything are left out, but loops, one of which can be open.
    """
    past = Past()
    if not parties:
        return past
    _load_loops(session, past, parties)
    if _asks(bundle, "responses"):
        _load_responses(session, bundle, past, parties, _horizon(bundle, "responses", earliest))
    if _asks(bundle, "offers"):
        _load_offers(session, past, parties, _horizon(bundle, "offers", earliest))
    return past


_FIRST_INSTANT = datetime.min.replace(tzinfo=UTC)


def _asks(bundle: Bundle, over: Over) -> bool:
    return any(one.over == over for one in bundle.catalogue.derived.values())


def _horizon(bundle: Bundle, over: Over, earliest: datetime) -> datetime | None:
    """Nothing before this instant is looked at; None: everything can be."""
    longest = timedelta()
    for one in bundle.catalogue.derived.values():
        if one.over == over:
            if one.within is None:
                return None
            longest = max(longest, one.within)
    return earliest - longest if earliest - _FIRST_INSTANT > longest else None


def _of(model: type[LoopRow | ResponseRow], parties: Collection[str]) -> ColumnElement[bool]:
    return or_(col(model.customer_id).in_(parties), col(model.contact_id).in_(parties))


_FIRST = aliased(Revision)
"""The first revision of a response: its place in the ledger orders what one intake accepted at once."""


def _first_of(response_id: object) -> ColumnElement[bool]:
    return and_(col(_FIRST.response_id) == response_id, col(_FIRST.number) == 1)


def _load_loops(session: Session, past: Past, parties: Collection[str]) -> None:
    query = (
        select(LoopRow)
        .join(_FIRST, _first_of(LoopRow.response_id))
        .where(_of(LoopRow, parties))
        .order_by(col(LoopRow.opened_at), col(_FIRST.chain), col(_FIRST.seq))
    )
    for loop in session.exec(query):
        closure = Closure(loop.closure) if loop.closure else None
        past.add_loop(PastLoop(loop.play, loop.opened_at, closure), (loop.customer_id, loop.contact_id))


def _load_responses(
    session: Session, bundle: Bundle, past: Past, parties: Collection[str], horizon: datetime | None
) -> None:
    """Each response as its latest revision says, in the order in which they were first accepted."""
    latest = and_(
        col(Revision.response_id) == ResponseRow.id, col(Revision.number) == col(ResponseRow.revision)
    )
    query = (
        select(ResponseRow, col(Revision.facts))
        .join(Revision, latest)
        .join(_FIRST, _first_of(ResponseRow.id))
        .where(_of(ResponseRow, parties))
        .order_by(col(ResponseRow.accepted_at), col(_FIRST.chain), col(_FIRST.seq))
    )
    if horizon is not None:
        query = query.where(col(ResponseRow.responded_at) >= horizon)
    for row, stored in session.exec(query):
        add_to_past(bundle, past, row, read_facts(bundle.catalogue, stored))


def add_to_past(bundle: Bundle, past: Past, row: ResponseRow, facts: Mapping[str, FactValue]) -> None:
    """Look back on a response from now on as `facts` say: on a revised one by its latest revision."""
    one = PastResponse.of(bundle, row.responded_at, facts)
    past.add_response(one, (row.customer_id, row.contact_id), row.id)


def _load_offers(session: Session, past: Past, parties: Collection[str], horizon: datetime | None) -> None:
    query = (
        select(OfferRow.granted_at, LoopRow.customer_id, LoopRow.contact_id)
        .join(LoopRow, col(LoopRow.id) == OfferRow.loop_id)
        .where(_of(LoopRow, parties))
        .order_by(col(OfferRow.granted_at))
    )
    if horizon is not None:
        query = query.where(col(OfferRow.granted_at) >= horizon)
    for granted_at, customer, contact in session.exec(query):
        past.add_offer(PastOffer(granted_at), (customer, contact))
