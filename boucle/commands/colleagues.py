"""`boucle cases next|ask` and `boucle tasks`: taking work, and asking colleagues for it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

import typer

from boucle.commands.clocking import DeadlineOption
from boucle.commands.loops import SHORT
from boucle.commands.options import (
    ActorOption,
    FormatOption,
    LimitOption,
    LoopArgument,
    WorkspaceOption,
)
from boucle.commands.output import now, say, show
from boucle.errors import BoucleError

if TYPE_CHECKING:
    from boucle.commands.acting import Acted
    from boucle.commands.opening import Opened
    from boucle.engine.queue import Taker
    from boucle.settings import Settings

_TRIES = 20


class NoTeamError(BoucleError):
    """Somebody wants a case of their teams who is in none."""

    exit_code = 1

    def __init__(self, person: str) -> None:
        super().__init__(
            f"'{person}' is in no team; list them in teams.<id>.members of boucle.toml, or take a case by "
            "its id with 'boucle cases claim'"
        )


TaskStateName = Literal["open", "done", "dropped"]


def next_(
    *, actor: ActorOption = None, workspace: WorkspaceOption = None, format_: FormatOption = "text"
) -> None:
    """Take the most urgent case of your teams that nobody owns, and that asks for what you can; show it.

    Urgent is what is due next. Whoever asks at the same moment gets another case.
    """
    from boucle.commands.acting import follow, said, tell_waiting
    from boucle.commands.cases import show_ as show_case
    from boucle.commands.opening import get_actor, opened

    with opened(workspace) as here:
        taker = _find_taker(here.settings, get_actor(here.settings, actor))
        acted: Acted | None = None
        for _ in range(_TRIES):
            acted = _take(here, taker)
            acted = follow(here, acted) if acted else None
            if acted is None or acted.reason != "already_claimed":
                break
        if acted is None:
            say(f"nothing to take: no free case of {', '.join(taker.teams)} asks for what you can")
            raise typer.Exit(1)
        show(acted, f"{acted.loop[:SHORT]}: {said(acted)}\n", format_)
        tell_waiting(here, acted)
    if format_ == "text":
        show_case(acted.loop, workspace=workspace)


def ask(
    loop: LoopArgument,
    colleague: Annotated[str, typer.Argument(help="Id of the person who is asked.")],
    text: Annotated[str, typer.Argument(help="What they are asked for.")],
    *,
    by: DeadlineOption,
    actor: ActorOption = None,
    workspace: WorkspaceOption = None,
    format_: FormatOption = "text",
) -> None:
    """Ask a colleague for something by a time: a task of theirs, which they are told and reminded of."""
    from boucle.commands.acting import act
    from boucle.commands.clocking import read_deadline
    from boucle.commands.opening import get_settings, require_worker
    from boucle.model import ActKind

    require_worker(get_settings(workspace), colleague)
    details = {"colleague": colleague, "due": read_deadline(workspace, loop, by)}
    act(loop, ActKind.ASK, details, workspace=workspace, actor=actor, format_=format_, text=text)


def list_tasks(
    *,
    owner: Annotated[str | None, typer.Option(help="Only tasks of this person.")] = None,
    state: Annotated[TaskStateName, typer.Option(help="Only this state.")] = "open",
    limit: LimitOption = 100,
    workspace: WorkspaceOption = None,
    format_: FormatOption = "text",
) -> None:
    """List what colleagues have to do for a case, what is due next first."""
    from boucle.commands.opening import opened, require_person
    from boucle.commands.task_words import describe, task_lines
    from boucle.engine import tasks
    from boucle.model import TaskState

    with opened(workspace) as here, here.database.reading() as session:
        rows = tasks.list_tasks(session, owner=owner, state=TaskState(state), limit=limit)
        if owner and not rows:
            require_person(here.settings, owner)
        told = describe(session, rows)
        show(told, lambda: "\n".join(task_lines(told)) or "no tasks", format_)


def finish(
    task: Annotated[str, typer.Argument(help="The task's id, or as much of it as is needed.")],
    *,
    text: Annotated[str | None, typer.Option("--text", help="What came of it.")] = None,
    actor: ActorOption = None,
    workspace: WorkspaceOption = None,
    format_: FormatOption = "text",
) -> None:
    """Say that a task is done; who asked for it is told."""
    from boucle.commands.acting import act
    from boucle.commands.opening import opened
    from boucle.engine import tasks
    from boucle.model import ActKind

    with opened(workspace) as here, here.database.reading() as session:
        row = tasks.get_task(session, task)
    act(
        row.loop_id, ActKind.FINISH, {"task": row.id}, workspace=workspace, actor=actor, format_=format_,
        text=text,
    )  # fmt: skip


def _take(here: Opened, taker: Taker) -> Acted | None:
    from boucle.commands.acting import as_it_stands
    from boucle.engine.queue import take_next

    with here.database.session() as session:
        row = take_next(session, taker, now())
        session.commit()
        return as_it_stands(row) if row else None


def _find_taker(settings: Settings, person: str) -> Taker:
    from boucle.engine.queue import Taker

    one = settings.people[person]
    teams = [key for key, team in settings.teams.items() if person in {team.lead, *team.members}]
    if not teams:
        raise NoTeamError(person)
    return Taker(person, teams, one.skills, one.languages)
