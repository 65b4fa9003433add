"""What commands print: results on stdout as text or JSON, everything else on stderr."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, Literal
from unicodedata import combining, east_asian_width

import typer

Format = Literal["text", "json"]

_PROGRESS_AFTER = 0.5


def show(value: Any, text: str | Callable[[], str], format_: Format) -> None:
    """Print a result: `value` as JSON, or `text`, which is only made when it is wanted."""
    if format_ == "json":
        typer.echo(to_json(value))
        return
    shown = text if isinstance(text, str) else text()
    if shown:
        typer.echo(shown)


def say(text: str) -> None:
    """Print a remark on stderr: not the result, and not to be parsed."""
    typer.echo(text, err=True)


def to_json(value: Any) -> str:
    """JSON with RFC 3339 instants in UTC, amounts and durations as text, nothing escaped needlessly."""
    import json

    return json.dumps(value, default=_plain, ensure_ascii=False, indent=2)


def _plain(value: Any) -> Any:
    """What `json` itself cannot write, as something that it can."""
    if isinstance(value, datetime):
        return rfc3339(value)
    if hasattr(value, "model_dump"):
        return value.model_dump(mode="json")
    if hasattr(value, "__dataclass_fields__"):
        return {name: getattr(value, name) for name in value.__dataclass_fields__}
    if isinstance(value, Mapping):
        return dict(value)
    return sorted(value) if isinstance(value, (set, frozenset)) else str(value)


# -- time ---------------------------------------------------------------------------------------


def now() -> datetime:
    """The present instant, in UTC: commands read the clock, nothing below them does."""
    return datetime.now(UTC)


def rfc3339(instant: datetime) -> str:
    """`2026-03-10T09:00:00Z`, with a fraction only where there is one."""
    return instant.astimezone(UTC).isoformat().replace("+00:00", "Z")


def local(instant: datetime | None) -> str:
    """`2026-03-10 10:00 +01:00`, in the zone of whoever reads; nothing where there is none."""
    if instant is None:
        return ""
    shown = instant.astimezone().isoformat(sep=" ", timespec="minutes")
    return f"{shown[:-6]} {shown[-6:]}"


def span(seconds: float) -> str:
    """A length of time in two words at most: `3 d 4 h`, `2 h 10 min`, `40 s`."""
    left = int(abs(seconds))
    parts: list[str] = []
    for unit, size in (("d", 86_400), ("h", 3_600), ("min", 60), ("s", 1)):
        count, left = divmod(left, size)
        if count:
            parts.append(f"{count} {unit}")
        elif parts:
            break
    return " ".join(parts[:2]) or "0 s"


def until(due: datetime, at: datetime) -> str:
    """`in 3 h 10 min`, or `1 h 20 min late`."""
    seconds = (due - at).total_seconds()
    return f"in {span(seconds)}" if seconds >= 0 else f"{span(seconds)} late"


# -- tables -------------------------------------------------------------------------------------


def table(headings: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """Columns side by side, numbers to the right; nothing is cut, so that it can be piped."""
    cells = [[_cell(value) for value in row] for row in rows]
    widths = [max(map(_width, column)) for column in zip(headings, *cells, strict=True)]
    right = [
        bool(rows) and all(isinstance(row[i], int | float) for row in rows) for i in range(len(headings))
    ]
    lines = [_line(row, widths, right) for row in ([h.upper() for h in headings], *cells)]
    return "\n".join(lines)


def counts(title: str, numbers: Mapping[str, int], *, indent: str = "") -> list[str]:
    """Lines of a title and, under it, each name with its number, greatest first."""
    if not numbers:
        return [f"{indent}{title}: none"]
    ordered = sorted(numbers.items(), key=lambda item: (-item[1], item[0]))
    width = max(len(f"{number:,}") for number in numbers.values())
    return [f"{indent}{title}", *(f"{indent}  {number:>{width},}  {name}" for name, number in ordered)]


def _line(cells: Sequence[str], widths: Sequence[int], right: Sequence[bool]) -> str:
    padded = (
        " " * (width - _width(cell)) + cell if to_right else cell + " " * (width - _width(cell))
        for cell, width, to_right in zip(cells, widths, right, strict=True)
    )
    return "  ".join(padded).rstrip()


def _cell(value: object) -> str:
    if value is None:
        return ""
    return local(value) if isinstance(value, datetime) else " ".join(str(value).split())


def _width(text: str) -> int:
    return sum(0 if combining(c) else 2 if east_asian_width(c) in "WF" else 1 for c in text)


# -- files for spreadsheets -----------------------------------------------------------------------

_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def to_csv(headings: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Comma-separated values with a line of headings (RFC 4180).

    A text that a spreadsheet would take for a formula gets an apostrophe before it, numbers do not: see
    OWASP's "CSV injection".
    """
    import csv
    import io

    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\r\n")
    writer.writerow(headings)
    writer.writerows([_defused(value) for value in row] for row in rows)
    return file.getvalue()


def _defused(value: object) -> object:
    if isinstance(value, datetime):
        return rfc3339(value)
    if isinstance(value, str) and value.startswith(_FORMULA):
        return f"'{value}"
    return "" if value is None else value


# -- progress -----------------------------------------------------------------------------------

Advance = Callable[[int, int | None], None]
"""Called with how much is done, and of how much where that is known."""


@contextmanager
def progress(title: str) -> Iterator[Advance]:
    """A bar on a terminal's stderr once the work has taken half a second; yields how to advance it."""
    if not sys.stderr.isatty():
        yield lambda _done, _total: None
        return
    bar = _Bar(title)
    try:
        yield bar.advance
    finally:
        bar.stop()


class _Bar:
    def __init__(self, title: str) -> None:
        self._title = title
        self._began = time.monotonic()
        self._shown: Any = None
        self._task: Any = None

    def advance(self, done: int, total: int | None) -> None:
        if self._shown is None and time.monotonic() - self._began >= _PROGRESS_AFTER:
            self._start()
        if self._shown is not None:
            self._shown.update(self._task, completed=done, total=total)

    def _start(self) -> None:
        from rich.console import Console
        from rich.progress import Progress

        self._shown = Progress(console=Console(stderr=True), transient=True)
        self._task = self._shown.add_task(self._title, total=None)
        self._shown.start()

    def stop(self) -> None:
        if self._shown is not None:
            self._shown.stop()
