"""Conditions as JSON and back: the form in which a bundle keeps what the author meant.

Constants are encoded as the facts are; places lie in the source map, not here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from pydantic import JsonValue

from boucle.errors import Place
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
from boucle.rules.encoding import decode_value, encode_value
from boucle.rules.failures import BundleError
from boucle.rules.phrases import word_atom
from boucle.rules.ruleset import Definition

Facts = Mapping[str, Fact]

NOWHERE = Place("", 0, 0)
"""The place of what was read from a bundle; the source map knows the real one."""


def children(expr: Expr) -> tuple[Expr, ...]:
    """The parts right below an expression; none for an atom or a definition's name."""
    match expr:
        case And() | Or():
            return expr.parts
        case Not():
            return (expr.part,)
        case _:
            return ()


def list_atoms(expr: Expr, definitions: Mapping[str, Definition]) -> Iterator[Atom]:
    """Every atom of an expression from left to right, definitions entered."""
    match expr:
        case And() | Or() | Not():
            for child in children(expr):
                yield from list_atoms(child, definitions)
        case Defined():
            yield from list_atoms(definitions[expr.name].when, definitions)
        case _:
            yield expr


# -- to JSON ------------------------------------------------------------------------------------


def write_expression(expr: Expr, facts: Facts) -> dict[str, JsonValue]:
    """The JSON form of an expression over the catalogue's `facts`."""
    match expr:
        case And():
            return {"and": [write_expression(part, facts) for part in expr.parts]}
        case Or():
            return {"or": [write_expression(part, facts) for part in expr.parts]}
        case Not():
            return {"not": write_expression(expr.part, facts)}
        case Defined():
            return {"definition": expr.name}
        case _:
            return {"fact": expr.fact, "text": word_atom(expr), **_write_relation(expr, facts[expr.fact])}


def _write_relation(atom: Atom, fact: Fact) -> dict[str, JsonValue]:
    relation: dict[str, JsonValue]
    match atom:
        case Compare():
            relation = {"is": atom.op, "value": encode_value(fact, atom.value)}
        case Within():
            low, high = encode_value(fact, atom.low), encode_value(fact, atom.high)
            relation = {"is": "within", "low": low, "high": high}
        case OneOf():
            relation = {"is": "one_of", "values": [encode_value(fact, value) for value in atom.values]}
        case Has():
            relation = {"is": "has", "values": [*atom.members]}
        case Contains():
            relation = {"is": "contains", "values": [*atom.needles]}
        case Known():
            relation = {"is": "known"}
        case IsTrue():
            relation = {"is": "true"}
    return relation


# -- from JSON ----------------------------------------------------------------------------------


def read_expression(written: JsonValue, facts: Facts) -> Expr:
    """The expression whose JSON form is `written`; BundleError where it is none."""
    match written:
        case {"and": list(parts)}:
            return And(tuple(read_expression(part, facts) for part in parts), NOWHERE)
        case {"or": list(parts)}:
            return Or(tuple(read_expression(part, facts) for part in parts), NOWHERE)
        case {"not": part}:
            return Not(read_expression(part, facts), NOWHERE)
        case {"definition": str(name)}:
            return Defined(name, NOWHERE)
        case {"fact": str(name), "text": str(text), "is": str(relation)} if isinstance(written, dict):
            if name in facts:
                return _read_atom(facts[name], text, relation, written)
    raise BundleError("a condition of the bundle has a form that this version does not read")


def _read_atom(fact: Fact, text: str, relation: str, written: Mapping[str, JsonValue]) -> Atom:
    atom: Atom
    match relation, written:
        case ("==" | "<" | "<=" | ">" | ">=") as op, {"value": value}:
            atom = Compare(fact.name, op, decode_value(fact, value), NOWHERE, text)
        case "within", {"low": low, "high": high}:
            atom = Within(fact.name, decode_value(fact, low), decode_value(fact, high), NOWHERE, text)
        case "one_of", {"values": list(values)}:
            atom = OneOf(fact.name, tuple(decode_value(fact, value) for value in values), NOWHERE, text)
        case "has", {"values": list(values)}:
            atom = Has(fact.name, tuple(str(value) for value in values), NOWHERE, text)
        case "contains", {"values": list(values)}:
            atom = Contains(fact.name, tuple(str(value) for value in values), NOWHERE, text)
        case "known", _:
            atom = Known(fact.name, NOWHERE, text)
        case "true", _:
            atom = IsTrue(fact.name, NOWHERE, text)
        case _:
            raise BundleError(
                f"a test of '{fact.name}' in the bundle has a form that this version does not read"
            )
    return atom
