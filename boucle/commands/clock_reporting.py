"""`boucle clocks`: how the clocks were kept, by team and by owner."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from boucle.commands.options import WorkspaceOption
from boucle.commands.output import local, now, show, span, table, to_csv

if TYPE_CHECKING:
    from boucle.engine.clock_report import ClockReport, ContactLine

TableFormat = Literal["text", "json", "csv"]

_WHOSE = {"all": "all", "team": "team {}", "owner": "{}"}
_NOBODY = "nobody"
_COUNTS = ("met", "breached", "running", "paused", "stopped", "met_percent")
_TIMES = (
    "contacted", "waiting", "median_hours", "p90_hours", "median_working_hours", "p90_working_hours",
)  # fmt: skip


def clocks(
    *,
    since: Annotated[
        str | None, typer.Option(help="Loops opened from this day on, such as 2026-03-10.")
    ] = None,
    until: Annotated[str | None, typer.Option(help="Loops opened before this day.")] = None,
    workspace: WorkspaceOption = None,
    format_: Annotated[TableFormat, typer.Option("--format", help="How to print the result.")] = "text",
) -> None:
    """Show how many clocks were met and breached, and how long first contact takes: all, by team, by owner.

    Loops count in the period in which they were opened. Met % is met ÷ (met + breached); a clock that runs
    past its due time is breached, noticed or not. Times to first contact are estimated over all cases, those
    still waiting too (Kaplan-Meier): on the customer's clock, and in working time without pauses.
    """
    from boucle.commands.opening import opened
    from boucle.commands.reporting import read_day
    from boucle.engine.clock_report import report_clocks

    with opened(workspace) as here, here.database.reading() as session:
        zone = here.settings.timezone
        found = report_clocks(session, at=now(), since=read_day(since, zone), until=read_day(until, zone))
    if format_ == "csv":
        typer.echo(_csv(found), nl=False)
    else:
        show(found, lambda: "\n".join(_lines(found)), format_)


def _csv(found: ClockReport) -> str:
    """One line for each kind of clock of everybody; the times stand with first contact."""
    times = {(line.of, line.name): line for line in found.first_contact}
    rows = []
    for line in found.clocks:
        time = times.get((line.of, line.name)) if line.clock == "first_contact" else None
        counts = [getattr(line, name) for name in _COUNTS]
        rows.append(
            (line.of, line.name, line.clock, *counts, *(getattr(time, name, None) for name in _TIMES))
        )
    return to_csv(("of", "name", "clock", *_COUNTS, *_TIMES), rows)


def _lines(found: ClockReport) -> Iterator[str]:
    if not found.clocks:
        yield "no clocks"
        return
    yield f"as of {local(found.at)}"
    rows = [
        (
            _whose(line.of, line.name),
            line.clock,
            line.met,
            line.breached,
            line.running,
            line.paused,
            line.stopped,
            "" if line.met_percent is None else f"{line.met_percent:.1f}",
        )
        for line in found.clocks
    ]
    yield table(("whose", "clock", "met", "breached", "running", "paused", "stopped", "met %"), rows)
    yield ""
    yield "time to first contact"
    headings = ("whose", "contacted", "waiting", "median", "p90", "median working", "p90 working")
    yield table(headings, [_time_cells(line) for line in found.first_contact])


def _time_cells(line: ContactLine) -> tuple[object, ...]:
    hours = (line.median_hours, line.p90_hours, line.median_working_hours, line.p90_working_hours)
    shown = ("not known yet" if took is None else span(took * 3600) for took in hours)
    return _whose(line.of, line.name), line.contacted, line.waiting, *shown


def _whose(of: str, name: str) -> str:
    return _WHOSE[of].format(name or _NOBODY)
