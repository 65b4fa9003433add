"""The closed, typed fact catalogue: every fact that a rule may read, and what a value must be."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from boucle.errors import Place
from boucle.rules.condition import Expr

FactType = Literal["int", "decimal", "bool", "enum", "set", "text", "date", "instant"]


@dataclass(frozen=True)
class Fact:
    """One fact: its type and limits, and whether it may be unknown.

    `metric` is set for a score (`nps`, `csat`, `ces`, or a declared one); `low` and `high` are its
    scale, or the limits of a number (scaled by `digits` for a decimal); `values` are an enum's
    values or a set's members, in order. `unlisted_unknown`: a value outside the list counts as unknown.
    """

    name: str
    type: FactType
    place: Place
    optional: bool
    pii: bool = False
    metric: str | None = None
    low: int | None = None
    high: int | None = None
    digits: int = 0
    values: tuple[str, ...] = ()
    unlisted_unknown: bool = False
    derived: bool = False

    @property
    def is_score(self) -> bool:
        """Whether the fact is a score of a metric."""
        return self.metric is not None


@dataclass(frozen=True)
class Count:
    """A derived fact: how many earlier responses, or loops of a play, lie within a span.

    `where` (responses only) reads the past response's facts; `within` counts back from this
    response's `responded_at`; None means ever. Unknown where the `per` is unknown.
    """

    name: str
    over: Literal["responses", "loops"]
    per: Literal["customer", "contact"]
    place: Place
    within: timedelta | None = None
    where: Expr | None = None
    play: str | None = None


@dataclass(frozen=True)
class Catalogue:
    """All facts by name, the built-in and derived ones included, and how derived ones are counted."""

    facts: Mapping[str, Fact]
    counts: Mapping[str, Count]
