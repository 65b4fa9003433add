"""What a declaration under `derived:` makes: how the fact is computed, and what it is."""

from __future__ import annotations

from datetime import timedelta

import pytest

from boucle.rules.analysis.bonds import list_bonds
from boucle.rules.bundle import Bundle
from boucle.rules.catalogue import Derived, Fact
from boucle.rules.compiler import compile_workspace
from tests.unit.small_workspace import PLAYS, read, with_condition, with_fragment

DERIVED = """\
derived:
  history.offers: {count: offers, per: customer}
  history.days: {days_since: loops, play: csm_case, within: 90d, per: contact}
  history.score: {last: csat.delivery, where: detractor, per: contact}
  history.segment: {last: customer.segment, per: customer}
  history.arr: {last: customer.arr, per: customer}
  history.tags: {last: customer.tags, per: customer}
  history.said: {last: nps, where: 'response.origin == "direct"', per: customer}
  history.closure: {last: loops, of: closure, per: customer}
  history.play: {last: loops, of: play, per: customer}
  history.change: {change: csat.delivery, per: contact}
  history.arr_change: {change: customer.arr, per: customer}
"""


def _read(derived: str = DERIVED) -> tuple[dict[str, Fact], dict[str, Derived]]:
    workspace, mistakes = read(with_fragment(derived))
    assert workspace is not None, mistakes
    return dict(workspace.catalogue.facts), dict(workspace.catalogue.derived)


def test_a_count_and_days_are_whole_numbers_from_nought() -> None:
    facts, derived = _read()
    for name in ("history.offers", "history.days"):
        assert (facts[name].type, facts[name].low, facts[name].high) == ("int", 0, None)
    days = derived["history.days"]
    assert (days.verb, days.over, days.per, days.play) == ("days_since", "loops", "contact", "csm_case")
    assert days.within == timedelta(days=90)


def test_the_last_value_is_of_its_facts_type_and_limits_and_no_score_of_its_own() -> None:
    facts, derived = _read()
    score, arr = facts["history.score"], facts["history.arr"]
    assert (score.type, score.low, score.high, score.is_score) == ("int", 1, 5, False)
    assert (arr.type, arr.digits, arr.low) == ("decimal", 2, 0)
    assert facts["history.segment"].values == facts["customer.segment"].values
    assert (facts["history.tags"].type, facts["history.tags"].values) == ("set", ("vip", "legal_hold"))
    assert derived["history.score"].of == "csat.delivery"
    assert all(fact.optional and fact.derived for name, fact in facts.items() if name in derived)


def test_what_is_taken_of_loops_is_one_of_a_list() -> None:
    facts, _ = _read()
    assert "recovered" in facts["history.closure"].values
    assert facts["history.play"].values == tuple(sorted(PLAYS))


def test_a_change_lies_within_the_scale_both_ways() -> None:
    facts, _ = _read()
    change, arr = facts["history.change"], facts["history.arr_change"]
    assert (change.type, change.low, change.high) == ("int", -4, 4)
    assert (arr.type, arr.digits, arr.low, arr.high) == ("decimal", 2, None, None)


def test_a_change_of_the_widest_number_stays_within_what_is_carried_exactly() -> None:
    most = 2**53 - 1
    facts, _ = _read(
        f"facts:\n  response.n: {{type: int, min: -{most}, max: {most}, optional: true}}\n"
        "derived:\n  history.n: {change: response.n, per: contact}\n"
    )
    assert (facts["history.n"].low, facts["history.n"].high) == (-most, most)


@pytest.mark.parametrize(
    "condition",
    [
        "history.change <= -2",
        "history.closure in ['recovered', 'no_answer']".replace("'", '"'),
        'history.tags has "vip"',
        "history.arr_change < -1000.50",
        "history.score is unknown",
        'history.segment == "key" and history.days >= 30',
    ],
)
def test_a_rule_reads_derived_facts_as_any_other(condition: str) -> None:
    texts = {**with_condition(condition), "facts.yaml": with_fragment(DERIVED)["facts.yaml"]}
    workspace, mistakes = read(texts)
    assert mistakes == []
    assert workspace is not None


@pytest.mark.parametrize(
    ("declared", "code"),
    [
        ("history.x: {last: npss, per: contact}", "B011"),
        ("history.x: {change: response.known_customer, per: contact}", "B114"),
        ("history.x: {last: history.x, per: contact}", "B114"),
        ("history.x: {change: loops, per: contact}", "B112"),
        ("history.x: {last: offers, per: contact}", "B112"),
        ("history.x: {last: loops, of: rule, per: contact}", "B033"),
        ("history.x: {change: nps, of: closure, per: contact}", "B113"),
        ("history.x: {days_since: loops, play: csm_cas, per: contact}", "B037"),
        ("history.x: {count: [responses], per: contact}", "B032"),
        ("history.x: {last: nps, per: contacts}", "B033"),
        ("history.x: {last: nps, within: 200 years, per: contact}", "B033"),
        ("history.x: {last: nps, where: history.x >= 1, per: contact}", "B011"),
    ],
)
def test_a_wrong_declaration_has_one_mistake(declared: str, code: str) -> None:
    assert [one.code for one in read(with_fragment(f"derived:\n  {declared}\n"))[1]] == [code]


def test_what_another_mistake_hides_is_not_reported_again() -> None:
    texts = with_fragment(
        "facts:\n  nps: {score: nps}\n  response.plan: {type: number}\n"
        "derived:\n  history.plan: {last: response.plan, per: contact}\n"
    )
    assert [one.code for one in read(texts)[1]] == ["B033"]


def test_only_counts_are_known_wherever_the_customer_is() -> None:
    workspace, _ = read(with_fragment(DERIVED))
    assert workspace is not None
    known, unknown = "response.known_customer", {"history.segment", "history.closure", "history.arr_change"}
    [bond] = list_bonds(workspace.catalogue, {known, "history.offers", *unknown})
    assert (bond.facts, bond.told_by) == (frozenset(["history.offers"]), known)


def test_a_bundle_carries_every_verb() -> None:
    workspace, _ = read(with_fragment(DERIVED))
    assert workspace is not None
    bundle = compile_workspace(workspace)
    later = Bundle.from_canonical(bundle.canonical(), bundle.digest).catalogue
    assert {
        name: (one.verb, one.over, one.of, one.play, one.within) for name, one in later.derived.items()
    } == {
        name: (one.verb, one.over, one.of, one.play, one.within)
        for name, one in workspace.catalogue.derived.items()
    }
