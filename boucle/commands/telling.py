"""`boucle rules process`: the programme in plain sentences, for a whole company to read."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from boucle.commands.options import FolderArgument

ProcessFormat = Literal["text", "html", "json"]


def process(
    folder: FolderArgument = None,
    *,
    language: Annotated[Literal["en", "fr"], typer.Option("--lang", help="In which language.")] = "en",
    format_: Annotated[
        ProcessFormat, typer.Option("--format", help="text is Markdown; html is one page that prints well.")
    ] = "text",
) -> None:
    """Tell the programme in plain sentences, generated from the rules.

    Who gets what, from whom, by when, in which order, and with which exceptions.
    """
    from boucle.commands.ruling import check_workspace
    from boucle.rules.writing.page import render_html, render_markdown
    from boucle.rules.writing.process import tell_programme
    from boucle.worker.own_play_words import namer, teller

    page = tell_programme(check_workspace(folder).require(), language, teller(language), namer(language))
    if format_ == "json":
        typer.echo(page.model_dump_json(indent=2))
    else:
        typer.echo(render_html(page) if format_ == "html" else render_markdown(page))
