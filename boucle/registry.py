"""The one list of commands: their names and groups.

A command's module is imported when that command is asked for, or listed: each would otherwise wait for all.
"""

from __future__ import annotations

from collections import UserDict
from collections.abc import Mapping
from importlib import import_module
from typing import Annotated, Any

import typer
from typer.core import TyperGroup
from typer.main import get_command

_ABOUT = (
    "Closes the loop on customer feedback: YAML rules decide, durable workflows follow up, "
    "an append-only ledger proves it."
)

_COMMANDS: Mapping[str, str] = {
    "init": "commands.starting:init",
    "up": "commands.running:up",
    "worker": "commands.running:worker",
    "doctor": "commands.running:doctor",
    "demo": "demo.command:demo",
    "import": "commands.imports:import_",
    "explain": "commands.explaining:explain",
    "answer": "commands.answering:answer",
    "report": "commands.reporting:report",
    "clocks": "commands.clock_reporting:clocks",
    "help": "commands.helping:help_",
}
"""Where each command is: a module of boucle, and a function of it."""

_GROUPS: Mapping[str, tuple[str, Mapping[str, str]]] = {
    "rules": (
        "What the workspace's files say, and what follows from it.",
        {
            "check": "commands.ruling:check",
            "test": "commands.testing:run",
            "prove": "commands.proving:prove",
            "diff": "commands.proving:diff",
            "format": "commands.writing:format_",
            "export": "commands.writing:export",
            "explain": "commands.supposing:explain",
            "process": "commands.telling:process",
            "schema": "commands.schemas:schema",
        },
    ),
    "bundles": (
        "Which rules are in force, and putting others in force.",
        {
            "activate": "commands.bundling:activate",
            "rollback": "commands.bundling:rollback",
            "list": "commands.bundling:list_",
            "show": "commands.bundling:show_",
        },
    ),
    "loops": (
        "The follow-ups, where each stands, and what happened in it.",
        {
            "list": "commands.loops:list_",
            "show": "commands.loops:show_",
            "story": "commands.loops:story",
            "answer": "commands.loops:answer",
            "merge": "commands.ending:merge",
            "reopen": "commands.ending:reopen",
            "rebuild": "commands.ending:rebuild",
        },
    ),
    "cases": (
        "The cases that people work.",
        {
            "list": "commands.cases:list_",
            "show": "commands.cases:show_",
            "next": "commands.colleagues:next_",
            "script": "commands.scripting:script",
            "claim": "commands.cases:claim",
            "attempt": "commands.cases:attempt",
            "note": "commands.cases:note",
            "assign": "commands.cases:assign",
            "ask": "commands.colleagues:ask",
            "snooze": "commands.clocking:snooze",
            "wait": "commands.clocking:wait",
            "resume": "commands.clocking:resume",
            "promise": "commands.clocking:promise",
            "keep": "commands.clocking:keep",
            "grant": "commands.approvals:grant",
            "close": "commands.ending:close",
            "reopen": "commands.ending:reopen",
        },
    ),
    "offers": (
        "What customers were granted, and what they have used of it.",
        {
            "list": "commands.offers:list_",
            "show": "commands.offers:show_",
            "redeem": "commands.offers:redeem",
            "cancel": "commands.offers:cancel",
            "outstanding": "commands.offers:outstanding",
        },
    ),
    "approvals": (
        "Offers that wait for somebody to approve them.",
        {
            "list": "commands.approvals:list_",
            "approve": "commands.approvals:approve",
            "refuse": "commands.approvals:refuse",
        },
    ),
    "customers": (
        "Who pays and who answers, and what is known of them.",
        {
            "import": "commands.customers:import_",
            "list": "commands.customers:list_",
            "show": "commands.customers:show_",
            "merge": "commands.customers:merge",
        },
    ),
    "referrals": (
        "Whom promoters have recommended us to.",
        {
            "list": "commands.promoting:list_referrals",
            "made": "commands.promoting:made",
            "converted": "commands.promoting:converted",
        },
    ),
    "testimonials": (
        "What customers say of us, and whether it may be published.",
        {
            "list": "commands.promoting:list_testimonials",
            "add": "commands.promoting:add",
            "withdraw": "commands.promoting:withdraw",
        },
    ),
    "tasks": (
        "What colleagues were asked for.",
        {"list": "commands.colleagues:list_tasks", "finish": "commands.colleagues:finish"},
    ),
    "people": (
        "Who has how much to do, and who is away.",
        {
            "list": "commands.people:list_",
            "show": "commands.people:show_",
            "absent": "commands.people:absent",
            "back": "commands.people:back",
        },
    ),
    "replies": (
        "What customers have written back, and messages that came back.",
        {
            "take": "commands.replies:take",
            "list": "commands.replies:list_",
            "show": "commands.replies:show_",
            "attach": "commands.replies:attach",
            "done": "commands.replies:done",
        },
    ),
    "privacy": (
        "Whoever does not want to hear from us, and whoever wants to be forgotten.",
        {"withdraw": "commands.privacy:withdraw", "erase": "commands.privacy:erase"},
    ),
    "unconfirmed": (
        "What may have gone out to a customer, or not.",
        {"list": "commands.unconfirmed:list_", "settle": "commands.unconfirmed:settle"},
    ),
    "quarantine": (
        "Responses that do not fit.",
        {"list": "commands.quarantining:list_", "retry": "commands.quarantining:retry"},
    ),
    "audit": (
        "Whether the history is what it says it is.",
        {"verify": "commands.auditing:verify", "replay": "commands.auditing:replay"},
    ),
}
"""Each group: what it is about, and its commands."""


def make_app() -> typer.Typer:
    """The whole command line."""
    app = typer.Typer(
        name="boucle",
        cls=_group(_COMMANDS),
        help=_ABOUT,
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.callback()(_root)
    for name, (about, commands) in _GROUPS.items():
        group = typer.Typer(cls=_group(commands), no_args_is_help=True, help=about, rich_markup_mode=None)
        app.add_typer(group, name=name)
    return app


def _group(commands: Mapping[str, str]) -> type[TyperGroup]:
    """A group of commands that are imported when they are asked for."""

    class Group(TyperGroup):
        def __init__(self, **settings: Any) -> None:
            super().__init__(**settings)
            self.commands = _Commands({**commands, **self.commands})

    return Group


class _Commands(UserDict[str, Any]):
    """Commands by name: as typer makes them, or until one is asked for, where its function is."""

    def __getitem__(self, name: str) -> Any:
        found = self.data[name]
        if isinstance(found, str):
            found = self.data[name] = _make(name, found)
        return found


def _make(name: str, where: str) -> Any:
    module, _, function = where.partition(":")
    app = typer.Typer(add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None)
    app.command(name)(getattr(import_module(f"boucle.{module}"), function))
    return get_command(app)


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
