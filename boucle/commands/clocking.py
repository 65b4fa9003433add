"""`boucle cases snooze|wait|resume|promise|keep`: what people do to a case's time."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from boucle.commands.options import ActorOption, FormatOption, LoopArgument, TextOption, WorkspaceOption
from boucle.commands.output import local, now, say
from boucle.errors import BoucleError

if TYPE_CHECKING:
    from datetime import datetime

    from boucle.model import Calendar

WHEN = "A length of time such as 4h, 3 days, 2 business days, or an instant such as 2026-03-10T14:30."


DeadlineOption = Annotated[
    str, typer.Option("--by", help=f"By when. {WHEN[:-1]}; a day alone is meant to its end.")
]


class BadTimeError(BoucleError):
    """A time that was typed cannot be read, or is over."""

    def __init__(self, text: str) -> None:
        super().__init__(
            f"'{text}' is no time to come; write 4h, 3 days, '2 business days', or 2026-03-10T14:30"
        )


def snooze(
    loop: LoopArgument,
    *,
    until: Annotated[str, typer.Option(help=f"Until when. {WHEN}")],
    text: Annotated[str | None, typer.Option("--text", help="Why.")] = None,
    actor: ActorOption = None,
    workspace: WorkspaceOption = None,
    format_: FormatOption = "text",
) -> None:
    """Put a case aside until a date: the inbox does not show it until then, its clocks run on."""
    from boucle.commands.acting import act
    from boucle.model import ActKind

    details = {"until": read_time(workspace, loop, until)}
    act(loop, ActKind.SNOOZE, details, workspace=workspace, actor=actor, format_=format_, text=text)


def wait(
    loop: LoopArgument,
    *,
    until: Annotated[str | None, typer.Option(help=f"Until when at most; without it, 7 days. {WHEN}")] = None,
    text: Annotated[str | None, typer.Option("--text", help="What the customer is to do.")] = None,
    actor: ActorOption = None,
    workspace: WorkspaceOption = None,
    format_: FormatOption = "text",
) -> None:
    """Wait for the customer: the team's clocks stand still, the customer's clock and promises run on."""
    from boucle.commands.acting import act
    from boucle.model import ActKind

    details = {"until": read_time(workspace, loop, until)} if until else {}
    act(loop, ActKind.WAIT, details, workspace=workspace, actor=actor, format_=format_, text=text)


def resume(
    loop: LoopArgument,
    *,
    text: TextOption = None,
    actor: ActorOption = None,
    workspace: WorkspaceOption = None,
    format_: FormatOption = "text",
) -> None:
    """Take a case up again: it waits no more, its clocks run, and the inbox shows it."""
    from boucle.commands.acting import act
    from boucle.model import ActKind

    act(loop, ActKind.RESUME, {}, workspace=workspace, actor=actor, format_=format_, text=text)


def promise(
    loop: LoopArgument,
    text: Annotated[str, typer.Argument(help="What the customer was promised.")],
    *,
    by: DeadlineOption,
    actor: ActorOption = None,
    workspace: WorkspaceOption = None,
    format_: FormatOption = "text",
) -> None:
    """Write down what the customer was promised, and by when: a clock of its own, with its number."""
    from boucle.commands.acting import act
    from boucle.model import ActKind

    details = {"due": read_deadline(workspace, loop, by)}
    acted = act(
        loop, ActKind.PROMISE, details, workspace=workspace, actor=actor, format_=format_, text=text
    )  # fmt: skip
    number = _find_number(workspace, acted.command)
    if number is not None:
        due = local(details["due"])
        say(f"this is promise {number}, due {due}; once it is kept: boucle cases keep {loop} {number}")


def keep(
    loop: LoopArgument,
    number: Annotated[int, typer.Argument(min=1, help="The promise's number, as the case shows it.")],
    *,
    broken: Annotated[bool, typer.Option("--broken", help="It was not kept, and will not be.")] = False,
    text: TextOption = None,
    actor: ActorOption = None,
    workspace: WorkspaceOption = None,
    format_: FormatOption = "text",
) -> None:
    """Say that a promise was kept, or broken."""
    from boucle.commands.acting import act
    from boucle.model import ActKind

    details = {"commitment": number, "kept": not broken}
    act(loop, ActKind.KEEP, details, workspace=workspace, actor=actor, format_=format_, text=text)


def read_deadline(workspace: Path | None, loop: str, text: str) -> datetime:
    """As `read_time`, of what is due: a day alone is meant to its end."""
    from datetime import date

    try:
        day = date.fromisoformat(text)
    except ValueError:
        return read_time(workspace, loop, text)
    return read_time(workspace, loop, f"{day.isoformat()}T23:59")


def read_time(workspace: Path | None, loop: str, text: str) -> datetime:
    """The instant that was typed, or the one so long from now on the loop's calendar; BadTimeError."""
    from boucle.commands.acting import BadInstantError, read_instant
    from boucle.engine.clock import due
    from boucle.model import Duration

    at = now()
    try:
        length = Duration.parse(text)
        found = due(at, length, _find_calendar(workspace, loop) if length.business else None)
    except ValueError:
        try:
            found = read_instant(text)
        except BadInstantError as error:
            raise BadTimeError(text) from error
    if found <= at:
        raise BadTimeError(text)
    return found


def _find_number(workspace: Path | None, act: str) -> int | None:
    """The number of the promise that an act has made; None where it waits to be applied."""
    from boucle.commands.opening import opened
    from boucle.engine.work_tables import CommitmentRow

    with opened(workspace) as here, here.database.reading() as session:
        row = session.get(CommitmentRow, act)
        return row.number if row else None


def _find_calendar(workspace: Path | None, loop: str) -> Calendar | None:
    from boucle.commands.opening import opened
    from boucle.engine.loops import find_loop
    from boucle.model import Plan

    with opened(workspace) as here, here.database.reading() as session:
        return Plan.model_validate_json(find_loop(session, loop).plan).calendar
