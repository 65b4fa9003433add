"""What holds a winner back, in which order, and what a start takes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
import rfc8785

from boucle.decision import Circumstances, Decision, Reservation
from boucle.errors import Place
from boucle.model import FactValue, Money
from boucle.rules.bundle import Bundle
from boucle.rules.compiler import compile_workspace
from boucle.rules.decide import Facts, Mode, conclude, decide, judge, replay
from boucle.rules.explain import explain
from boucle.rules.ruleset import (
    Budget,
    Cap,
    Exemption,
    Holdout,
    Policy,
    Rule,
    Spending,
    Suppression,
    Undecided,
    Workspace,
)
from tests.unit.handmade import AT, HERE, catalogue, compare, one_of, rule, rule_set, within

PLAYS = frozenset(("csm_case",))
LOW = within("nps", 0, 6)
FIVE = Money(minor=500, currency="EUR")
CAP = Cap("outreach", HERE, PLAYS, "contact", 2, timedelta(days=30))
BUDGET = Budget("goodwill", HERE, Money(minor=100_000, currency="EUR"), "calendar_month")
HOLDOUT = Holdout("effect", HERE, PLAYS, 1_000)
BEFORE, AFTER = AT - timedelta(days=1), AT + timedelta(days=1)
EXEMPT = Exemption(frozenset(("suppress", "caps", "holdouts")), "Safety net.")


def call(**more: object) -> Rule:
    return replace(rule("call", LOW), **more)  # type: ignore[arg-type] # fields of Rule, by name


def compiled(one: Rule | None = None, *, undecided: Undecided | None = None, **gates: object) -> Bundle:
    policy = replace(Policy(timedelta(days=14)), **gates)  # type: ignore[arg-type] # fields of Policy, by name
    rules = rule_set(one or call(), undecided=undecided)
    return compile_workspace(Workspace(catalogue(), policy, (rules,)))


def decided(
    bundle: Bundle,
    told: Circumstances | None = None,
    facts: Mapping[str, FactValue] | None = None,
    mode: Mode = "act",
    at: datetime = AT,
) -> Decision:
    values: Mapping[str, FactValue] = {"response.origin": "direct", **(facts or {"nps": 3})}
    return decide(bundle, Facts(values, AT - timedelta(hours=1)), at, mode, told)


def said(decision: Decision) -> list[tuple[str, str]]:
    return [(gate.gate, gate.result) for gate in decision.gates]


def test_every_gate_is_asked_in_order_and_a_start_takes_its_part() -> None:
    bundle = compiled(
        call(rollout=10_000, spends=Spending("goodwill", FIVE)),
        suppressions=(Suppression("quiet", HERE, when=compare("nps", "==", 0)),),
        caps=(CAP,),
        holdouts=(replace(HOLDOUT, share=1),),
        budgets=(BUDGET,),
    )
    told = Circumstances(contact="c-1", caps={"outreach": 1}, budgets={"goodwill": 500})
    decision = decided(bundle, told)
    assert said(decision) == [
        ("rollout", "passed"),
        ("max_age", "passed"),
        ("suppress/quiet", "passed"),
        ("caps/outreach", "passed"),
        ("holdouts/effect", "passed"),
        ("budgets/goodwill", "passed"),
    ]
    assert decision.outcome == "starts"
    assert decision.reserves == (
        Reservation(gate="caps/outreach"),
        Reservation(gate="budgets/goodwill", minor=500),
    )
    assert decision.circumstances == told
    assert [gate.detail for gate in decision.gates][3:] == [
        "1 of 2 taken in 30 days",
        "treated; the share is 0.01 %",
        "5.00 EUR left, 5.00 EUR needed",
    ]


def test_the_first_gate_that_holds_back_ends_the_asking() -> None:
    bundle = compiled(caps=(CAP,), holdouts=(HOLDOUT,))
    decision = decided(bundle, Circumstances(contact="c-1", caps={"outreach": 2}))
    assert said(decision) == [("max_age", "passed"), ("caps/outreach", "blocked")]
    assert (decision.outcome, decision.blocked_by) == ("blocked", "caps/outreach")
    assert (decision.plan, decision.reserves) == (None, ())


@pytest.mark.parametrize(
    ("contact", "word"), [("c-1", "blocked"), ("c-2", "passed"), (None, "not_assignable")]
)
def test_a_rollout_takes_its_share_of_the_contacts(contact: str | None, word: str) -> None:
    decision = decided(compiled(call(rollout=5_900)), Circumstances(contact=contact))
    assert decision.gates[0].result == word  # for the id `call`, c-1 lies in bucket 9403, c-2 in 1980
    assert decision.blocked_by == (None if word == "passed" else "rollout")


def test_a_holdout_holds_back_its_share_and_both_arms_are_recorded() -> None:
    bundle = compiled(holdouts=(replace(HOLDOUT, id="goodwill-effect", share=4_000),))
    held = decided(bundle, Circumstances(contact="c-1"))
    treated = decided(bundle, Circumstances(contact="c-2"))
    nobody = decided(bundle)
    assert (held.blocked_by, held.gates[-1].detail) == (
        "holdouts/goodwill-effect",
        "held_out; the share is 40 %",
    )
    assert (treated.outcome, treated.gates[-1].detail) == ("starts", "treated; the share is 40 %")
    assert (nobody.blocked_by, nobody.gates[-1].result) == ("holdouts/goodwill-effect", "not_assignable")


def test_a_pinned_arm_needs_no_bucket() -> None:
    bundle = compiled(call(rollout=1), holdouts=(HOLDOUT,))
    facts = Facts({"response.origin": "direct", "nps": 3}, AT)
    verdict = judge(bundle, facts, AT)
    held = conclude(bundle, verdict, arms={"rollout/call": "in", "effect": "held_out"})
    assert held.blocked_by == "holdouts/effect"
    assert conclude(bundle, verdict, arms={"rollout/call": "in", "effect": "treated"}).outcome == "starts"
    assert conclude(bundle, verdict, arms={"rollout/call": "out"}).blocked_by == "rollout"


def test_an_open_loop_is_joined_before_the_gates_are_asked() -> None:
    bundle = compiled(caps=(replace(CAP, most=1),))
    told = Circumstances(open_loop="loop-1", caps={"outreach": 5})
    decision = decided(bundle, told)
    assert (decision.outcome, decision.joins, decision.reserves) == ("joined", "loop-1", ())
    assert decision.plan is not None
    separate = decided(compiled(call(if_open="separate")), told)
    assert separate.outcome == "starts"


def test_a_window_defers_and_other_gates_are_asked_all_the_same() -> None:
    window = Suppression("year-end", HERE, plays=PLAYS, begins=BEFORE, ends=AFTER, do="defer")
    bundle = compiled(suppressions=(window,), caps=(CAP,))
    decision = decided(bundle)
    assert said(decision)[1:] == [("suppress/year-end", "deferred"), ("caps/outreach", "passed")]
    assert (decision.outcome, decision.deferred_until) == ("starts", AFTER)
    assert decision.reserves == (Reservation(gate="caps/outreach"),)
    assert decided(bundle, at=AFTER).deferred_until is None
    elsewhere = replace(window, plays=frozenset(("escalate",)))
    assert decided(compiled(suppressions=(elsewhere,))).deferred_until is None


def test_a_suppression_that_cannot_be_told_holds_back_in_that_word() -> None:
    bundle = compiled(suppressions=(Suppression("trials", HERE, when=one_of("customer.segment", "key")),))
    unknown = decided(bundle)
    assert unknown.gates[-1].model_dump() == {
        "gate": "suppress/trials",
        "result": "undecided",
        "detail": "customer.segment not known",
    }
    assert unknown.blocked_by == "suppress/trials"
    key = decided(bundle, facts={"nps": 3, "customer.segment": "key"})
    assert (key.blocked_by, key.gates[-1].result) == ("suppress/trials", "blocked")
    assert decided(bundle, facts={"nps": 3, "customer.segment": "standard"}).outcome == "starts"


def test_an_exempt_rule_passes_and_the_reason_is_in_the_record() -> None:
    bundle = compiled(
        call(exempt=EXEMPT),
        suppressions=(Suppression("all", HERE, begins=BEFORE, ends=AFTER),),
        caps=(CAP,),
        holdouts=(replace(HOLDOUT, share=9_999),),
    )
    decision = decided(bundle, Circumstances(contact="c-1"))
    assert said(decision)[1:] == [
        ("suppress/all", "exempt"),
        ("caps/outreach", "exempt"),
        ("holdouts/effect", "exempt"),
    ]
    assert {gate.detail for gate in decision.gates[1:]} == {"Safety net."}
    assert (decision.outcome, decision.reserves) == ("starts", ())
    assert judge(bundle, Facts({"response.origin": "direct", "nps": 3}, AT), AT).asks.caps == ()


def test_an_exhausted_budget_blocks_or_takes_the_other_plan() -> None:
    told = Circumstances(budgets={"goodwill": 499})
    blocked = decided(compiled(call(spends=Spending("goodwill", FIVE)), budgets=(BUDGET,)), told)
    assert (blocked.blocked_by, blocked.gates[-1].detail) == (
        "budgets/goodwill",
        "4.99 EUR left, 5.00 EUR needed",
    )
    spends = Spending("goodwill", FIVE, {"team": "other"})
    other = decided(compiled(call(spends=spends), budgets=(BUDGET,)), told)
    assert other.plan is not None
    assert (other.outcome, other.plan.params, other.reserves) == ("starts", {"team": "other"}, ())
    assert other.gates[-1].result == "exhausted"


def test_an_observed_rule_is_recorded_and_never_takes_the_hit() -> None:
    rules = rule_set(call(mode="observe"), rule("below", within("nps", 0, 3)))
    bundle = compile_workspace(Workspace(catalogue(), Policy(), (rules,)))
    decision = decided(bundle)
    assert (decision.winner, decision.observed, decision.also_matched) == ("below", ("call",), ())
    assert decision.rules == {"call": "true", "below": "true"}
    alone = decided(bundle, facts={"nps": 5})
    assert (alone.outcome, alone.reason, alone.observed) == ("nothing", "no_rule", ("call",))
    assert [passed.why for passed in explain(bundle, decision).others] == ["only observed"]


def test_the_fallback_passes_the_gates_like_a_rule() -> None:
    fallback = Undecided(Place("rules/nps.yaml", 30, 5), play="csm_case", params={"team": "triage"})
    key = rule("key", one_of("customer.segment", "key"))
    bundle = compiled(key, undecided=fallback, caps=(CAP,))
    decision = decided(bundle, Circumstances(caps={"outreach": 2}))
    assert (decision.winner, decision.blocked_by) == ("undecided", "caps/outreach")


def test_only_what_the_gates_of_this_winner_need_is_asked_for() -> None:
    elsewhere = replace(CAP, id="elsewhere", plays=frozenset(("escalate",)))
    bundle = compiled(call(spends=Spending("goodwill", FIVE)), caps=(CAP, elsewhere), budgets=(BUDGET,))
    facts = Facts({"response.origin": "direct", "nps": 3}, AT)
    asks = judge(bundle, facts, AT).asks
    assert (asks.join, [cap.id for cap in asks.caps]) == ("contact", ["outreach"])
    assert asks.budget is not None
    assert asks.budget.limit == BUDGET.limit
    recorded = judge(bundle, facts, AT, "record_only").asks
    assert (recorded.join, recorded.caps, recorded.budget) == (None, (), None)
    nothing = judge(bundle, Facts({"response.origin": "direct", "nps": 9}, AT), AT)
    assert (nothing.hit, nothing.asks.join) == (None, None)


@pytest.mark.parametrize(
    "told",
    [
        Circumstances(contact="c-1", caps={"outreach": 1}, budgets={"goodwill": 10}),
        Circumstances(contact="c-2", caps={"outreach": 2}),
        Circumstances(open_loop="loop-1"),
        Circumstances(),
    ],
)
@pytest.mark.parametrize("mode", ["act", "record_only", "act_on_old"])
def test_a_decision_replays_byte_for_byte_with_what_it_was_told(told: Circumstances, mode: Mode) -> None:
    window = Suppression("year-end", HERE, begins=datetime(2026, 1, 1, tzinfo=UTC), ends=AFTER, do="defer")
    bundle = compiled(
        call(rollout=6_000, spends=Spending("goodwill", FIVE, {"team": "other"})),
        suppressions=(window,),
        caps=(CAP,),
        holdouts=(HOLDOUT,),
        budgets=(BUDGET,),
    )
    values: Mapping[str, FactValue] = {"response.origin": "direct", "nps": 3}
    decision = decide(bundle, Facts(values, AT - timedelta(days=20)), AT, mode, told)
    record = rfc8785.dumps(decision.model_dump(mode="json"))
    restored = Bundle.from_canonical(bundle.canonical(), bundle.digest)
    again = replay(restored, Decision.model_validate_json(record))
    assert rfc8785.dumps(again.model_dump(mode="json")) == record
