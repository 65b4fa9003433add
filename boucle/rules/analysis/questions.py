"""What can become of the responses for which some conditions hold, under one rule set on one day."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from itertools import chain
from typing import Generic, TypeVar

from boucle.model import Truth
from boucle.rules.analysis.obstacles import Obstacle, Span, day_in, list_obstacles
from boucle.rules.analysis.partition import Asked, Cell, GaveUp, partition
from boucle.rules.analysis.tables import Choice, Tables
from boucle.rules.bands import band_definitions
from boucle.rules.bundle import (
    UNDECIDED,
    Bundle,
    CompiledCondition,
    CompiledRule,
    CompiledRuleSet,
    CompiledUndecided,
)
from boucle.rules.ruleset import Definition

_T = TypeVar("_T")
_S = TypeVar("_S")


@dataclass(frozen=True)
class Outcome:
    """What takes the hit (a rule's id, `undecided` or nothing), and the first gate that may hold it back."""

    taker: str | None
    held_by: str | None = None


@dataclass(frozen=True)
class Parts(Generic[_T]):
    """What a question asks, each part by its condition, its truth value, or its formulas."""

    given: tuple[_T, ...]
    decides: tuple[_T, ...]
    others: tuple[_T, ...]
    rules: tuple[_T, ...]
    fallback: tuple[_T, ...]
    suppressions: tuple[_T, ...]

    def __iter__(self) -> Iterator[_T]:
        """All of them, in one fixed order."""
        rest = (self.decides, self.others, self.rules, self.fallback, self.suppressions)
        return chain(self.given, *rest)

    def map(self, make: Callable[[_T], _S]) -> Parts[_S]:
        """The same with another thing in the place of each."""
        return Parts(
            given=tuple(map(make, self.given)),
            decides=tuple(map(make, self.decides)),
            others=tuple(map(make, self.others)),
            rules=tuple(map(make, self.rules)),
            fallback=tuple(map(make, self.fallback)),
            suppressions=tuple(map(make, self.suppressions)),
        )

    def refill(self, things: Sequence[_S]) -> Parts[_S]:
        """The same filled with other things, which come in the order of `__iter__`."""
        left = iter(things)
        return self.map(lambda _: next(left))


@dataclass(frozen=True)
class Question:
    """What becomes of the responses for which all of `given` are true, on `day` in the rule set's zone.

    `gates`: whether it is also asked what may hold a winner back. `hoped`: the plays of which all of
    that is asked, None for every play; of any other only what hangs on facts is, so that an example
    can be one in which it does start.
    A response that another rule set claims too goes to quarantine, and is none of them.
    """

    bundle: Bundle
    rule_set: CompiledRuleSet
    day: date
    given: tuple[Asked, ...]
    gates: bool = True
    hoped: frozenset[str] | None = None

    @cached_property
    def span(self) -> Span:
        """The instants of the day."""
        return day_in(self.rule_set.timezone, self.day)

    @cached_property
    def competing(self) -> tuple[CompiledRule, ...]:
        """The rules that can take the hit on that day, in their order."""
        rules = self.rule_set.rules
        return tuple(rule for rule in rules if rule.mode == "act" and rule.in_effect(self.day))

    @cached_property
    def obstacles(self) -> Mapping[str, tuple[Obstacle, ...]]:
        """By taker, the gates that may hold it back."""
        winners: dict[str, CompiledRule | CompiledUndecided] = {rule.id: rule for rule in self.competing}
        winners[UNDECIDED] = self.rule_set.undecided
        return {taker: self._obstacles(winners[taker], play) for taker, play in self.plays.items()}

    def _obstacles(self, winner: CompiledRule | CompiledUndecided, play: str) -> tuple[Obstacle, ...]:
        every = list_obstacles(self.bundle, winner, play, self.span) if self.gates else ()
        if self.is_hoped(play):
            return every
        return tuple(one for one in every if not one.is_certain)

    def is_hoped(self, play: str | None) -> bool:
        """Whether the play is one of which every gate is asked, where any is."""
        return self.hoped is None or play in self.hoped

    @cached_property
    def plays(self) -> Mapping[str, str]:
        """By taker, the play that it starts."""
        found = {rule.id: rule.play for rule in self.competing}
        fallback = self.rule_set.undecided.play
        return found if fallback is None else {**found, UNDECIDED: fallback}

    @cached_property
    def suppressions(self) -> tuple[str, ...]:
        """The gates whose holding back hangs on a condition, for some taker."""
        every = (one for obstacles in self.obstacles.values() for one in obstacles if not one.is_certain)
        return tuple(dict.fromkeys(one.gate for one in every))

    @cached_property
    def parts(self) -> Parts[Asked]:
        """All conditions of the question."""
        own, fallback = self.rule_set.definitions, self.rule_set.undecided
        others = [one for one in self.bundle.rule_sets if one is not self.rule_set]
        bands = band_definitions(self.bundle.catalogue)
        suppressing = {f"suppress/{one.id}": one.condition for one in self.bundle.suppressions}
        return Parts(
            given=self.given,
            decides=_ask(self.rule_set.only_when, own),
            others=tuple(one for other in others for one in _ask(other.only_when, other.definitions)),
            rules=tuple(Asked(rule.condition.when, own) for rule in self.competing),
            fallback=_ask(fallback.condition if fallback.play is not None else None, own),
            suppressions=tuple(one for gate in self.suppressions for one in _ask(suppressing[gate], bands)),
        )


def _ask(condition: CompiledCondition | None, definitions: Mapping[str, Definition]) -> tuple[Asked, ...]:
    return () if condition is None else (Asked(condition.when, definitions),)


@dataclass(frozen=True)
class Survey:
    """Every outcome that can occur, each with an example.

    `opaque`: outcomes that z3 could not rule out, and of which it found no example that holds.
    """

    examples: Mapping[Outcome, Cell]
    opaque: frozenset[Outcome] = frozenset()


# -- by the partition ----------------------------------------------------------------------------


def survey(question: Question) -> Survey | GaveUp:
    """Every outcome of a question by the exact partition; GaveUp beyond its limit."""
    found = partition(question.bundle.catalogue, [*question.parts])
    if isinstance(found, GaveUp):
        return found
    tables, told = Tables(found), dict[tuple[Truth, ...], Choice]()
    for choice in tables.choices_where(len(question.given)):
        told.setdefault(tables.truths(choice), choice)
    examples: dict[Outcome, Cell] = {}
    for truths, choice in told.items():
        outcome = tell_outcome(question, question.parts.refill(truths))
        if outcome is not None:
            examples.setdefault(outcome, tables.cell(choice))
    return Survey(examples)


def find_hinges(question: Question, cell: Cell, is_same: Callable[[Outcome], bool]) -> tuple[str, ...]:
    """The facts of a survey's example of which another value alone gives another answer.

    The same answer: all that is given holds, and the outcome is one that `is_same` takes.
    """
    found = partition(question.bundle.catalogue, [*question.parts])
    if isinstance(found, GaveUp):
        return ()
    tables = Tables(found)
    here = tables.choose(cell)

    def is_free(place: int, number: int) -> bool:
        truths = question.parts.refill(tables.truths([*here[:place], number, *here[place + 1 :]]))
        outcome = tell_outcome(question, truths)
        return all(truth == "true" for truth in truths.given) and (outcome is None or is_same(outcome))

    return tuple(
        axis.fact.name
        for place, axis in enumerate(found.axes)
        if not all(is_free(place, number) for number in range(len(axis.classes)))
    )


def tell_outcome(question: Question, truths: Parts[Truth]) -> Outcome | None:
    """The outcome where the conditions have these truth values; None where two rule sets claim it."""
    if any(truth != "true" for truth in truths.decides):
        return Outcome(None)
    if any(truth == "true" for truth in truths.others):
        return None
    taker = _find_taker(question, truths)
    return Outcome(None) if taker is None else Outcome(taker, _held_by(question, taker, truths))


def _find_taker(question: Question, truths: Parts[Truth]) -> str | None:
    for rule, truth in zip(question.competing, truths.rules, strict=True):
        if truth == "true":
            return rule.id
    asked = question.rule_set.undecided.play is not None and "undecided" in truths.rules
    return UNDECIDED if asked and all(truth == "true" for truth in truths.fallback) else None


def _held_by(question: Question, taker: str, truths: Parts[Truth]) -> str | None:
    suppressing = dict(zip(question.suppressions, truths.suppressions, strict=True))
    for one in question.obstacles[taker]:
        if one.where is None or suppressing[one.gate] in one.where:
            return one.gate
    return None
