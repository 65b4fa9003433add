"""Canonical JSON (RFC 8785) of what is hashed, and instants as text.

No number but integers within ±(2**53 - 1): every reader of JSON agrees on those. Decimals and instants
are text.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import rfc8785

_INSTANT = "%Y-%m-%dT%H:%M:%S.%fZ"


def canonical(value: Any) -> str:
    """The canonical JSON of `value`; ValueError for a float or an integer beyond ±(2**53 - 1)."""
    _refuse_floats(value)
    return rfc8785.dumps(value).decode()


def _refuse_floats(value: Any) -> None:
    if isinstance(value, float):
        raise ValueError(f"{value!r} is a float; hashed numbers are integers, decimals are text")  # noqa: TRY004 one kind of error for all values
    if isinstance(value, Mapping):
        for part in value.values():
            _refuse_floats(part)
    elif isinstance(value, Sequence) and not isinstance(value, str):
        for part in value:
            _refuse_floats(part)


def instant_text(at: datetime) -> str:
    """An aware instant as text of fixed width, in UTC, to the microsecond."""
    if at.tzinfo is None:
        raise ValueError(f"an instant needs a zone: {at!r}")
    return at.astimezone(UTC).strftime(_INSTANT)
