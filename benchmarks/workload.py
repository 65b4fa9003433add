"""Rules of about four tests each, and responses for them: the same work for every engine."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from random import Random

from boucle.errors import Place
from boucle.model import FactValue
from boucle.rules.bundle import Bundle
from boucle.rules.catalogue import Catalogue, Fact
from boucle.rules.compiler import compile_workspace
from boucle.rules.condition import And, Compare, Expr, Has, IsTrue, Not, OneOf, Or, Within
from boucle.rules.ruleset import Policy, Rule, RuleSet, Undecided, Workspace

HERE = Place("benchmark", 1, 1)
SEGMENTS = tuple(f"segment-{number}" for number in range(8))
TAGS = tuple(f"tag-{number}" for number in range(8))
TOUCHPOINTS = tuple(f"touchpoint-{number}" for number in range(10))
UNKNOWN = 0.3
"""How often an optional fact is unknown."""

FACTS = (
    Fact("nps", "int", HERE, optional=True, metric="nps", low=0, high=10),
    Fact("csat.delivery", "int", HERE, optional=True, metric="csat", low=1, high=5),
    Fact("ces.onboarding", "int", HERE, optional=True, metric="ces", low=1, high=7),
    Fact("response.touchpoint", "enum", HERE, optional=True, values=TOUCHPOINTS),
    Fact("customer.segment", "enum", HERE, optional=True, values=SEGMENTS),
    Fact("customer.tags", "set", HERE, optional=True, values=TAGS),
    Fact("customer.arr", "decimal", HERE, optional=True, digits=2, low=0),
    Fact("consent.follow_up", "bool", HERE, optional=True),
    Fact("comment.length", "int", HERE, optional=False, low=0, derived=True),
    Fact("history.detractors_180d", "int", HERE, optional=True, low=0, derived=True),
)


def compile_rules(count: int, random: Random) -> Bundle:
    """A bundle of one rule set with that many rules."""
    return compile_conditions([_condition(random) for _ in range(count)])


def compile_conditions(conditions: list[Expr], facts: tuple[Fact, ...] = FACTS) -> Bundle:
    """A bundle of one rule set with a rule for each condition."""
    rules = tuple(
        Rule(f"rule-{number}", when, "csm_case", {"team": "csm"}, HERE)
        for number, when in enumerate(conditions)
    )
    rule_set = RuleSet("benchmark", "Europe/Paris", rules, Undecided(HERE), HERE)
    catalogue = Catalogue({fact.name: fact for fact in facts}, {})
    return compile_workspace(Workspace(catalogue, Policy(), (rule_set,)))


def _condition(random: Random) -> Expr:
    """A score's band first, as authors write it, then three more tests in one of three shapes."""
    band, one, other, third = _band(random), make_test(random), make_test(random), make_test(random)
    match random.randrange(3):
        case 0:
            return And((band, one, other, Not(third, HERE)), HERE)
        case 1:
            return And((band, Or((one, other), HERE), third), HERE)
        case _:
            return And((band, one, Not(Or((other, third), HERE), HERE)), HERE)


def _band(random: Random) -> Expr:
    nps = Within("nps", *random.choice(((0, 6), (7, 8), (9, 10))), HERE, "")
    csat = Compare("csat.delivery", random.choice(("<=", ">=")), random.randint(1, 5), HERE, "")
    return random.choice((nps, csat, Compare("ces.onboarding", "<=", 3, HERE, "")))


_TESTS: tuple[Callable[[Random], Expr], ...] = (
    lambda random: OneOf("customer.segment", tuple(random.sample(SEGMENTS, 2)), HERE, ""),
    lambda random: Has("customer.tags", (random.choice(TAGS),), HERE, ""),
    lambda _: IsTrue("consent.follow_up", HERE, ""),
    lambda random: Compare("comment.length", ">=", random.choice((20, 50, 100)), HERE, ""),
    lambda random: Compare("customer.arr", ">=", Decimal(random.randrange(0, 100_000, 1_000)), HERE, ""),
    lambda random: Compare("history.detractors_180d", ">=", random.randint(1, 3), HERE, ""),
    lambda random: Compare("response.touchpoint", "==", random.choice(TOUCHPOINTS), HERE, ""),
)


def make_test(random: Random) -> Expr:
    """A test of one fact that is no score."""
    return random.choice(_TESTS)(random)


_VALUES: Mapping[str, Callable[[Random], FactValue]] = {
    "nps": lambda random: random.randint(0, 10),
    "csat.delivery": lambda random: random.randint(1, 5),
    "ces.onboarding": lambda random: random.randint(1, 7),
    "response.touchpoint": lambda random: random.choice(TOUCHPOINTS),
    "customer.segment": lambda random: random.choice(SEGMENTS),
    "customer.tags": lambda random: tuple(sorted(random.sample(TAGS, random.randint(0, 3)))),
    "customer.arr": lambda random: Decimal(random.randint(0, 10_000_000)).scaleb(-2),
    "consent.follow_up": lambda random: random.random() < 0.7,  # noqa: PLR2004 # most consent
    "comment.length": lambda random: random.randint(0, 300),
    "history.detractors_180d": lambda random: random.randint(0, 3),
}


def make_facts(random: Random) -> dict[str, FactValue]:
    """The known facts of one response."""
    return {
        fact.name: _VALUES[fact.name](random)
        for fact in FACTS
        if not fact.optional or random.random() >= UNKNOWN
    }
