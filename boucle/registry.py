"""The one list of commands: their names and groups."""

from __future__ import annotations

from typing import Annotated

import typer

from boucle.commands import (
    auditing,
    bundling,
    cases,
    explaining,
    helping,
    imports,
    loops,
    proving,
    quarantining,
    reporting,
    ruling,
    running,
    schemas,
    starting,
    supposing,
    telling,
    testing,
    unconfirmed,
    writing,
)
from boucle.demo.command import demo

_ABOUT = (
    "Closes the loop on customer feedback: YAML rules decide, durable workflows follow up, "
    "an append-only ledger proves it."
)


def make_app() -> typer.Typer:
    """The whole command line."""
    app = typer.Typer(
        name="boucle",
        help=_ABOUT,
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.callback()(_root)
    app.command("init")(starting.init)
    for command in (running.up, running.worker, running.doctor):
        app.command(command.__name__)(command)
    app.command("demo")(demo)
    app.command("import")(imports.import_)
    app.command("explain")(explaining.explain)
    app.command("report")(reporting.report)
    app.command("help")(helping.help_)
    _add_rules(app)
    _add_bundles(app)
    _add_loops(app)
    _add_cases(app)
    _add_oversight(app)
    return app


def _add_rules(app: typer.Typer) -> None:
    group = _group(app, "rules", "What the workspace's files say, and what follows from it.")
    group.command("check")(ruling.check)
    group.command("test")(testing.run)
    group.command("prove")(proving.prove)
    group.command("diff")(proving.diff)
    group.command("format")(writing.format_)
    group.command("export")(writing.export)
    group.command("explain")(supposing.explain)
    group.command("process")(telling.process)
    group.command("schema")(schemas.schema)


def _add_bundles(app: typer.Typer) -> None:
    group = _group(app, "bundles", "Which rules are in force, and putting others in force.")
    group.command("activate")(bundling.activate)
    group.command("rollback")(bundling.rollback)
    group.command("list")(bundling.list_)
    group.command("show")(bundling.show_)


def _add_loops(app: typer.Typer) -> None:
    group = _group(app, "loops", "The follow-ups, where each stands, and what happened in it.")
    group.command("list")(loops.list_)
    group.command("show")(loops.show_)
    group.command("answer")(loops.answer)
    group.command("rebuild")(loops.rebuild)


def _add_cases(app: typer.Typer) -> None:
    group = _group(app, "cases", "The cases that people work.")
    group.command("list")(cases.list_)
    group.command("show")(cases.show_)
    for command in (cases.claim, cases.attempt, cases.note, cases.assign, cases.close):
        group.command(command.__name__)(command)


def _add_oversight(app: typer.Typer) -> None:
    group = _group(app, "unconfirmed", "What may have gone out to a customer, or not.")
    group.command("list")(unconfirmed.list_)
    group.command("settle")(unconfirmed.settle)
    group = _group(app, "quarantine", "Responses that do not fit.")
    group.command("list")(quarantining.list_)
    group.command("retry")(quarantining.retry)
    group = _group(app, "audit", "Whether the history is what it says it is.")
    group.command("verify")(auditing.verify)
    group.command("replay")(auditing.replay)


def _group(app: typer.Typer, name: str, about: str) -> typer.Typer:
    group = typer.Typer(no_args_is_help=True, help=about, rich_markup_mode=None)
    app.add_typer(group, name=name)
    return group


def _show_version(asked: bool) -> None:
    if asked:
        from importlib.metadata import version

        typer.echo(f"boucle {version('boucle')}")
        raise typer.Exit


def _root(
    *,
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    del version  # its callback has answered
