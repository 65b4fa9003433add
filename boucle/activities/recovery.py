"""Whether the customer was won back: the answer to the follow-up question beside the first score."""

from __future__ import annotations

from boucle.model import Band, Closure, nps_band

_ORDER = (Band.DETRACTOR, Band.PASSIVE, Band.PROMOTER)


def judge(metric: str | None, first: int | None, answer: int) -> Closure:
    """Recovered: for NPS a higher band, for any other metric a higher score; without a first score, not."""
    if first is None:
        return Closure.NOT_RECOVERED
    if metric == "nps":
        better = _ORDER.index(nps_band(answer)) > _ORDER.index(nps_band(first))
    else:
        better = answer > first
    return Closure.RECOVERED if better else Closure.NOT_RECOVERED
