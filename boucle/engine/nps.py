"""The Net Promoter Score of a number of answers, with its interval and its base.

NPS®, Net Promoter Score are trademarks of Bain & Company, NICE Satmetrix and Fred Reichheld. The
interval is the adjusted Wald interval of B. Rocks, "Interval Estimation for the Net Promoter Score",
The American Statistician 70 (2016): three answers are added, a quarter of them promoters, a quarter
detractors.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import sqrt

from boucle.model import Band, Frozen, nps_band

SHOWN_FROM = 30
"""The least base under which nothing is shown."""

FIRM_FROM = 100
"""The least base from which a figure is not merely indicative."""

Z = 1.96
"""The normal quantile of a 95 % interval."""

_ADDED = 3.0
_ADDED_EACH = _ADDED / 4


class Nps(Frozen):
    """An NPS between -100 and 100, with the ends of its 95 % interval.

    Under a base of 30 only the base is given; under 100 the figure is `indicative`.
    """

    base: int
    detractors: int | None = None
    passives: int | None = None
    promoters: int | None = None
    nps: float | None = None
    low: float | None = None
    high: float | None = None
    indicative: bool = False


def nps_of(counts: Mapping[int, int]) -> Nps:
    """The NPS of answers counted by score (0 to 10)."""
    bands = dict.fromkeys(Band, 0)
    for score, count in counts.items():
        bands[nps_band(score)] += count
    base = sum(bands.values())
    if base < SHOWN_FROM:
        return Nps(base=base)
    promoters, detractors = bands[Band.PROMOTER], bands[Band.DETRACTOR]
    low, high = interval(promoters, detractors, base)
    return Nps(
        base=base,
        detractors=detractors,
        passives=bands[Band.PASSIVE],
        promoters=promoters,
        nps=100 * (promoters - detractors) / base,
        low=low,
        high=high,
        indicative=base < FIRM_FROM,
    )


def interval(promoters: int, detractors: int, base: int) -> tuple[float, float]:
    """The ends of the adjusted Wald interval, in points, within -100 and 100."""
    n = base + _ADDED
    p, d = (promoters + _ADDED_EACH) / n, (detractors + _ADDED_EACH) / n
    reach = Z * sqrt((p + d - (p - d) ** 2) / n)
    return max(-100.0, 100 * (p - d - reach)), min(100.0, 100 * (p - d + reach))
