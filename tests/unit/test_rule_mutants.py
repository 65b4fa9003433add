"""Small mistakes in the rules: which there are, whether tests notice, and which change nothing."""

from __future__ import annotations

import random
from datetime import UTC, datetime

import pytest

from boucle.model import FactValue
from boucle.rules.analysis.partition import Asked, Partition, complete, partition
from boucle.rules.bands import band_definitions
from boucle.rules.compiler import compile_workspace
from boucle.rules.decide import Facts, judge
from boucle.rules.encoding import decode
from boucle.rules.ruleset import Definition, RuleSet, Workspace
from boucle.rules.testing.cases import RuleTest, TestFile
from boucle.rules.testing.coverage import measure
from boucle.rules.testing.equivalence import Difference, find_difference
from boucle.rules.testing.mutants import Mutant, list_mutants
from boucle.rules.testing.mutation import Mutation, mutate, mutation_to_json, render_mutation
from boucle.rules.testing.outcomes import name_outcome
from boucle.rules.testing.reader import read_tests
from boucle.rules.testing.runner import run_tests
from boucle.rules.testing.suggestion import Suggester, suggest, write_suggestion
from tests.unit.tested_programme import FACTS, PLAYS, RULES, good_tests, programme, read_file, run

NOW = datetime(2026, 3, 10, 9, tzinfo=UTC)

HEAD = "boucle: rules/v1\nruleset: nps\ntimezone: Europe/Paris\n"


def one_rule(when: str) -> Workspace:
    rule = "{id: one, when: *, start: csm_case, with: {team: csm}}".replace("*", f"'{when}'")
    return programme(f"{HEAD}rules: [{rule}]\nundecided: record\n")


def changes(workspace: Workspace) -> list[str]:
    return [mutant.words for mutant in list_mutants(workspace.rule_sets[0], workspace.catalogue.facts)]


@pytest.mark.parametrize(
    ("when", "expected"),
    [
        ("nps < 7", ["not nps < 7", "nps <= 7", "nps < 6", "nps < 8"]),
        ("nps >= 10", ["not nps >= 10", "nps > 10", "nps >= 9"]),
        ("nps == 0", ["nps != 0", "nps == 1"]),
        ("nps in 0..6", ["nps not in 0..6", "nps in 1..6", "nps in 0..5", "nps in 0..7"]),
        ("nps in 7..7", ["nps not in 7..7", "nps in 6..7", "nps in 7..8"]),
        ("nps in [0, 9]", ["nps not in [0, 9]", "nps in [9]", "nps in [0]", "nps in [1, 9]", "nps in [0, 8]",
                           "nps in [0, 10]"]),
        ("customer.arr > 10.00", ["not customer.arr > 10.00", "customer.arr >= 10.00", "customer.arr > 9.99",
                                  "customer.arr > 10.01"]),
        ('customer.segment == "key"', ['customer.segment != "key"', 'customer.segment == "strategic"',
                                       'customer.segment == "standard"']),
        ('customer.tags has any ["vip", "reference"]',
         ['not customer.tags has any ["vip", "reference"]', 'customer.tags has "reference"',
          'customer.tags has "vip"', 'customer.tags has any ["legal_hold", "reference"]',
          'customer.tags has any ["vip", "legal_hold"]']),
        ('comment.text contains any ["a", "b"]', ['not comment.text contains any ["a", "b"]',
                                                  'comment.text contains "b"', 'comment.text contains "a"']),
        ("nps is unknown", ["nps is known"]),
        ("not consent.follow_up", ["consent.follow_up"]),
        ("promoter", ["not promoter"]),
    ],
)  # fmt: skip
def test_the_small_changes_of_one_test(when: str, expected: list[str]) -> None:
    said = changes(one_rule(when))
    assert said == [f"`{when}` becomes `{one}`" for one in expected]


def test_parts_get_lost_and_words_are_mistaken() -> None:
    said = changes(one_rule("promoter and (consent.follow_up or not consent.marketing)"))
    assert said == [
        "'and' becomes 'or' in `promoter and (consent.follow_up or not consent.marketing)`",
        "`promoter` is left out",
        "`promoter` becomes `not promoter`",
        "`consent.follow_up or not consent.marketing` is left out",
        "'or' becomes 'and' in `consent.follow_up or not consent.marketing`",
        "`consent.follow_up` is left out",
        "`consent.follow_up` becomes `not consent.follow_up`",
        "`not consent.marketing` is left out",
        "`not consent.marketing` becomes `consent.marketing`",
    ]


def test_entries_get_lost_and_change_places() -> None:
    workspace = programme()
    whole = [one for one in changes(workspace) if not one.startswith(("`", "'"))]
    assert whole == [
        *["without 'if_unknown: false'"] * 3,
        *["the rule is left out"] * 5,
        *["the reason is left out"] * 3,
        "it changes places with repeat-detractor above it",
        "it changes places with key-account-case above it",
        "it changes places with detractor-apology above it",
        "it changes places with promoter-invite above it",
    ]


def test_every_mutant_stands_where_it_was_changed_and_can_be_compiled() -> None:
    workspace = programme()
    (rule_set,) = workspace.rule_sets
    lines = RULES.splitlines()
    for mutant in list_mutants(rule_set, workspace.catalogue.facts):
        assert mutant.rule_set != rule_set
        assert mutant.owner.split()[-1] in "\n".join(lines[max(0, mutant.place.line - 4) : mutant.place.line])


# -- whether tests notice -----------------------------------------------------------------------


def mutated(tests: str, workspace: Workspace) -> Mutation:
    files, _ = read_file(tests, workspace)
    (rule_set,) = workspace.rule_sets
    goals = measure(compile_workspace(workspace), rule_set, []).goals
    return mutate(workspace, rule_set, good_tests(tests, workspace), Suggester(goals, files[0], NOW).usual)


SMALL = f"""\
{HEAD}rules:
  - {{id: call, when: nps < 7 and not nps == 9, start: csm_case, with: {{team: csm}}}}
undecided: record
"""

TESTS = """\
tests:
  - name: scores
    columns: [nps, rule]
    rows: [[5, call], [7, null], [9, null]]
"""


def test_survivors_come_with_a_response_that_would_tell_and_equivalents_apart() -> None:
    mutation = mutated(TESTS, programme(SMALL))
    assert (
        render_mutation([mutation])
        == """\
rule set nps: 6 of 7 mutants fail a test
  rules/nps.yaml:5:22: rule call: `nps < 7` becomes `nps < 6`: no test notices
    one with {nps: 6} beside the defaults would: today rule call takes the hit
  rules/nps.yaml:5:34: rule call: `nps != 9` is left out: proved to change no outcome; not counted
  rules/nps.yaml:5:38: rule call: `nps == 9` becomes `nps == 8`: proved to change no outcome; not counted
  rules/nps.yaml:5:38: rule call: `nps == 9` becomes `nps == 10`: proved to change no outcome; not counted"""
    )
    told = mutation_to_json(mutation)
    assert (told["killed"], len(mutation.survivors), len(mutation.equivalent)) == (6, 1, 3)


def test_the_tests_that_would_tell_notice_every_survivor() -> None:
    """Of the whole programme, what its suggested tests leave is noticed by those suggested for it."""
    workspace = programme()
    (rule_set,) = workspace.rule_sets
    coverage = measure(compile_workspace(workspace), rule_set, [])
    tests = write_suggestion(suggest(coverage, None, NOW)) + "\n"
    mutation = mutated(tests, workspace)
    assert len(mutation.survivors) < 15
    assert mutation.killed > 60
    files, _ = read_file(tests, workspace)
    _, results = run(tests, workspace)
    goals = measure(coverage.goals.scene.bundle, rule_set, results)
    more = good_tests(tests + write_suggestion(suggest(goals, files[0], NOW, mutation.survivors)) + "\n")
    for survivor in mutation.survivors:
        changed = Workspace(workspace.catalogue, workspace.policy, (survivor.mutant.rule_set,))
        assert not all(result.passed for result in run_tests(compile_workspace(changed), more))


CSAT = """\
boucle: rules/v1
ruleset: csat
only_when: nps is unknown and csat.delivery is known
rules:
  - id: late
    when: csat.delivery <= 2
    start: csm_case
    with: {team: csm}
undecided: record
"""

WITH_CSAT = FACTS.replace(
    "  nps: {score: nps}\n", "  nps: {score: nps}\n  csat.delivery: {score: csat, scale: 1..5}\n"
)


def test_what_a_rule_set_claims_is_noticed_by_the_tests_of_the_other_too() -> None:
    scored = SMALL.replace("rules:", "only_when: nps is known\nrules:")
    workspace = programme(scored, facts=WITH_CSAT, others=CSAT)
    bundle = compile_workspace(workspace)
    texts = {
        f"tests/{one.name}.yaml": write_suggestion(suggest(measure(bundle, one, []), None, NOW))
        for one in workspace.rule_sets
    }
    survivors = [one for _, mutation in _mutated(workspace, texts) for one in mutation.survivors]
    assert "`nps is unknown` is left out" in [one.mutant.words for one in survivors]
    for file, mutation in _mutated(workspace, texts):
        (rule_set,) = [one for one in workspace.rule_sets if one.name == mutation.rule_set]
        results = run_tests(bundle, _all_tests(workspace, texts))
        more = suggest(measure(bundle, rule_set, results), file, NOW, survivors)
        texts[file.path] += "\n" + write_suggestion(more)
    assert [mutation.survivors for _, mutation in _mutated(workspace, texts)] == [(), ()]


def _all_tests(workspace: Workspace, texts: dict[str, str]) -> list[RuleTest]:
    files, mistakes = read_tests(texts, workspace, PLAYS)
    assert mistakes == []
    return [test for file in files for test in file.tests]


def _mutated(workspace: Workspace, texts: dict[str, str]) -> list[tuple[TestFile, Mutation]]:
    files, _ = read_tests(texts, workspace, PLAYS)
    tests = _all_tests(workspace, texts)
    bundle = compile_workspace(workspace)
    assert all(result.passed for result in run_tests(bundle, tests))
    found = []
    for rule_set in workspace.rule_sets:
        (file,) = [file for file in files if file.rule_set == rule_set.name]
        usual = Suggester(measure(bundle, rule_set, []).goals, file, NOW).usual
        found.append((file, mutate(workspace, rule_set, tests, usual)))
    return found


# -- equivalence is exact -----------------------------------------------------------------------


def outcomes(workspace: Workspace, mutant: Mutant) -> list[tuple[str, str]]:
    """What rules and mutant say in every cell of a partition of the facts of both, by the live path."""
    (rule_set,) = workspace.rule_sets
    asked = [Asked(one.when, definitions(side)) for side in (rule_set, mutant.rule_set) for one in side.rules]
    asked += [
        Asked(one.when, definitions(side)) for side in (rule_set, mutant.rule_set) for one in side.otherwise
    ]
    cells = partition(workspace.catalogue, asked)
    assert isinstance(cells, Partition)
    bundles = [
        compile_workspace(Workspace(workspace.catalogue, workspace.policy, (side,)))
        for side in (rule_set, mutant.rule_set)
    ]
    found = []
    for cell in cells.cells():
        values: dict[str, FactValue] = decode(workspace.catalogue, complete(workspace.catalogue, cell))
        said = [name_outcome(judge(one, Facts(values, NOW), NOW).decision, "nps") for one in bundles]
        found.append((said[0], said[1]))
    return found


def definitions(side: RuleSet) -> dict[str, Definition]:
    return {**band_definitions(programme().catalogue), **side.definitions}


CONDITIONS = (
    "nps in 0..6", "nps >= 9", "consent.follow_up", 'customer.tags has "vip"', "nps is known",
    'customer.segment in ["key", "strategic"]', "not consent.follow_up", "customer.arr < 10.00",
)  # fmt: skip


@pytest.mark.parametrize("seed", range(4))
def test_a_mutant_is_equivalent_exactly_where_no_cell_says_otherwise(seed: int) -> None:
    rng = random.Random(seed)  # noqa: S311 # no secret hangs on it
    picked = [f"{rng.choice(CONDITIONS)} {rng.choice(['and', 'or'])} {rng.choice(CONDITIONS)}" for _ in "123"]
    rules = "".join(
        f"  - id: r{number}\n    when: '{when}'\n    start: csm_case\n    with: {{team: csm}}\n"
        for number, when in enumerate(picked[:2])
    )
    reason = f"otherwise:\n  - {{code: why, when: '{picked[2]}', text: Why}}\n"
    workspace = programme(f"{HEAD}rules:\n{rules}undecided: record\n{reason}")
    (rule_set,) = workspace.rule_sets
    mutants = list(list_mutants(rule_set, workspace.catalogue.facts))
    for mutant in rng.sample(mutants, 4):
        found = find_difference(workspace, rule_set, mutant.rule_set, {})
        differing = [pair for pair in outcomes(workspace, mutant) if pair[0] != pair[1]]
        assert bool(differing) == isinstance(found, Difference), (seed, mutant.words)
        if isinstance(found, Difference):
            assert found.outcome in {before for before, _ in differing}
