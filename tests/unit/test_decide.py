"""Who wins, why nothing wins, and what the record says."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta

import pytest

from boucle.decision import Decision, GateResult
from boucle.model import FactValue
from boucle.rules.bundle import Bundle
from boucle.rules.decide import Facts, Mode, decide
from boucle.rules.failures import (
    EvaluationError,
    MissingFactsError,
    RuleSetsOverlapError,
    UnfitFactError,
    UnknownFactError,
)
from tests.unit.written import ALWAYS, compile_texts

FACTS = """\
boucle: facts/v1
facts:
  nps: {score: nps}
  csat.delivery: {score: csat, scale: 1..5}
  comment.text: {type: text, optional: true, pii: true}
  customer.segment: {type: enum, values: [key, standard]}
  customer.arr: {type: decimal, digits: 2, min: 0}
  customer.since: {type: date}
  customer.tags: {type: set, of: [vip, legal_hold]}
  consent.follow_up: {type: bool}
"""
POLICY = """\
boucle: policy/v1
max_age: 14 days
"""
RULES = """\
boucle: rules/v1
ruleset: nps
timezone: Europe/Paris
define:
  key_account:
    when: customer.segment == "key" or customer.tags has "vip"
    if_unknown: false
rules:
  - id: key-case
    when: detractor and key_account
    start: escalate
    with: {team: csm}
  - id: angry-case
    when: detractor and comment.text contains "annuler"
    start: csm_case
    with: {team: csm}
  - id: apology
    when: detractor and consent.follow_up
    start: csm_case
    with: {team: care}
    because: "Scored {nps}/10, worth {customer.arr}, tags {customer.tags}, since {customer.since}"
undecided:
  when: detractor
  start: csm_case
  with: {team: triage}
otherwise:
  - code: no_consent
    when: detractor and not consent.follow_up
    text: No consent
"""
AT = datetime(2026, 3, 10, 9, tzinfo=UTC)


def compiled(*rules: str, policy: str = POLICY) -> Bundle:
    return compile_texts(FACTS, policy, *(rules or (RULES,)))


def decided(
    bundle: Bundle, facts: Mapping[str, FactValue], at: datetime = AT, mode: Mode = "act", days_old: int = 1
) -> Decision:
    return decide(bundle, Facts({**ALWAYS, **facts}, AT - timedelta(days=days_old)), at, mode)


def outcome(decision: Decision) -> tuple[str | None, str | None]:
    return decision.winner, decision.blocked_by or decision.reason


# -- who wins -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ({"nps": 3, "customer.segment": "key"}, ("key-case", None)),
        ({"nps": 3, "consent.follow_up": True}, ("apology", None)),
        ({"nps": 3, "consent.follow_up": False, "comment.text": "bof"}, (None, "no_consent")),
        ({"nps": 3, "consent.follow_up": False}, ("undecided", None)),
        ({"nps": 3}, ("undecided", None)),
        ({"nps": 9}, (None, "no_rule")),
        ({"csat.delivery": 1}, (None, "undecided")),
        ({"csat.delivery": 1, "consent.follow_up": False}, (None, "undecided")),
        ({}, (None, "no_score")),
    ],
)
def test_the_first_true_rule_wins_else_the_fallback_else_a_reason(
    facts: dict[str, FactValue], expected: tuple[str | None, str | None]
) -> None:
    assert outcome(decided(compiled(), facts)) == expected


def test_the_record_holds_every_rules_truth_value_and_who_else_matched() -> None:
    decision = decided(compiled(), {"nps": 3, "customer.segment": "key", "consent.follow_up": True})
    assert decision.rules == {"key-case": "true", "angry-case": "undecided", "apology": "true"}
    assert decision.also_matched == ("apology",)
    assert decision.plan is not None
    assert (decision.plan.play, decision.plan.params) == ("escalate", {"team": "csm"})
    assert (decision.plan.rule_set, decision.plan.timezone) == ("nps", "Europe/Paris")


def test_the_record_holds_no_personal_fact_but_what_tests_on_it_said() -> None:
    decision = decided(compiled(), {"nps": 3, "comment.text": "Je veux ANNULER mon contrat"})
    assert decision.winner == "angry-case"
    assert "comment.text" not in decision.facts
    assert decision.pii_atoms == {'comment.text contains "annuler"': "true"}
    assert "ANNULER mon" not in decision.model_dump_json()


def test_unknown_and_derived_facts_are_named() -> None:
    decision = decided(compiled(), {"nps": 3, "customer.segment": "key"})
    assert decision.derived == ("comment.length", "response.age_days", "response.known_customer")
    assert {"csat.delivery", "comment.text", "customer.open_loop"} < set(decision.unknown)
    assert not set(decision.unknown) & set(decision.facts)


def test_an_unknown_score_never_fires_a_rule() -> None:
    truths = set(decided(compiled(), {"customer.segment": "key", "consent.follow_up": True}).rules.values())
    assert truths == {"undecided"}


# -- because ------------------------------------------------------------------------------------


def test_because_fills_in_what_was_found_and_says_what_is_not_known() -> None:
    decision = decided(
        compiled(),
        {
            "nps": 3,
            "consent.follow_up": True,
            "customer.segment": "standard",
            "customer.since": date(2020, 2, 29),
        },
    )
    assert decision.because == "Scored 3/10, worth not known, tags not known, since 2020-02-29"


def test_without_a_because_the_reasons_are_what_the_condition_rested_on() -> None:
    decision = decided(
        compiled(), {"nps": 3, "customer.segment": "standard", "customer.tags": ("legal_hold", "vip")}
    )
    assert decision.because == 'nps in 0..6 (3); customer.tags has "vip" (["legal_hold", "vip"])'


def test_a_personal_facts_value_is_never_in_because() -> None:
    decision = decided(compiled(), {"nps": 3, "comment.text": "annuler, 06 12 34 56 78"})
    assert decision.because == 'nps in 0..6 (3); comment.text contains "annuler" (not shown)'


def test_the_fallback_says_what_could_not_be_told_and_for_want_of_what() -> None:
    decision = decided(compiled(), {"nps": 3, "consent.follow_up": False})
    assert decision.because == (
        "No rule holds, and these could not be told: angry-case (comment.text not known)"
    )


# -- gates --------------------------------------------------------------------------------------


def gate(result: str, detail: str | None = None) -> tuple[GateResult, ...]:
    return (GateResult.model_validate({"gate": "max_age", "result": result, "detail": detail}),)


OLD = "answered 15 days before acceptance; the greatest age is 14 days"


@pytest.mark.parametrize(
    ("mode", "days_old", "blocked_by", "gates"),
    [
        ("act", 14, None, gate("passed")),
        ("act", 15, "max_age", gate("blocked", OLD)),
        ("act", -3, None, gate("passed")),
        ("act_on_old", 15, None, gate("waived", OLD)),
        ("act_on_old", 14, None, gate("passed")),
        ("record_only", 1, "record_only", (GateResult(gate="record_only", result="blocked"),)),
        ("record_only", 15, "record_only", (GateResult(gate="record_only", result="blocked"),)),
    ],
)
def test_a_gate_can_hold_a_winner_back_and_no_lower_rule_is_tried(
    mode: Mode, days_old: int, blocked_by: str | None, gates: tuple[GateResult, ...]
) -> None:
    decision = decided(
        compiled(), {"nps": 3, "customer.segment": "key", "consent.follow_up": True}, AT, mode, days_old
    )
    assert (decision.winner, decision.blocked_by, decision.gates) == ("key-case", blocked_by, gates)
    assert (decision.plan is None) == (blocked_by is not None)


def test_a_limit_in_hours_is_said_in_hours() -> None:
    bundle = compiled(policy="boucle: policy/v1\nmax_age: 12h\n")
    (said,) = decided(bundle, {"nps": 3}).gates
    assert said.detail == "answered 24 hours before acceptance; the greatest age is 12 hours"


def test_without_a_greatest_age_no_gate_is_asked() -> None:
    bundle = compiled(policy="boucle: policy/v1\nmax_age: none\n")
    assert decided(bundle, {"nps": 3}, AT, "act", 4000).gates == ()


def test_gates_are_asked_of_winners_only() -> None:
    decision = decided(compiled(), {"nps": 9}, AT, "act", 400)
    assert (decision.gates, decision.blocked_by, decision.reason) == ((), None, "no_rule")


# -- effective windows --------------------------------------------------------------------------

IN_MARCH = """\
boucle: rules/v1
ruleset: nps
timezone: Europe/Paris
rules:
  - id: march
    effective: {from: 2026-03-01, until: 2026-03-31}
    when: detractor
    start: csm_case
    with: {team: march}
  - id: always
    when: detractor and consent.follow_up
    start: csm_case
    with: {team: always}
undecided: record
"""


@pytest.mark.parametrize(
    ("at", "winner", "also_matched"),
    [
        ("2026-02-28T22:59:59+00:00", "always", ()),
        ("2026-02-28T23:00:00+00:00", "march", ("always",)),
        ("2026-03-31T21:59:59+00:00", "march", ("always",)),
        ("2026-03-31T22:00:00+00:00", "always", ()),
    ],
)
def test_windows_are_whole_days_of_acceptance_in_the_files_zone(
    at: str, winner: str, also_matched: tuple[str, ...]
) -> None:
    instant = datetime.fromisoformat(at)
    facts = Facts({**ALWAYS, "nps": 3, "consent.follow_up": True}, instant)
    decision = decide(compiled(IN_MARCH), facts, instant)
    assert (decision.winner, decision.also_matched) == (winner, also_matched)
    assert decision.rules == {"march": "true", "always": "true"}


def test_an_undecided_rule_outside_its_window_leaves_nothing_open() -> None:
    bundle = compiled(IN_MARCH.replace("when: detractor\n", 'when: customer.tags has "vip"\n'))
    known: dict[str, FactValue] = {"nps": 9, "consent.follow_up": True}
    assert decided(bundle, known, datetime(2026, 3, 10, tzinfo=UTC)).reason == "undecided"
    assert decided(bundle, known, datetime(2026, 4, 10, tzinfo=UTC)).reason == "no_rule"


# -- several rule sets --------------------------------------------------------------------------

NPS = """\
boucle: rules/v1
ruleset: nps
timezone: Europe/Paris
only_when: nps is known
rules: [{id: low, when: detractor, start: csm_case, with: {team: nps}}]
undecided: record
"""
CSAT = """\
boucle: rules/v1
ruleset: csat
timezone: Europe/London
only_when: csat.delivery in 1..3
rules: [{id: low, when: csat.delivery in 1..2, start: csm_case, with: {team: csat}}]
undecided: record
"""


def test_the_rule_set_whose_only_when_is_true_decides() -> None:
    bundle = compiled(NPS, CSAT)
    low = decided(bundle, {"csat.delivery": 2})
    assert (low.rule_set, low.winner) == ("csat", "low")
    assert low.plan is not None
    assert (low.plan.timezone, low.plan.params) == ("Europe/London", {"team": "csat"})
    high = decided(bundle, {"nps": 9})
    assert (high.rule_set, high.reason) == ("nps", "no_rule")


@pytest.mark.parametrize(("facts", "reason"), [({"csat.delivery": 5}, "no_programme"), ({}, "no_score")])
def test_where_no_rule_set_holds_nothing_starts(facts: dict[str, FactValue], reason: str) -> None:
    decision = decided(compiled(NPS, CSAT), facts)
    assert (decision.rule_set, decision.rules, decision.reason) == (None, {}, reason)


def test_two_rule_sets_that_both_hold_decide_nothing_and_say_so() -> None:
    with pytest.raises(RuleSetsOverlapError, match="csat, nps"):
        decided(compiled(NPS, CSAT), {"nps": 3, "csat.delivery": 2})


# -- what must never become a decision ----------------------------------------------------------


def test_a_missing_fact_that_must_be_known_is_no_decision() -> None:
    with pytest.raises(MissingFactsError, match=r"comment\.length, response\.age_days"):
        decide(compiled(), Facts({"nps": 3, "response.known_customer": True}, AT), AT)


def test_a_fact_outside_the_catalogue_is_no_decision() -> None:
    with pytest.raises(UnknownFactError):
        decided(compiled(), {"nsp": 3})


def test_text_that_is_no_unicode_is_no_decision() -> None:
    with pytest.raises(UnfitFactError):
        decided(compiled(), {"nps": 3, "comment.text": "annuler \ud800"})


def test_an_error_of_the_engine_is_never_false() -> None:
    """A bundle whose compiled form does not fit its facts: the engine fails, and so do we."""
    broken = compiled().canonical().replace('{"<=":[0,{"var":"nps"},6]}', '{"<=":["x",{"var":"nps"},6]}')
    bundle = Bundle.from_canonical(broken)
    with pytest.raises(EvaluationError, match="could not be evaluated"):
        decided(bundle, {"nps": 3})


def test_the_same_input_gives_the_same_record() -> None:
    first, second = (
        decided(
            compiled(), {"nps": 3, "customer.segment": "key", "comment.text": "annuler"}
        ).model_dump_json()
        for _ in range(2)
    )
    assert first == second
