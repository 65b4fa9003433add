"""Lists among parameters whose entries have an `id` each: a test names the entries that it looks at."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeGuard

from pydantic import JsonValue


def is_listed(value: object) -> TypeGuard[list[JsonValue]]:
    """Whether it is a list of entries that have an id."""
    return isinstance(value, list) and bool(value) and all(isinstance(e, dict) and "id" in e for e in value)


def by_id(entries: list[JsonValue]) -> dict[str, JsonValue]:
    """The entries of such a list by their ids."""
    return {str(entry["id"]): entry for entry in entries if isinstance(entry, Mapping)}
