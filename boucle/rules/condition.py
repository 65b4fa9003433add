"""The typed tree of a condition: what the parser makes, what the checker types, what is compiled.

Negated relations (`!=`, `not in`, `is unknown`) are `Not` around the positive atom: in three-valued
logic the two are the same. `text` is the atom as the author wrote it, for explanation and records.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from boucle.errors import Place
from boucle.model import FactValue


@dataclass(frozen=True, slots=True)
class And:
    """True when all parts are; false as soon as one is."""

    parts: tuple[Expr, ...]
    place: Place


@dataclass(frozen=True, slots=True)
class Or:
    """True as soon as one part is; false when all are."""

    parts: tuple[Expr, ...]
    place: Place


@dataclass(frozen=True, slots=True)
class Not:
    """The negation; of unknown, unknown."""

    part: Expr
    place: Place


@dataclass(frozen=True, slots=True)
class Defined:
    """A definition by name, the rule set's own or a built-in band."""

    name: str
    place: Place


@dataclass(frozen=True, slots=True)
class Compare:
    """A fact against one constant, both of the fact's type."""

    fact: str
    op: Literal["==", "<", "<=", ">", ">="]
    value: FactValue
    place: Place
    text: str


@dataclass(frozen=True, slots=True)
class Within:
    """A fact between two constants, both inclusive."""

    fact: str
    low: FactValue
    high: FactValue
    place: Place
    text: str


@dataclass(frozen=True, slots=True)
class OneOf:
    """A fact equal to one of several constants; never empty."""

    fact: str
    values: tuple[FactValue, ...]
    place: Place
    text: str


@dataclass(frozen=True, slots=True)
class Has:
    """A set that has at least one of the members."""

    fact: str
    members: tuple[str, ...]
    place: Place
    text: str


@dataclass(frozen=True, slots=True)
class Contains:
    """A text that contains at least one of the needles, case and accents folded, literally."""

    fact: str
    needles: tuple[str, ...]
    place: Place
    text: str


@dataclass(frozen=True, slots=True)
class Known:
    """True when the fact is known, else false; never unknown."""

    fact: str
    place: Place
    text: str


@dataclass(frozen=True, slots=True)
class IsTrue:
    """A bool fact standing alone."""

    fact: str
    place: Place
    text: str


Atom = Compare | Within | OneOf | Has | Contains | Known | IsTrue
Expr = And | Or | Not | Defined | Atom
