"""The table that the demo ends with."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from boucle.commands.output import counts, table
from boucle.demo.run import Played
from boucle.engine.reports import Report


def summarise(played: Played) -> str:
    """What came in, what was decided, what became of it, and whether the ledger holds."""
    report = played.report
    return "\n".join([*_came_in(played, report), *_decided(report), *_followed(report), *_proved(played)])


def values(played: Played, report_file: Path) -> dict[str, Any]:
    """The same as values, for machines."""
    return {
        "figures": played.report,
        "intake": dict(played.brought.verdicts),
        "rows_rejected": played.batch.counts.rejected_rows,
        "acts": played.acts,
        "ledger": played.verification,
        "report": str(report_file),
    }


def _came_in(played: Played, report: Report) -> Iterator[str]:
    of = played.brought.verdicts
    yield (
        f"responses: {report.responses:,} accepted, {of['duplicate']} sent twice, {of['revision']} revised, "
        f"{of['quarantined']} in quarantine, {played.batch.counts.rejected_rows} rows rejected"
    )


def _decided(report: Report) -> Iterator[str]:
    decisions = report.decisions
    yield from counts("decisions", decisions.by_outcome)
    yield from counts("reasons", {**decisions.by_reason, **decisions.by_gate})


def _followed(report: Report) -> Iterator[str]:
    yield ""
    yield table(
        ("play", "closure", "loops"),
        [(line.play, line.closure or line.state, line.count) for line in report.loops],
    )
    yield ""
    yield table(
        ("clock", "met", "missed", "stopped"),
        [(clock.kind, clock.met, clock.missed, clock.stopped) for clock in report.clocks],
    )
    yield ""
    yield from counts("attempts", report.attempts)
    yield from counts("messages", {f"{one.kind} {one.state}": one.count for one in report.messages})


def _proved(played: Played) -> Iterator[str]:
    seen = played.verification
    yield ""
    yield f"ledger verified: {seen.events:,} events in {seen.chains:,} chains, from the first to the last"
