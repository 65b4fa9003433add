"""The built-in definitions: detractor, passive and promoter, from the one table of NPS bands."""

from __future__ import annotations

from collections.abc import Mapping

from boucle.errors import Place
from boucle.model import NPS_BANDS
from boucle.rules.catalogue import Catalogue
from boucle.rules.condition import Within
from boucle.rules.ruleset import Definition

SCORE = "nps"
"""The score fact whose presence in the catalogue brings the bands."""

BUILT_IN = Place("built in", 0, 0)
"""The place of what no file of the workspace says."""


def band_definitions(catalogue: Catalogue) -> Mapping[str, Definition]:
    """The bands as definitions over `nps`; none where the catalogue does not declare it."""
    if SCORE not in catalogue.facts:
        return {}
    return {band.value: _band(band.value, low, high) for band, (low, high) in NPS_BANDS.items()}


def _band(name: str, low: int, high: int) -> Definition:
    test = Within(SCORE, low, high, BUILT_IN, f"{SCORE} in {low}..{high}")
    return Definition(name, test, None, BUILT_IN)
