"""Runs rule tests on the path that decides live: derivation, judge, gates; only the world is in memory."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from boucle.decision import Decision
from boucle.errors import Place
from boucle.model import Duration
from boucle.rules.bundle import Bundle
from boucle.rules.decide import conclude, judge
from boucle.rules.failures import CannotDecideError
from boucle.rules.reading import Facts
from boucle.rules.testing.cases import Answer, Expected, RuleTest, Step
from boucle.rules.testing.entries import by_id, is_listed
from boucle.rules.testing.world import World


@dataclass(frozen=True)
class Answered:
    """One step with the facts on which it was decided, and the decision; None: `problem` says why not."""

    step: Step
    facts: Facts
    decision: Decision | None
    problem: str | None = None


@dataclass(frozen=True)
class Failure:
    """What came out otherwise than expected; `key` is one of `expect`, or what stands in its way."""

    place: Place
    key: str
    expected: Answer
    found: Answer
    answered: Answered


@dataclass(frozen=True)
class TestResult:
    """What became of one test."""

    __test__ = False  # its name begins as pytest's own do

    test: RuleTest
    answers: tuple[Answered, ...]
    failures: tuple[Failure, ...]

    @property
    def passed(self) -> bool:
        """Whether all came out as expected."""
        return not self.failures


def run_tests(bundle: Bundle, tests: Iterable[RuleTest]) -> list[TestResult]:
    """Run every test, each in a world of its own."""
    return [run_test(bundle, test) for test in tests]


def run_test(bundle: Bundle, test: RuleTest) -> TestResult:
    """Run one test, step by step; after a step that cannot be decided nothing more is run."""
    world = World(bundle, test)
    answers: list[Answered] = []
    failures: list[Failure] = []
    for step in test.steps:
        answered = _answer(bundle, world, step)
        answers.append(answered)
        failures.extend(_compare(test, answered))
        if answered.decision is None:
            break
        world.take(step, answered.decision)
        if step.closes is not None and not world.close(answered.decision, step.closes):
            failures.append(Failure(step.place, "close", "a loop", "nothing was started or joined", answered))
    return TestResult(test, tuple(answers), tuple(failures))


def _answer(bundle: Bundle, world: World, step: Step) -> Answered:
    facts = world.read(step)
    try:
        verdict = judge(bundle, facts, step.at)
    except CannotDecideError as error:
        return Answered(step, facts, None, str(error))
    told = world.tell(verdict.asks, step)
    return Answered(step, facts, conclude(bundle, verdict, told, world.arms(step)))


# -- what was expected, and what came -----------------------------------------------------------


def _compare(test: RuleTest, answered: Answered) -> Iterator[Failure]:
    step, decision = answered.step, answered.decision
    if decision is None:
        yield Failure(step.place, "decision", "one", answered.problem, answered)
        return
    keys = {one.key for one in step.expect}
    if keys and _is_astray(decision.rule_set, test.rule_set, keys):
        decided_by = decision.rule_set or "no rule set decides such a response"
        yield Failure(step.place, "ruleset", test.rule_set, decided_by, answered)
    found = read_outcome(decision)
    for one in step.expect:
        if not _is_met(one, found[one.key]):
            yield Failure(one.place, one.key, one.value, found[one.key], answered)


def _is_astray(decided_by: str | None, rule_set: str, keys: set[str]) -> bool:
    """Whether a test matches nothing of its rule set; only a reason can be expected of no rule set."""
    return decided_by != rule_set and (decided_by is not None or "reason" not in keys)


def read_outcome(decision: Decision) -> dict[str, Answer]:
    """What a decision says under each key that a test can expect."""
    plan = decision.plan
    return {
        "rule": decision.winner,
        "starts": plan.play if plan and decision.outcome == "starts" else None,
        "with": {**plan.params} if plan else None,
        "joined": decision.outcome == "joined",
        "reason": decision.reason,
        "blocked_by": decision.blocked_by,
        "deferred_until": decision.deferred_until,
        "also_matched": [*sorted(decision.also_matched)],
        "observed": [*sorted(decision.observed)],
        "undecided": [*sorted(rule for rule, truth in decision.rules.items() if truth == "undecided")],
        "gates": {gate.gate: gate.result for gate in decision.gates},
        "because": decision.because,
    }


def _is_met(expected: Expected, found: Answer) -> bool:
    match expected.key:
        case "with" | "gates":
            return _contains(found, expected.value)
        case "because":
            return isinstance(found, str) and str(expected.value) in found
        case _:
            return found == expected.value


def _contains(whole: Answer, part: Answer) -> bool:
    """Whether a mapping holds all of another, at every depth; entries of a list are known by their ids."""
    if is_listed(whole) and isinstance(part, Mapping):
        whole = by_id(whole)
    if isinstance(whole, Mapping) and isinstance(part, Mapping):
        return all(key in whole and _contains(whole[key], value) for key, value in part.items())
    return whole == part or _is_as_long(whole, part)


def _is_as_long(one: Answer, other: Answer) -> bool:
    """Whether both are lengths of time on the wall clock, and the same, as `480m` and `8h` are."""
    if not isinstance(one, str) or not isinstance(other, str):
        return False
    try:
        return Duration.parse(one).wall() == Duration.parse(other).wall()
    except (ValueError, OverflowError):
        return False
