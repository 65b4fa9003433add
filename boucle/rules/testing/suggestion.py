"""The tests that are missing, written out: each reaches what none does, and differs little from the defaults.

What they expect is what the rules say today. Whether that is what they should say, their owner decides.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time
from zoneinfo import ZoneInfo

from boucle.model import Decision, FactValue
from boucle.rules.analysis.grid import Region, TooLargeError
from boucle.rules.analysis.partition import complete
from boucle.rules.bundle import Bundle
from boucle.rules.encoding import decode_value, encode
from boucle.rules.phrases import word_value
from boucle.rules.testing.case_entry import CONTACT, CUSTOMER
from boucle.rules.testing.cases import Defaults, RuleTest, Step, TestFile
from boucle.rules.testing.coverage import Coverage, find_reached
from boucle.rules.testing.goals import Goal, Goals
from boucle.rules.testing.parts import Part, list_outcomes_of
from boucle.rules.testing.runner import run_test
from boucle.rules.writing.yaml_scalars import write_scalar

Facts = Mapping[str, FactValue | None]


@dataclass(frozen=True)
class Case:
    """A test that is missing: what differs from the defaults, and what comes out today."""

    name: str
    facts: Facts
    now: datetime | None
    decision: Decision


@dataclass(frozen=True)
class Suggestion:
    """The missing tests of one rule set; `unreached` is what none of them could be found for."""

    rule_set: str
    file: TestFile | None
    defaults: Defaults
    cases: tuple[Case, ...]
    unreached: tuple[Goal, ...]


def suggest(coverage: Coverage, file: TestFile | None, now: datetime) -> Suggestion:
    """Tests for all that `coverage` misses, to be added to `file`; None: a file of its own, with `now`."""
    suggester = _Suggester(coverage.goals, _with_required(coverage.goals, file, now))
    left = [goal for goal in coverage.goals.all if goal not in coverage.reached]
    taken = {test.name for test in file.tests} if file else set()
    cases: list[Case] = []
    unreached: list[Goal] = []
    while left:
        goal = left.pop(0)
        found = suggester.find(goal)
        if found is None:
            unreached.append(goal)
            continue
        case, reached = found
        name = next(name for name in _names(case.name) if name not in taken)
        taken.add(name)
        cases.append(replace(case, name=name))
        left = [one for one in left if one not in reached]
    return Suggestion(coverage.rule_set, file, suggester.defaults, tuple(cases), tuple(unreached))


def _names(name: str) -> Iterator[str]:
    yield name
    number = 2
    while True:
        yield f"{name} ({number})"
        number += 1


def _with_required(goals: Goals, file: TestFile | None, now: datetime) -> Defaults:
    """The file's defaults; for a new file those facts without which no response can be decided."""
    if file is not None:
        return Defaults(file.defaults.now or now, file.defaults.facts)
    catalogue = goals.scene.bundle.catalogue
    needed = {
        name: value for name, value in complete(catalogue, {}).items() if not catalogue.facts[name].derived
    }
    return Defaults(now, {name: decode_value(catalogue.facts[name], value) for name, value in needed.items()})


# -- one goal -----------------------------------------------------------------------------------


class _Suggester:
    def __init__(self, goals: Goals, defaults: Defaults) -> None:
        self.goals = goals
        self.bundle: Bundle = goals.scene.bundle
        self.catalogue = self.bundle.catalogue
        self.defaults = defaults
        self.usual_classes = self._usual_classes()

    def _usual_classes(self) -> list[int]:
        """On each axis the class of a response that says nothing but the defaults, as a mask."""
        (answered,) = run_test(self.bundle, self._test({}, self._instants()[0])).answers
        usual = encode(self.catalogue, answered.facts.values)
        names = [axis.fact.name for axis in self.goals.scene.space.axes]
        return [self.goals.class_of(name, usual.get(name)) for name in names]

    def find(self, goal: Goal) -> tuple[Case, set[Goal]] | None:
        """A case that surely reaches the goal, and all that it reaches."""
        for region in self._regions(goal):
            facts = self._facts(goal, region)
            for now in self._instants() if facts is not None else ():
                result = run_test(self.bundle, self._test(facts or {}, now))
                reached = find_reached(self.goals, [result])
                decision = result.answers[0].decision
                if goal in reached and decision is not None:
                    usual = now == self.defaults.now
                    return Case(goal.words, facts or {}, None if usual else now, decision), reached
        return None

    def _instants(self) -> list[datetime]:
        """The usual instant, then noon of the first day of each rule that is not always in effect."""
        zone = ZoneInfo(self.goals.scene.rule_set.timezone)
        days = [rule.effective_from for rule in self.goals.scene.rule_set.rules if rule.effective_from]
        noons = [datetime.combine(day, time(12), zone).astimezone(UTC) for day in dict.fromkeys(days)]
        return [*([self.defaults.now] if self.defaults.now else []), *noons]

    def _test(self, facts: Facts, now: datetime) -> RuleTest:
        known = {**self.defaults.facts, **facts}
        given = {name: value for name, value in known.items() if not self.catalogue.facts[name].derived}
        step = Step(
            place=self.goals.scene.rule_set.place,
            at=now,
            responded_at=now,
            given={name: value for name, value in given.items() if value is not None},
            expect=(),
            pinned={name: value for name, value in known.items() if name not in given},
            contact=CONTACT,
            customer=CUSTOMER,
        )
        return RuleTest("suggested", step.place, self.goals.scene.rule_set.name, (step,))

    # -- where, and with which facts

    def _regions(self, goal: Goal) -> Iterator[Region]:
        """Where the goal is reached: first where it matters, then where scores are known, then anywhere."""
        space = self.goals.scene.space
        for name in list_outcomes_of(goal.part, self.goals.scene) if goal.part else ():
            won = self._won(name)
            yield space.grid.meet(goal.region, won)
            yield space.grid.meet(goal.region, self._nearly(won, goal.part))
        yield self._narrowed(goal, goal.region, sorted(self.bundle.scores & space.numbers.keys()))
        yield goal.region

    def _won(self, outcome: str) -> Region:
        try:
            return self.goals.outcomes.exactly(outcome)
        except TooLargeError:
            return []

    def _nearly(self, won: Region, part: Part | None) -> Region:
        """Where the outcome would come about if only the facts that the part reads were others."""
        grid = self.goals.scene.space.grid
        fields = [grid.fields[self.goals.scene.space.numbers[name]] for name in (part.facts if part else ())]
        widened = []
        for box in won:
            for field in fields:
                box |= field  # noqa: PLW2901 # the box grows field by field
            widened.append(box)
        return grid.tidy(widened)

    def _narrowed(self, goal: Goal, region: Region, scores: Sequence[str]) -> Region:
        space = self.goals.scene.space
        for name in scores:
            known = [space.grid.box(space.numbers[name], space.known(name))]
            narrower = space.grid.meet(region, known)
            if space.find_outside(narrower, goal.covers) is not None:
                region = narrower
        return region

    def _facts(self, goal: Goal, region: Region) -> Facts | None:
        """What must differ from the defaults for the goal to be reached in the region."""
        space, grid = self.goals.scene.space, self.goals.scene.space.grid
        for number, mask in enumerate(self.usual_classes):
            narrower = grid.meet(region, [grid.box(number, mask)])
            if space.find_outside(narrower, goal.covers) is not None:
                region = narrower
        box = space.find_outside(region, goal.covers)
        if box is None:
            return None
        cell = grid.first_cell(box)
        found: dict[str, FactValue | None] = {}
        for number, axis in enumerate(space.axes):
            if not grid.mask(box, number) & self.usual_classes[number]:
                value = axis.values[grid.mask(cell, number).bit_length() - 1]
                found[axis.fact.name] = None if value is None else decode_value(axis.fact, value)
        if goal.kind == "boundary":
            found[goal.name] = decode_value(self.catalogue.facts[goal.name], goal.value)
        return found


# -- as YAML ------------------------------------------------------------------------------------

_CHECK = "# the rules say so today: check that it is what you want"


def write_suggestion(suggestion: Suggestion) -> str:
    """The cases as entries that can be appended to their file; without one, the whole file."""
    file = suggestion.file
    lines = [] if file else [*_header(suggestion)]
    indent = " " * (file.indent if file else 2)
    for case in suggestion.cases:
        lines += [f"{indent}{line}" for line in _entry(case)]
    return "\n".join(lines)


def _header(suggestion: Suggestion) -> Iterator[str]:
    yield "boucle: rule-tests/v1"
    yield f"ruleset: {suggestion.rule_set}"
    yield "defaults:"
    if suggestion.defaults.now is not None:
        yield f"  now: {write_scalar(suggestion.defaults.now)}"
    if suggestion.defaults.facts:
        yield "  facts:"
        yield from (f"    {name}: {write_scalar(value)}" for name, value in suggestion.defaults.facts.items())
    yield "tests:"


def _entry(case: Case) -> Iterator[str]:
    yield f"- name: {write_scalar(case.name)}"
    if case.now is not None:
        yield f"  now: {write_scalar(case.now)}"
    if case.facts:
        yield "  facts:"
        yield from (f"    {name}: {write_scalar(value)}" for name, value in case.facts.items())
    yield f"  {_CHECK}"
    yield "  expect:"
    yield from (f"    {key}: {write_scalar(value)}" for key, value in _expected(case.decision).items())


def _expected(decision: Decision) -> dict[str, str | None]:
    """What tells this outcome from the others."""
    if decision.winner is None:
        return {"rule": None, "reason": decision.reason}
    expected: dict[str, str | None] = {"rule": decision.winner}
    if decision.plan is not None:
        expected |= {"starts": decision.plan.play if decision.outcome == "starts" else None}
    else:
        expected |= {"starts": None, "blocked_by": decision.blocked_by}
    if decision.deferred_until is not None:
        expected |= {"deferred_until": word_value(decision.deferred_until)}
    return expected
