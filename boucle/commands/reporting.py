"""`boucle report`: the figures, each with its base."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Literal
from zoneinfo import ZoneInfo

import typer

from boucle.commands.options import FormatOption, WorkspaceOption
from boucle.commands.output import counts, local, now, show, table
from boucle.errors import BoucleError

if TYPE_CHECKING:
    from boucle.engine.nps import Nps
    from boucle.engine.reports import Report

ByName = Literal["year", "month", "touchpoint"]
_DATES = {
    "ambiguous": "dates that can be read two ways",
    "stated": "without a date of their own: dated by a stated clock",
}


class BadDayError(BoucleError):
    """A day that was typed cannot be read."""

    def __init__(self, text: str) -> None:
        super().__init__(f"'{text}' is no day; write 2026-03-10")


def report(
    *,
    by: Annotated[ByName | None, typer.Option("--by", help="Break the NPS down.")] = None,
    since: Annotated[str | None, typer.Option(help="From this day on, such as 2026-03-10.")] = None,
    until: Annotated[str | None, typer.Option(help="Before this day.")] = None,
    workspace: WorkspaceOption = None,
    format_: FormatOption = "text",
) -> None:
    """Show what came in, what was decided, and what became of the loops.

    Responses count in the period in which they were answered, loops in the one in which they were opened.
    """
    from boucle.commands.opening import opened
    from boucle.engine.reports import figures

    with opened(workspace) as here, here.database.reading() as session:
        zone = here.settings.timezone
        period = {"since": read_day(since, zone), "until": read_day(until, zone)}
        found = figures(session, zone=zone, at=now(), **period, by=by)
    show(found, lambda: "\n".join(_lines(found)), format_)


def read_day(text: str | None, zone: str) -> datetime | None:
    """The beginning of a day in the workspace's zone."""
    if text is None:
        return None
    try:
        return datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=ZoneInfo(zone))
    except ValueError as error:
        raise BadDayError(text) from error


def _lines(found: Report) -> Iterator[str]:
    period = [f"from {local(found.since)}"] if found.since else []
    period += [f"before {local(found.until)}"] if found.until else []
    if period:
        yield " ".join(period)
    yield from _response_lines(found)
    yield from _nps_lines(found)
    yield from _decision_lines(found)
    yield from _loop_lines(found)
    yield from _effect_lines(found)


def _response_lines(found: Report) -> Iterator[str]:
    yield f"{found.responses:,} responses, {found.revisions:,} sent again with other content"
    yield f"{found.without_score:,} without any score, {found.anonymous:,} anonymous"
    for dating, text in _DATES.items():
        if found.dating.get(dating):
            yield f"{found.dating[dating]:,} {text}"
    if found.quarantine:
        yield from counts("quarantine", found.quarantine)
    for scores in found.scores:
        spread = ", ".join(f"{value}: {count:,}" for value, count in scores.counts.items())
        yield f"{scores.fact} ({scores.base:,} scores)  {spread}"


def _nps_lines(found: Report) -> Iterator[str]:
    rows = [(line.fact, line.group or "all", *_nps_cells(line.figure)) for line in found.nps]
    if rows:
        yield ""
        yield table(("nps of", "among", "nps", "95 % interval", "base", ""), rows)


def _nps_cells(figure: Nps) -> tuple[str, str, int, str]:
    if figure.nps is None or figure.low is None or figure.high is None:
        return "", "", figure.base, f"n = {figure.base}, not shown (30 needed)"
    remark = "indicative" if figure.indicative else ""
    return f"{figure.nps:+.1f}", f"{figure.low:+.1f} to {figure.high:+.1f}", figure.base, remark


def _decision_lines(found: Report) -> Iterator[str]:
    decisions = found.decisions
    for title, numbers in (
        ("decisions", decisions.by_outcome),
        ("by rule", decisions.by_rule),
        ("held back by", decisions.by_gate),
        ("deferred by", decisions.deferred),
        ("nothing started because", decisions.by_reason),
        ("only observed", decisions.observed),
        *((f"holdout {holdout}", arms) for holdout, arms in decisions.arms.items()),
    ):
        if numbers:
            yield ""
            yield from counts(title, numbers)


def _loop_lines(found: Report) -> Iterator[str]:
    yield ""
    yield f"{found.opened:,} loops opened, {found.closed:,} of them closed"
    if found.loops:
        yield table(
            ("n", "play", "state", "closure"),
            [(line.count, line.play, line.state, line.closure) for line in found.loops],
        )
    if found.claims:
        yield ""
        rows = [(line.count, line.claimed, line.answer_state or "waiting") for line in found.claims]
        yield table(("n", "a person said", "the customer"), rows)
    if found.attempts:
        yield ""
        yield from counts("attempts", found.attempts)
    if found.clocks:
        yield ""
        yield table(
            ("clock", "met", "missed", "running", "paused", "stopped", "met %"), list(_clock_rows(found))
        )


def _clock_rows(found: Report) -> Iterator[tuple[object, ...]]:
    for line in found.clocks:
        percent = "" if line.met_percent is None else f"{line.met_percent:.1f}"
        yield line.kind, line.met, line.missed, line.running, line.paused, line.stopped, percent


def _effect_lines(found: Report) -> Iterator[str]:
    if found.messages:
        yield ""
        rows = [(line.count, line.kind, line.state) for line in found.messages]
        yield table(("n", "message", "state"), rows)
    if found.offers:
        yield f"offers granted: {', '.join(found.offers)}"
