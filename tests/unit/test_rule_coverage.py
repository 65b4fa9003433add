"""What tests should reach, by the exact partition; what is missing, written out as tests that reach it."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from boucle.rules.compiler import compile_workspace
from boucle.rules.ruleset import Workspace
from boucle.rules.testing.coverage import Coverage, coverage_to_json, measure, render_coverage
from boucle.rules.testing.runner import run_tests
from boucle.rules.testing.suggestion import Suggestion, suggest, write_suggestion
from tests.unit.tested_programme import DEFAULTS, RULES, programme, read_file, run

NOW = datetime(2026, 3, 10, 9, tzinfo=UTC)

SMALL = """\
boucle: rules/v1
ruleset: nps
timezone: Europe/Paris
only_when: nps is known
define:
  vip:
    when: customer.tags has "vip"
    if_unknown: false
rules:
  - id: call
    when: nps in 0..3 and vip
    start: csm_case
    with: {team: csm}
undecided: record
otherwise:
  - {code: unhappy, when: nps < 7, text: Unhappy}
"""


def measured(tests: str, workspace: Workspace) -> Coverage:
    bundle, results = run(tests, workspace)
    return measure(bundle, workspace.rule_sets[0], results)


def missing(coverage: Coverage) -> list[str]:
    return [f"{goal.place.line}: {goal.words}" for goal in coverage.missing]


def test_every_goal_of_a_small_rule_set() -> None:
    workspace = programme(SMALL)
    goals = measure(compile_workspace(workspace), workspace.rule_sets[0], []).goals.all
    assert sorted(f"{goal.place.line}: {goal.words}" for goal in goals) == sorted(
        [
            # what can come out: nps is known, and `vip` is never undecided, so nothing is undecided here
            "10: rule call wins",
            "16: reason unhappy is given",
            "1: reason no_rule is given",
            "4: only_when: nps is known is true",
            "4: only_when: nps is known is false",
            '7: definition vip: customer.tags has "vip" is true',
            '7: definition vip: customer.tags has "vip" is false',
            '7: definition vip: customer.tags has "vip" is undecided',
            "11: rule call: nps in 0..3 and vip is true",
            "11: rule call: nps in 0..3 and vip is false",
            "11: rule call: nps in 0..3 is true",
            "11: rule call: nps in 0..3 is false",
            "11: rule call: vip is true",
            "11: rule call: vip is false",
            "16: reason unhappy: nps < 7 is true",
            "16: reason unhappy: nps < 7 is false",
            "11: rule call: nps in 0..3 is asked with nps = 0",
            "11: rule call: nps in 0..3 is asked with nps = 1",
            "11: rule call: nps in 0..3 is asked with nps = 2",
            "11: rule call: nps in 0..3 is asked with nps = 3",
            "11: rule call: nps in 0..3 is asked with nps = 4",
            "16: reason unhappy: nps < 7 is asked with nps = 6",
            "16: reason unhappy: nps < 7 is asked with nps = 7",
            "16: reason unhappy: nps < 7 is asked with nps = 8",
        ]
    )


def test_what_tests_reach_and_miss() -> None:
    workspace = programme(SMALL)
    coverage = measured(
        """\
tests:
  - name: scores
    facts: {customer.tags: [vip]}
    columns: [nps, rule]
    rows: [[0, call], [1, call], [2, call], [3, call], [4, null], [6, null], [7, null]]
  - {name: nobody, facts: {nps: null, customer.tags: null}, expect: {reason: no_score}}
""",
        workspace,
    )
    assert missing(coverage) == [
        '7: definition vip: customer.tags has "vip" is false',
        '7: definition vip: customer.tags has "vip" is undecided',
        "11: rule call: vip is false",
        "16: reason unhappy: nps < 7 is asked with nps = 8",
    ]
    assert coverage.percent == 83
    assert render_coverage([coverage]).splitlines()[:2] == [
        "rule set nps: 83 % (20 of 24)",
        '  rules/nps.yaml:7:11: no test in which definition vip: customer.tags has "vip" is false',
    ]
    assert coverage_to_json(coverage) == {
        "ruleset": "nps",
        "percent": 83,
        "goals": 24,
        "reached": 20,
        "missing": [
            {"kind": kind, "file": "rules/nps.yaml", "line": line, "column": column, "text": goal.words}
            for goal, (kind, line, column) in zip(
                coverage.missing,
                [("truth", 7, 11), ("truth", 7, 11), ("truth", 11, 27), ("boundary", 16, 27)],
                strict=True,
            )
        ],
        "not_told": [],
    }


def test_what_can_never_come_about_is_not_asked_for() -> None:
    shadowed = SMALL.replace(
        "undecided: record",
        "  - {id: never, when: nps < 3 and vip, start: csm_case, with: {team: csm}}\nundecided: record",
    )
    workspace = programme(shadowed)
    goals = measure(compile_workspace(workspace), workspace.rule_sets[0], []).goals.all
    words = [goal.words for goal in goals]
    assert "rule call wins" in words
    assert "rule never wins" not in words
    assert "rule never: nps < 3 and vip is true" in words


def test_the_unit_below_and_above_a_constant_is_that_of_its_fact() -> None:
    rules = SMALL.replace(
        "nps in 0..3 and vip",
        'nps in 0..3 and vip and customer.arr >= 10.00 and customer.since < "2026-01-01" '
        'and contact.seen < "2026-01-01T00:00:00Z"',
    )
    workspace = programme(rules)
    goals = measure(compile_workspace(workspace), workspace.rule_sets[0], []).goals.all
    asked = [goal.words.partition("asked with ")[2] for goal in goals if goal.kind == "boundary"]
    assert [one for one in asked if not one.startswith("nps")] == [
        "customer.arr = 9.99",
        "customer.arr = 10.00",
        "customer.arr = 10.01",
        "customer.since = 2025-12-31",
        "customer.since = 2026-01-01",
        "customer.since = 2026-01-02",
        "contact.seen = 2025-12-31T23:59:00Z",
        "contact.seen = 2026-01-01T00:00:00Z",
        "contact.seen = 2026-01-01T00:01:00Z",
    ]


# -- suggestions --------------------------------------------------------------------------------


def suggested(tests: str | None, workspace: Workspace) -> Suggestion:
    if tests is None:
        return suggest(measure(compile_workspace(workspace), workspace.rule_sets[0], []), None, NOW)
    files, _ = read_file(tests, workspace)
    return suggest(measured(tests, workspace), files[0], NOW)


def test_a_suggested_test_says_what_differs_from_the_defaults_and_what_comes_out_today() -> None:
    text = "tests:\n  - {name: one, facts: {nps: 5}, expect: {starts: apologize_with_offer}}\n"
    entries = write_suggestion(suggested(text, programme()))
    assert entries.startswith("""\
  - name: "rule repeat-detractor wins"
    facts:
      history.detractors_180d: 1
      nps: 0
    # the rules say so today: check that it is what you want
    expect:
      rule: repeat-detractor
      starts: escalate
""")
    assert (
        """\
  - name: "rule passive-ask: comment.length >= 20 is asked with comment.length = 19"
    facts:
      nps: 7
      comment.length: 19
    # the rules say so today: check that it is what you want
    expect:
      rule: null
      reason: passive_silent
"""
        in entries
    )


LATER = """\
  - id: summer
    when: detractor and contact.seen > "2026-01-01T00:00:00Z" and comment.text contains "annuler"
    effective: {from: 2026-06-01, until: 2026-08-31}
    start: csm_case
    with: {team: csm}
  - id: watched
    mode: observe
    when: customer.since >= "2020-01-01" and customer.arr < 5000.50
    start: csm_case
    with: {team: csm}
"""

BARE = """\
boucle: rule-tests/v1
ruleset: nps
tests:
- name: one
  now: "2026-03-10T09:00"
  facts: {response.origin: direct, nps: 5}
  expect: {also_matched: []}
"""

SCORED = RULES.replace("define:", "only_when: nps is known\ndefine:")


@pytest.mark.parametrize(
    "rules",
    [RULES, SMALL, SCORED, RULES.replace("rules:\n", "rules:\n" + LATER)],
    ids=["whole", "small", "scored", "dated"],
)
@pytest.mark.parametrize(
    "tests",
    [
        None,
        DEFAULTS + "tests:\n  - {name: one, facts: {nps: 5}, expect: {also_matched: []}}\n",
        BARE,
    ],
    ids=["none", "defaults", "no defaults"],
)
def test_with_the_suggested_tests_everything_is_reached(tests: str | None, rules: str) -> None:
    workspace = programme(rules)
    suggestion = suggested(tests, workspace)
    assert suggestion.unreached == ()
    whole = (tests or "") + write_suggestion(suggestion) + "\n"
    bundle, results = run(whole, workspace)
    assert [result.test.name for result in results if not result.passed] == []
    coverage = measure(bundle, workspace.rule_sets[0], results)
    assert (missing(coverage), coverage.percent) == ([], 100)
    assert suggest(coverage, None, NOW).cases == ()


def test_the_past_of_a_step_counts_for_what_is_reached() -> None:
    workspace = programme()
    steps = """\
tests:
  - name: twice
    steps:
      - {at: "2026-01-10T09:00Z", facts: {nps: 6}, close: true}
      - {at: "2026-02-10T09:00Z", facts: {nps: 2}, expect: {rule: repeat-detractor}}
"""
    coverage = measured(steps, workspace)
    assert "16: rule repeat-detractor wins" not in missing(coverage)
    bundle = compile_workspace(workspace)
    assert run_tests(bundle, []) == []
