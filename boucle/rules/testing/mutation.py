"""Whether the tests would see a mistake: each mutant of a rule set is to fail some test."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from pydantic import JsonValue

from boucle.rules.bundle import UNDECIDED
from boucle.rules.compiler import compile_workspace
from boucle.rules.ruleset import RuleSet, Workspace
from boucle.rules.testing.cases import RuleTest
from boucle.rules.testing.equivalence import Difference, GaveUp, find_difference
from boucle.rules.testing.mutants import Mutant, list_mutants
from boucle.rules.testing.outcomes import OUTSIDE
from boucle.rules.testing.parts import ONLY_WHEN
from boucle.rules.testing.runner import run_test
from boucle.rules.writing.yaml_scalars import write_scalar


@dataclass(frozen=True)
class Survivor:
    """A mutant that no test fails; `difference` is a response that would tell, where one was found.

    `workspace` is the one that it lives in.
    """

    mutant: Mutant
    difference: Difference | None
    workspace: Workspace


@dataclass(frozen=True)
class Mutation:
    """What became of all mutants of a rule set; the equivalent ones do not count."""

    rule_set: str
    killed: int
    survivors: tuple[Survivor, ...]
    equivalent: tuple[Mutant, ...]


def mutate(
    workspace: Workspace,
    rule_set: RuleSet,
    tests: Sequence[RuleTest],
    usual: Mapping[str, JsonValue],
    advance: Callable[[int, int], None] = lambda _done, _total: None,
) -> Mutation:
    """Run the tests, all of which pass, against every mutant of one rule set.

    What it decides itself only its own tests ask; which responses it claims, those of all rule sets.
    `usual` are the encoded facts of an ordinary response, for the responses that would tell;
    `advance` is told how many mutants are done, of how many.
    """
    killed = 0
    survivors: list[Survivor] = []
    equivalent: list[Mutant] = []
    alone = _without_others(workspace, rule_set)
    own = [test for test in tests if test.rule_set == rule_set.name]
    every = [*tests]
    mutants = list(list_mutants(rule_set, workspace.catalogue.facts))
    for number, mutant in enumerate(mutants):
        advance(number, len(mutants))
        claims = mutant.owner == ONLY_WHEN
        changed = _with(workspace if claims else alone, mutant.rule_set)
        if _is_killed(changed, every if claims else own):
            killed += 1
            continue
        found = find_difference(alone, rule_set, mutant.rule_set, usual)
        if found is None:
            equivalent.append(mutant)
        else:
            difference = None if isinstance(found, GaveUp) else found
            survivors.append(Survivor(mutant, difference, changed))
    return Mutation(rule_set.name, killed, tuple(survivors), tuple(equivalent))


def _without_others(workspace: Workspace, rule_set: RuleSet) -> Workspace:
    """The workspace in which the other rule sets only claim their responses; no test here asks more."""
    nothing = replace(rule_set.undecided, when=None, play=None)
    others = [
        replace(one, rules=(), otherwise=(), guarantees=(), undecided=nothing)
        for one in workspace.rule_sets
        if one.name != rule_set.name
    ]
    return replace(workspace, rule_sets=(rule_set, *others))


def _with(workspace: Workspace, changed: RuleSet) -> Workspace:
    sets = (changed if one.name == changed.name else one for one in workspace.rule_sets)
    return replace(workspace, rule_sets=tuple(sets))


def _is_killed(workspace: Workspace, tests: list[RuleTest]) -> bool:
    """Whether some test fails; the one that did is asked first next time."""
    bundle = compile_workspace(workspace)
    for number, test in enumerate(tests):
        if not run_test(bundle, test).passed:
            tests.insert(0, tests.pop(number))
            return True
    return False


# -- as people read it --------------------------------------------------------------------------


def render_mutation(mutations: Sequence[Mutation]) -> str:
    """For each rule set how many mutants there were, each survivor, and each that changes nothing."""
    return "\n".join(line for mutation in mutations for line in _lines(mutation))


def _lines(mutation: Mutation) -> Iterator[str]:
    counted = mutation.killed + len(mutation.survivors)
    yield f"rule set {mutation.rule_set}: {mutation.killed} of {counted} mutants fail a test"
    for survivor in mutation.survivors:
        yield f"  {word_mutant(survivor.mutant)}: no test notices"
        yield f"    {word_difference(survivor.difference)}"
    for mutant in mutation.equivalent:
        yield f"  {word_mutant(mutant)}: proved to change no outcome; not counted"


def word_mutant(mutant: Mutant) -> str:
    """A mutant's place, whose it is, and what was changed."""
    return f"{mutant.place}: {mutant.owner}: {mutant.words}"


def word_difference(difference: Difference | None) -> str:
    """The response that would tell a survivor from the rules as they are."""
    if difference is None:
        return "it cannot be told whether any response would be decided otherwise"
    said = ", ".join(f"{name}: {write_scalar(value)}" for name, value in difference.facts.items())
    kind, _, name = difference.outcome.partition("/")
    answers = {
        "rule": f"rule {name} takes the hit",
        "reason": f"the reason is {name}",
        "observed": f"rule {name} is observed otherwise",
        UNDECIDED: "what 'undecided' starts takes the hit",
        OUTSIDE: "this rule set does not decide it",
    }
    return f"one with {{{said}}} beside the defaults would: today {answers[kind]}"


def mutation_to_json(mutation: Mutation) -> dict[str, JsonValue]:
    """The same for programs."""
    return {
        "ruleset": mutation.rule_set,
        "killed": mutation.killed,
        "survivors": [
            {**_as_json(one.mutant), "told_by": word_difference(one.difference)} for one in mutation.survivors
        ],
        "equivalent": [_as_json(one) for one in mutation.equivalent],
    }


def _as_json(mutant: Mutant) -> dict[str, JsonValue]:
    place = mutant.place
    return {
        "file": place.file,
        "line": place.line,
        "column": place.column,
        "owner": mutant.owner,
        "change": mutant.words,
    }
