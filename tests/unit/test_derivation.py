"""Derived facts from the past as data: each verb, what lies before, ties, and a plain reference."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from boucle.model import Closure, FactValue
from boucle.rules.bundle import Bundle
from boucle.rules.derivation import Past, PastLoop, PastOffer, PastResponse, Present, derive
from boucle.rules.encoding import encode
from tests.unit.written import compile_texts

FACTS = """\
boucle: facts/v1
facts:
  nps: {score: nps}
  csat.delivery: {score: csat, scale: 1..5}
  response.channel: {type: enum, values: [email, phone], optional: true}
  response.spent: {type: decimal, digits: 2, optional: true}
  response.orders: {type: int, optional: true}
  response.topics: {type: set, of: [price, delay], optional: true}
  customer.renewal: {type: date}
derived:
  history.answers: {count: responses, per: customer}
  history.detractors_30d: {count: responses, where: detractor, within: 30d, per: customer}
  history.cases_30d: {count: loops, play: csm_case, within: 30d, per: contact}
  history.offers: {count: offers, per: customer}
  history.last_nps: {last: nps, per: contact}
  history.last_phone_nps: {last: nps, where: 'response.channel == "phone"', per: customer}
  history.last_nps_30d: {last: nps, within: 30d, per: customer}
  history.last_channel: {last: response.channel, per: customer}
  history.last_topics: {last: response.topics, per: customer}
  history.last_renewal: {last: customer.renewal, per: customer}
  history.last_closure: {last: loops, of: closure, per: customer}
  history.last_play: {last: loops, of: play, per: customer}
  history.days_since_answer: {days_since: responses, per: customer}
  history.days_since_case: {days_since: loops, play: csm_case, per: customer}
  history.days_since_offer: {days_since: offers, within: 90d, per: customer}
  history.nps_change: {change: nps, per: contact}
  history.phone_change: {change: nps, where: 'response.channel == "phone"', per: customer}
  history.spent_change: {change: response.spent, per: customer}
  history.orders_change: {change: response.orders, per: customer}
"""
POLICY = "boucle: policy/v1\nmax_age: 14 days\n"
RULES = """\
boucle: rules/v1
ruleset: nps
rules:
  - id: case
    when: detractor
    start: csm_case
    with: {team: csm}
undecided: record
"""

AT = datetime(2026, 3, 10, 9, tzinfo=UTC)
DAY = timedelta(days=1)
HOUR = timedelta(hours=1)


@functools.cache
def compiled() -> Bundle:
    return compile_texts(FACTS, POLICY, RULES)


@pytest.fixture
def bundle() -> Bundle:
    return compiled()


@dataclass
class World:
    """A past that grows, of the customer `acme` and its contact `ada` unless said otherwise."""

    bundle: Bundle
    past: Past

    def answered(
        self,
        at: datetime,
        customer: str | None = "acme",
        contact: str | None = "ada",
        **facts: FactValue,
    ) -> None:
        named = {name.replace("__", "."): value for name, value in facts.items()}
        self.past.add_response(PastResponse.of(self.bundle, at, named), (customer, contact))

    def began(self, at: datetime, play: str = "csm_case", closure: Closure | None = None) -> None:
        self.past.add_loop(PastLoop(play, at, closure), ("acme", "ada"))

    def ask(
        self,
        at: datetime = AT,
        customer: str | None = "acme",
        contact: str | None = "ada",
        accepted: datetime = AT,
        **facts: FactValue,
    ) -> Mapping[str, FactValue]:
        named = {name.replace("__", "."): value for name, value in facts.items()}
        return derive(self.bundle, Present(at, named, customer, contact), self.past, accepted)


@pytest.fixture
def world(bundle: Bundle) -> World:
    return World(bundle, Past())


# -- what is always there -----------------------------------------------------------------------


def test_a_response_without_a_past(world: World) -> None:
    assert world.ask(AT - 3 * DAY, nps=4) == {
        "response.age_days": 3, "response.known_customer": True, "comment.length": 0,
        "customer.open_loop": False, "customer.tenure_days": 3, "history.answers": 0,
        "history.detractors_30d": 0, "history.cases_30d": 0, "history.offers": 0,
    }  # fmt: skip


def test_an_anonymous_response_knows_nothing_of_anybody(world: World) -> None:
    world.answered(AT - DAY, nps=3)
    assert world.ask(customer=None, contact=None, nps=4) == {
        "response.age_days": 0, "response.known_customer": False, "comment.length": 0,
    }  # fmt: skip


def test_a_contact_without_a_customer_has_a_past_of_its_own(world: World) -> None:
    world.answered(AT - DAY, customer=None, nps=3)
    found = world.ask(customer=None, nps=9)
    assert (found["history.last_nps"], found["history.nps_change"]) == (3, 6)
    assert "history.answers" not in found


def test_the_comment_is_measured_as_it_was_said(bundle: Bundle) -> None:
    said = Present(AT, {"comment.text": "Trop long"}, comment="Trop long, vraiment")
    assert derive(bundle, said, Past(), AT)["comment.length"] == 9
    assert derive(bundle, Present(AT, {}, comment="oui"), Past(), AT)["comment.length"] == 3


def test_the_tenure_counts_from_when_the_customer_was_first_heard_of(bundle: Bundle) -> None:
    known = Present(AT, {}, "acme", customer_since=AT - 40 * DAY - HOUR)
    assert derive(bundle, known, Past(), AT)["customer.tenure_days"] == 40


def test_no_age_is_negative_though_the_source_runs_ahead_of_us(world: World) -> None:
    found = world.ask(AT + 2 * HOUR)
    assert (found["response.age_days"], found["customer.tenure_days"]) == (0, 0)


def test_a_loop_is_open_until_it_is_closed(world: World) -> None:
    world.began(AT - DAY, closure=Closure.DECLINED)
    assert world.ask()["customer.open_loop"] is False
    world.began(AT - DAY)
    assert world.ask()["customer.open_loop"] is True
    assert "customer.open_loop" not in world.ask(customer=None)


# -- the verbs ----------------------------------------------------------------------------------


def test_last_is_what_the_latest_that_knew_it_said(world: World) -> None:
    world.answered(AT - 3 * DAY, nps=2, response__channel="email", response__topics=("delay",))
    world.answered(AT - 2 * DAY, nps=7, customer__renewal=date(2026, 12, 31))
    world.answered(AT - DAY, csat__delivery=1)
    found = world.ask(nps=9)
    assert found["history.last_nps"] == 7
    assert found["history.last_channel"] == "email"
    assert found["history.last_topics"] == ("delay",)
    assert found["history.last_renewal"] == date(2026, 12, 31)
    assert "history.last_phone_nps" not in found


def test_where_chooses_among_the_past_and_undecided_does_not_hold(world: World) -> None:
    world.answered(AT - 3 * DAY, nps=2, response__channel="phone")
    world.answered(AT - 2 * DAY, nps=7, response__channel="email")
    world.answered(AT - DAY, nps=8)
    found = world.ask(nps=9)
    assert found["history.last_phone_nps"] == 2
    assert found["history.phone_change"] == 7
    assert found["history.detractors_30d"] == 1


def test_change_is_unknown_without_a_score_on_either_side(world: World) -> None:
    assert "history.nps_change" not in world.ask(nps=9)
    world.answered(AT - DAY, nps=7)
    assert "history.nps_change" not in world.ask()
    assert world.ask(nps=0)["history.nps_change"] == -7


def test_a_decimal_changes_exactly_and_what_no_number_can_hold_is_unknown(world: World) -> None:
    most = 2**53 - 1
    world.answered(AT - DAY, response__spent=Decimal("10.10"), response__orders=-most)
    found = world.ask(response__spent=Decimal("9.90"), response__orders=0)
    assert (found["history.spent_change"], found["history.orders_change"]) == (Decimal("-0.20"), most)
    assert "history.orders_change" not in world.ask(response__orders=1)


def test_days_are_whole_ones(world: World) -> None:
    world.answered(AT - 2 * DAY + HOUR, nps=7)
    assert world.ask()["history.days_since_answer"] == 1
    assert world.ask(AT + HOUR)["history.days_since_answer"] == 2


def test_days_since_a_loop_or_an_offer_count_to_the_acceptance_and_are_never_negative(world: World) -> None:
    world.began(AT - 5 * DAY)
    world.past.add_offer(PastOffer(AT - 4 * DAY), ("acme", "ada"))
    late = world.ask(AT - 30 * DAY)
    assert (late["history.days_since_case"], late["history.days_since_offer"]) == (5, 4)
    ahead = world.ask(AT - 30 * DAY, accepted=AT - 6 * DAY)
    assert (ahead["history.days_since_case"], ahead["history.days_since_offer"]) == (0, 0)


def test_the_last_loop_and_how_the_last_closed_one_ended(world: World) -> None:
    world.began(AT - 3 * DAY, closure=Closure.RECOVERED)
    world.began(AT - 5 * DAY, closure=Closure.UNREACHABLE)
    world.began(AT - 2 * DAY, "escalate")
    found = world.ask()
    assert (found["history.last_play"], found["history.last_closure"]) == ("escalate", "recovered")
    assert found["history.days_since_case"] == 3


def test_a_play_that_is_no_more_is_not_known(world: World) -> None:
    world.began(AT - 3 * DAY, "escalate")
    world.began(AT - 2 * DAY, "send_flowers")
    assert "history.last_play" not in world.ask()


# -- what lies before ---------------------------------------------------------------------------


def test_a_late_arrival_sees_nothing_of_what_came_after_it(world: World) -> None:
    world.answered(AT - DAY, nps=3)
    found = world.ask(AT - 2 * DAY, nps=9)
    assert found["history.answers"] == 0
    assert {"history.last_nps", "history.nps_change", "history.days_since_answer"}.isdisjoint(found)


def test_of_several_of_one_instant_the_last_accepted_is_the_latest(world: World) -> None:
    for nps in (3, 8, 5):
        world.answered(AT, nps=nps)
    world.answered(AT - DAY, nps=1)
    found = world.ask(AT, nps=9)
    assert (found["history.last_nps"], found["history.answers"]) == (5, 4)
    assert found["history.days_since_answer"] == 0


def test_a_revision_takes_the_place_of_what_it_revises(world: World) -> None:
    for response, nps in (("r1", 3), ("r2", 8), ("r1", 5)):
        revision = PastResponse.of(world.bundle, AT - DAY, {"nps": nps})
        world.past.add_response(revision, ("acme", "ada"), response)
    found = world.ask(nps=9)
    assert (found["history.answers"], found["history.last_nps"], found["history.detractors_30d"]) == (2, 8, 1)


def test_a_span_counts_back_from_the_answer_both_ends_included(world: World) -> None:
    world.answered(AT - 30 * DAY, nps=4)
    assert world.ask()["history.last_nps_30d"] == 4
    assert "history.last_nps_30d" not in world.ask(AT + HOUR)


def test_a_span_over_loops_has_no_upper_end(world: World) -> None:
    world.began(AT)
    assert world.ask(AT - 10 * DAY)["history.cases_30d"] == 1
    assert world.ask(AT + 30 * DAY + HOUR)["history.cases_30d"] == 0


def test_a_condition_asks_nothing_of_a_past_without_what_is_now_always_known() -> None:
    facts = FACTS.replace("response.channel: {type: enum, values: [email, phone], optional: true}",
                          "response.channel: {type: enum, values: [email, phone]}")  # fmt: skip
    world = World(compile_texts(facts, POLICY, RULES), Past())
    world.answered(AT - DAY, nps=3)
    found = world.ask(nps=9)
    assert (found["history.answers"], found["history.detractors_30d"], found["history.last_nps"]) == (1, 0, 3)


# -- a plain reference --------------------------------------------------------------------------


@dataclass(frozen=True)
class Said:
    """One response of the reference's world; `hours` before AT, some of them at the same instant."""

    hours: int
    nps: int | None
    channel: str | None
    customer: str | None
    contact: str | None

    @property
    def at(self) -> datetime:
        return AT - self.hours * HOUR

    @property
    def facts(self) -> dict[str, FactValue]:
        said = {"nps": self.nps, "response.channel": self.channel}
        return {name: value for name, value in said.items() if value is not None}


HISTORIES = st.lists(
    st.builds(
        Said,
        st.sampled_from([0, 1, 23, 24, 25, 48, 24 * 30, 24 * 30 + 1, 24 * 90]),
        st.none() | st.integers(0, 10),
        st.sampled_from([None, "email", "phone"]),
        st.sampled_from([None, "acme", "other"]),
        st.sampled_from([None, "ada", "bob"]),
    ),
    max_size=12,
)


def _reference(one: Said, before: Sequence[Said]) -> dict[str, FactValue]:
    """What the documentation says, by sorting; `before` in the order of acceptance."""
    earlier = sorted((other for other in before if other.at <= one.at), key=lambda other: other.at)
    found: dict[str, FactValue] = {}
    if one.customer:
        mine = [other for other in earlier if other.customer == one.customer]
        found["history.answers"] = len(mine)
        lately = [other for other in mine if other.at >= one.at - 30 * DAY]
        found["history.detractors_30d"] = sum(other.nps is not None and other.nps <= 6 for other in lately)
        found |= {"history.days_since_answer": (one.at - mine[-1].at).days} if mine else {}
        scored = [other.nps for other in lately if other.nps is not None]
        found |= {"history.last_nps_30d": scored[-1]} if scored else {}
        by_phone = [other.nps for other in mine if other.nps is not None and other.channel == "phone"]
        found |= {"history.last_phone_nps": by_phone[-1]} if by_phone else {}
        found |= {"history.phone_change": one.nps - by_phone[-1]} if by_phone and one.nps is not None else {}
        channels = [other.channel for other in mine if other.channel]
        found |= {"history.last_channel": channels[-1]} if channels else {}
    if one.contact:
        scores = [other.nps for other in earlier if other.contact == one.contact and other.nps is not None]
        found |= {"history.last_nps": scores[-1]} if scores else {}
        found |= {"history.nps_change": one.nps - scores[-1]} if scores and one.nps is not None else {}
    return found


ABOUT_LOOPS = {"history.cases_30d", "history.offers"}


@settings(max_examples=150, deadline=None)
@given(HISTORIES)
def test_any_history_is_as_the_plain_reference_says(history: list[Said]) -> None:
    bundle = compiled()
    past = Past()
    for number, one in enumerate(history):
        found = derive(bundle, Present(one.at, one.facts, one.customer, one.contact), past, AT)
        encode(bundle.catalogue, found)
        ours = {name: value for name, value in found.items() if name.startswith("history.")}
        expected = _reference(one, history[:number])
        assert {name: value for name, value in ours.items() if name not in ABOUT_LOOPS} == expected
        past.add_response(PastResponse.of(bundle, one.at, one.facts), (one.customer, one.contact))
