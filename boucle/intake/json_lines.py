"""JSON lines as rows of text: one object a line, in the forms that a CSV of the same data would have.

A key inside an object is a column of both names with a dot between them; a list stands for its members
with `;` between them. A line that cannot be read costs itself alone.
"""

from __future__ import annotations

import codecs
import json
from collections.abc import Iterator, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

from boucle.intake.numbers import NumberFormat
from boucle.intake.row import Row, UnreadableFileError

BETWEEN_MEMBERS = ";"
_LONGEST_NUMBER = 40


class _UnreadableLineError(ValueError):
    """A line that is no object of named cells; the text says why."""


def looks_like_json_lines(start: bytes) -> bool:
    """Whether a file that begins so holds an object in its first line."""
    return start.removeprefix(codecs.BOM_UTF8).lstrip()[:1] == b"{"


def read_names(path: Path, numbers: NumberFormat) -> tuple[str, ...]:
    """Every key of the file, in the order in which they first come; UnreadableFileError without any."""
    names: dict[str, None] = {}
    for _, line in _lines(path):
        try:
            names.update(dict.fromkeys(_read_line(line, numbers)))
        except _UnreadableLineError:
            continue
    if not names:
        raise UnreadableFileError(path, "begins with '{', and no line of it is a JSON object")
    return tuple(names)


def read_rows(path: Path, names: Sequence[str], numbers: NumberFormat) -> Iterator[Row]:
    """Each line as a row under `names`, with the line's number; blank lines are none."""
    for number, line in _lines(path):
        try:
            said = _read_line(line, numbers)
        except _UnreadableLineError as error:
            yield Row(number, (line.decode("utf-8", "backslashreplace"),), str(error))
        else:
            yield Row(number, tuple(said.get(name, "") for name in names))


def _lines(path: Path) -> Iterator[tuple[int, bytes]]:
    with path.open("rb") as file:
        for number, line in enumerate(file, 1):
            text = line.removeprefix(codecs.BOM_UTF8) if number == 1 else line
            if text.strip():
                yield number, text.strip()


def _read_line(line: bytes, numbers: NumberFormat) -> dict[str, str]:
    try:
        read = json.loads(
            line.decode("utf-8"),
            object_pairs_hook=_unique,
            parse_int=Decimal,
            parse_float=Decimal,
            parse_constant=_refuse_constant,
        )
    except UnicodeDecodeError as error:
        raise _UnreadableLineError(f"byte 0x{line[error.start]:02X} is not UTF-8") from error
    except json.JSONDecodeError as error:
        raise _UnreadableLineError(f"is no JSON: {error.msg} (character {error.colno})") from error
    except RecursionError as error:
        raise _UnreadableLineError("is nested too deeply") from error
    if not isinstance(read, dict):
        raise _UnreadableLineError("is no JSON object; write {…} with a name for each cell")
    return dict(_flatten(read, "", numbers))


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise _UnreadableLineError(f"has the key '{twice}' twice")
    return found


def _refuse_constant(name: str) -> None:
    raise _UnreadableLineError(f"holds {name}, which is no JSON")


def _flatten(read: dict[str, Any], above: str, numbers: NumberFormat) -> Iterator[tuple[str, str]]:
    for key, value in read.items():
        if isinstance(value, dict):
            yield from _flatten(value, f"{above}{key}.", numbers)
        elif isinstance(value, list):
            yield above + key, BETWEEN_MEMBERS.join(_member(key, one, numbers) for one in value)
        else:
            yield above + key, _to_text(value, numbers)


def _member(key: str, value: object, numbers: NumberFormat) -> str:
    text = "" if isinstance(value, dict | list) else _to_text(value, numbers)
    if isinstance(value, dict | list) or BETWEEN_MEMBERS in text:
        raise _UnreadableLineError(f"'{key}' is a list of what is no plain text or number")
    return text


def _to_text(value: object, numbers: NumberFormat) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case Decimal():
            return numbers.show(value) if abs(value.adjusted()) < _LONGEST_NUMBER else str(value)
        case _:
            return str(value)
