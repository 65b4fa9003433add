"""Doing something to a loop: the act is recorded at once, applied by the running boucle, and awaited."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import typer

from boucle.commands.opening import Opened, get_actor, opened
from boucle.commands.output import Format, now, progress, say, show, table
from boucle.engine import commands
from boucle.engine.loops import find_loop
from boucle.engine.refusals import REFUSALS
from boucle.engine.tables import CommandRow, LoopRow
from boucle.errors import BoucleError, RefusedError
from boucle.model import ActKind, ContactPolicy, Plan

_PATIENCE = 10.0
_PAUSE = 0.1


class BadInstantError(BoucleError):
    """A time that was typed cannot be read."""

    def __init__(self, text: str) -> None:
        super().__init__(
            f"'{text}' is no time; write 2026-03-10T14:30, or with its zone 2026-03-10T14:30+01:00"
        )


@dataclass(frozen=True)
class Acted:
    """What became of an act within the time that we waited: `recorded`, `applied` or `refused`."""

    command: str
    loop: str
    state: str
    reason: str | None = None


def act(
    loop: str,
    kind: ActKind,
    details: Mapping[str, Any],
    *,
    workspace: Path | None,
    actor: str | None,
    format_: Format,
    at: str | None = None,
    text: str | None = None,
    by: str | None = None,
) -> Acted:
    """Record an act, wait for it, and say what became of it; exit 1 where it was refused.

    `by` is who acts where it is none of our people.
    """
    happened_at = read_instant(at) if at else None
    with opened(workspace) as here:
        recorded = _record(
            here, loop, kind, details, by or get_actor(here.settings, actor), happened_at, text
        )
        acted = follow(here, recorded)
        show(acted, said(acted), format_)
        tell_waiting(here, acted)
    return acted


def follow(here: Opened, recorded: Acted) -> Acted:
    """What becomes of an act that was recorded, where boucle is there to apply it."""
    return _await(here, recorded) if here.is_running else recorded


def tell_waiting(here: Opened, acted: Acted) -> None:
    """Say so where nobody is there to apply it; exit 1 where it was refused."""
    if acted.state == "recorded" and not here.is_running:
        say("boucle is not running, so this waits: start it with boucle up")
    if acted.state == "refused":
        raise typer.Exit(1)


def act_on_all(
    loops: Sequence[str],
    kind: ActKind,
    details: Mapping[str, Any],
    *,
    workspace: Path | None,
    actor: str | None,
    format_: Format,
    text: str | None = None,
) -> None:
    """As `act`, on several loops: one that is refused holds up no other; exit 1 where one was."""
    with opened(workspace) as here:
        who = get_actor(here.settings, actor)
        named = _find_all(here, loops)
        recorded = [_try(here, loop, kind, details, who, text) for loop in named]
        acted = [_await(here, one) if here.is_running and one.command else one for one in recorded]
        show(acted, lambda: table(("loop", "result"), [(one.loop, said(one)) for one in acted]), format_)
    if any(one.state == "refused" for one in acted):
        raise typer.Exit(1)


def _find_all(here: Opened, loops: Sequence[str]) -> list[str]:
    """Their ids. One that is not found is a mistake of the whole command: then nothing is done to any."""
    with here.database.reading() as session:
        return [find_loop(session, loop).id for loop in loops]


def _try(
    here: Opened, loop: str, kind: ActKind, details: Mapping[str, Any], actor: str, text: str | None
) -> Acted:
    """One that refuses says so itself."""
    try:
        return _record(here, loop, kind, details, actor, None, text)
    except RefusedError as error:
        return Acted("", loop, "refused", error.reason)


def read_instant(text: str) -> datetime:
    """The instant that was typed; local time where no zone is given. BadInstantError."""
    try:
        return datetime.fromisoformat(text).astimezone()
    except ValueError as error:
        raise BadInstantError(text) from error


def _record(
    here: Opened,
    loop: str,
    kind: ActKind,
    details: Mapping[str, Any],
    actor: str,
    at: datetime | None,
    text: str | None,
) -> Acted:
    instant = now()
    with here.database.session() as session:
        found = find_loop(session, loop)
        try:
            row = commands.record(
                session,
                loop_id=found.id,
                kind=kind,
                actor=actor,
                at=at or instant,
                recorded_at=instant,
                details=details,
                text=text,
            )
        except RefusedError as error:
            raise _explained(found, error) from error
        session.commit()
        return as_it_stands(row)


def _explained(loop: LoopRow, error: RefusedError) -> RefusedError:
    """The refusal with the loop's own numbers, where its fixed text can have none."""
    if error.reason != "too_few_attempts":
        return error
    wanted = Plan.model_validate_json(loop.plan).contact or ContactPolicy()
    return RefusedError(
        error.reason,
        f"'unreachable' needs {wanted.attempts} attempts, by {wanted.ways} channels or on {wanted.ways} days",
    )


def _await(here: Opened, recorded: Acted) -> Acted:
    give_up = time.monotonic() + _PATIENCE
    acted = recorded
    with progress("waiting for boucle") as advance:
        while acted.state == "recorded" and time.monotonic() < give_up:
            time.sleep(_PAUSE)
            advance(0, None)
            acted = _look(here, recorded)
    return acted


def _look(here: Opened, recorded: Acted) -> Acted:
    with here.database.reading() as session:
        return as_it_stands(commands.get_command(session, recorded.command))


def as_it_stands(row: CommandRow) -> Acted:
    """How far an act has come."""
    return Acted(row.id, row.loop_id, row.state, row.reason)


def said(acted: Acted) -> str:
    """What became of an act, in words."""
    if acted.state == "refused":
        reason = acted.reason or "unknown"
        return f"refused: {REFUSALS.get(reason, reason)}"
    return "done" if acted.state == "applied" else "recorded, will be applied"
