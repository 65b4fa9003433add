"""What a play has to do at an instant, while it waits."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class Errand:
    """Something to do at an instant; `name` is shown to operators beside the timer."""

    at: datetime
    name: str
    do: Callable[[], Awaitable[None]]


def find_next(errands: Iterable[Errand]) -> Errand:
    """The earliest one; of several at one instant always the same."""
    return min(errands, key=lambda errand: (errand.at, errand.name))
