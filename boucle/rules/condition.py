"""The typed tree of a condition: what the parser makes, what the checker types, what is compiled.

Negated relations (`!=`, `not in`, `is unknown`) are `Not` around the positive atom: in three-valued
logic the two are the same. `text` is the atom as the author wrote it, for explanation and records.
"""

from __future__ import annotations

from typing import Literal

from boucle.errors import Place
from boucle.model import FactValue
from boucle.rules.value import Value


class And(Value):
    """True when all parts are; false as soon as one is."""

    parts: tuple[Expr, ...]
    place: Place


class Or(Value):
    """True as soon as one part is; false when all are."""

    parts: tuple[Expr, ...]
    place: Place


class Not(Value):
    """The negation; of unknown, unknown."""

    part: Expr
    place: Place


class Defined(Value):
    """A definition by name, the rule set's own or a built-in band."""

    name: str
    place: Place


class Compare(Value):
    """A fact against one constant, both of the fact's type."""

    fact: str
    op: Literal["==", "<", "<=", ">", ">="]
    value: FactValue
    place: Place
    text: str


class Within(Value):
    """A fact between two constants, both inclusive."""

    fact: str
    low: FactValue
    high: FactValue
    place: Place
    text: str


class OneOf(Value):
    """A fact equal to one of several constants; never empty."""

    fact: str
    values: tuple[FactValue, ...]
    place: Place
    text: str


class Has(Value):
    """A set that has at least one of the members."""

    fact: str
    members: tuple[str, ...]
    place: Place
    text: str


class Contains(Value):
    """A text that contains at least one of the needles, case and accents folded, literally."""

    fact: str
    needles: tuple[str, ...]
    place: Place
    text: str


class Known(Value):
    """True when the fact is known, else false; never unknown."""

    fact: str
    place: Place
    text: str


class IsTrue(Value):
    """A bool fact standing alone."""

    fact: str
    place: Place
    text: str


Atom = Compare | Within | OneOf | Has | Contains | Known | IsTrue
Expr = And | Or | Not | Defined | Atom
