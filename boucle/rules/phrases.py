"""Atoms and values in words: one text for one meaning, whatever the author's spacing was.

The text of an atom is the positive one (`not` stands outside), so that a recorded truth value can be
read beside it, and two ways of writing the same atom are one entry of a record.
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

from boucle.model import FactValue
from boucle.rules.condition import Atom, Compare, Contains, Has, Known, OneOf, Within

NOT_KNOWN = "not known"
"""How an unknown fact reads, everywhere."""


def word_value(value: FactValue) -> str:
    """A fact's value as a reader sees it in a sentence; instants in UTC."""
    match value:
        case bool():
            return "true" if value else "false"
        case datetime():
            precision = "milliseconds" if value.microsecond else "seconds"
            return value.astimezone(UTC).isoformat(timespec=precision).replace("+00:00", "Z")
        case date():
            return value.isoformat()
        case Decimal():
            return f"{value:f}"
        case tuple():
            return ", ".join(value) if value else "none"
        case _:
            return str(value)


def word_constant(value: FactValue) -> str:
    """A constant as the rule language writes it: text in quotes, lists in brackets."""
    match value:
        case tuple():
            return f"[{', '.join(word_constant(member) for member in value)}]"
        case bool() | int() | Decimal():
            return word_value(value)
        case _:
            return '"' + word_value(value).replace('"', '""') + '"'


def _any(values: tuple[str, ...]) -> str:
    return word_constant(values[0]) if len(values) == 1 else f"any {word_constant(values)}"


def word_relation(atom: Atom) -> str:
    """What an atom asks of its fact, without the fact's name; empty for a bool fact alone."""
    relation = ""
    match atom:
        case Compare():
            relation = f"{atom.op} {word_constant(atom.value)}"
        case Within():
            relation = f"in {word_constant(atom.low)}..{word_constant(atom.high)}"
        case OneOf():
            relation = f"in [{', '.join(word_constant(value) for value in atom.values)}]"
        case Has():
            relation = f"has {_any(atom.members)}"
        case Contains():
            relation = f"contains {_any(atom.needles)}"
        case Known():
            relation = "is known"
    return relation


def word_atom(atom: Atom) -> str:
    """The whole atom in the rule language, in its one canonical form."""
    return f"{atom.fact} {word_relation(atom)}".rstrip()
