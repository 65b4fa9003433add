"""Canonical JSON (RFC 8785) of what is hashed, and instants as text.

No number but integers within ±(2**53 - 1): every reader of JSON agrees on those. Decimals and instants
are text. So restricted, the standard library writes the canonical form itself, but for the order of
keys beyond the Basic Multilingual Plane; a test holds it against the reference implementation.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any, NoReturn

import rfc8785

_LARGEST = 2**53 - 1
_LAST_OF_BMP = "\uffff"
_ENCODER = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def canonical(value: Any) -> str:
    """The canonical JSON of `value`; ValueError for a float or an integer beyond ±(2**53 - 1)."""
    text = _ENCODER.encode(value)
    _CHECKER.decode(text)
    text.encode()  # half a character has no UTF-8: UnicodeEncodeError, a ValueError
    return text if max(text) <= _LAST_OF_BMP else rfc8785.dumps(value).decode()


def _refuse(literal: str) -> NoReturn:
    raise ValueError(f"{literal} is a float; hashed numbers are integers, decimals are text")


def _check_integer(literal: str) -> None:
    if abs(int(literal)) > _LARGEST:
        raise ValueError(f"{literal} is an integer that not every reader of JSON keeps exactly")


_CHECKER = json.JSONDecoder(parse_float=_refuse, parse_constant=_refuse, parse_int=_check_integer)


def instant_text(at: datetime) -> str:
    """An aware instant as text of fixed width, in UTC, to the microsecond."""
    if at.tzinfo is None:
        raise ValueError(f"an instant needs a zone: {at!r}")
    return at.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"
