"""The canonical text of a condition: one line, as few parentheses as its meaning and its shape allow.

What is written is read again as the same tree, apart from places and the atoms' own texts.
"""

from __future__ import annotations

from boucle.rules.condition import And, Compare, Defined, Expr, Known, Not, OneOf, Or, Within
from boucle.rules.phrases import word_atom, word_relation

_OR, _AND, _NOT = 1, 2, 3


def write_condition(expr: Expr) -> str:
    """The text of a condition, named lists spelt out."""
    return _write(expr, 0)


def _write(expr: Expr, outside: int) -> str:
    """The text of a part; in parentheses where what stands around it binds as closely, or closer."""
    match expr:
        case Or():
            return _bracketed(" or ".join(_write(part, _OR) for part in expr.parts), _OR, outside)
        case And():
            return _bracketed(" and ".join(_write(part, _AND) for part in expr.parts), _AND, outside)
        case Not():
            return _negated(expr.part)
        case Defined():
            return expr.name
        case _:
            return word_atom(expr)


def _bracketed(text: str, own: int, outside: int) -> str:
    return f"({text})" if own <= outside else text


def _negated(part: Expr) -> str:
    match part:
        case Compare(op="=="):
            return f"{part.fact} !{word_relation(part)[1:]}"
        case Within() | OneOf():
            return f"{part.fact} not {word_relation(part)}"
        case Known():
            return f"{part.fact} is unknown"
        case _:
            return f"not {_write(part, _NOT)}"
