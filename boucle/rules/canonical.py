"""Canonical JSON (RFC 8785) of what is hashed.

Where no number is anything but an integer within ±(2**53 - 1), the standard library writes the canonical
form itself, and sooner than the reference implementation, but for the order of keys beyond the Basic
Multilingual Plane; a test holds the one against the other.
"""

from __future__ import annotations

import json
from typing import Any, NoReturn

import rfc8785

_LARGEST = 2**53 - 1
_ENCODER = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def canonical(value: Any) -> str:
    """The canonical JSON of `value`; ValueError for a float or an integer beyond ±(2**53 - 1).

    Every reader of JSON agrees on the numbers that are left. Decimals and instants are text.
    """
    text = _ENCODER.encode(value)
    _CHECKER.decode(text)
    units = len(text.encode("utf-16-le")) // 2  # half a character has no UTF-16: a ValueError
    return text if units == len(text) else rfc8785.dumps(value).decode()


def canonical_with_floats(value: Any) -> str:
    """As `canonical`, of what may hold floats too; ValueError where RFC 8785 has no form for it."""
    try:
        return canonical(value)
    except ValueError:
        return rfc8785.dumps(value).decode()


def _refuse(literal: str) -> NoReturn:
    raise ValueError(f"{literal} is a float; hashed numbers are integers, decimals are text")


def _check_integer(literal: str) -> None:
    if abs(int(literal)) > _LARGEST:
        raise ValueError(f"{literal} is an integer that not every reader of JSON keeps exactly")


_CHECKER = json.JSONDecoder(parse_float=_refuse, parse_constant=_refuse, parse_int=_check_integer)
