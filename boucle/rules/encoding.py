"""Facts as the rule engine and the records carry them: typed values to exact JSON, and back.

Decimals are integers scaled by their digits, dates days and instants milliseconds since 1970-01-01,
sets sorted lists; every number lies within ±(2^53 - 1), so that every JSON reader holds it exactly.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Context, Decimal

from pydantic import JsonValue

from boucle.model import FactValue
from boucle.rules.canonical import canonical_with_floats
from boucle.rules.catalogue import Catalogue, Fact, FactType
from boucle.rules.failures import UnfitFactError, UnknownFactError

LARGEST = 2**53 - 1
"""The largest integer that a double, and so every JSON reader, holds exactly."""

FOLDED = "@folded"
"""What a text fact's name ends with where its folded copy is meant; no fact's name holds an `@`."""

_FIRST_DAY = date(1970, 1, 1)
_FIRST_INSTANT = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
_EXACT = Context(prec=64)
_TIME = re.compile(
    r"(?:\d+[dhms]:?)+"  # 1d, 24h, 1d2h, 1d:2h
    r"|\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}.*",  # an ISO instant
    re.ASCII,
)


def reads_as_time(text: str) -> bool:
    """Whether the engine would take `text` for a duration or an instant, also under `===`.

    `"1d" === "24h"` is true in datalogic, so no enum value, set member or text constant may have
    such a shape. Errs on the side of yes.
    """
    return _TIME.fullmatch(text) is not None


def fold(text: str) -> str:
    """`text` without case and accents, as `contains` reads it; the same for facts and needles."""
    bare = unicodedata.normalize("NFD", unicodedata.normalize("NFD", text).casefold())
    kept = "".join(character for character in bare if unicodedata.category(character) != "Mn")
    return unicodedata.normalize("NFC", kept)


# -- one value ----------------------------------------------------------------------------------


def _whole(fact: Fact, value: int) -> int:
    if abs(value) > LARGEST:
        raise UnfitFactError(fact.name, "is too large to be carried exactly")
    return value


def _encode_int(fact: Fact, value: FactValue) -> int:
    if type(value) is not int:
        raise UnfitFactError(fact.name, "is not a whole number")
    return _whole(fact, value)


def _encode_decimal(fact: Fact, value: FactValue) -> int:
    number = Decimal(value) if type(value) is int else value
    if not isinstance(number, Decimal) or not number.is_finite():
        raise UnfitFactError(fact.name, "is not a decimal number")
    if not number:
        return 0
    if number.copy_abs() > LARGEST:
        raise UnfitFactError(fact.name, "is too large to be carried exactly")
    scaled = number.scaleb(fact.digits, _EXACT)
    if scaled != scaled.to_integral_value() or scaled.scaleb(-fact.digits, _EXACT) != number:
        raise UnfitFactError(fact.name, f"has more than {fact.digits} decimals")
    return _whole(fact, int(scaled))


def _encode_bool(fact: Fact, value: FactValue) -> bool:
    if not isinstance(value, bool):
        raise UnfitFactError(fact.name, "is neither true nor false")
    return value


def _encode_text(fact: Fact, value: FactValue) -> str:
    if not isinstance(value, str):
        raise UnfitFactError(fact.name, "is not text")
    try:
        value.encode()
    except UnicodeEncodeError:
        raise UnfitFactError(fact.name, "holds characters that are no Unicode text") from None
    return value


def _encode_set(fact: Fact, value: FactValue) -> list[JsonValue]:
    if not isinstance(value, tuple):
        raise UnfitFactError(fact.name, "is not a set")
    return [*sorted({_encode_text(fact, member) for member in value})]


def _encode_date(fact: Fact, value: FactValue) -> int:
    if not isinstance(value, date) or isinstance(value, datetime):
        raise UnfitFactError(fact.name, "is not a date")
    return (value - _FIRST_DAY).days


def _encode_instant(fact: Fact, value: FactValue) -> int:
    if not isinstance(value, datetime) or value.tzinfo is None:
        raise UnfitFactError(fact.name, "is not an instant with its zone")
    return (value - _FIRST_INSTANT) // _MILLISECOND


_ENCODERS: Mapping[FactType, Callable[[Fact, FactValue], JsonValue]] = {
    "int": _encode_int,
    "decimal": _encode_decimal,
    "bool": _encode_bool,
    "enum": _encode_text,
    "text": _encode_text,
    "set": _encode_set,
    "date": _encode_date,
    "instant": _encode_instant,
}


def encode_value(fact: Fact, value: FactValue) -> JsonValue:
    """One value of `fact` in its exact JSON form; UnfitFactError where it has none."""
    return _ENCODERS[fact.type](fact, value)


_NUMBERS: Mapping[FactType, Callable[[Fact, int], FactValue]] = {
    "int": lambda _, number: number,
    "decimal": lambda fact, number: Decimal(number).scaleb(-fact.digits, _EXACT),
    "date": lambda _, number: _FIRST_DAY + timedelta(days=number),
    "instant": lambda _, number: _FIRST_INSTANT + number * _MILLISECOND,
}


def decode_value(fact: Fact, value: JsonValue) -> FactValue:
    """The typed value whose encoding is `value`; UnfitFactError where it is no such encoding."""
    decoded: FactValue
    match value:
        case bool() if fact.type == "bool":
            decoded = value
        case str() if fact.type in {"enum", "text"}:
            decoded = value
        case list() if fact.type == "set":
            decoded = tuple(str(member) for member in value)
        case int() if not isinstance(value, bool) and fact.type in _NUMBERS:
            decoded = _NUMBERS[fact.type](fact, value)
        case _:
            raise UnfitFactError(fact.name, f"is not the encoding of a value of type {fact.type}")
    return decoded


# -- all facts of a response --------------------------------------------------------------------


def encode(catalogue: Catalogue, facts: Mapping[str, FactValue]) -> dict[str, JsonValue]:
    """The known facts, flat by name in name order, as records and the ledger hold them.

    UnknownFactError for a name outside the catalogue, UnfitFactError for a value that is not of its
    fact's type or cannot be carried exactly.
    """
    encoded: dict[str, JsonValue] = {}
    for name in sorted(facts):
        fact = catalogue.facts.get(name)
        if fact is None:
            raise UnknownFactError(name)
        encoded[name] = encode_value(fact, facts[name])
    return encoded


def decode(catalogue: Catalogue, encoded: Mapping[str, JsonValue]) -> dict[str, FactValue]:
    """The typed facts of a record; the inverse of `encode`."""
    facts: dict[str, FactValue] = {}
    for name, value in encoded.items():
        fact = catalogue.facts.get(name)
        if fact is None:
            raise UnknownFactError(name)
        facts[name] = decode_value(fact, value)
    return facts


def nest(encoded: Mapping[str, JsonValue], folded: Iterable[str] = ()) -> dict[str, JsonValue]:
    """Encoded facts as the objects that the engine's dotted `var` walks through.

    `folded` names the text facts that some `contains` reads; each known one gets its folded copy.
    """
    root: dict[str, JsonValue] = {}
    for name, value in encoded.items():
        _put(root, name, value)
    for name in folded:
        value = encoded.get(name)
        if isinstance(value, str):
            _put(root, name + FOLDED, fold(value))
    return root


def _put(root: dict[str, JsonValue], name: str, value: JsonValue) -> None:
    *parents, leaf = name.split(".")
    inner = root
    for parent in parents:
        below = inner.setdefault(parent, {})
        if not isinstance(below, dict):
            raise UnfitFactError(name, f"lies below '{parent}', which is a fact itself")
        inner = below
    inner[leaf] = value


def digest(value: Mapping[str, JsonValue]) -> str:
    """The sha256, in hex, of the canonical JSON (RFC 8785) of `value`."""
    return hashlib.sha256(canonical_with_floats(value).encode()).hexdigest()
