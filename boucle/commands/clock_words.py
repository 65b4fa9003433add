"""Clocks, promises and waits as the command line tells them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from boucle.commands.output import local, until

if TYPE_CHECKING:
    from boucle.engine.clock_views import ClockView


def tell_clocks(details: Mapping[str, Any], at: datetime) -> list[str]:
    """One line for each clock and promise of a loop, and for what its case waits for."""
    lines = [_promise(one, at) if one.by else _clock(one, at) for one in details["clocks"]]
    if details["waiting_until"]:
        lines.append(f"waiting   for the customer, until {local(details['waiting_until'])} at most")
    if details["snoozed_until"]:
        lines.append(f"aside     until {local(details['snoozed_until'])}")
    return lines


def _clock(view: ClockView, at: datetime) -> str:
    if view.due_at is None:
        since = f" since {local(view.paused_at)}" if view.paused_at else ""
        return f"clock     {view.clock}: paused{since}, {_hours(view.left or 0)} of working time left"
    return f"clock     {view.clock}: {_state(view, at)}, due {local(view.due_at)}"


def _hours(seconds: int) -> str:
    """Working time in hours: a day of it would be read as 24."""
    hours, minutes = divmod(seconds // 60, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min"


def _promise(view: ClockView, at: datetime) -> str:
    state = {"met": "kept", "missed": "broken"}.get(view.state) or _state(view, at)
    words = f" “{view.text}”" if view.text else ""
    number = view.clock.rpartition(".")[2]
    return f"promise   {number}: {state}, due {local(view.due_at)}, by {view.by}{words}"


def _state(view: ClockView, at: datetime) -> str:
    """How long it has; of one that has ended, how."""
    going = view.ended_at is None and view.due_at is not None
    return until(view.due_at, at) if going and view.due_at else str(view.state)
