"""What a play has to do at an instant, while it waits."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from boucle.model import Duration


@dataclass(frozen=True)
class Errand:
    """Something to do at an instant; `name` is shown to operators beside the timer."""

    at: datetime
    name: str
    do: Callable[[], Awaitable[None]]


def find_next(errands: Iterable[Errand]) -> Errand:
    """The earliest one; of several at one instant always the same."""
    return min(errands, key=lambda errand: (errand.at, errand.name))


def list_reminders(since: datetime, due: datetime, before: Iterable[Duration]) -> list[tuple[str, datetime]]:
    """When to remind of what is due: each stated time before it that lies after `since`, with its name.

    Halfway where none does.
    """
    found = [(f"{ahead.amount}{ahead.unit[0]}", due - ahead.wall()) for ahead in before]
    later = [(name, at) for name, at in found if at > since]
    return later or [("half", since + (due - since) / 2)]
