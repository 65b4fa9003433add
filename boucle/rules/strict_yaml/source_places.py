"""From a position in a scalar's text back to the place in the file, through quotes, escapes and folds."""

from __future__ import annotations

import re
from functools import lru_cache

from boucle.errors import Place

_FOLD = re.compile(r"[ \t]*(?:\r\n|\r|\n)(?:[ \t]*(?:\r\n|\r|\n))*[ \t]*")
_BREAK = re.compile(r"\r\n|\r|\n")
_ESCAPE = re.compile(
    r"\\(?:x[0-9A-Fa-f]{2}|u[0-9A-Fa-f]{4}|U[0-9A-Fa-f]{8}|(?P<fold>[ \t]*(?:\r\n|\r|\n)[ \t]*)|.)"
)
_HEADER = re.compile(r"[|>][^\r\n]*(?:\r\n|\r|\n)?")


def place_in(text: str, raw: str, style: str | None, start: Place, offset: int) -> Place:
    """The place of `text[offset]`, where `raw` is the scalar as it stands in the file at `start`.

    Where the way back cannot be followed (a folded scalar), the scalar's own place.
    """
    trace = _trace(raw, style, text)
    if len(trace) < len(text):
        return start
    at = trace[offset] if offset < len(trace) else (trace[-1] + 1 if trace else 0)
    return _advance(start, raw[:at])


def _advance(start: Place, passed: str) -> Place:
    pieces = _BREAK.split(passed)
    column = len(pieces[-1]) + (start.column if len(pieces) == 1 else 1)
    return Place(start.file, start.line + len(pieces) - 1, column)


@lru_cache(maxsize=8)
def _trace(raw: str, style: str | None, text: str) -> list[int]:
    """For each character of the text, the index in `raw` where it begins."""
    if style is None:
        return _trace_flow(raw, 0, len(raw), "")
    if style in {"'", '"'}:
        return _trace_flow(raw, 1, len(raw) - 1, style)
    return _trace_literal(raw, text) if style == "|" else []


def _trace_flow(raw: str, at: int, end: int, quote: str) -> list[int]:
    trace: list[int] = []
    while at < end:
        fold = _FOLD.match(raw, at, end)
        escape = _ESCAPE.match(raw, at, end) if quote == '"' else None
        if fold:
            trace.extend([at] * max(1, len(_BREAK.findall(fold[0])) - 1))
            at = fold.end()
        elif escape:
            trace.extend([] if escape["fold"] is not None else [at])
            at = escape.end()
        else:
            trace.append(at)
            at += 2 if quote == "'" and raw.startswith("''", at) else 1
    return trace


def _trace_literal(raw: str, text: str) -> list[int]:
    header = _HEADER.match(raw)
    if header is None:
        return []
    at = header.end()
    indent = _first_indent(raw[at:]) - _first_indent(text)
    trace: list[int] = []
    while at < len(raw):
        broken = _BREAK.search(raw, at)
        end = broken.start() if broken else len(raw)
        trace.extend(range(min(at + indent, end), end))
        trace.append(end)
        at = broken.end() if broken else len(raw)
    return trace


def _first_indent(body: str) -> int:
    """The spaces before the first line that holds more than spaces."""
    filled = (line for line in _BREAK.split(body) if line.strip(" "))
    first = next(filled, "")
    return len(first) - len(first.lstrip(" "))
