"""What a condition says before its names and types are looked up.

Offsets are those of its text; in JSONLogic, which has none, they number the places of its nodes.
"""

from __future__ import annotations

from typing import Literal

from boucle.rules.language.lexer import Token
from boucle.rules.value import Value

CompareSign = Literal["==", "<", "<=", ">", ">="]


class Every(Value):
    """Parts joined by `and`."""

    parts: tuple[Syntax, ...]
    start: int


class Some(Value):
    """Parts joined by `or`."""

    parts: tuple[Syntax, ...]
    start: int


class Negated(Value):
    """A part after `not`, or an atom whose relation is negated (`!=`, `not in`, `is unknown`)."""

    part: Syntax
    start: int


class Comparison(Value):
    """`== 6`; `!=` is a negated `==`."""

    sign: CompareSign
    value: Token
    at: int


class Range(Value):
    """`in 0..6`."""

    low: Token
    high: Token
    at: int


class Listed(Value):
    """`in […]`, or `in` the named list."""

    values: tuple[Token, ...]
    at: int
    named: Token | None = None


class Holds(Value):
    """`has …` or `contains …`, one value, a list, or the named list."""

    verb: Literal["has", "contains"]
    values: tuple[Token, ...]
    at: int
    named: Token | None = None


class Presence(Value):
    """`is known`."""

    at: int


Relation = Comparison | Range | Listed | Holds | Presence


class Test(Value):
    """A name, alone or with a relation; `text` is the atom as written."""

    name: Token
    relation: Relation | None
    text: str


Syntax = Every | Some | Negated | Test
