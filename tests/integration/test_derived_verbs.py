"""Every verb of a derived fact over what the database holds, however the responses came in."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import event
from sqlmodel import Session, col, select

from boucle.engine.database import Database
from boucle.engine.derived import load_past
from boucle.engine.intake import IntakeTerms, accept
from boucle.engine.loops import close
from boucle.engine.offers import Offered, grant
from boucle.engine.tables import Contact, Customer, LoopRow
from boucle.model import Closure, FactValue, Money, OfferKind, Response
from boucle.rules.bundle import Bundle

FACTS = """
boucle: facts/v1
facts:
  nps:               {score: nps}
  response.origin:   {type: enum, values: [direct, indirect]}
  response.channel:  {type: enum, values: [email, phone, post], optional: true}
  response.moment:   {type: instant, optional: true}
  customer.arr:      {type: decimal, digits: 2, min: 0}
  customer.renewal:  {type: date}
  customer.tags:     {type: set, of: [vip, reference]}
derived:
  history.last_nps:      {last: nps, per: contact}
  history.phone_nps:     {last: nps, where: 'response.channel == "phone"', within: 90d, per: customer}
  history.channel:       {last: response.channel, per: customer}
  history.moment:        {last: response.moment, per: customer}
  history.arr:           {last: customer.arr, per: customer}
  history.renewal:       {last: customer.renewal, per: customer}
  history.tags:          {last: customer.tags, per: customer}
  history.nps_change:    {change: nps, per: contact}
  history.arr_change:    {change: customer.arr, per: customer}
  history.days:          {days_since: responses, per: customer}
  history.answers:       {count: responses, per: customer}
  history.closure:       {last: loops, of: closure, per: customer}
  history.play:          {last: loops, of: play, per: contact}
  history.days_of_loop:  {days_since: loops, play: csm_case, per: customer}
  history.offers_90d:    {count: offers, within: 90d, per: customer}
  history.days_of_offer: {days_since: offers, per: contact}
"""

RULES = """
boucle: rules/v1
ruleset: nps
timezone: UTC
rules:
  - id: escalation
    when: nps == 0
    start: escalate
    if_open: separate
  - id: case
    when: detractor
    start: csm_case
    with: {team: csm}
    if_open: separate
undecided: record
"""

AT = datetime(2026, 3, 1, 9, tzinfo=UTC)
DAY = timedelta(days=1)

Take = Callable[..., list[dict[str, Any]]]


@pytest.fixture
def bundle(compiled: Callable[..., Bundle]) -> Bundle:
    return compiled(FACTS, RULES)


@pytest.fixture
def take(database: Database, bundle: Bundle, terms: IntakeTerms) -> Take:
    """Accept responses in one transaction; the derived facts that each new one was decided on."""
    units = iter(range(100))

    def run(*incoming: Response, at: datetime = AT, under: Bundle = bundle) -> list[dict[str, Any]]:
        unit = f"u{next(units)}"
        with database.session() as session:
            accepted = accept(
                session, under, incoming, at=at, actor="a", unit=unit, terms=terms, mode="act_on_old"
            )
            session.commit()
        assert not accepted.quarantined, accepted.taken
        return [
            {name: value for name, value in decision.facts.items() if name.startswith("history.")}
            for decision in accepted.decisions
        ]

    return run


def answer(source_id: str, at: datetime = AT, /, **said: Any) -> Response:
    """A response of acme's Ada; `customer` and `contact` say otherwise, the rest are facts."""
    parties = {name: said.pop(name, default) for name, default in (("customer", "acme"), ("contact", "ada"))}
    named: dict[str, FactValue] = {name.replace("__", "."): value for name, value in said.items()}
    facts: dict[str, FactValue] = {"response.origin": "direct", **named}
    return Response(source="crm", source_id=source_id, responded_at=at, facts=facts, **parties)


STORY = (
    answer("r1", AT - 60 * DAY, nps=8, response__channel="phone", customer__arr=Decimal("1000.50")),
    answer("r2", AT - 40 * DAY, nps=2, customer__renewal=date(2026, 12, 31), customer__tags=("vip",)),
    answer("r3", AT - 40 * DAY, nps=5, contact="bob", response__channel="email"),
    answer("r4", AT - 40 * DAY, nps=9, response__moment=datetime(2026, 1, 20, 8, 30, 1, 5000, tzinfo=UTC)),
    answer("late", AT - 50 * DAY, nps=1),
    answer("nobody", AT - 30 * DAY, nps=1, customer=None, contact=None),
    answer("alone", AT - 30 * DAY, nps=1, customer=None, contact="zoe"),
    answer("r5", AT - 10 * DAY, nps=10, customer__arr=Decimal("900.25")),
)


@pytest.mark.parametrize("size", [1, 2, 3, len(STORY)])
def test_it_is_all_one_however_the_responses_are_cut_into_lists(take: Take, size: int) -> None:
    lists = [STORY[start : start + size] for start in range(0, len(STORY), size)]
    decided = [facts for one in lists for facts in take(*one)]
    found = {one.source_id: facts for one, facts in zip(STORY, decided, strict=True)}
    assert "history.last_nps" not in found["r1"]
    assert found["r2"]["history.nps_change"] == -6
    assert (found["r3"]["history.answers"], found["r3"]["history.days"]) == (2, 0)
    assert "history.last_nps" not in found["r3"]
    assert (found["r4"]["history.last_nps"], found["r4"]["history.channel"]) == (2, "email")
    assert (found["late"]["history.last_nps"], found["late"]["history.days"]) == (8, 10)
    assert found["nobody"] == {}
    assert {name for name in found["alone"] if "days" not in name} == set()
    assert found["r5"] == {
        "history.last_nps": 9, "history.phone_nps": 8, "history.channel": "email",
        "history.moment": 1_768_897_801_005, "history.arr": 100_050, "history.renewal": 20_818,
        "history.tags": ["vip"], "history.nps_change": 1, "history.arr_change": -10_025,
        "history.days": 30, "history.answers": 5, "history.play": "csm_case",
        "history.days_of_loop": 0, "history.offers_90d": 0,
    }  # fmt: skip


def test_a_late_arrival_changes_nothing_decided_and_sees_nothing_after_it(take: Take) -> None:
    take(answer("r1", AT - 2 * DAY, nps=3))
    [late] = take(answer("late", AT - 5 * DAY, nps=9))
    assert "history.last_nps" not in late
    [after] = take(answer("r2", nps=8))
    assert (after["history.last_nps"], after["history.answers"], after["history.days"]) == (3, 2, 2)


@pytest.mark.parametrize("together", [True, False])
def test_a_revised_response_says_what_its_latest_revision_says(take: Take, *, together: bool) -> None:
    first, revised = answer("r1", AT - 2 * DAY, nps=3), answer("r1", AT - 2 * DAY, nps=9)
    same_day = answer("r2", AT - 2 * DAY, nps=7, contact="bob")
    take(first, same_day)
    if together:
        [found] = take(revised, answer("r3", nps=8))
    else:
        take(revised)
        [found] = take(answer("r3", nps=8))
    assert (found["history.last_nps"], found["history.nps_change"], found["history.answers"]) == (9, -1, 2)


def test_of_one_instant_the_one_accepted_last_is_the_latest_though_another_was_revised(take: Take) -> None:
    take(answer("r1", AT - DAY, nps=3), answer("r2", AT - DAY, nps=7))
    take(answer("r1", AT - DAY, nps=4), at=AT + DAY)
    [found] = take(answer("r3", nps=8), at=AT + 2 * DAY)
    assert found["history.last_nps"] == 7


def test_loops_are_told_by_play_by_how_they_ended_and_by_their_age(take: Take, database: Database) -> None:
    opened = AT - 20 * DAY
    take(answer("r1", opened, nps=3), at=opened)
    take(answer("r2", opened + DAY, nps=0), at=opened + DAY)
    [found] = take(answer("r3", nps=9))
    assert (found["history.play"], found["history.days_of_loop"]) == ("escalate", 20)
    assert "history.closure" not in found
    with database.session() as session:
        loop = session.exec(select(LoopRow.id).where(LoopRow.play == "csm_case")).one()
        close(session, loop, closure=Closure.NO_ANSWER, by="ana", at=AT)
        session.commit()
    [found] = take(answer("r4", nps=9))
    assert (found["history.closure"], found["history.play"]) == ("no_answer", "escalate")
    [found] = take(answer("bob", nps=9, contact="bob"))
    assert found["history.closure"] == "no_answer"
    assert "history.play" not in found


def test_offers_are_counted_from_when_they_were_granted(take: Take, database: Database) -> None:
    opened = AT - 100 * DAY
    take(answer("r1", opened, nps=3), at=opened)
    [before] = take(answer("r2", nps=9))
    assert before["history.offers_90d"] == 0
    assert "history.days_of_offer" not in before
    with database.session() as session:
        loop = session.exec(select(LoopRow.id)).one()
        offered = Offered(OfferKind.VOUCHER, Money.parse("15.00 EUR"), {})
        grant(session, loop, offered, valid_until=AT, at=AT - 60 * DAY)
        session.commit()
    [found] = take(answer("r3", nps=9))
    assert (found["history.offers_90d"], found["history.days_of_offer"]) == (1, 60)
    [later] = take(answer("r4", AT + 31 * DAY, nps=9), at=AT + 31 * DAY)
    assert (later["history.offers_90d"], later["history.days_of_offer"]) == (0, 91)


def test_what_does_not_fit_the_catalogue_of_today_is_unknown(
    take: Take, compiled: Callable[..., Bundle]
) -> None:
    take(
        answer("r1", AT - 3 * DAY, nps=6, response__channel="email", customer__arr=Decimal("10.50")),
        answer("r2", AT - 2 * DAY, nps=8, response__channel="post", customer__arr=Decimal("12.34")),
    )
    facts = FACTS.replace("email, phone, post", "email, phone").replace("digits: 2", "digits: 1")
    [found] = take(answer("r3", nps=9), under=compiled(facts, RULES))
    assert (found["history.channel"], found["history.arr"]) == ("email", 105)
    assert found["history.last_nps"] == 8


def test_a_response_of_antiquity_is_decided_too(take: Take) -> None:
    [found] = take(answer("r1", datetime(1, 1, 2, tzinfo=UTC), nps=9))
    assert found["history.answers"] == 0


@contextmanager
def counting(session: Session) -> Iterator[list[str]]:
    """The statements that reach the database meanwhile."""
    said: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        said.append(statement)

    engine = session.get_bind()
    event.listen(engine, "before_cursor_execute", note)
    yield said
    event.remove(engine, "before_cursor_execute", note)


def test_the_past_of_many_is_read_in_as_many_queries_as_that_of_one(
    take: Take, database: Database, bundle: Bundle
) -> None:
    take(
        *(answer(f"r{n}", AT - n * DAY, nps=n % 11, customer=f"c{n % 7}", contact=f"p{n}") for n in range(30))
    )
    with database.session() as session:
        parties = [*session.exec(select(Customer.id)), *session.exec(select(col(Contact.id)))]
        for some in (parties[:1], parties):
            with counting(session) as said:
                load_past(session, bundle, some, AT)
            assert len(said) == 3, said
        with counting(session) as said:
            load_past(session, bundle, [], AT)
        assert said == []
