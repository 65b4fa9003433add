"""Conditions as an author's JSONLogic, in YAML's flow style: the other way into the same tree."""

from __future__ import annotations

import json
from decimal import Decimal
from random import Random

from boucle.model import FactValue
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
from boucle.rules.phrases import word_value
from tests.unit.handmade import either

_MIRRORED = {"==": "==", "<": ">", "<=": ">=", ">": "<", ">=": "<="}

FACTS_TEXT = """\
boucle: facts/v1
facts:
  nps: {score: nps}
  csat.delivery: {score: csat, scale: 1..5}
  response.origin: {type: enum, values: [direct, indirect]}
  response.day: {type: date, optional: true}
  response.moment: {type: instant, optional: true}
  comment.text: {type: text, optional: true, pii: true}
  comment.summary: {type: text, optional: true}
  customer.segment: {type: enum, values: [strategic, key, standard]}
  customer.arr: {type: decimal, digits: 2, min: 0}
  customer.tags: {type: set, of: [vip, legal_hold, churn_risk]}
  consent.follow_up: {type: bool}
derived:
  history.detractors_180d: {count: responses, within: 180d, per: customer}
"""
"""The handmade catalogue as its author would write it."""


def split(expr: Expr) -> Expr:
    """The same condition without `any`, which JSONLogic says with `or`."""
    match expr:
        case And():
            return And(tuple(map(split, expr.parts)), expr.place)
        case Or():
            return Or(tuple(map(split, expr.parts)), expr.place)
        case Not():
            return Not(split(expr.part), expr.place)
        case Has() if len(expr.members) > 1:
            return either(*(Has(expr.fact, (one,), expr.place, "") for one in expr.members))
        case Contains() if len(expr.needles) > 1:
            return either(*(Contains(expr.fact, (one,), expr.place, "") for one in expr.needles))
        case _:
            return expr


def write_logic(expr: Expr, random: Random) -> str:
    """JSONLogic for a condition without `any`, one of the ways in which it can be said."""
    match expr:
        case And() | Or():
            parts = ", ".join(write_logic(part, random) for part in expr.parts)
            return f'{{"{"and" if isinstance(expr, And) else "or"}": [{parts}]}}'
        case Not():
            return _negated(expr.part, random)
        case Defined():
            return _var(expr.name)
        case _:
            return _atom(expr, random)


def _atom(atom: Atom, random: Random) -> str:
    var = _var(atom.fact)
    match atom:
        case Compare():
            written = _compared(atom, random)
        case Within():
            written = f'{{"<=": [{_constant(atom.low)}, {var}, {_constant(atom.high)}]}}'
        case OneOf():
            written = f'{{"in": [{var}, [{", ".join(map(_constant, atom.values))}]]}}'
        case Has():
            written = f'{{"in": [{_constant(atom.members[0])}, {var}]}}'
        case Contains():
            written = f'{{"in": [{_constant(atom.needles[0])}, {var}]}}'
        case Known():
            written = f'{{"{random.choice(("!=", "!=="))}": [{var}, null]}}'
        case IsTrue():
            written = random.choice((var, f'{{"===": [{var}, true]}}'))
    return written


def _negated(part: Expr, random: Random) -> str:
    if isinstance(part, Compare) and part.op == "==" and random.random() < 0.5:
        return f'{{"!==": [{_var(part.fact)}, {_constant(part.value)}]}}'
    if isinstance(part, Known):
        return f'{{"===": [{_var(part.fact)}, null]}}'
    inner = write_logic(part, random)
    return random.choice((f'{{"!": {inner}}}', f'{{"!": [{inner}]}}', f'{{"!": [{{"!!": {inner}}}]}}'))


def _compared(atom: Compare, random: Random) -> str:
    sign = random.choice(("==", "===")) if atom.op == "==" else atom.op
    if random.random() < 0.3:
        sign = sign if atom.op == "==" else _MIRRORED[sign]
        return f'{{"{sign}": [{_constant(atom.value)}, {_var(atom.fact)}]}}'
    return f'{{"{sign}": [{_var(atom.fact)}, {_constant(atom.value)}]}}'


def _var(name: str) -> str:
    return f'{{"var": "{name}"}}'


def _constant(value: FactValue) -> str:
    if isinstance(value, int | Decimal):
        return word_value(value)
    return json.dumps(word_value(value), ensure_ascii=False)
