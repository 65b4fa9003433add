from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from boucle.engine.nps import interval, nps_of

SFO = dict(enumerate([41, 17, 32, 45, 42, 349, 263, 625, 1278, 1062, 1642]))


def test_a_real_survey_has_the_nps_of_its_bands() -> None:
    figure = nps_of(SFO)
    assert (figure.base, figure.detractors, figure.passives, figure.promoters) == (5396, 789, 1903, 2704)
    assert figure.nps == pytest.approx(100 * (2704 - 789) / 5396)
    assert figure.indicative is False


def test_the_interval_is_rocks_adjusted_wald_worked_by_hand() -> None:
    # 60 promoters, 20 detractors of 100: n' = 103, p' = 60.75/103, d' = 20.75/103, NPS' = 38.835
    # SE = sqrt((0.791262 - 0.388350**2) / 103) = 0.078849
    low, high = interval(60, 20, 100)
    assert (round(low, 2), round(high, 2)) == (23.38, 54.29)


@pytest.mark.parametrize("base", [0, 1, 29])
def test_under_thirty_nothing_but_the_base_is_shown(base: int) -> None:
    figure = nps_of({10: base})
    assert figure.model_dump(exclude_defaults=True) == {"base": base}


@pytest.mark.parametrize(("base", "indicative"), [(30, True), (99, True), (100, False)])
def test_under_a_hundred_a_figure_is_indicative(base: int, indicative: bool) -> None:
    figure = nps_of({10: base})
    assert (figure.nps, figure.indicative) == (100.0, indicative)


def test_unanimity_still_has_an_interval() -> None:
    # n' = 53, NPS' = (0.75 - 50.75)/53 = -0.943396, SE = 0.039263: the lower end is cut at -100
    low, high = interval(0, 50, 50)
    assert (low, round(high, 1)) == (-100.0, -86.6)


@given(st.lists(st.integers(0, 10), min_size=30, max_size=200))
def test_the_interval_lies_within_the_scale_and_holds_the_shrunk_score(scores: list[int]) -> None:
    figure = nps_of({score: scores.count(score) for score in range(11)})
    assert figure.low is not None
    assert figure.high is not None
    assert figure.nps is not None
    assert -100 <= figure.low < figure.high <= 100
    assert figure.low <= figure.nps * figure.base / (figure.base + 3) <= figure.high


def test_a_score_beyond_the_scale_is_refused() -> None:
    with pytest.raises(ValueError, match="between 0 and 10"):
        nps_of({11: 40})
