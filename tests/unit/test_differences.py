"""What an edit of the rules changes: each outcome exactly, with a response each way; the rest in words."""

from __future__ import annotations

from datetime import date

import pytest

from boucle.rules.analysis import differences
from boucle.rules.analysis.changes import list_changes
from boucle.rules.analysis.difference_text import render_differences
from boucle.rules.analysis.differences import Compared, Difference, compare
from boucle.rules.bundle import Bundle
from tests.unit.guaranteed_programme import FACTS, POLICY, RULES, read_programme, replaced

DAY = date(2026, 3, 10)

SMALL = """\
boucle: rules/v1
ruleset: nps
timezone: UTC
rules:
  - id: call
    when: nps in 0..6
    start: csm_case
    with:
      team: csm
  - id: ask
    when: passive
    start: ask_follow_up
    with:
      template: passive-question
undecided: record
"""


def bundle(rules: str = SMALL, *, facts: str = FACTS, policy: str = POLICY) -> Bundle:
    return read_programme(rules, facts=facts, policy=policy)[1]


def found(old: Bundle, new: Bundle, day: date = DAY) -> dict[str, Difference]:
    """What is not equivalent, by outcome."""
    compared = compare(old, new, day)
    assert compared.unfinished == ()
    return {one.outcome: one for one in compared.differences if one.kind != "equivalent"}


def kinds(old: Bundle, new: Bundle, day: date = DAY) -> dict[str, str]:
    return {outcome: one.kind for outcome, one in found(old, new, day).items()}


# -- who wins -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "condition",
    ["nps <= 6", "not nps > 6", "detractor", "nps in 0..3 or nps in 4..6", "nps in 0..6 and nps is known"],
)
def test_what_is_said_otherwise_and_means_the_same_is_equivalent(condition: str) -> None:
    edited = bundle(replaced(SMALL, ("when: nps in 0..6", f"when: {condition}")))
    assert kinds(bundle(), edited) == {}
    assert list_changes(bundle(), edited) == []


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("nps in 0..5", {"call": "narrower", "reason no_rule": "wider"}),
        ("nps in 0..7", {"call": "wider", "ask": "narrower"}),
        ("nps in 1..7", {"call": "moved", "ask": "narrower", "reason no_rule": "wider"}),
    ],
)
def test_an_outcome_is_wider_narrower_or_moved(condition: str, expected: dict[str, str]) -> None:
    edited = bundle(replaced(SMALL, ("nps in 0..6", condition)))
    assert kinds(bundle(), edited) == expected


def test_each_way_is_shown_by_a_response_and_both_answers() -> None:
    edited = bundle(replaced(SMALL, ("nps in 0..6", "nps in 1..7")))
    call = found(bundle(), edited)["call"]
    assert call.lost is not None
    assert call.gained is not None
    assert (call.lost.facts["nps"], call.lost.old, call.lost.new) == (
        0,
        "call starts csm_case",
        "nothing: no_rule",
    )
    assert (call.gained.facts["nps"], call.gained.old, call.gained.new) == (
        7,
        "ask starts ask_follow_up",
        "call starts csm_case",
    )


def test_a_rule_is_new_or_gone() -> None:
    without_ask = SMALL[: SMALL.index("  - id: ask")] + "undecided: record\n"
    assert kinds(bundle(), bundle(without_ask)) == {"ask": "gone", "reason no_rule": "wider"}
    assert kinds(bundle(without_ask), bundle()) == {"ask": "new", "reason no_rule": "narrower"}


def test_a_rule_set_is_new() -> None:
    nps = replaced(SMALL, ("timezone: UTC\n", "timezone: UTC\nonly_when: nps is known\n"))
    facts = replaced(
        FACTS, ("  comment.text:", "  csat.support: {score: csat, scale: 1..5}\n  comment.text:")
    )
    csat = (
        "boucle: rules/v1\nruleset: csat\nonly_when: nps is unknown and csat.support is known\nrules:\n"
        "  - {id: low, when: csat.support in 1..2, start: csm_case, with: {team: csm}}\nundecided: record\n"
    )
    _, both = read_programme(nps, facts=facts, more={"rules/csat.yaml": csat})
    low = found(bundle(nps, facts=facts), both)["low"]
    assert low.kind == "new"
    assert low.gained is not None
    assert (low.gained.old, low.gained.new) == ("nothing: no_programme", "low starts csm_case")


def test_what_unknown_means_is_part_of_the_comparison() -> None:
    edited = replaced(RULES, ('has "vip"\'\n    if_unknown: false\n', 'has "vip"\'\n'))
    apology = found(bundle(RULES), bundle(edited))["detractor-apology"]
    assert apology.kind == "narrower"
    assert apology.lost is not None
    assert apology.lost.facts["customer.segment"] is None
    assert apology.lost.new == "undecided starts csm_case"


def test_a_rule_counts_on_the_days_on_which_it_is_in_effect() -> None:
    edited = bundle(
        replaced(SMALL, ("    when: passive", "    effective: {until: 2026-06-30}\n    when: passive"))
    )
    assert kinds(bundle(), edited) == {}
    assert kinds(bundle(), edited, date(2026, 7, 1)) == {"ask": "narrower", "reason no_rule": "wider"}
    assert list_changes(bundle(), edited) == ["rule nps/ask: in effect until was not said, is 2026-06-30"]


def test_a_rule_that_only_observes_takes_nothing() -> None:
    edited = bundle(replaced(SMALL, ("    when: passive", "    mode: observe\n    when: passive")))
    assert kinds(bundle(), edited) == {"ask": "narrower", "reason no_rule": "wider"}
    assert list_changes(bundle(), edited) == ["rule nps/ask: mode was act, is observe"]


# -- scores that no condition reads -------------------------------------------------------------

WITH_CSAT = replaced(
    FACTS, ("  comment.text:", "  csat.support: {score: csat, scale: 1..5}\n  comment.text:")
)


def test_a_score_that_no_condition_reads_is_not_shown() -> None:
    edited = bundle(replaced(SMALL, ("nps in 0..6", "nps in 0..5")), facts=WITH_CSAT)
    call = found(bundle(facts=WITH_CSAT), edited)["call"]
    assert call.lost is not None
    assert dict(call.lost.facts) == {"nps": 6}


@pytest.mark.parametrize(
    ("outcome", "csat", "was"),
    [("reason undecided", 1, "nothing: undecided"), ("reason no_score", None, "nothing: no_score")],
)
def test_a_score_that_no_condition_reads_is_shown_where_it_decides(
    outcome: str, csat: int | None, was: str
) -> None:
    edited = bundle(replaced(SMALL, ("when: passive", "when: nps is unknown")), facts=WITH_CSAT)
    change = found(bundle(facts=WITH_CSAT), edited)[outcome]
    assert change.lost is not None
    assert dict(change.lost.facts) == {"nps": None, "csat.support": csat}
    assert change.lost.old == was


# -- the catalogue ------------------------------------------------------------------------------

BY_SEGMENT = replaced(SMALL, ("when: passive", 'when: customer.segment == "trial"'))
SEGMENTS = "values: [strategic, key, standard, trial]"


def test_a_value_that_is_new_was_unknown_before_where_unlisted_ones_are() -> None:
    rules = replaced(SMALL, ("when: passive", "when: customer.segment is known"))
    wider = replaced(FACTS, (SEGMENTS, "values: [strategic, key, standard, trial, lost]"))
    ask = found(bundle(rules), bundle(rules, facts=wider))["ask"]
    assert ask.kind == "wider"
    assert ask.gained is not None
    assert ask.gained.facts["customer.segment"] == "lost"
    assert (ask.gained.old, ask.gained.new) == ("nothing: no_rule", "ask starts ask_follow_up")


def test_a_value_that_did_not_fit_before_went_to_quarantine() -> None:
    strict = replaced(FACTS, ("    unlisted: unknown\n", ""))
    wider = replaced(strict, (SEGMENTS, "values: [strategic, key, standard, trial, lost]"))
    call = found(bundle(BY_SEGMENT, facts=strict), bundle(BY_SEGMENT, facts=wider))["call"]
    assert call.gained is not None
    assert (call.gained.old, call.gained.new) == ("quarantine: customer.segment", "call starts csm_case")


def test_another_scale_makes_scores_fit_or_not() -> None:
    with_csat = replaced(
        FACTS, ("  comment.text:", "  csat.support: {score: csat, scale: 1..5}\n  comment.text:")
    )
    rules = replaced(SMALL, ("when: passive", "when: csat.support in 1..2"))
    wider = replaced(with_csat, ("1..5", "1..7"))
    ask = found(bundle(rules, facts=with_csat), bundle(rules, facts=wider))["call"]
    assert ask.gained is not None
    assert ask.gained.facts["csat.support"] == 6
    assert ask.gained.old == "quarantine: csat.support"
    assert list_changes(bundle(rules, facts=with_csat), bundle(rules, facts=wider)) == [
        "fact csat.support: highest value was 5, is 7"
    ]


def test_a_fact_of_another_type_fits_only_one_version() -> None:
    rules = replaced(SMALL, ("when: passive", "when: customer.size is known"))
    number = replaced(FACTS, ("  comment.text:", "  customer.size: {type: int}\n  comment.text:"))
    word = replaced(number, ("{type: int}", "{type: enum, values: [small, large]}"))
    call = found(bundle(rules, facts=number), bundle(rules, facts=word))["call"]
    assert call.gained is not None
    assert (call.gained.facts["customer.size"], call.gained.old) == ("small", "quarantine: customer.size")


def test_a_fact_that_one_version_alone_knows_is_told_and_left_out_of_the_other() -> None:
    facts = replaced(
        FACTS, ("  comment.text:", "  customer.region: {type: enum, values: [north]}\n  comment.text:")
    )
    rules = replaced(SMALL, ("when: passive", 'when: passive and customer.region == "north"'))
    old, new = bundle(), bundle(rules, facts=facts)
    ask = found(old, new)["ask"]
    assert ask.kind == "narrower"
    assert ask.lost is not None
    assert ask.lost.facts["customer.region"] is None
    assert list_changes(old, new) == [
        "fact customer.region is new: type enum; values north; may be unknown yes"
    ]


# -- everything else ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("team: cs-leads", "team: csm", "rule nps/repeat-detractor: with team was cs-leads, is csm"),
        ("start: escalate", "start: csm_case", "rule nps/repeat-detractor: starts was escalate, is csm_case"),
        ("rollout: 25%", "rollout: 50%", "rule nps/promoter-invite: rollout was 25 %, is 50 %"),
        (
            "value: 15.00",
            "value: 20.00",
            "rule nps/detractor-apology: with offer.value was 15.00 EUR, is 20.00 EUR",
        ),
        ("    team: triage", "    team: csm", "fallback of nps: with team was triage, is csm"),
        (
            "      gates: [suppress, caps, holdouts]\n      reason: Safety",
            "      gates: [caps]\n      reason: Safety",
            "rule nps/repeat-detractor: exempt from was caps, holdouts, suppress, is caps",
        ),
        ("timezone: Europe/Paris", "timezone: UTC", "rule set nps: time zone was Europe/Paris, is UTC"),
    ],
)  # fmt: skip
def test_what_a_winner_starts_and_how_is_told_in_words(before: str, after: str, said: str) -> None:
    edited = bundle(RULES.replace(before, after, 1))
    assert said in list_changes(bundle(RULES), edited)


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("max_age: 14 days", "max_age: 7 days", "policy: max_age was 14 days, is 7 days"),
        ("do: defer", "do: drop", "suppression year-end: does was defer, is drop"),
        (
            "max: 2",
            "max: 3",
            "cap outreach-30d: limit was 2 per contact within 30 days, is 3 per contact within 30 days",
        ),
        (
            "5000.00 EUR",
            "100.00 EUR",
            "budget goodwill: limit was 5000.00 EUR per calendar_month, is 100.00 EUR per calendar_month",
        ),
        ("percent: 10", "percent: 20", "holdout goodwill-effect: share was 10 %, is 20 %"),
    ],
)
def test_what_the_policy_says_otherwise_is_told_in_words(before: str, after: str, said: str) -> None:
    edited = bundle(RULES, policy=replaced(POLICY, (before, after)))
    assert list_changes(bundle(RULES), edited) == [said]
    assert kinds(bundle(RULES), edited) == {}


def test_another_order_is_told_also_where_it_changes_nothing() -> None:
    head, call, ask = SMALL.partition("  - id: call")[0], *_entries()
    edited = bundle(f"{head}{ask}{call}undecided: record\n")
    assert kinds(bundle(), edited) == {}
    assert list_changes(bundle(), edited) == [
        "rule set nps: the order of its rules was call, ask, is ask, call"
    ]


def _entries() -> tuple[str, str]:
    rules = SMALL.partition("rules:\n")[2].partition("undecided:")[0]
    call, ask = rules.split("  - id: ask")
    return call, f"  - id: ask{ask}"


def _large(condition: str) -> Bundle:
    """Two rules that are told apart by more than 200,000 cases; `{asked}` stands for most of them."""
    names = [f"customer.q{number}" for number in range(12)]
    many = "".join(f"  {name}: {{type: bool}}\n" for name in names)
    facts = replaced(FACTS, ("derived:", f"{many}derived:"))
    asked = condition.replace("{asked}", " or ".join(names))
    return bundle(replaced(SMALL, ("when: passive", f"when: {asked}")), facts=facts)


def test_beyond_the_limit_regions_are_compared() -> None:
    old, new = _large("{asked}"), _large("passive and ({asked})")
    assert kinds(old, new) == {
        "ask": "narrower",
        "reason undecided": "narrower",
        "reason no_rule": "wider",
        "reason no_score": "wider",
    }


def test_where_regions_are_too_large_as_well_the_rule_set_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(differences, "find_moves", lambda *_: None)
    old, new = _large("{asked}"), _large("passive and ({asked})")
    assert compare(old, new, DAY) == Compared((), ("nps",))
    assert "too many cases" in render_differences(compare(old, new, DAY), [])
    assert kinds(old, old) == {}


def test_the_comparison_reads_as_a_list() -> None:
    edited = bundle(replaced(SMALL, ("nps in 0..6", "nps in 0..5"), ("team: csm", "team: triage")))
    text = render_differences(compare(bundle(), edited, DAY), list_changes(bundle(), edited))
    assert text == (
        "nps\n"
        "  call: narrower\n"
        "    no longer: nps 6\n"
        "      was: call starts csm_case\n"
        "      is: nothing: no_rule\n"
        "  reason no_rule: wider\n"
        "    now also: nps 6\n"
        "      was: call starts csm_case\n"
        "      is: nothing: no_rule\n"
        "  equivalent: ask, undecided, reason no_score, reason undecided\n"
        "\n"
        "also\n"
        "  rule nps/call: with team was csm, is triage"
    )
