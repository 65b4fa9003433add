"""Values as YAML that is read again as the same values."""

from __future__ import annotations

import json
import re
from datetime import date
from decimal import Decimal

from boucle.model import FactValue
from boucle.rules.phrases import word_value

_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9_/-]*", re.ASCII)
_NOT_TEXT = frozenset(("true", "false", "null", "yes", "no", "on", "off", "y", "n"))


def write_scalar(value: FactValue | None) -> str:
    """A value, or null, on one line; text in quotes wherever it could be read as something else."""
    match value:
        case None:
            return "null"
        case tuple():
            return f"[{', '.join(write_scalar(member) for member in value)}]"
        case bool() | int() | Decimal():
            return word_value(value)
        case date():
            return f'"{word_value(value)}"'
        case _:
            plain = _PLAIN.fullmatch(value) and value.casefold() not in _NOT_TEXT
            return value if plain else json.dumps(value, ensure_ascii=False)
