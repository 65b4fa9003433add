"""A pair of columns looked up by an index: SQLite finds `(a, b) IN (…)` only by reading the whole table."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import ColumnElement, false, or_
from sqlmodel import col


def among(first: Any, second: Any, pairs: Iterable[tuple[str, str]]) -> ColumnElement[bool]:
    """Whether the two columns hold one of these pairs, of which many have the same first half."""
    by_first: dict[str, list[str]] = {}
    for one, other in sorted(pairs):
        by_first.setdefault(one, []).append(other)
    fits = ((col(first) == one) & col(second).in_(others) for one, others in by_first.items())
    return or_(false(), *fits)
