"""A bundle is its canonical JSON: its name, its restoration, what is in it and what is beside it."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest
import rfc8785

from boucle.rules.bundle import Bundle
from boucle.rules.compiler import compile_workspace
from boucle.rules.condition import And, Expr
from boucle.rules.decide import Facts, decide
from boucle.rules.explain import explain
from boucle.rules.failures import BundleError
from boucle.rules.language.complexity import MAX_DEPTH, measure
from tests.unit.handmade import both, compare, either, no, response, rule, rule_set, within, workspace
from tests.unit.written import ALWAYS, compile_texts

FACTS = """\
boucle: facts/v1
facts:
  nps: {score: nps}
  customer.arr: {type: decimal, digits: 2, min: 0}
  customer.segment: {type: enum, values: [key, standard], unlisted: unknown}
derived:
  history.detractors_180d: {count: responses, where: nps in 0..6, within: 180d, per: customer}
"""
POLICY = "boucle: policy/v1\nmax_age: 14 days\n"
RULES = """\
boucle: rules/v1
ruleset: nps
timezone: Europe/Paris
define:
  large:
    when: customer.arr >= 10000.00
    if_unknown: false
rules:
  - id: large
    when: detractor and large
    start: csm_case
    with: {team: csm}
  - id: again
    when: detractor and history.detractors_180d >= 1
    start: escalate
    with: {team: leads}
undecided: record
"""
AT = datetime(2026, 3, 10, 9, tzinfo=UTC)


def compiled(rules: str = RULES, policy: str = POLICY) -> Bundle:
    return compile_texts(FACTS, policy, rules)


def test_its_name_is_the_sha256_of_its_canonical_json() -> None:
    bundle = compiled()
    assert rfc8785.dumps(json.loads(bundle.canonical())).decode() == bundle.canonical()
    assert len(bundle.digest) == 64
    assert Bundle.from_canonical(bundle.canonical()).digest == bundle.digest


def test_what_changes_no_meaning_changes_no_name_but_the_source_map() -> None:
    bundle, moved = (
        compiled(),
        compiled("# a comment\n\n" + RULES.replace("nps\n", "nps\nowner: cx@example.com\n")),
    )
    spaced = compiled(RULES.replace("detractor and large", "detractor   and large"))
    assert moved.digest == spaced.digest == bundle.digest
    assert moved.sources != bundle.sources


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("10000.00", "10000.01"),
        ("if_unknown: false", ""),
        ("team: leads", "team: lead"),
        ("id: again", "id: repeated"),
        ("Europe/Paris", "Europe/London"),
        ("undecided: record", "undecided: {when: detractor, start: csm_case, with: {team: csm}}"),
    ],
)
def test_what_changes_the_meaning_changes_the_name(old: str, new: str) -> None:
    assert compiled(RULES.replace(old, new)).digest != compiled().digest


def test_the_policy_is_part_of_the_meaning() -> None:
    assert compiled(policy=POLICY.replace("14", "15")).digest != compiled().digest


def test_a_rules_digest_follows_its_own_meaning_only() -> None:
    before = {rule.id: rule.digest for rule in compiled().rule_sets[0].rules}
    after = {rule.id: rule.digest for rule in compiled(RULES.replace("10000", "20000")).rule_sets[0].rules}
    assert before["large"] != after["large"]
    assert before["again"] == after["again"]


def test_a_restored_bundle_is_the_same_in_every_respect() -> None:
    bundle = compiled()
    later = Bundle.from_canonical(bundle.canonical(), bundle.digest, bundle.sources)
    assert later.catalogue == Bundle.from_canonical(bundle.canonical()).catalogue
    assert later.catalogue.facts["customer.arr"].digits == 2
    assert (
        later.catalogue.derived["history.detractors_180d"].within
        == bundle.catalogue.derived["history.detractors_180d"].within
    )
    assert later.policy == bundle.policy
    assert later.rule_sets == bundle.rule_sets
    assert later.conditions.expression == bundle.conditions.expression
    assert later.sources == bundle.sources


def test_the_source_map_knows_where_each_part_of_a_condition_stands() -> None:
    bundle = compiled()
    assert bundle.find_place("nps/rules/again") == "rules/0.yaml:13:5"
    assert bundle.find_place("nps/rules/again/when/1") == "rules/0.yaml:14:25"
    assert bundle.find_place("nps/define/large/when") == "rules/0.yaml:6:11"
    assert bundle.find_place("nps/define/detractor/when") is None
    assert bundle.find_rule_set("nps") is bundle.rule_sets[0]
    assert bundle.find_rule_set("csat") is None


def test_a_text_that_is_no_bundle_is_refused() -> None:
    bundle = compiled()
    with pytest.raises(BundleError, match="no bundle of this version"):
        Bundle.from_canonical('{"boucle":"bundle/v1"}')
    with pytest.raises(BundleError, match="canonical form"):
        Bundle.from_canonical(bundle.canonical() + " ")
    with pytest.raises(BundleError, match="has the digest"):
        Bundle.from_canonical(compiled(RULES.replace("10000", "1")).canonical(), bundle.digest)
    with pytest.raises(BundleError, match="does not read"):
        Bundle.from_canonical(bundle.canonical().replace('"is":"within"', '"is":"near"'))


def test_a_bundle_says_which_derived_facts_look_at_a_past_response() -> None:
    bundle = compiled()
    assert bundle.ask_past({"nps": 6}) == {"history.detractors_180d": "true"}
    assert bundle.ask_past({"nps": 7}) == {"history.detractors_180d": "false"}
    assert bundle.ask_past({}) == {"history.detractors_180d": "undecided"}


def test_one_bundle_decides_in_many_threads() -> None:
    bundle = compiled()

    def winner(number: int) -> str | None:
        facts = Facts({**ALWAYS, "nps": number % 11, "history.detractors_180d": 1}, AT)
        return decide(bundle, facts, AT).winner

    with ThreadPoolExecutor(4) as pool:
        winners = list(pool.map(winner, range(400)))
    assert winners == ["again" if number % 11 <= 6 else None for number in range(400)]


def test_the_deepest_condition_that_is_allowed_compiles_decides_and_is_explained() -> None:
    when: Expr = within("nps", 0, 6)
    while measure(when, {}).depth < MAX_DEPTH:
        above = no(compare("nps", ">", 6)) if isinstance(when, And) else compare("nps", "==", 3)
        when = either(above, when) if isinstance(when, And) else both(when, above)
    bundle = compile_workspace(workspace(rule_set(rule("deep", when))))
    decision = decide(Bundle.from_canonical(bundle.canonical()), response({"nps": 3}), AT)
    assert decision.winner == "deep"
    assert explain(bundle, decision).cause is not None
