"""Random conditions and facts over the handmade catalogue, of every kind of atom and near its constants."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Literal

from hypothesis import strategies as st

from boucle.model import FactValue
from boucle.rules.catalogue import Fact, FactType
from boucle.rules.condition import Atom, Expr
from boucle.rules.ruleset import Definition
from tests.unit.handmade import (
    FACTS,
    both,
    compare,
    contains,
    define,
    either,
    has,
    is_true,
    known,
    named,
    no,
    one_of,
    within,
)

RANDOMS = st.integers(0, 2**48).map(Random)  # noqa: S311 # repeatable is wanted, not secret
DAY = date(2026, 3, 1)
MOMENT = datetime(2026, 3, 1, 12, tzinfo=UTC)
TEXTS = ("Très lent, et trop CHER", "tres bien", "delai", "Délai trop long", "", "ÉTÉ à la ferme")
NEEDLES = ("tres", "DÉLAI", "cher", "ferme", "ete")
OPERATORS: tuple[Literal["==", "<", "<=", ">", ">="], ...] = ("==", "<", "<=", ">", ">=")


_MAKERS: Mapping[FactType, Callable[[Random, Fact], FactValue]] = {
    "int": lambda random, fact: random.randint(fact.low or 0, fact.high or 12),
    "decimal": lambda random, _: Decimal(random.randint(0, 6)).scaleb(-2) + random.choice((0, 10_000)),
    "bool": lambda random, _: random.random() < 0.5,
    "enum": lambda random, fact: random.choice(fact.values),
    "set": lambda random, fact: tuple(
        sorted(random.sample(fact.values, random.randint(0, len(fact.values))))
    ),
    "date": lambda random, _: DAY + timedelta(days=random.randint(-3, 3)),
    "instant": lambda random, _: MOMENT + timedelta(milliseconds=random.randint(-3, 3)),
    "text": lambda random, _: random.choice(TEXTS),
}


def random_value(random: Random, fact: Fact) -> FactValue:
    """A value of the fact's type; few different ones, so that atoms come out both ways."""
    return _MAKERS[fact.type](random, fact)


def random_facts(random: Random, unknown: float = 0.3) -> dict[str, FactValue]:
    """The facts of a response; each optional one is unknown with the given probability."""
    return {
        fact.name: random_value(random, fact)
        for fact in FACTS
        if not fact.optional or random.random() >= unknown
    }


def random_atom(random: Random, facts: tuple[Fact, ...] = FACTS) -> Atom:
    """An atom that its fact's type allows."""
    fact = random.choice(facts)
    if fact.optional and random.random() < 0.1:
        return known(fact.name)
    match fact.type:
        case "bool":
            return is_true(fact.name)
        case "set":
            return has(fact.name, *random.sample(fact.values, random.randint(1, 2)))
        case "text":
            return contains(fact.name, *random.sample(NEEDLES, random.randint(1, 2)))
        case "enum":
            values = random.sample(fact.values, random.randint(1, len(fact.values)))
            return one_of(fact.name, *values) if len(values) > 1 else compare(fact.name, "==", values[0])
    return _random_number(random, fact)


def _random_number(random: Random, fact: Fact) -> Atom:
    values = [random_value(random, fact) for _ in range(3)]
    match random.randrange(3):
        case 0:
            return compare(fact.name, random.choice(OPERATORS), values[0])
        case 1:
            low, high = sorted(values[:2], key=lambda value: (str(type(value)), value))
            return within(fact.name, low, high)
        case _:
            return one_of(fact.name, *dict.fromkeys(values))


def random_expression(
    random: Random, depth: int = 3, names: tuple[str, ...] = (), facts: tuple[Fact, ...] = FACTS
) -> Expr:
    """A condition at most `depth` deep, over the facts and the definitions' names."""
    if depth == 0 or random.random() < 0.2:
        if names and random.random() < 0.3:
            return named(random.choice(names))
        return random_atom(random, facts)
    kind = random.randrange(3)
    if kind == 0:
        return no(random_expression(random, depth - 1, names, facts))
    parts = [random_expression(random, depth - 1, names, facts) for _ in range(random.randint(2, 3))]
    return both(*parts) if kind == 1 else either(*parts)


def random_definitions(random: Random, facts: tuple[Fact, ...] = FACTS) -> tuple[Definition, ...]:
    """Three definitions, each of which may name those before it; some say what unknown means."""
    definitions: list[Definition] = []
    for name in ("first", "second", "third"):
        names = tuple(definition.name for definition in definitions)
        when = random_expression(random, 2, names, facts)
        definitions.append(define(name, when, random.choice((False, None))))
    return tuple(definitions)
