"""Rule tests run on the path that decides live, in a world and a time of their own."""

from __future__ import annotations

import json
from xml.etree import ElementTree as ET

import pytest

from boucle.rules.testing.results import render_text, summarise, to_json, to_junit
from tests.unit.tested_programme import POLICY, RULES, programme, run, said

THE_DESIGN = """\
tests:
  - name: key account detractor opens a case
    facts: {nps: 3, customer.segment: key}
    expect: {rule: key-account-case, starts: csm_case, with: {first_contact_within: 24h}, also_matched: []}
  - name: no score is never a detractor
    facts: {nps: null, customer.segment: key}
    expect: {rule: null, reason: no_score}
  - name: boundary table
    columns: [nps, customer.segment, rule]
    rows:
      - [6, key, key-account-case]
      - [7, key, null]
      - [6, standard, detractor-apology]
  - name: third outreach in 30 days is capped, and says so
    contact: c-1
    steps:
      - at: "2026-03-01T10:00Z"
        facts: {nps: 7, comment.text: "Très bien, mais l'export reste lent."}
        expect: {starts: ask_follow_up}
        close: true
      - at: "2026-03-09T10:00Z"
        facts: {nps: 8, comment.text: "Presque parfait, il manque un tri."}
        expect: {starts: ask_follow_up}
        close: true
      - at: "2026-03-20T10:00Z"
        facts: {nps: 5}
        expect: {rule: detractor-apology, starts: null, blocked_by: caps/outreach-30d}
  - name: held out
    arms: {goodwill-effect: held_out}
    facts: {nps: 5}
    expect: {rule: detractor-apology, starts: null, blocked_by: holdouts/goodwill-effect}
"""


def test_the_tests_of_the_design_pass() -> None:
    _, results = run(THE_DESIGN)
    assert len(results) == 7
    assert {name: keys for name, keys in said(results).items() if keys} == {}


@pytest.mark.parametrize(
    "case",
    [
        # every key of `expect`
        "facts: {nps: 5}, expect: {rule: detractor-apology, starts: apologize_with_offer, joined: false}",
        "facts: {nps: 5}, expect: {with: {template: apology, offer: {value: 15.00 EUR, valid_for: 30 days}}}",
        "facts: {nps: 5}, expect: {with: {offer: {valid_for: 720h}}}",
        'facts: {nps: 5}, expect: {because: "nps in 0..6 (5)"}',
        "facts: {nps: 5}, expect: {gates: {max_age: passed, holdouts/goodwill-effect: passed}}",
        "facts: {nps: 5, history.detractors_180d: 1}, expect: {also_matched: [detractor-apology]}",
        (
            "facts: {nps: 5, customer.segment: key, history.detractors_180d: null}, "
            "expect: {undecided: [repeat-detractor], observed: []}"
        ),
        "facts: {nps: 5, consent.marketing: false, history.detractors_180d: null}, expect: {rule: undecided}",
        # gates
        'facts: {nps: 5}, responded_at: "2026-02-20T09:00Z", expect: {blocked_by: max_age}',
        "facts: {nps: 5}, counted: {outreach-30d: 2}, expect: {blocked_by: caps/outreach-30d}",
        "facts: {nps: 5}, counted: {outreach-30d: 1}, expect: {blocked_by: null}",
        (
            "facts: {nps: 5}, left: {goodwill: 14.99 EUR}, expect: {with: {template: apology-no-offer, "
            "offer: none}, gates: {budgets/goodwill: exhausted}}"
        ),
        "facts: {nps: 9}, arms: {rollout/promoter-invite: out}, expect: {blocked_by: rollout}",
        (
            'facts: {nps: 9}, now: "2026-12-24T10:00", '
            'expect: {starts: invite_promoter, deferred_until: "2027-01-02T07:00Z"}'
        ),
        "facts: {nps: 5}, open_loop: csm_case, expect: {joined: true, starts: null}",
        (
            "facts: {nps: 3, history.detractors_180d: 2}, counted: {outreach-30d: 9}, "
            "expect: {starts: escalate, because: 2 earlier detractor}"
        ),
        # nobody knows who answered
        "contact: null, facts: {nps: 9}, expect: {rule: null, reason: undecided}",
        (
            "contact: null, facts: {nps: 9, history.referral_asks_180d: 0}, expect: {blocked_by: rollout, "
            "gates: {rollout: not_assignable}}"
        ),
        "customer: null, facts: {nps: 3}, expect: {rule: undecided}",
    ],
)
def test_what_can_be_expected(case: str) -> None:
    _, (result,) = run(f"tests:\n  - {{name: one, {case}}}\n")
    assert [(failure.key, failure.found) for failure in result.failures] == []


@pytest.mark.parametrize(
    ("steps", "keys"),
    [
        # the second answer within 180 days is a repeated one
        (['{at: "2026-01-10T09:00Z", facts: {nps: 6}, close: true}',
          '{at: "2026-07-09T09:00Z", facts: {nps: 2}, expect: {rule: repeat-detractor}}'], []),
        (['{at: "2026-01-10T09:00Z", facts: {nps: 6}, close: true}',
          '{at: "2026-07-09T09:01Z", facts: {nps: 2}, expect: {rule: repeat-detractor}}'], ["rule"]),
        # an open loop is joined, a closed one is not; another customer's is not ours
        (['{at: "2026-01-10T09:00Z", facts: {nps: 6}}',
          '{at: "2026-01-11T09:00Z", facts: {nps: 2}, expect: {joined: true}}'], []),
        (['{at: "2026-01-10T09:00Z", facts: {nps: 6}, close: unreachable}',
          '{at: "2026-01-11T09:00Z", facts: {nps: 2}, expect: {joined: true}}'], ["joined"]),
        (['{at: "2026-01-10T09:00Z", facts: {nps: 6}}',
          '{at: "2026-01-11T09:00Z", contact: b, customer: b, facts: {nps: 2}, expect: {joined: true}}'],
         ["joined"]),
        # a budget is spent by everybody, and is whole again in the next month of its zone
        (['{at: "2026-03-01T09:00Z", facts: {nps: 6}, expect: {with: {template: apology}}}',
          ('{at: "2026-03-02T09:00Z", contact: b, customer: b, facts: {nps: 6}, expect: '
          "{with: {template: apology}}}"),
          ('{at: "2026-03-31T21:59Z", contact: c, customer: c, facts: {nps: 6}, expect: '
          "{with: {template: apology-no-offer}}}"),
          ('{at: "2026-03-31T22:00Z", contact: d, customer: d, facts: {nps: 6}, expect: '
          "{with: {template: apology}}}")], []),
        # nothing was started, so nothing can be closed
        (['{at: "2026-01-10T09:00Z", facts: {nps: 7}, expect: {rule: null}, close: true}'], ["close"]),
    ],
)  # fmt: skip
def test_steps_share_one_world(steps: list[str], keys: list[str]) -> None:
    listed = "".join(f"      - {step}\n" for step in steps)
    _, (result,) = run(f"tests:\n  - name: one\n    steps:\n{listed}")
    assert [failure.key for failure in result.failures] == keys


def test_a_contact_whose_arm_is_not_pinned_is_treated_and_in_every_rollout() -> None:
    rows = "".join(
        f"      - [{number}, c-{number}, detractor-apology, apologize_with_offer]\n" for number in range(6)
    )
    _, results = run(f"tests:\n  - name: one\n    columns: [nps, contact, rule, starts]\n    rows:\n{rows}")
    assert all(result.passed for result in results)


TWO_SETS = programme(RULES.replace("define:", "only_when: nps is known\ndefine:"))


@pytest.mark.parametrize(
    ("expect", "keys"),
    [
        ("{rule: null}", ["ruleset"]),
        ("{rule: null, reason: no_score}", []),
        ("{reason: no_rule}", ["reason"]),
    ],
)
def test_a_test_that_its_rule_set_does_not_decide_fails_unless_it_says_why(
    expect: str, keys: list[str]
) -> None:
    _, (result,) = run(f"tests:\n  - name: one\n    expect: {expect}\n", TWO_SETS)
    assert [failure.key for failure in result.failures] == keys


# -- what is printed ----------------------------------------------------------------------------

WRONG = """\
tests:
  - name: a key account is called
    facts: {nps: 5}
    expect: {rule: key-account-case, starts: csm_case, with: {team: csm}}
  - name: nobody else
    facts: {nps: 9}
    expect: {rule: promoter-invite}
"""


def test_a_failure_says_what_was_expected_what_came_and_why() -> None:
    bundle, results = run(WRONG)
    text = render_text(bundle, results)
    assert text.startswith(
        "tests/nps.yaml:12:5: FAILED a key account is called\n"
        "  rule: expected key-account-case, got detractor-apology  (tests/nps.yaml:14:20)\n"
        "  starts: expected csm_case, got apologize_with_offer  (tests/nps.yaml:14:46)\n"
        "  with: expected team: csm, got team: nothing  (tests/nps.yaml:14:62)\n"
        "  why:\n"
        "    starts apologize_with_offer\n"
        "    detractor-apology "
    )
    assert 'customer.segment in ["key", "strategic"]  false' in text
    assert "nobody else" not in text
    assert summarise(results) == "2 test(s): 1 passed, 1 failed"


def test_a_gate_that_was_not_asked_is_said_to_be_so() -> None:
    bundle, results = run(
        "tests:\n  - name: one\n    facts: {nps: 5, customer.segment: key}\n"
        "    expect: {gates: {caps/outreach-30d: exempt}}\n"
    )
    wanted = "got caps/outreach-30d: not asked, it does not concern what starts"
    assert wanted in render_text(bundle, results)


def test_json_and_junit_name_every_test_with_its_place() -> None:
    _, results = run(WRONG)
    told = json.loads(json.dumps(to_json(results)))
    assert (told["passed"], told["failed"]) == (1, 1)
    assert told["tests"][0]["failures"][0] == {
        "key": "rule",
        "expected": "key-account-case",
        "found": "detractor-apology",
        "step": 1,
        "line": 14,
        "column": 20,
    }
    root = ET.fromstring(to_junit(results))  # noqa: S314 # written by ourselves
    cases = [(case.get("file"), case.get("line"), len(case)) for case in root.iter("testcase")]
    assert cases == [("tests/nps.yaml", "12", 1), ("tests/nps.yaml", "15", 0)]
    assert root[0].attrib == {"name": "tests/nps.yaml", "tests": "2", "failures": "1"}


def test_a_step_that_failed_is_named() -> None:
    bundle, results = run(
        "tests:\n  - name: one\n    steps:\n"
        '      - {at: "2026-03-01T09:00Z", facts: {nps: 9}}\n'
        '      - {at: "2026-03-02T09:00Z", facts: {nps: 6}, expect: {reason: no_consent}}\n'
    )
    assert "  step 2, 2026-03-02T09:00:00Z:\n  reason: expected no_consent" in render_text(bundle, results)


def test_two_rule_sets_that_both_claim_a_response_fail_the_test_with_the_reason() -> None:
    text = "tests:\n  - {name: one, facts: {nps: 5, customer.arr: 1}, expect: {rule: null}}\n"
    workspace = programme(RULES.replace("define:", "only_when: nps in 0..6\ndefine:"))
    both = type(workspace)(
        workspace.catalogue,
        workspace.policy,
        (*workspace.rule_sets, *programme(_other_set()).rule_sets),
    )
    _, (result,) = run(text, both)
    assert [(failure.key, failure.found) for failure in result.failures] == [
        ("decision", "more than one rule set decides this response: arr, nps; mend their only_when")
    ]


def _other_set() -> str:
    return RULES.replace("ruleset: nps", "ruleset: arr").replace(
        "define:", "only_when: customer.arr is known\ndefine:"
    )


def test_a_policy_without_gates_asks_none() -> None:
    policy = (
        POLICY.partition("suppress:")[0] + "budgets: [{id: goodwill, limit: 40.00 EUR, per: calendar_day}]\n"
    )
    _, (result,) = run(
        "tests:\n  - {name: one, facts: {nps: 5}, expect: {starts: apologize_with_offer}}\n",
        programme(policy=policy),
    )
    assert result.passed
