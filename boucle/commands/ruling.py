"""`boucle rules`: what the workspace's files say, and every mistake in them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from boucle.commands.options import FolderArgument
from boucle.commands.output import now, say

if TYPE_CHECKING:
    from boucle.errors import Mistake
    from boucle.rules.bundle import Bundle
    from boucle.rules.ruleset import Workspace
    from boucle.settings import Settings

ReportFormat = Literal["text", "concise", "json", "sarif", "github"]


@dataclass(frozen=True)
class Checked:
    """A workspace's files, read: what they say where nothing is wrong, and every finding.

    `unfinished` names the rule sets that have too many cases for all of them to be looked at.
    """

    workspace: Workspace | None
    mistakes: Sequence[Mistake]
    texts: Mapping[str, str]
    unfinished: Sequence[str] = ()

    @property
    def errors(self) -> list[Mistake]:
        """The findings that keep the workspace from being used."""
        return [mistake for mistake in self.mistakes if mistake.severity == "error"]

    def require(self) -> Workspace:
        """The workspace, where nothing keeps it from being used; MistakesError."""
        from boucle.commands.opening import MistakesError

        if self.workspace is None or self.errors:
            raise MistakesError(self.errors, self.texts)
        return self.workspace


def check(
    folder: FolderArgument = None,
    *,
    format_: Annotated[ReportFormat, typer.Option("--format", help="How to print the findings.")] = "text",
    info: Annotated[
        bool, typer.Option("--info", help="Show the notes too; json and sarif always do.")
    ] = False,
) -> None:
    """Check settings, facts, policy, rules, tests, templates, scripts; every mistake at once, with its place.

    Where nothing is wrong in a file, every case that the rules can meet is looked at: rules that can
    never fire, conditions that are always or never true, overlaps, gaps, and parts for nothing.
    Exit 0: nothing keeps the workspace from being used (warnings are shown); 1: something does.
    """
    from boucle.rules.report import render

    checked = _with_tests(analyse(check_workspace(folder)))
    say_unusable()
    everything = info or format_ in {"json", "sarif"}
    shown = [mistake for mistake in checked.mistakes if everything or mistake.severity != "info"]
    report = render(shown, checked.texts, format_)
    if report:
        typer.echo(report)
    say(_said(checked, hidden=len(checked.mistakes) - len(shown)))
    if checked.errors:
        raise typer.Exit(1)


def say_unusable() -> None:
    """Which plays of installed packages no rule can start, and why."""
    from boucle.worker.own_plays import find_own_plays

    for unusable in find_own_plays().unusable:
        say(str(unusable))


def get_bundle(settings: Settings) -> Bundle:
    """The workspace's rules, compiled; MistakesError where they cannot be used."""
    from boucle.rules.compiler import compile_workspace

    return compile_workspace(_check_rules(settings).require())


def check_workspace(folder: Path | None) -> Checked:
    """Read and check all that a decision or a message depends on; the rules need sound settings."""
    from boucle.commands.opening import MistakesError, get_settings

    try:
        return _check_rules(get_settings(folder))
    except MistakesError as error:
        return Checked(None, error.mistakes, error.texts)


def analyse(checked: Checked) -> Checked:
    """What was read, with what its rules make of one another; only where no file has an error."""
    from boucle.rules.analysis.findings import find_all
    from boucle.rules.compiler import compile_workspace

    if checked.workspace is None or checked.errors:
        return checked
    found = find_all(checked.workspace, compile_workspace(checked.workspace), now().date())
    every = [*checked.mistakes, *found.mistakes]
    ordered = sorted(every, key=lambda mistake: (mistake.place, mistake.code, mistake.message))
    return replace(checked, mistakes=ordered, unfinished=found.unfinished)


def _with_tests(checked: Checked) -> Checked:
    """What was read, with the mistakes of its rule tests, which keep no response from being decided."""
    from boucle.rules.files import find_tests
    from boucle.worker.own_plays import play_params

    if checked.workspace is None or not find_tests(checked.texts):
        return checked
    from boucle.rules.testing.reader import read_tests

    _, mistakes = read_tests(checked.texts, checked.workspace, play_params())
    return replace(checked, mistakes=[*checked.mistakes, *mistakes])


def _check_rules(settings: Settings) -> Checked:
    from boucle.activities.text_files import SCRIPTS, TEMPLATES
    from boucle.commands.own_names import list_own_names
    from boucle.rules.files import read_text, read_workspace
    from boucle.rules.workspace import load
    from boucle.worker.own_plays import play_params

    folder, scripts = (settings.workspace / kind.folder for kind in (TEMPLATES, SCRIPTS))
    written = {f"{folder.name}/{path.name}": read_text(path) for path in TEMPLATES.list_files(folder)}
    spoken = {f"{scripts.name}/{path.name}": read_text(path) for path in SCRIPTS.list_files(scripts)}
    texts, names = read_workspace(settings.workspace), list_own_names(settings)
    workspace, mistakes = load(texts, play_params(), names, today=now().date())
    if written or spoken:
        from boucle.activities.text_checks import check_texts

        mistakes = [*mistakes, *check_texts(settings.workspace, settings.language)]
    return Checked(workspace, mistakes, {**texts, **written, **spoken})


def _said(checked: Checked, hidden: int) -> str:
    if checked.errors or checked.workspace is None:
        return f"{len(checked.errors)} error(s)"
    sets = checked.workspace.rule_sets
    rules = sum(len(rule_set.rules) for rule_set in sets)
    said = [f"{rules} rule(s) in {len(sets)} rule set(s): no errors"]
    said += [f"{hidden} note(s), shown with --info"] if hidden else []
    said += [f"too many cases to look at all of them in '{name}'" for name in checked.unfinished]
    return "; ".join(said)
