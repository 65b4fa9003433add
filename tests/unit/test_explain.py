"""Explanations, recomputed from record and bundle."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from boucle.decision import Decision
from boucle.model import FactValue
from boucle.rules.bundle import Bundle
from boucle.rules.decide import Facts, decide
from boucle.rules.explain import explain
from boucle.rules.explain_text import render_explanation
from boucle.rules.failures import RecordError
from tests.unit.written import ALWAYS, compile_texts

FACTS = """\
boucle: facts/v1
facts:
  nps: {score: nps}
  comment.text: {type: text, optional: true, pii: true}
  customer.segment: {type: enum, values: [strategic, key, standard]}
  customer.tags: {type: set, of: [vip, legal_hold]}
  consent.follow_up: {type: bool}
derived:
  history.detractors_180d: {count: responses, where: nps in 0..6, within: 180d, per: customer}
"""
RULES = """\
boucle: rules/v1
ruleset: nps
timezone: Europe/Paris
define:
  key_account:
    when: 'customer.segment in ["key", "strategic"] or customer.tags has "vip"'
    if_unknown: false
  may_call:
    when: consent.follow_up and not customer.tags has "legal_hold"
    if_unknown: false
rules:
  - id: repeat-detractor
    when: detractor and history.detractors_180d >= 1
    start: escalate
    with: {team: leads}
  - id: key-account-case
    when: detractor and key_account
    start: csm_case
    with: {team: csm}
  - id: angry
    when: detractor and comment.text contains "annuler"
    start: csm_case
    with: {team: csm}
undecided:
  when: detractor
  start: csm_case
  with: {team: triage}
otherwise:
  - code: may_not_call
    when: not may_call
    text: No consent, or legal hold
"""
AT = datetime(2026, 3, 10, 9, tzinfo=UTC)
BUNDLE = compile_texts(FACTS, "boucle: policy/v1\nmax_age: 14 days\n", RULES)


def decided(facts: dict[str, FactValue]) -> Decision:
    return decide(BUNDLE, Facts({**ALWAYS, **facts}, AT), AT)


def lines(facts: dict[str, FactValue]) -> list[str]:
    return render_explanation(explain(BUNDLE, decided(facts))).splitlines()


def squeezed(facts: dict[str, FactValue]) -> list[str]:
    """The lines with each run of spaces after the first character as one."""
    return [line[: len(line) - len(line.lstrip())] + " ".join(line.split()) for line in lines(facts)]


def test_a_winner_is_explained_by_every_part_of_its_condition_and_its_place() -> None:
    assert squeezed({"nps": 3, "customer.segment": "key", "history.detractors_180d": 0}) == [
        "starts csm_case",
        "key-account-case TRUE rules/0.yaml:16",
        "  detractor: nps in 0..6 true 3 built in",
        "  key_account true :5",
        '    customer.segment in ["key", "strategic"] true "key" :6',
        '    customer.tags has "vip" undecided not known :6',
        "not taken: repeat-detractor false history.detractors_180d = 0, needs >= 1 :12",
        "not taken: angry undecided comment.text not known :20",
        "gate: max_age passed",
        'because: nps in 0..6 (3); customer.segment in ["key", "strategic"] ("key")',
        "Tests on personal facts are shown by the truth values in the record.",
    ]


def test_the_parts_stand_in_columns() -> None:
    placed = lines({"nps": 3, "customer.segment": "key", "history.detractors_180d": 0})[1:8]
    assert placed[-1].endswith(" :20")
    assert len({line.rindex("  ") for line in placed}) == 1


def test_an_authors_reason_is_explained_by_its_condition() -> None:
    assert squeezed({"nps": 9, "consent.follow_up": False, "history.detractors_180d": 0})[:4] == [
        "nothing starts: may_not_call (No consent, or legal hold)",
        "may_not_call TRUE the reason rules/0.yaml:29",
        "  not may_call true :30",
        "    consent.follow_up false false :9",
    ]


def test_a_built_in_reason_says_it_all() -> None:
    facts: dict[str, FactValue] = {"nps": 9, "consent.follow_up": True, "customer.tags": ()}
    shown = squeezed({**facts, "history.detractors_180d": 0})
    assert shown[0] == "nothing starts: no_rule (No rule holds)"
    needs = "nps = 9, needs in 0..6; history.detractors_180d = 0, needs >= 1"
    assert shown[1] == f"not taken: repeat-detractor false {needs} rules/0.yaml:12"


def test_a_response_that_no_rule_set_decides_is_told_what_each_asks_for() -> None:
    csat = RULES.replace("ruleset: nps", "ruleset: csat\nonly_when: nps is unknown and consent.follow_up")
    nps = RULES.replace("ruleset: nps", "ruleset: nps\nonly_when: nps is known")
    facts = FACTS.replace("derived:", "  csat.delivery: {score: csat, scale: 1..5}\nderived:")
    bundle = compile_texts(facts, "boucle: policy/v1\nmax_age: 14 days\n", csat, nps)
    decision = decide(bundle, Facts({**ALWAYS, "csat.delivery": 4}, AT), AT)
    shown = render_explanation(explain(bundle, decision)).splitlines()
    assert [" ".join(line.split()) for line in shown[:3]] == [
        "nothing starts: no_programme (No rule set decides such a response)",
        "only_when of csat undecided consent.follow_up not known rules/0.yaml:3",
        "only_when of nps false nps is unknown rules/1.yaml:3",
    ]


def test_the_fallback_is_explained_by_what_could_not_be_told() -> None:
    shown = squeezed({"nps": 3, "customer.segment": "standard", "customer.tags": (), "comment.text": "bof"})
    assert shown[:3] == [
        "starts csm_case",
        "undecided TRUE the fallback rules/0.yaml:25",
        "  detractor: nps in 0..6 true 3 built in",
    ]
    assert "not taken: repeat-detractor undecided history.detractors_180d not known :12" in shown


def test_a_personal_value_is_not_shown_and_the_record_speaks_for_it() -> None:
    facts: dict[str, FactValue] = {
        "nps": 3,
        "comment.text": "annuler, 06 12 34",
        "history.detractors_180d": 0,
    }
    shown = squeezed(facts)
    assert '  comment.text contains "annuler" true not shown :21' in shown
    assert "06 12 34" not in "".join(shown)


def test_a_rule_that_matched_below_the_winner_says_who_stands_above() -> None:
    shown = squeezed({"nps": 3, "customer.segment": "key", "history.detractors_180d": 1})
    assert "not taken: key-account-case true repeat-detractor stands above it :16" in shown


def test_without_a_source_map_the_places_are_left_out() -> None:
    bundle = Bundle.from_canonical(BUNDLE.canonical())
    shown = render_explanation(explain(bundle, decided({"nps": 3, "customer.segment": "key"})))
    assert "0.yaml" not in shown


def test_an_explanation_of_a_record_that_was_changed_is_refused() -> None:
    decision = decided({"nps": 3, "customer.segment": "key"})
    with pytest.raises(RecordError, match="does not say what its bundle makes"):
        explain(BUNDLE, decision.model_copy(update={"winner": "repeat-detractor"}))
    with pytest.raises(RecordError, match="was made by bundle"):
        explain(BUNDLE, decision.model_copy(update={"bundle": "0" * 64}))


def test_a_definition_that_counts_as_false_for_want_of_a_fact_is_named() -> None:
    said = squeezed({"nps": 3, "customer.segment": "standard", "history.detractors_180d": 1})
    assert (
        "not taken: key-account-case false customer.tags not known, so key_account counts as false :16"
        in said
    )
    nobody = squeezed({"nps": 3, "history.detractors_180d": 1})
    assert (
        "not taken: key-account-case false customer.segment, customer.tags not known, so key_account counts "
        "as false :16"
    ) in nobody
