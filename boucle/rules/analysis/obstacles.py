"""Which gates may hold a winner back: what a guarantee of a start has to reckon with.

What the gates are told of the world (counts, arms, budgets) is free; what the files say is not: an
exemption, the plays that a gate concerns, a window that does not touch the day, a condition.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from boucle.model import Truth
from boucle.rules.bundle import Bundle, CompiledRule, CompiledSuppression, CompiledUndecided
from boucle.rules.gates import ROLLOUT
from boucle.rules.ruleset import GateKind


@dataclass(frozen=True)
class Span:
    """The instants of a day in a zone; `ends` is no part of it."""

    begins: datetime
    ends: datetime


@dataclass(frozen=True)
class Obstacle:
    """A gate that may hold back: always, or where its condition has one of some truth values."""

    gate: str
    where: frozenset[Truth] | None = None

    @property
    def is_certain(self) -> bool:
        """Whether no fact of the response can rule the gate out."""
        return self.where is None


def day_in(zone: str, day: date) -> Span:
    """All of a day, as the clocks of a zone show it."""
    begins, ends = (datetime.combine(one, time(), ZoneInfo(zone)) for one in (day, day + timedelta(days=1)))
    return Span(begins, ends)


def list_obstacles(
    bundle: Bundle, winner: CompiledRule | CompiledUndecided, play: str, span: Span
) -> tuple[Obstacle, ...]:
    """The gates that may hold a winner back on a day, in the order in which they are asked.

    The greatest age is not among them: a guarantee assumes a response that is young enough.
    """
    return tuple(_obstacles(bundle, winner, play, span))


def _obstacles(
    bundle: Bundle, winner: CompiledRule | CompiledUndecided, play: str, span: Span
) -> Iterator[Obstacle]:
    if isinstance(winner, CompiledRule) and winner.rollout is not None:
        yield Obstacle(ROLLOUT)
    if not _is_exempt(winner, "suppress"):
        concerned = (one for one in bundle.suppressions if one.plays is None or play in one.plays)
        yield from (_suppression(one) for one in concerned if _may_block(one, span))
    if not _is_exempt(winner, "caps"):
        yield from (Obstacle(f"caps/{one.id}") for one in bundle.policy.caps if play in one.plays)
    if not _is_exempt(winner, "holdouts"):
        yield from (Obstacle(f"holdouts/{one.id}") for one in bundle.policy.holdouts if play in one.plays)
    if winner.spends is not None and winner.spends.otherwise is None:
        yield Obstacle(f"budgets/{winner.spends.budget}")


def _is_exempt(winner: CompiledRule | CompiledUndecided, kind: GateKind) -> bool:
    return winner.exempt is not None and kind in winner.exempt.gates


def _suppression(one: CompiledSuppression) -> Obstacle:
    """Where it holds back for good: what only defers does so where it cannot be told."""
    gate, defers = f"suppress/{one.id}", one.do == "defer" and one.ends is not None
    if one.condition is None:
        return Obstacle(gate)
    return Obstacle(gate, frozenset(("undecided",) if defers else ("true", "undecided")))


def _may_block(one: CompiledSuppression, span: Span) -> bool:
    """Whether it may hold back for good at some instant of the day; what it only defers starts later."""
    if one.do == "defer" and one.ends is not None and one.condition is None:
        return False
    begun = one.begins is None or one.begins < span.ends
    return begun and (one.ends is None or span.begins < one.ends)
