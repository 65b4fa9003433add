"""How messages speak of JSONLogic: why an operator is refused, and what a default would mean."""

from __future__ import annotations

import json
from collections.abc import Mapping

from boucle.model import NPS_BANDS
from boucle.rules.bands import SCORE
from boucle.rules.strict_yaml.source import Mapping_, Scalar, Sequence_
from boucle.rules.worded import shortened

_COMPUTED = "facts are compared, never computed with; let a derived fact bring the number"
_WALKED = 'lists are not walked through; ask a set with {"in": ["member", {"var": "set"}]}'
_MISSING = 'absence is asked with {"===": [{"var": "fact"}, null]}'
_BUILT = "texts are compared whole, or searched with 'in'"
_SAID = "a condition only says what holds"

REFUSED: Mapping[str, str] = {
    **dict.fromkeys(("+", "-", "*", "/", "%", "min", "max"), _COMPUTED),
    **dict.fromkeys(("map", "filter", "reduce", "all", "some", "none", "merge"), _WALKED),
    **dict.fromkeys(("missing", "missing_some"), _MISSING),
    **dict.fromkeys(("cat", "substr"), _BUILT),
    **dict.fromkeys(("log", "method"), _SAID),
}
"""Operators of JSONLogic that mean nothing in a condition, and why."""


def write_json(node: Scalar | Sequence_ | Mapping_) -> str:
    """A node as a message quotes it."""
    if not isinstance(node, Scalar):
        return "…"
    plain = node.value is None or not isinstance(node.value, str)
    return (node.text or "null") if plain else json.dumps(shortened(node.text), ensure_ascii=False)


def name_default(fact: str, default: Scalar) -> tuple[str, str]:
    """What a default is put in place of, and what it makes of it."""
    value = default.value
    if fact == SCORE and isinstance(value, int) and not isinstance(value, bool):
        band = next((band.value for band, (low, high) in NPS_BANDS.items() if low <= value <= high), None)
        return '"no score"', f"a {band}" if band else write_json(default)
    return '"not known"', write_json(default)
