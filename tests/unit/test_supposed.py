"""A response that somebody writes as JSON or YAML is decided like a real one; a mistake has its place."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from boucle.decision import Decision
from boucle.rules.bundle import Bundle
from boucle.rules.testing.supposed import read_supposed
from tests.unit.written import PLAYS, compile_texts

FACTS = """\
boucle: facts/v1
facts:
  nps: {score: nps}
  comment.text: {type: text, optional: true, pii: true}
  customer.tags: {type: set, of: [vip]}
derived:
  history.detractors: {count: responses, where: detractor, per: customer}
"""
POLICY = """\
boucle: policy/v1
max_age: 14 days
caps:
  - id: once
    plays: [csm_case]
    per: contact
    max: 1
    within: 30 days
"""
RULES = """\
boucle: rules/v1
ruleset: nps
timezone: Europe/Paris
rules:
  - id: again
    when: detractor and history.detractors >= 1
    start: escalate
    with: {team: leads}
  - id: call
    when: detractor
    start: csm_case
    with: {team: csm}
undecided: record
"""
NOW = datetime(2026, 3, 10, 9, 0, 0, 123, tzinfo=UTC)


@pytest.fixture(scope="module")
def bundle() -> Bundle:
    return compile_texts(FACTS, POLICY, RULES)


def decided(bundle: Bundle, text: str) -> Decision:
    supposed, mistakes = read_supposed(text, "x.json", bundle, PLAYS, NOW)
    assert supposed is not None, mistakes
    decision = supposed.decide(bundle).decision
    assert decision is not None
    return decision


def test_facts_alone_are_enough(bundle: Bundle) -> None:
    decision = decided(bundle, '{"nps":3,"comment.text":"Non : trop lent, « cher »"}')
    assert (decision.winner, decision.outcome, decision.at) == ("call", "starts", NOW.replace(microsecond=0))
    assert decision.facts["comment.length"] == 25
    assert decision.facts["history.detractors"] == 0


def test_derived_facts_and_the_world_can_be_stated(bundle: Bundle) -> None:
    assert decided(bundle, "facts: {nps: 3, history.detractors: 2}").winner == "again"
    blocked = decided(bundle, '{"facts": {"nps": 3}, "counted": {"once": 1}, "now": "2026-03-01T10:00"}')
    assert (blocked.blocked_by, blocked.at) == ("caps/once", datetime(2026, 3, 1, 9, tzinfo=UTC))
    joined = decided(bundle, "facts:\n  nps: 3\nopen_loop: escalate\n")
    assert joined.outcome == "joined"


@pytest.mark.parametrize("indent", ["- ", ""])
def test_a_whole_rule_test_can_be_pasted_and_what_it_expects_is_not_looked_at(
    bundle: Bundle, indent: str
) -> None:
    below = " " * len(indent)
    text = (
        f"{indent}name: one\n{below}facts: {{nps: 3}}\n{below}expect: {{rule: elsewhere, starts: csm_case}}\n"
    )
    assert decided(bundle, text).winner == "call"


@pytest.mark.parametrize(
    ("text", "place", "said"),
    [
        ('{"nps": 12}', "x.json:1:9", "'nps' lies between 0 and 10, not 12"),
        ('{"nsp": 1}', "x.json:1:2", "unknown fact 'nsp'; did you mean 'nps'?"),
        ("[1]", "x.json:1:1", "'the response' is a mapping with 'facts', not a list"),
        (
            '{"facts": {"nps": 1}, "nwo": 1}',
            "x.json:1:23",
            "unknown key 'nwo' in the response; did you mean 'now'?",
        ),
        ("", "x.json:1:1", "the file is empty"),
        ('{"nps": 1', "x.json:1:10", ""),
    ],
)
def test_a_mistake_has_its_place(bundle: Bundle, text: str, place: str, said: str) -> None:
    supposed, mistakes = read_supposed(text, "x.json", bundle, PLAYS, NOW)
    assert supposed is None
    assert str(mistakes[0].place) == place
    assert said in mistakes[0].message
