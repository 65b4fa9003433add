"""Facts, conditions and workspaces made by hand, for tests of what comes after the reader."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Literal

from pydantic import JsonValue

from boucle.errors import Place
from boucle.model import FactValue
from boucle.rules.catalogue import Catalogue, Derived, Fact
from boucle.rules.condition import (
    And,
    Compare,
    Contains,
    Defined,
    Expr,
    Has,
    IsTrue,
    Known,
    Not,
    OneOf,
    Or,
    Within,
)
from boucle.rules.reading import Facts
from boucle.rules.ruleset import Definition, Policy, Reason, Rule, RuleSet, Undecided, Workspace

HERE = Place("rules/nps.yaml", 1, 1)
AT = datetime(2026, 3, 10, 9, tzinfo=UTC)
ANSWERED = datetime(2026, 3, 9, 18, 30, tzinfo=UTC)


def place(line: int) -> Place:
    return Place("rules/nps.yaml", line, 5)


FACTS: tuple[Fact, ...] = (
    Fact("nps", "int", HERE, optional=True, metric="nps", low=0, high=10),
    Fact("csat.delivery", "int", HERE, optional=True, metric="csat", low=1, high=5),
    Fact("response.origin", "enum", HERE, optional=False, values=("direct", "indirect")),
    Fact("response.day", "date", HERE, optional=True),
    Fact("response.moment", "instant", HERE, optional=True),
    Fact("comment.text", "text", HERE, optional=True, pii=True),
    Fact("comment.summary", "text", HERE, optional=True),
    Fact("customer.segment", "enum", HERE, optional=True, values=("strategic", "key", "standard")),
    Fact("customer.arr", "decimal", HERE, optional=True, digits=2, low=0),
    Fact("customer.tags", "set", HERE, optional=True, values=("vip", "legal_hold", "churn_risk")),
    Fact("consent.follow_up", "bool", HERE, optional=True),
    Fact("history.detractors_180d", "int", HERE, optional=True, low=0, derived=True),
)


def catalogue(*facts: Fact, derived: Mapping[str, Derived] | None = None) -> Catalogue:
    return Catalogue({fact.name: fact for fact in facts or FACTS}, derived or {})


def both(*parts: Expr) -> And:
    return And(parts, HERE)


def either(*parts: Expr) -> Or:
    return Or(parts, HERE)


def no(part: Expr) -> Not:
    return Not(part, HERE)


def named(name: str) -> Defined:
    return Defined(name, HERE)


def compare(fact: str, op: Literal["==", "<", "<=", ">", ">="], value: FactValue) -> Compare:
    return Compare(fact, op, value, HERE, f"{fact}{op}{value}")


def within(fact: str, low: FactValue, high: FactValue) -> Within:
    return Within(fact, low, high, HERE, f"{fact} in {low}..{high}")


def one_of(fact: str, *values: FactValue) -> OneOf:
    return OneOf(fact, values, HERE, f"{fact} in list")


def has(fact: str, *members: str) -> Has:
    return Has(fact, members, HERE, f"{fact} has {members}")


def contains(fact: str, *needles: str) -> Contains:
    return Contains(fact, needles, HERE, f"{fact} contains {needles}")


def known(fact: str) -> Known:
    return Known(fact, HERE, f"{fact} is known")


def is_true(fact: str) -> IsTrue:
    return IsTrue(fact, HERE, fact)


def define(name: str, when: Expr, if_unknown: Literal[False] | None = None) -> Definition:
    return Definition(name, when, if_unknown, place(3))


def rule(
    name: str,
    when: Expr,
    *,
    play: str = "csm_case",
    params: Mapping[str, JsonValue] | None = None,
    because: str | None = None,
    line: int = 10,
    effective: tuple[date | None, date | None] = (None, None),
) -> Rule:
    return Rule(
        name,
        when,
        play,
        params or {"team": "csm"},
        place(line),
        because=because,
        effective_from=effective[0],
        effective_until=effective[1],
    )


def reason(code: str, when: Expr) -> Reason:
    return Reason(code, when, f"The text of {code}", place(40))


def rule_set(
    *rules: Rule,
    name: str = "nps",
    undecided: Undecided | None = None,
    only_when: Expr | None = None,
    definitions: tuple[Definition, ...] = (),
    otherwise: tuple[Reason, ...] = (),
) -> RuleSet:
    return RuleSet(
        name,
        "Europe/Paris",
        rules,
        undecided or Undecided(place(30)),
        HERE,
        only_when=only_when,
        definitions={definition.name: definition for definition in definitions},
        otherwise=otherwise,
    )


def workspace(
    *rule_sets: RuleSet, max_age_days: int | None = 14, facts: Catalogue | None = None
) -> Workspace:
    max_age = None if max_age_days is None else timedelta(days=max_age_days)
    return Workspace(facts or catalogue(), Policy(max_age), rule_sets)


def response(values: Mapping[str, FactValue], responded_at: datetime = ANSWERED) -> Facts:
    """Known facts with the one that every response has."""
    return Facts({"response.origin": "direct", **values}, responded_at)


ARR = Decimal("10000.00")
