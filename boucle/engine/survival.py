"""How long something takes of which some has not happened yet: what still waits is counted, not dropped.

Kaplan and Meier, "Nonparametric Estimation from Incomplete Observations", Journal of the American
Statistical Association 53 (1958), 457-481. Leaving out what has not happened yet, or counting only its
time so far as if it had happened, would make slow work look fast.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from itertools import groupby

_ROUNDING = 1e-9


@dataclass(frozen=True)
class Observed:
    """One wait: how long it lasted, and whether it ended as hoped; if not, that is all we know of it."""

    length: timedelta
    happened: bool


def quantile(waits: Iterable[Observed], share: float) -> timedelta | None:
    """The shortest time within which it has happened to at least `share` of them, as estimated.

    None where it is not known: too few have come to an end for that.
    """
    ordered = sorted(waits, key=lambda wait: wait.length)
    at_risk, waiting = len(ordered), 1.0
    for _, group in groupby(ordered, key=lambda wait: wait.length):
        ended = list(group)
        waiting *= 1 - sum(wait.happened for wait in ended) / at_risk
        at_risk -= len(ended)
        if waiting <= 1 - share + _ROUNDING:
            return ended[0].length
    return None
