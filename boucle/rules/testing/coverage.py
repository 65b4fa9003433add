"""How much of what can come about the tests of a rule set reach."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from pydantic import JsonValue

from boucle.rules.analysis.scene import Scene
from boucle.rules.bundle import Bundle
from boucle.rules.encoding import encode
from boucle.rules.ruleset import RuleSet
from boucle.rules.testing.goals import Goal, Goals
from boucle.rules.testing.outcomes import name_outcome
from boucle.rules.testing.runner import Answered, TestResult


@dataclass(frozen=True)
class Coverage:
    """The goals of one rule set, and those that some test reaches."""

    rule_set: str
    goals: Goals
    reached: frozenset[Goal]

    @property
    def missing(self) -> list[Goal]:
        """What no test reaches, by place."""
        left = [goal for goal in self.goals.all if goal not in self.reached]
        return sorted(left, key=lambda goal: goal.place)

    @property
    def percent(self) -> int:
        """Whole percent, rounded down, so that 100 means all."""
        every = len(self.goals.all)
        return 100 * len(self.reached) // every if every else 100


def measure(bundle: Bundle, rule_set: RuleSet, results: Iterable[TestResult]) -> Coverage:
    """What the tests reach, passed or not. TooManyError, TooLargeError where it cannot be laid out."""
    goals = Goals(Scene(bundle, rule_set))
    return Coverage(rule_set.name, goals, frozenset(find_reached(goals, results)))


def find_reached(goals: Goals, results: Iterable[TestResult]) -> set[Goal]:
    """The goals that these tests reach."""
    reached: set[Goal] = set()
    for result in results:
        for answered in result.answers:
            reached |= _reach(goals, answered)
    return reached


def _reach(goals: Goals, answered: Answered) -> set[Goal]:
    if answered.decision is None:
        return set()
    outcome = name_outcome(answered.decision, goals.scene.rule_set.name)
    encoded = encode(goals.scene.bundle.catalogue, answered.facts.values)
    return goals.reached(outcome, encoded)


def render_coverage(coverages: Sequence[Coverage]) -> str:
    """For each rule set how much is reached, and what is not, by place."""
    return "\n".join(line for coverage in coverages for line in _lines(coverage))


def _lines(coverage: Coverage) -> Iterable[str]:
    goals = coverage.goals
    counted = f"{len(coverage.reached)} of {len(goals.all)}"
    yield f"rule set {coverage.rule_set}: {coverage.percent} % ({counted})"
    yield from (f"  {goal.place}: no test in which {goal.words}" for goal in coverage.missing)
    for goal in goals.gave_up:
        yield f"  {goal.place}: it cannot be told whether {goal.words} ever; not counted"


def coverage_to_json(coverage: Coverage) -> dict[str, JsonValue]:
    """The same for programs."""
    return {
        "ruleset": coverage.rule_set,
        "percent": coverage.percent,
        "goals": len(coverage.goals.all),
        "reached": len(coverage.reached),
        "missing": [_as_json(goal) for goal in coverage.missing],
        "not_told": [_as_json(goal) for goal in coverage.goals.gave_up],
    }


def _as_json(goal: Goal) -> JsonValue:
    place = goal.place
    return {
        "kind": goal.kind,
        "file": place.file,
        "line": place.line,
        "column": place.column,
        "text": goal.words,
    }
