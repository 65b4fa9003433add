"""Partition and z3 answer generated questions alike, and the evaluator confirms every witness.

A few hundred questions always; 10,000 with `BOUCLE_AGREEMENT=full`.
"""

from __future__ import annotations

import os
import random
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Literal

import pytest

from boucle.model import FactValue, Money
from boucle.rules.analysis import differences
from boucle.rules.analysis.partition import Asked, GaveUp
from boucle.rules.analysis.questions import Question, survey
from boucle.rules.analysis.region_differences import find_moves
from boucle.rules.analysis.region_survey import survey_by_regions
from boucle.rules.analysis.solver_survey import survey_by_solver
from boucle.rules.analysis.witnesses import find_witness
from boucle.rules.bundle import Bundle
from boucle.rules.catalogue import Fact
from boucle.rules.compiler import compile_workspace
from boucle.rules.condition import Expr
from boucle.rules.decide import judge
from boucle.rules.reading import Facts
from boucle.rules.ruleset import (
    Budget,
    Cap,
    Definition,
    Exemption,
    GateKind,
    Holdout,
    Policy,
    Rule,
    RuleSet,
    Spending,
    Suppression,
    Undecided,
    Workspace,
)
from tests.unit.handmade import (
    HERE,
    both,
    catalogue,
    compare,
    contains,
    either,
    has,
    is_true,
    known,
    named,
    no,
    one_of,
    within,
)

PARTS = 5
EACH = 5
QUESTIONS = 10_000 if os.environ.get("BOUCLE_AGREEMENT") == "full" else 100

FACTS = (
    Fact("nps", "int", HERE, optional=True, metric="nps", low=0, high=10),
    Fact("customer.arr", "decimal", HERE, optional=True, digits=2, low=0),
    Fact("customer.segment", "enum", HERE, optional=True, values=("key", "standard", "trial")),
    Fact("customer.tags", "set", HERE, optional=True, values=("vip", "hold", "risk")),
    Fact("customer.since", "date", HERE, optional=True),
    Fact("contact.seen", "instant", HERE, optional=True),
    Fact("consent.follow_up", "bool", HERE, optional=True),
    Fact("response.origin", "enum", HERE, optional=False, values=("direct", "indirect")),
    Fact("response.age_days", "int", HERE, optional=False, derived=True),
    Fact("response.known_customer", "bool", HERE, optional=False, derived=True),
    Fact("customer.open_loop", "bool", HERE, optional=True, derived=True),
    Fact("customer.tenure_days", "int", HERE, optional=True, low=0, derived=True),
    Fact("comment.text", "text", HERE, optional=True, pii=True),
)
PLAYS = ("csm_case", "apologize_with_offer", "escalate")
DAY = date(2026, 3, 10)
NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)
SIGNS: tuple[Literal["==", "<", "<=", ">", ">="], ...] = ("==", "<", "<=", ">", ">=")


class Dice:
    """Draws questions; the same seed draws the same ones."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)  # noqa: S311 # the same questions each time, no secret
        self.facts = self.random.sample(FACTS, self.random.randint(2, 5))
        self.names: list[str] = []

    def chance(self, share: float) -> bool:
        return self.random.random() < share

    # -- conditions

    def expr(self, depth: int = 2) -> Expr:
        if depth == 0 or self.chance(0.3):
            return self.atom()
        parts = [self.expr(depth - 1) for _ in range(self.random.randint(2, 3))]
        return self.random.choice((both(*parts), either(*parts), no(parts[0])))

    def atom(self) -> Expr:
        if self.names and self.chance(0.25):
            return named(self.random.choice(self.names))
        fact = self.random.choice(self.facts)
        return known(fact.name) if fact.optional and self.chance(0.15) else self.relation(fact)

    def relation(self, fact: Fact) -> Expr:
        match fact.type:
            case "bool":
                return is_true(fact.name)
            case "set":
                return has(fact.name, *self.random.sample(fact.values, self.random.randint(1, 2)))
            case "enum":
                return one_of(fact.name, *self.random.sample(fact.values, self.random.randint(1, 2)))
            case "text":
                return contains(fact.name, *self.random.sample(("late", "price", "bug"), 2))
            case _:
                return self.ordered(fact)

    def facts_of(self, names: Iterable[str]) -> dict[str, FactValue]:
        """Facts of a response at random; a fact that may be unknown often is."""
        drawn = {}
        for fact in FACTS:
            if not fact.optional or (fact.name in names and self.chance(0.8)):
                drawn[fact.name] = self.any_value(fact)
        return drawn

    def any_value(self, fact: Fact) -> FactValue:
        match fact.type:
            case "bool":
                return self.chance(0.5)
            case "set":
                return tuple(value for value in fact.values if self.chance(0.5))
            case "enum":
                return self.random.choice(fact.values)
            case "text":
                return " ".join(word for word in ("late", "price", "bug") if self.chance(0.5))
            case _:
                return self.value(fact)

    def ordered(self, fact: Fact) -> Expr:
        if self.chance(0.3):
            low, high = sorted((self.value(fact), self.value(fact)), key=str)
            return within(fact.name, low, high)
        return compare(fact.name, self.random.choice(SIGNS), self.value(fact))

    def value(self, fact: Fact) -> FactValue:
        number = self.random.randint(0, 10)
        values: dict[str, FactValue] = {
            "decimal": Decimal(number) / 4,
            "date": date(2026, 1, 1) + timedelta(days=number),
            "instant": datetime(2026, 1, 1, tzinfo=UTC) + timedelta(hours=number),
        }
        return values.get(fact.type, number)

    # -- rules and gates

    def rule(self, number: int) -> Rule:
        exempt = frozenset[GateKind](kind for kind in ("suppress", "caps", "holdouts") if self.chance(0.3))
        return Rule(
            f"rule-{number}",
            self.expr(),
            self.random.choice(PLAYS),
            {},
            HERE,
            mode="observe" if self.chance(0.1) else "act",
            rollout=2500 if self.chance(0.1) else None,
            exempt=Exemption(exempt, "a reason") if exempt else None,
            spends=Spending("budget", Money(minor=1500, currency="EUR")) if self.chance(0.1) else None,
            effective_until=DAY - timedelta(days=1) if self.chance(0.1) else None,
        )

    def rule_set(self, name: str, only_when: Expr | None) -> RuleSet:
        definitions = {}
        for number in range(self.random.randint(0, 2)):
            when = self.expr(1)
            definitions[f"d{number}"] = Definition(
                f"d{number}", when, self.random.choice((False, None)), HERE
            )
            self.names.append(f"d{number}")
        rules = tuple(self.rule(number) for number in range(self.random.randint(1, 4)))
        play = self.random.choice((None, *PLAYS))
        fallback = Undecided(HERE, self.expr(1) if self.chance(0.6) else None, play)
        return RuleSet(
            name, "Europe/Paris", rules, fallback, HERE, only_when=only_when, definitions=definitions
        )

    def policy(self) -> Policy:
        self.names = []
        begins = NOON if self.chance(0.6) else None
        suppress = Suppression(
            "quiet",
            HERE,
            frozenset(self.random.sample(PLAYS, 2)),
            None if begins and self.chance(0.3) else self.expr(1),
            begins,
            begins and begins + timedelta(hours=2),
            "defer" if begins and self.chance(0.5) else "drop",
        )
        cap = Cap("cap", HERE, frozenset(self.random.sample(PLAYS, 1)), "contact", 1, timedelta(days=30))
        holdout = Holdout("holdout", HERE, frozenset(self.random.sample(PLAYS, 1)), 1000)
        return Policy(
            suppressions=(suppress,) if self.chance(0.4) else (),
            caps=(cap,) if self.chance(0.3) else (),
            budgets=(Budget("budget", HERE, Money(minor=500000, currency="EUR"), "calendar_month"),),
            holdouts=(holdout,) if self.chance(0.3) else (),
        )

    def questions(self) -> Iterator[Question]:
        """Several questions about one programme."""
        first = self.rule_set("first", self.expr(1) if self.chance(0.4) else None)
        asked = [self.expr() for _ in range(EACH - 1)]
        sets = [first]
        if first.only_when is not None:
            self.names = []
            sets.append(self.rule_set("second", self.expr(1)))
        bundle = compile_workspace(Workspace(catalogue(*FACTS), self.policy(), tuple(sets)))
        compiled = bundle.find_rule_set("first")
        assert compiled is not None
        yield Question(bundle, compiled, DAY, ())
        for given in asked:
            yield Question(bundle, compiled, DAY, (Asked(given, compiled.definitions),))


def check(question: Question) -> int:
    """Ask both ways; how many outcomes there are."""
    by_partition, by_solver = survey(question), survey_by_solver(question)
    by_regions = survey_by_regions(question)
    assert not isinstance(by_partition, GaveUp)
    assert by_solver.opaque == frozenset()
    assert by_partition.examples.keys() == by_solver.examples.keys()
    assert by_regions is None or by_partition.examples.keys() == by_regions.examples.keys()
    for found in (by_partition, by_solver, *([by_regions] if by_regions else [])):
        for outcome, cell in found.examples.items():
            assert find_witness(question, cell, outcome) is not None, outcome
    return len(by_partition.examples)


@pytest.mark.parametrize("part", range(PARTS))
def test_both_ways_find_the_same_outcomes_and_the_evaluator_confirms_each(part: int) -> None:
    programmes = range(part, QUESTIONS // EACH, PARTS)
    outcomes = [check(question) for seed in programmes for question in Dice(seed).questions()]
    assert len(outcomes) == QUESTIONS // PARTS
    assert sum(outcomes) > len(outcomes)


def draw_edit(dice: Dice) -> tuple[Bundle, Bundle]:
    """A programme, and the same with another condition of its last rule."""
    first = dice.rule_set("first", None)
    edited = replace(first, rules=(*first.rules[:-1], replace(first.rules[-1], when=dice.expr())))
    old, new = (Workspace(catalogue(*FACTS), Policy(), (one,)) for one in (first, edited))
    return compile_workspace(old), compile_workspace(new)


def _answer(bundle: Bundle, facts: Facts) -> str:
    verdict = judge(bundle, facts, facts.responded_at)
    return verdict.winner or f"reason {verdict.decision.reason}"


@pytest.mark.parametrize("seed", range(20))
def test_no_response_is_answered_otherwise_where_an_edit_is_said_to_change_nothing(seed: int) -> None:
    dice = Dice(1_000_000 + seed)
    old, new = draw_edit(dice)
    kinds = {one.outcome: one.kind for one in differences.compare(old, new, DAY).differences}
    for _ in range(200):
        facts = Facts(
            dice.facts_of([fact.name for fact in dice.facts]), datetime(2026, 3, 10, 12, tzinfo=UTC)
        )
        was, now = _answer(old, facts), _answer(new, facts)
        assert was == now or (kinds[was] != "equivalent" and kinds[now] != "equivalent"), facts


@pytest.mark.parametrize("seed", range(20))
def test_regions_compare_two_versions_as_the_partition_does(seed: int) -> None:
    asked = differences._Comparison(*draw_edit(Dice(1_000_000 + seed)), "first", DAY)
    by_cells, by_regions = asked._moves(), find_moves(*asked.versions, asked.names)
    assert not isinstance(by_cells, GaveUp)
    assert by_regions is not None
    told = [
        {name: (lost is None, gained is None) for name, (lost, gained) in moves.items()}
        for moves in (by_cells, by_regions)
    ]
    assert told[0] == told[1]
    for name, (lost, gained) in by_regions.items():
        for shown in (asked._show(lost), asked._show(gained)):
            assert shown is None or shown.old != shown.new, name


def test_an_edit_drawn_at_random_mostly_changes_something() -> None:
    changed = 0
    for seed in range(20):
        for one in differences.compare(*draw_edit(Dice(1_000_000 + seed)), DAY).differences:
            changed += one.kind != "equivalent"
            for shown in (one.lost, one.gained):
                assert shown is None or shown.old != shown.new
    assert changed > 20
