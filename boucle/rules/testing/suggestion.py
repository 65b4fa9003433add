"""The tests that are missing, written out: each reaches what none does, and differs little from the defaults.

What they expect is what the rules say today. Whether that is what they should say, their owner decides.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time
from itertools import product
from zoneinfo import ZoneInfo

from boucle.decision import Decision
from boucle.model import FactValue
from boucle.rules.analysis.grid import Region, TooLargeError
from boucle.rules.analysis.partition import complete
from boucle.rules.bundle import Bundle
from boucle.rules.compiler import compile_workspace
from boucle.rules.encoding import decode_value, encode
from boucle.rules.phrases import word_value
from boucle.rules.testing.cases import Defaults, RuleTest, Step, TestFile
from boucle.rules.testing.coverage import Coverage, find_reached
from boucle.rules.testing.goals import Goal, Goals
from boucle.rules.testing.mutation import Survivor
from boucle.rules.testing.nearby import Nearby
from boucle.rules.testing.parts import Part, list_outcomes_of
from boucle.rules.testing.runner import TestResult, run_test
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


def suggest(
    coverage: Coverage, file: TestFile | None, now: datetime, survivors: Sequence[Survivor] = ()
) -> Suggestion:
    """Tests for all that `coverage` misses, and for mutants that survive, to be added to `file`.

    Without a file it is a whole one, whose tests are run at `now`. Survivors may be those of other rule
    sets: a test that tells is written where the response is decided.
    """
    suggester = Suggester(coverage.goals, file, now)
    taken = {test.name for test in file.tests} if file else set()
    cases: list[Case] = []
    unreached: list[Goal] = []

    def keep(case: Case) -> None:
        name = next(name for name in _names(case.name) if name not in taken)
        taken.add(name)
        cases.append(replace(case, name=name))

    left = [goal for goal in coverage.goals.all if goal not in coverage.reached]
    while left:
        goal = left.pop(0)
        found = suggester.find(goal)
        if found is None:
            unreached.append(goal)
            continue
        case, reached = found
        keep(case)
        left = [one for one in left if one not in reached]
    for case in filter(None, map(suggester.tell_apart, survivors)):
        if all((case.facts, case.now) != (one.facts, one.now) for one in cases):
            keep(case)
    return Suggestion(coverage.rule_set, file, suggester.defaults, tuple(cases), tuple(unreached))


def _names(name: str) -> Iterator[str]:
    yield name
    number = 2
    while True:
        yield f"{name} ({number})"
        number += 1


def _defaults(goals: Goals, file: TestFile | None, now: datetime) -> Defaults:
    """The file's defaults; for a new file those facts without which no response can be decided."""
    if file is None:
        return Defaults(now, _required(goals))
    return file.defaults if file.defaults.now else replace(file.defaults, now=now)


def _required(goals: Goals) -> dict[str, FactValue]:
    """A value of each fact that every response brings."""
    catalogue = goals.scene.bundle.catalogue
    values = complete(catalogue, {})
    facts = {name: catalogue.facts[name] for name in values}
    return {name: decode_value(fact, values[name]) for name, fact in facts.items() if not fact.derived}


# -- one goal -----------------------------------------------------------------------------------


class Suggester:
    """Finds tests that reach what none reaches, with as few facts as can be beside a file's defaults."""

    def __init__(self, goals: Goals, file: TestFile | None, now: datetime) -> None:
        self.goals = goals
        self.bundle: Bundle = goals.scene.bundle
        self.catalogue = self.bundle.catalogue
        self.defaults = _defaults(goals, file, now)
        self.stated_now = now if file is None else file.defaults.now
        given = self.defaults.facts
        self.required = {name: value for name, value in _required(goals).items() if given.get(name) is None}
        (answered,) = run_test(self.bundle, self._test({}, self._instants()[0])).answers
        self.usual = encode(self.catalogue, answered.facts.values)
        self.nearby = Nearby(goals.scene.space, self.usual)

    def find(self, goal: Goal) -> tuple[Case, set[Goal]] | None:
        """A case that surely reaches the goal, and all that it reaches."""
        for region in self._regions(goal):
            facts = self.nearby.find(region, goal.covers)
            if facts is None:
                continue
            if goal.kind == "boundary":
                facts[goal.name] = decode_value(self.catalogue.facts[goal.name], goal.value)
            for tried, now in product(self._completed(facts), self._instants()):
                result = run_test(self.bundle, self._test(tried, now))
                reached = find_reached(self.goals, [result])
                case = self._case(goal.words, tried, now, result)
                if goal in reached and case is not None:
                    return case, reached
        return None

    def _completed(self, facts: Facts) -> Iterator[Facts]:
        """The facts; then with a score that no condition reads, for what is said where one is known."""
        yield facts
        for name in sorted(self.bundle.scores - self.goals.scene.space.numbers.keys())[:1]:
            yield {**facts, name: self.catalogue.facts[name].low or 0}

    def tell_apart(self, survivor: Survivor) -> Case | None:
        """A case that the mutant fails."""
        found = survivor.difference
        if found is None:
            return None
        zone = ZoneInfo(self.goals.scene.rule_set.timezone)
        now = self._instants()[0]
        if found.day is not None:
            now = datetime.combine(found.day, time(12), zone).astimezone(UTC)
        name = f"{survivor.mutant.owner}, and not: {survivor.mutant.words}"
        changed = compile_workspace(survivor.workspace)
        for facts in self._completed(found.facts):
            test = self._test(facts, now)
            case = self._case(name, facts, now, run_test(self.bundle, test))
            other = run_test(changed, test).answers[0].decision
            if case is not None and (other is None or _expected(other) != _expected(case.decision)):
                return case
        return None

    def _case(self, name: str, facts: Facts, now: datetime, result: TestResult) -> Case | None:
        """The case, unless another rule set decides it: a test there reaches the same."""
        decision = result.answers[0].decision
        if decision is None or decision.rule_set not in (None, self.goals.scene.rule_set.name):
            return None
        stated = now == self.stated_now
        return Case(name, {**self.required, **facts}, None if stated else now, decision)

    def _instants(self) -> list[datetime]:
        """The usual instant, then noon of the first day of each rule that is not always in effect."""
        zone = ZoneInfo(self.goals.scene.rule_set.timezone)
        days = [rule.effective_from for rule in self.goals.scene.rule_set.rules if rule.effective_from]
        noons = [datetime.combine(day, time(12), zone).astimezone(UTC) for day in dict.fromkeys(days)]
        return [*([self.defaults.now] if self.defaults.now else []), *noons]

    def _test(self, facts: Facts, now: datetime) -> RuleTest:
        known = {**self.defaults.facts, **self.required, **facts}
        given = {name: value for name, value in known.items() if not self.catalogue.facts[name].derived}
        step = Step(
            place=self.goals.scene.rule_set.place,
            at=now,
            responded_at=now,
            given={name: value for name, value in given.items() if value is not None},
            expect=(),
            pinned={name: value for name, value in known.items() if name not in given},
            contact=self.defaults.contact,
            customer=self.defaults.customer,
            arms=self.defaults.arms,
        )
        name = self.goals.scene.rule_set.name
        return RuleTest("suggested", step.place, name, (step,), self.defaults.world)

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
