"""`boucle cases close`, `loops merge|reopen|rebuild`: how loops end, and how they go on."""

from __future__ import annotations

from typing import Annotated

import typer

from boucle.commands.options import ActorOption, ClosureName, FormatOption, LoopArgument, WorkspaceOption
from boucle.commands.output import now, show
from boucle.errors import BoucleError

SeveralLoops = Annotated[list[str], typer.Argument(help="Ids of loops, or as much of each as is needed.")]
_IN_BULK = "false_alarm"


class NotInBulkError(BoucleError):
    """Several cases are closed at once with a closure that each of them has to be given by itself."""

    def __init__(self, closure: str) -> None:
        super().__init__(
            f"'{closure}' is said of one case at a time; several are closed at once as {_IN_BULK}"
        )


def close(
    loops: SeveralLoops,
    *,
    closure: Annotated[ClosureName, typer.Option(help="How it ended.")],
    root_cause: Annotated[
        str | None, typer.Option(help="What it was about, one of root_causes in boucle.toml.")
    ] = None,
    detail: Annotated[str | None, typer.Option(help="The root cause's second level.")] = None,
    systemic: Annotated[
        bool | None, typer.Option("--systemic/--isolated", help="Whether it happens to others too.")
    ] = None,
    text: Annotated[str | None, typer.Option("--text", help="What was done.")] = None,
    actor: ActorOption = None,
    workspace: WorkspaceOption = None,
    format_: FormatOption = "text",
) -> None:
    """Close a case, and with it its loop. Several are closed at once as false alarms."""
    from boucle.commands.acting import act, act_on_all
    from boucle.commands.opening import get_settings, require_root_cause
    from boucle.model import ActKind

    require_root_cause(get_settings(workspace), root_cause, detail)
    details = {
        "closure": closure,
        "root_cause": root_cause,
        "root_cause_detail": detail,
        "systemic": systemic,
    }
    if len(loops) == 1:
        act(loops[0], ActKind.CLOSE, details, workspace=workspace, actor=actor, format_=format_, text=text)
    elif closure == _IN_BULK:
        act_on_all(
            loops, ActKind.CLOSE, details, workspace=workspace, actor=actor, format_=format_, text=text
        )
    else:
        raise NotInBulkError(closure)


def reopen(
    loop: LoopArgument,
    *,
    reason: Annotated[str, typer.Option(help="Why it goes on.")],
    actor: ActorOption = None,
    workspace: WorkspaceOption = None,
    format_: FormatOption = "text",
) -> None:
    """Begin the next round of a closed loop; whoever had its case gets it back, and is told."""
    from boucle.commands.acting import act
    from boucle.model import ActKind

    act(loop, ActKind.REOPEN, {}, workspace=workspace, actor=actor, format_=format_, text=reason)


def merge(
    loops: SeveralLoops,
    into: Annotated[str, typer.Argument(help="The loop that goes on for all of them.")],
    *,
    reason: Annotated[str | None, typer.Option(help="Why they are one.")] = None,
    actor: ActorOption = None,
    workspace: WorkspaceOption = None,
    format_: FormatOption = "text",
) -> None:
    """End loops that are about the same as another one, which goes on with the earliest due times of all."""
    from boucle.commands.opening import get_actor, opened
    from boucle.engine import duplicates
    from boucle.engine.loops import find_loop

    with opened(workspace) as here, here.database.session() as session:
        who = get_actor(here.settings, actor)
        named = [find_loop(session, name).id for name in (*loops, into)]
        for one in sorted(set(named[:-1])):
            duplicates.merge(session, one, named[-1], actor=who, at=now(), text=reason)
        session.commit()
    told = {"into": named[-1], "merged": named[:-1]}
    show(told, f"{len(loops)} loop(s) merged into {named[-1]}", format_)


def rebuild(
    loops: Annotated[
        list[str] | None, typer.Argument(help="Ids of loops; without any, every open one.")
    ] = None,
    *,
    workspace: WorkspaceOption = None,
    format_: FormatOption = "text",
) -> None:
    """Ask for the workflows of open loops again, after Temporal has lost or somebody has ended them.

    Nothing happens twice: each goes on from where it stands.
    """
    from boucle.commands.opening import opened
    from boucle.engine import reconciliation
    from boucle.engine.loops import find_loop

    with opened(workspace) as here, here.database.session() as session:
        for name in loops or ():
            reconciliation.restart(session, find_loop(session, name).id, now())
        count = len(loops) if loops else reconciliation.rebuild(session, now())
        session.commit()
    show({"loops": count}, f"{count:,} open loop(s) will be started again", format_)
