"""`boucle rules schema`: JSON Schemas of the workspace's files, for editors that complete and underline."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from boucle.commands.options import FormatOption, WorkspaceOption
from boucle.commands.output import now, say, show, to_json

if TYPE_CHECKING:
    from boucle.rules.writing.schema_parts import Names

Kind = Literal["facts", "policy", "rules", "tests", "map", "customers", "settings"]

_Schema = dict[str, Any]


class UnknownWantedError(typer.BadParameter):
    """Neither a kind of file nor a folder was named."""

    def __init__(self) -> None:
        super().__init__("name a KIND to print its schema, or --out FOLDER to write all of them")


def schema(
    kind: Annotated[
        Kind | None, typer.Argument(help="Which kind of file; without it, all of them are written to --out.")
    ] = None,
    *,
    out: Annotated[
        Path | None, typer.Option("--out", help="Folder to write to; it is created.", file_okay=False)
    ] = None,
    workspace: WorkspaceOption = None,
    format_: FormatOption = "text",
) -> None:
    """Give JSON Schemas (draft 2020-12) of facts, policy, rules, tests, maps and settings.

    With them an editor completes keys, shows what each means, and underlines what cannot be. Inside a
    workspace they hold its own names too: facts, rules, templates, teams, budgets.
    """
    if kind is None and out is None:
        raise UnknownWantedError
    makers = _makers(_names(workspace))
    if out is None:
        typer.echo(to_json(makers[kind or "rules"]()))
        return
    out.mkdir(parents=True, exist_ok=True)
    paths = [out / f"{name}.schema.json" for name in ([kind] if kind else makers)]
    for path in paths:
        path.write_text(to_json(makers[path.name.partition(".")[0]]()) + "\n", "utf-8")
    show(paths, "\n".join(map(str, paths)), format_)


def _makers(names: Names) -> Mapping[str, Callable[[], _Schema]]:
    from boucle.intake.map_schema import customers_schema, map_schema
    from boucle.rules.writing.schema_facts import facts_schema
    from boucle.rules.writing.schema_models import settings_schema
    from boucle.rules.writing.schema_policy import policy_schema
    from boucle.rules.writing.schema_rules import rules_schema
    from boucle.rules.writing.schema_tests import cases_schema
    from boucle.settings import Settings
    from boucle.worker.own_plays import play_params

    plays = play_params()
    names_of_plays = frozenset(plays)
    return {
        "facts": lambda: facts_schema(names_of_plays, names),
        "policy": lambda: policy_schema(names_of_plays),
        "rules": lambda: rules_schema(plays, names),
        "tests": lambda: cases_schema(names_of_plays, names),
        "map": lambda: map_schema(names),
        "customers": lambda: customers_schema(names),
        "settings": lambda: settings_schema(Settings),
    }


def _names(workspace: Path | None) -> Names:
    """What the workspace calls its own, as far as its files can be read; nothing outside of one."""
    from boucle.commands.opening import get_settings
    from boucle.commands.own_names import list_own_names
    from boucle.rules.files import read_workspace
    from boucle.rules.workspace import load
    from boucle.rules.writing.schema_parts import Names
    from boucle.settings_file import find_workspace
    from boucle.worker.own_plays import play_params

    if workspace is None and find_workspace(Path.cwd()) is None:
        return Names()
    settings = get_settings(workspace)
    own = list_own_names(settings)
    read, _ = load(read_workspace(settings.workspace), play_params(), own, today=now().date())
    if read is None:
        say("the files have mistakes ('boucle rules check'): facts, rules and budgets are not listed")
        return Names(own["template"], own["team"], people=own["person"], skills=own["skill"])
    return Names(
        own["template"],
        own["team"],
        read.catalogue.facts,
        read.policy,
        read.rule_sets,
        people=own["person"],
        skills=own["skill"],
    )
