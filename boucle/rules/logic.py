"""Conditions as guarded JSONLogic: for each one an expression "is true" and one "is false".

`not` is pushed inwards and every atom on a fact that may be unknown is guarded, so that an unknown
fact makes neither expression true. No empty `and`, `or` or list is emitted: engines differ on them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from pydantic import JsonValue

from boucle.rules.catalogue import Fact
from boucle.rules.condition import (
    And,
    Atom,
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
from boucle.rules.encoding import FOLDED, encode_value, fold
from boucle.rules.ruleset import Definition
from boucle.rules.value import Value

PERSONAL = "@personal"
"""Where the truth values of the atoms on personal facts lie in the engine's data."""

_INVERSE = {"<": ">=", "<=": ">", ">": "<=", ">=": "<"}


class Vocabulary(Value):
    """What names in a condition mean. `inline`: atoms on personal facts are compiled in place.

    Outside of the one expression that evaluates them first, such atoms are read as truth values.
    Every atom's `text` must be the canonical one.
    """

    facts: Mapping[str, Fact]
    definitions: Mapping[str, Definition]
    inline: bool = False


def personal_key(text: str) -> str:
    """Under which key the truth value of a personal atom with this text lies."""
    return "a" + hashlib.sha256(text.encode()).hexdigest()[:16]


def is_true(expr: Expr, words: Vocabulary) -> JsonValue:
    """T: the JSONLogic that is true exactly where `expr` is true."""
    match expr:
        case And():
            return _join("and", [is_true(part, words) for part in expr.parts])
        case Or():
            return _join("or", [is_true(part, words) for part in expr.parts])
        case Not():
            return is_false(expr.part, words)
        case Defined():
            return is_true(words.definitions[expr.name].when, words)
        case _:
            return _atom(expr, words, holds=True)


def is_false(expr: Expr, words: Vocabulary) -> JsonValue:
    """F: the JSONLogic that is true exactly where `expr` is false."""
    match expr:
        case And():
            return _join("or", [is_false(part, words) for part in expr.parts])
        case Or():
            return _join("and", [is_false(part, words) for part in expr.parts])
        case Not():
            return is_true(expr.part, words)
        case Defined():
            definition = words.definitions[expr.name]
            if definition.if_unknown is False:
                return {"!": [is_true(definition.when, words)]}
            return is_false(definition.when, words)
        case _:
            return _atom(expr, words, holds=False)


def _join(operator: str, parts: list[JsonValue]) -> JsonValue:
    """One flat `and` or `or`; a part that stands there already is not said twice."""
    flat: list[JsonValue] = []
    for part in parts:
        inner = part.get(operator) if isinstance(part, dict) else None
        for one in inner if isinstance(inner, list) else [part]:
            if one not in flat:
                flat.append(one)
    return flat[0] if len(flat) == 1 else {operator: flat}


# -- atoms --------------------------------------------------------------------------------------


def _atom(atom: Atom, words: Vocabulary, *, holds: bool) -> JsonValue:
    fact = words.facts[atom.fact]
    if fact.pii and not words.inline:
        return {"===": [{"var": f"{PERSONAL}.{personal_key(atom.text)}"}, 1 if holds else 0]}
    test = _holds(atom, fact) if holds else _fails(atom, fact)
    if isinstance(atom, Known) or not fact.optional:
        return test
    return _join("and", [_known(fact), test])


def _var(fact: Fact, suffix: str = "") -> JsonValue:
    return {"var": fact.name + suffix}


def _known(fact: Fact) -> JsonValue:
    return {"!==": [_var(fact), None]}


def _holds(atom: Atom, fact: Fact) -> JsonValue:
    test: JsonValue
    match atom:
        case Compare(op="=="):
            test = {"===": [_var(fact), encode_value(fact, atom.value)]}
        case Compare():
            test = {atom.op: [_var(fact), encode_value(fact, atom.value)]}
        case Within():
            test = {"<=": [encode_value(fact, atom.low), _var(fact), encode_value(fact, atom.high)]}
        case OneOf():
            test = {"in": [_var(fact), [encode_value(fact, value) for value in atom.values]]}
        case Has():
            test = _join("or", [{"in": [member, _var(fact)]} for member in atom.members])
        case Contains():
            test = _join("or", [{"in": [fold(needle), _var(fact, FOLDED)]} for needle in atom.needles])
        case Known():
            test = _known(fact)
        case IsTrue():
            test = {"===": [_var(fact), True]}
    return test


def _fails(atom: Atom, fact: Fact) -> JsonValue:
    test: JsonValue
    match atom:
        case Compare(op="=="):
            test = {"!==": [_var(fact), encode_value(fact, atom.value)]}
        case Compare():
            test = {_INVERSE[atom.op]: [_var(fact), encode_value(fact, atom.value)]}
        case Within():
            below: JsonValue = {"<": [_var(fact), encode_value(fact, atom.low)]}
            test = {"or": [below, {">": [_var(fact), encode_value(fact, atom.high)]}]}
        case OneOf() | Has() | Contains():
            test = {"!": [_holds(atom, fact)]}
        case Known():
            test = {"===": [_var(fact), None]}
        case IsTrue():
            test = {"===": [_var(fact), False]}
    return test
