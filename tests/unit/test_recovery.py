"""When a customer counts as won back."""

from __future__ import annotations

import pytest

from boucle.activities.recovery import judge
from boucle.model import Closure


@pytest.mark.parametrize(
    ("metric", "first", "answer", "expected"),
    [
        ("nps", 6, 7, Closure.RECOVERED),
        ("nps", 0, 10, Closure.RECOVERED),
        ("nps", 7, 9, Closure.RECOVERED),
        ("nps", 0, 6, Closure.NOT_RECOVERED),
        ("nps", 7, 8, Closure.NOT_RECOVERED),
        ("nps", 8, 3, Closure.NOT_RECOVERED),
        ("csat", 2, 3, Closure.RECOVERED),
        ("csat", 3, 3, Closure.NOT_RECOVERED),
        (None, 1, 2, Closure.RECOVERED),
        ("nps", None, 10, Closure.NOT_RECOVERED),
    ],
)
def test_recovered_is_a_higher_band_or_else_a_higher_score(
    metric: str | None, first: int | None, answer: int, expected: Closure
) -> None:
    assert judge(metric, first, answer) == expected
