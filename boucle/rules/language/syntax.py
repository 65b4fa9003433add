"""What a condition says before its names and types are looked up.

Offsets are those of its text; in JSONLogic, which has none, they number the places of its nodes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from boucle.rules.language.lexer import Token

CompareSign = Literal["==", "<", "<=", ">", ">="]


@dataclass(frozen=True, slots=True)
class Every:
    """Parts joined by `and`."""

    parts: tuple[Syntax, ...]
    start: int


@dataclass(frozen=True, slots=True)
class Some:
    """Parts joined by `or`."""

    parts: tuple[Syntax, ...]
    start: int


@dataclass(frozen=True, slots=True)
class Negated:
    """A part after `not`, or an atom whose relation is negated (`!=`, `not in`, `is unknown`)."""

    part: Syntax
    start: int


@dataclass(frozen=True, slots=True)
class Comparison:
    """`== 6`; `!=` is a negated `==`."""

    sign: CompareSign
    value: Token
    at: int


@dataclass(frozen=True, slots=True)
class Range:
    """`in 0..6`."""

    low: Token
    high: Token
    at: int


@dataclass(frozen=True, slots=True)
class Listed:
    """`in […]`, or `in` the named list."""

    values: tuple[Token, ...]
    at: int
    named: Token | None = None


@dataclass(frozen=True, slots=True)
class Holds:
    """`has …` or `contains …`, one value, a list, or the named list."""

    verb: Literal["has", "contains"]
    values: tuple[Token, ...]
    at: int
    named: Token | None = None


@dataclass(frozen=True, slots=True)
class Presence:
    """`is known`."""

    at: int


Relation = Comparison | Range | Listed | Holds | Presence


@dataclass(frozen=True, slots=True)
class Test:
    """A name, alone or with a relation; `text` is the atom as written."""

    name: Token
    relation: Relation | None
    text: str


Syntax = Every | Some | Negated | Test
