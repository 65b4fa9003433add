"""`boucle rules test`: the tests that rules' owners wrote, what they reach, what they would not see."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from boucle.commands.options import FolderArgument
from boucle.commands.output import now, progress, say, to_json

if TYPE_CHECKING:
    from boucle.commands.ruling import Checked
    from boucle.rules.bundle import Bundle
    from boucle.rules.ruleset import Workspace
    from boucle.rules.testing.cases import TestFile
    from boucle.rules.testing.coverage import Coverage
    from boucle.rules.testing.mutation import Mutation
    from boucle.rules.testing.runner import TestResult

TestFormat = Literal["text", "json", "junit"]


@dataclass
class Tested:
    """A workspace's tests with all that was found out about them."""

    workspace: Workspace
    bundle: Bundle
    files: Sequence[TestFile]
    results: Sequence[TestResult]
    coverages: list[Coverage] = field(default_factory=list)
    mutations: list[Mutation] = field(default_factory=list)
    suggestions: list[str] = field(default_factory=list)

    @property
    def passed(self) -> bool:
        """Whether there are tests, and all of them passed."""
        return bool(self.results) and all(result.passed for result in self.results)


def run(
    folder: FolderArgument = None,
    *,
    coverage: Annotated[
        bool, typer.Option("--coverage", help="Say what can come about and is reached by no test.")
    ] = False,
    strict: Annotated[
        bool, typer.Option("--strict", help="As --coverage, and exit 1 unless everything is reached.")
    ] = False,
    suggest: Annotated[
        bool, typer.Option("--suggest", help="Print the missing tests as YAML, and nothing else on stdout.")
    ] = False,
    mutate: Annotated[
        bool, typer.Option("--mutate", help="Change the rules in small ways and see whether a test fails.")
    ] = False,
    format_: Annotated[TestFormat, typer.Option("--format", help="How to print the results.")] = "text",
) -> None:
    """Run the tests of the workspace's rules, on the path on which responses are decided.

    Nothing is sent, started or stored. Exit 0: all tests passed, and no mutant survived; 1: not so, or
    there are no tests.
    """
    from boucle.commands.ruling import check_workspace

    tested = run_tests(check_workspace(folder))
    if coverage or strict or suggest or mutate:
        _measure(tested)
    if mutate and tested.passed:
        _mutate(tested)
    if suggest:
        _suggest(tested)
    _print(tested, format_, with_coverage=coverage or strict, aside=suggest)
    if mutate and not tested.passed:
        say("mutants are tried once there are tests and all of them pass")
    short = strict and any(one.missing for one in tested.coverages)
    begun = tested.passed or (suggest and not tested.results)
    if not begun or short or any(one.survivors for one in tested.mutations):
        raise typer.Exit(1)


def run_tests(checked: Checked) -> Tested:
    """Run all tests of a workspace that was read; MistakesError where a file of it cannot be used."""
    from boucle.commands.opening import MistakesError
    from boucle.rules.compiler import compile_workspace
    from boucle.rules.testing.reader import read_tests
    from boucle.rules.testing.runner import run_tests as run_all
    from boucle.worker.own_plays import play_params

    workspace = checked.require()
    files, mistakes = read_tests(checked.texts, workspace, play_params())
    if mistakes:
        raise MistakesError(mistakes, checked.texts)
    bundle = compile_workspace(workspace)
    results = run_all(bundle, [test for file in files for test in file.tests])
    return Tested(workspace, bundle, files, results)


# -- what they reach ----------------------------------------------------------------------------


def _measure(tested: Tested) -> None:
    from boucle.rules.analysis.grid import TooLargeError
    from boucle.rules.analysis.samples import TooManyError
    from boucle.rules.testing.coverage import measure

    for rule_set in tested.workspace.rule_sets:
        try:
            tested.coverages.append(measure(tested.bundle, rule_set, tested.results))
        except (TooManyError, TooLargeError):
            say(f"rule set {rule_set.name}: too many cases to say what its tests should reach")


def _mutate(tested: Tested) -> None:
    from boucle.rules.testing.mutation import mutate
    from boucle.rules.testing.suggestion import Suggester

    tests = [result.test for result in tested.results]
    for coverage in tested.coverages:
        usual = Suggester(coverage.goals, _find_file(tested, coverage.rule_set), _morning()).usual
        rule_set = coverage.goals.scene.rule_set
        with progress(f"mutants of {rule_set.name}") as bar:
            tested.mutations.append(mutate(tested.workspace, rule_set, tests, usual, bar))


def _find_file(tested: Tested, rule_set: str) -> TestFile | None:
    """The file to which more tests of the rule set belong."""
    return next((file for file in tested.files if file.rule_set == rule_set), None)


def _morning() -> datetime:
    """When the tests of a new file are run: this morning."""
    return now().replace(hour=9, minute=0, second=0, microsecond=0)


def _suggest(tested: Tested) -> None:
    from boucle.rules.testing.suggestion import suggest, write_suggestion

    survivors = [survivor for mutation in tested.mutations for survivor in mutation.survivors]
    for coverage in tested.coverages:
        file = _find_file(tested, coverage.rule_set)
        suggestion = suggest(coverage, file, _morning(), survivors)
        path = file.path if file else f"tests/{coverage.rule_set}.yaml"
        if suggestion.cases:
            verb = "append to" if file else "write to"
            tested.suggestions.append(f"# {verb} {path}\n{write_suggestion(suggestion)}")
        say(f"rule set {coverage.rule_set}: {len(suggestion.cases)} test(s) suggested for {path}")
        for goal in suggestion.unreached:
            say(f"{goal.place}: no test of this rule set was found in which {goal.words}")


# -- what is printed ----------------------------------------------------------------------------


def _print(tested: Tested, format_: TestFormat, *, with_coverage: bool, aside: bool) -> None:
    """Print the report; `aside`: on stderr, because stdout takes the suggested YAML alone."""
    from boucle.rules.testing.results import summarise

    printers = {"text": _as_text, "json": _as_json, "junit": _as_junit}
    report = printers[format_](tested, with_coverage)
    if tested.suggestions:
        typer.echo("\n".join(tested.suggestions))
    if report:
        typer.echo(report, err=aside)
    say(summarise(tested.results) if tested.results else "no tests; --suggest writes the first ones")


def _as_text(tested: Tested, with_coverage: bool) -> str:
    from boucle.rules.testing.coverage import render_coverage
    from boucle.rules.testing.mutation import render_mutation
    from boucle.rules.testing.results import render_text

    parts = [render_text(tested.bundle, tested.results)]
    parts += [render_coverage(tested.coverages)] if with_coverage else []
    parts += [render_mutation(tested.mutations)]
    return "\n\n".join(part for part in parts if part)


def _as_json(tested: Tested, with_coverage: bool) -> str:
    from boucle.rules.testing.coverage import coverage_to_json
    from boucle.rules.testing.mutation import mutation_to_json
    from boucle.rules.testing.results import to_json as results_to_json

    told = dict(results_to_json(tested.results))
    if with_coverage:
        told["coverage"] = [coverage_to_json(one) for one in tested.coverages]
    if tested.mutations:
        told["mutants"] = [mutation_to_json(one) for one in tested.mutations]
    return to_json(told)


def _as_junit(tested: Tested, with_coverage: bool) -> str:
    from boucle.rules.testing.mutation import word_difference, word_mutant
    from boucle.rules.testing.results import to_junit

    extra: list[tuple[str, str, str | None]] = []
    for coverage in tested.coverages if with_coverage else ():
        suite = f"coverage of {coverage.rule_set}"
        extra += [(suite, goal.words, f"{goal.place}: reached by no test") for goal in coverage.missing]
    for mutation in tested.mutations:
        extra += [
            (f"mutants of {mutation.rule_set}", word_mutant(one.mutant), word_difference(one.difference))
            for one in mutation.survivors
        ]
    return to_junit(tested.results, extra)
