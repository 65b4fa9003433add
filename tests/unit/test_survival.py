"""Times of which some are not over: against published figures, and against plain counting."""

from __future__ import annotations

import random
from datetime import timedelta
from math import ceil

import pytest

from boucle.engine.survival import Observed, quantile

DAY = timedelta(days=1)
TREATED = "6 6 6 6+ 7 9+ 10 10+ 11+ 13 16 17+ 19+ 20+ 22 23 25+ 32+ 32+ 34+ 35+"
PLACEBO = "1 1 2 2 3 4 4 5 5 8 8 8 8 11 11 12 12 15 17 22 23"
"""Weeks in remission (Freireich et al., Blood 21, 1963), `+` where it lasted on: the textbook example."""


def waits(text: str) -> list[Observed]:
    return [Observed(int(one.rstrip("+")) * DAY, not one.endswith("+")) for one in text.split()]


@pytest.mark.parametrize(("text", "median"), [(TREATED, 23), (PLACEBO, 8)])
def test_the_median_is_the_published_one(text: str, median: int) -> None:
    assert quantile(waits(text), 0.5) == median * DAY


@pytest.mark.parametrize("share", [0.25, 0.5, 0.9])
def test_where_everything_has_happened_it_is_the_ordinary_quantile(share: float) -> None:
    dice = random.Random(7)  # noqa: S311 the same lengths each time
    for count in range(1, 60):
        lengths = sorted(dice.randint(0, 30) for _ in range(count))
        found = quantile([Observed(length * DAY, happened=True) for length in lengths], share)
        assert found == lengths[ceil(round(share * count, 9)) - 1] * DAY


def test_what_still_waits_is_counted_and_makes_it_longer() -> None:
    assert quantile(waits("1 2 3"), 0.5) == 2 * DAY
    assert quantile(waits("1 2 3 9+ 9+ 9+"), 0.5) == 3 * DAY
    assert quantile(waits("1 2 3 9+ 9+ 9+"), 0.9) is None
    assert quantile(waits("5+ 6+"), 0.5) is None
    assert quantile([], 0.5) is None


def test_what_ends_and_what_waits_on_at_one_instant_both_were_at_risk() -> None:
    assert quantile(waits("4 4+"), 0.5) == 4 * DAY
