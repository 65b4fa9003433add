"""Facts as plain JSON in rows: decimals, dates and instants as text, sets as lists.

Not the rule engine's encoding, which scales decimals by the catalogue of the day: what was stored
under one catalogue is read under another, and what does not fit there any more is unknown.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal, InvalidOperation

from pydantic import JsonValue

from boucle.engine.canonical import instant_text
from boucle.model import FactValue
from boucle.rules.catalogue import Catalogue, Fact, fit


def to_plain(value: FactValue) -> JsonValue:
    """One value in its plain form."""
    match value:
        case bool() | int() | str():
            return value
        case Decimal():
            return str(value)
        case tuple():
            return [*value]
        case datetime():
            return instant_text(value)
        case _:
            return value.isoformat()


def from_plain(fact: Fact, value: JsonValue) -> FactValue | None:
    """The value again; None where it is not one of the fact's type."""
    if isinstance(value, list):
        return tuple(str(member) for member in value) if fact.type == "set" else None
    if isinstance(value, str) and fact.type in {"decimal", "date", "instant"}:
        return _parse(fact, value)
    return value if isinstance(value, bool | int | str) else None


def _parse(fact: Fact, text: str) -> FactValue | None:
    try:
        match fact.type:
            case "decimal":
                return Decimal(text)
            case "date":
                return date.fromisoformat(text)
            case _:
                return datetime.fromisoformat(text)
    except (ValueError, InvalidOperation):
        return None


def write_facts(facts: Mapping[str, FactValue]) -> dict[str, JsonValue]:
    """All facts in their plain form."""
    return {name: to_plain(value) for name, value in facts.items()}


def read_facts(catalogue: Catalogue, stored: Mapping[str, JsonValue]) -> dict[str, FactValue]:
    """The stored facts that the catalogue still has and that still fit it; the others are unknown."""
    read: dict[str, FactValue] = {}
    for name, plain in stored.items():
        fact = catalogue.facts.get(name)
        value = from_plain(fact, plain) if fact else None
        if value is not None:
            read[name] = value
    fitting, _, _ = fit(catalogue, read)
    return fitting
