"""`boucle rules format` and `boucle rules export`: the rules as files and as other programs read them."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from boucle.commands.options import FolderArgument, FormatOption
from boucle.commands.output import say, show, to_json


def format_(
    folder: FolderArgument = None,
    *,
    check: Annotated[
        bool, typer.Option("--check", help="Change nothing; exit code 1 where a file would change.")
    ] = False,
    format_: FormatOption = "text",
) -> None:
    """Write every condition as text, with its spaces as they should be; print the files that change.

    JSONLogic becomes text. What a condition means stays, and so does the rest of each file, byte for byte:
    comments, quotes, line breaks. Only files without errors are formatted.
    """
    from boucle.commands.opening import get_settings
    from boucle.commands.ruling import check_workspace
    from boucle.rules.writing.format import format_files
    from boucle.worker.own_plays import play_params

    workspace = get_settings(folder).workspace
    checked = check_workspace(folder)
    checked.require()
    changed = format_files(checked.texts, frozenset(play_params()))
    for path, text in () if check else changed.items():
        (workspace / path).write_bytes(text.encode("utf-8"))
    show({"changed": sorted(changed)}, "\n".join(sorted(changed)), format_)
    say(f"{len(changed)} file(s) {'would change' if check else 'changed'}")
    if check and changed:
        raise typer.Exit(1)


def export(
    folder: FolderArgument = None,
    *,
    jsonlogic: Annotated[
        bool, typer.Option("--jsonlogic", help="As JSONLogic; there is no other form.")
    ] = False,
    format_: Annotated[Literal["json"], typer.Option("--format", help="An export is JSON.")] = "json",
) -> None:
    """Print the rules as JSONLogic that any engine evaluates to the same answers.

    For each condition one expression that is true where it is true, and one that is true where it is false.
    The export says how the facts must be encoded.
    """
    from boucle.commands.ruling import check_workspace
    from boucle.rules.compiler import compile_workspace
    from boucle.rules.writing.export import export_bundle

    del format_  # there is one
    if not jsonlogic:
        raise typer.BadParameter("say in which form: --jsonlogic")
    workspace = check_workspace(folder).require()
    typer.echo(to_json(export_bundle(compile_workspace(workspace))))
