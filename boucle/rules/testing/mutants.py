"""Rule sets with one small mistake in each: what a slip of the hand, or of the mind, would make of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Literal

from boucle.errors import Place
from boucle.model import FactValue
from boucle.rules.catalogue import Fact
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
from boucle.rules.encoding import decode_value, encode_value
from boucle.rules.ruleset import RuleSet
from boucle.rules.testing.goals import UNITS, can_be
from boucle.rules.testing.parts import ONLY_WHEN
from boucle.rules.writing.condition_text import write_condition

Facts = Mapping[str, Fact]

_SOFTENED: Mapping[str, Literal["<", "<=", ">", ">="]] = {"<": "<=", "<=": "<", ">": ">=", ">=": ">"}


@dataclass(frozen=True)
class Change:
    """One small change of a condition: what it becomes, where, and in words."""

    expr: Expr
    place: Place
    words: str


@dataclass(frozen=True)
class Mutant:
    """A rule set with one change: where, whose condition or entry it is, and what was changed."""

    rule_set: RuleSet
    place: Place
    owner: str
    words: str


def list_mutants(rule_set: RuleSet, facts: Facts) -> Iterator[Mutant]:
    """Every mutant of a rule set, in the order of its file."""
    for owner, expr, rebuilt in _list_conditions(rule_set):
        for change in vary(expr, facts):
            yield Mutant(rebuilt(change.expr), change.place, owner, change.words)
    yield from _without_if_unknown(rule_set)
    yield from _without_entries(rule_set)
    yield from _in_other_order(rule_set)


# -- whose conditions ---------------------------------------------------------------------------

_Rebuild = Callable[[Expr], RuleSet]


def _list_conditions(rule_set: RuleSet) -> Iterator[tuple[str, Expr, _Rebuild]]:
    if rule_set.only_when is not None:
        yield ONLY_WHEN, rule_set.only_when, lambda expr: replace(rule_set, only_when=expr)
    for name, definition in rule_set.definitions.items():
        yield f"definition {name}", definition.when, _rebuild_definition(rule_set, name)
    for number, rule in enumerate(rule_set.rules):
        yield f"rule {rule.id}", rule.when, _rebuild_rule(rule_set, number)
    fallback = rule_set.undecided
    if fallback.when is not None and fallback.play is not None:
        yield (
            "undecided",
            fallback.when,
            lambda expr: replace(rule_set, undecided=replace(fallback, when=expr)),
        )
    for number, reason in enumerate(rule_set.otherwise):
        yield f"reason {reason.code}", reason.when, _rebuild_reason(rule_set, number)


def _rebuild_definition(rule_set: RuleSet, name: str) -> _Rebuild:
    def rebuild(expr: Expr) -> RuleSet:
        changed = replace(rule_set.definitions[name], when=expr)
        return replace(rule_set, definitions={**rule_set.definitions, name: changed})

    return rebuild


def _rebuild_rule(rule_set: RuleSet, number: int) -> _Rebuild:
    rules = rule_set.rules
    return lambda expr: replace(
        rule_set, rules=(*rules[:number], replace(rules[number], when=expr), *rules[number + 1 :])
    )


def _rebuild_reason(rule_set: RuleSet, number: int) -> _Rebuild:
    given = rule_set.otherwise
    return lambda expr: replace(
        rule_set, otherwise=(*given[:number], replace(given[number], when=expr), *given[number + 1 :])
    )


# -- whole entries ------------------------------------------------------------------------------


def _without_if_unknown(rule_set: RuleSet) -> Iterator[Mutant]:
    for name, definition in rule_set.definitions.items():
        if definition.if_unknown is not None:
            kept = {**rule_set.definitions, name: replace(definition, if_unknown=None)}
            words = "without 'if_unknown: false'"
            yield Mutant(replace(rule_set, definitions=kept), definition.place, f"definition {name}", words)


def _without_entries(rule_set: RuleSet) -> Iterator[Mutant]:
    rules, given = rule_set.rules, rule_set.otherwise
    for number, rule in enumerate(rules if len(rules) > 1 else ()):
        kept = (*rules[:number], *rules[number + 1 :])
        yield Mutant(replace(rule_set, rules=kept), rule.place, f"rule {rule.id}", "the rule is left out")
    for number, reason in enumerate(given):
        left = replace(rule_set, otherwise=(*given[:number], *given[number + 1 :]))
        yield Mutant(left, reason.place, f"reason {reason.code}", "the reason is left out")


def _in_other_order(rule_set: RuleSet) -> Iterator[Mutant]:
    rules = rule_set.rules
    for number, (upper, lower) in enumerate(pairwise(rules)):
        swapped = (*rules[:number], lower, upper, *rules[number + 2 :])
        words = f"it changes places with {upper.id} above it"
        yield Mutant(replace(rule_set, rules=swapped), lower.place, f"rule {lower.id}", words)


# -- one condition ------------------------------------------------------------------------------


def vary(expr: Expr, facts: Facts, *, negated: bool = False) -> Iterator[Change]:
    """Every small change of a condition; `negated`: a `not` stands right before it."""
    match expr:
        case And() | Or():
            yield from _vary_joined(expr, facts)
        case Not():
            yield _becomes(expr, expr.part)
            for change in vary(expr.part, facts, negated=True):
                yield replace(change, expr=Not(change.expr, expr.place))
        case _:
            if not negated:
                yield _becomes(expr, Not(expr, expr.place))
            for other in _vary_atom(expr, facts):
                yield _becomes(expr, other)


def _becomes(old: Expr, new: Expr) -> Change:
    return Change(new, old.place, f"`{write_condition(old)}` becomes `{write_condition(new)}`")


def _vary_joined(expr: And | Or, facts: Facts) -> Iterator[Change]:
    word, other = ("and", "or") if isinstance(expr, And) else ("or", "and")
    swapped = Or(expr.parts, expr.place) if isinstance(expr, And) else And(expr.parts, expr.place)
    yield Change(swapped, expr.place, f"'{word}' becomes '{other}' in `{write_condition(expr)}`")
    for number, part in enumerate(expr.parts):
        kept = _with_parts(expr, (*expr.parts[:number], *expr.parts[number + 1 :]))
        yield Change(kept, part.place, f"`{write_condition(part)}` is left out")
        for change in vary(part, facts):
            parts = (*expr.parts[:number], change.expr, *expr.parts[number + 1 :])
            yield replace(change, expr=_with_parts(expr, parts))


def _with_parts(expr: And | Or, parts: tuple[Expr, ...]) -> Expr:
    return parts[0] if len(parts) == 1 else replace(expr, parts=parts)


# -- one atom -----------------------------------------------------------------------------------


def _vary_atom(atom: Expr, facts: Facts) -> Iterator[Expr]:
    match atom:
        case Compare():
            if atom.op in _SOFTENED:
                yield replace(atom, op=_SOFTENED[atom.op])
            yield from (replace(atom, value=value) for value in _near(facts[atom.fact], atom.value))
        case Within():
            yield from _vary_range(atom, facts[atom.fact])
        case OneOf():
            others = _vary_list(atom.values, facts[atom.fact])
            yield from (replace(atom, values=values) for values in others)
        case Has():
            texts = _vary_list(atom.members, facts[atom.fact])
            yield from (replace(atom, members=tuple(map(str, members))) for members in texts)
        case Contains():
            yield from (replace(atom, needles=tuple(map(str, left))) for left in _shorter(atom.needles))
        case Known() | IsTrue() | Defined():
            return


def _near(fact: Fact, value: FactValue) -> Iterator[FactValue]:
    """The next values of a fact: one unit away, or beside it in its list."""
    if fact.values and value in fact.values:
        at = fact.values.index(str(value))
        yield from (*fact.values[max(0, at - 1) : at], *fact.values[at + 1 : at + 2])
    elif fact.type in UNITS:
        middle, unit = encode_value(fact, value), UNITS[fact.type]
        for near in (middle - unit, middle + unit) if isinstance(middle, int) else ():
            if can_be(fact, near):
                yield decode_value(fact, near)


def _vary_range(atom: Within, fact: Fact) -> Iterator[Expr]:
    for low in _near(fact, atom.low):
        if encode_value(fact, low) <= encode_value(fact, atom.high):  # type: ignore[operator] # both are integers
            yield replace(atom, low=low)
    for high in _near(fact, atom.high):
        if encode_value(fact, atom.low) <= encode_value(fact, high):  # type: ignore[operator] # as above
            yield replace(atom, high=high)


def _vary_list(values: Sequence[FactValue], fact: Fact) -> Iterator[tuple[FactValue, ...]]:
    """The list without each of its values, and with a next value in place of each."""
    yield from _shorter(values)
    for number, value in enumerate(values):
        for near in _near(fact, value):
            if near not in values:
                yield (*values[:number], near, *values[number + 1 :])


def _shorter(values: Sequence[FactValue]) -> Iterator[tuple[FactValue, ...]]:
    for number in range(len(values) if len(values) > 1 else 0):
        yield (*values[:number], *values[number + 1 :])
