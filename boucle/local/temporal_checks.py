"""What the doctor asks Temporal's server, and how that compares with the database."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from temporalio.client import Client

from boucle.local.findings import Finding, counted
from boucle.local.temporal_view import TemporalView, view
from boucle.worker.connection import RETENTION

POLLED_WITHIN = timedelta(seconds=90)
"""A worker asks for work again after a minute at the latest."""

_SECOND_LOOK = 2.0
_SHOWN = 5


@dataclass(frozen=True)
class OpenLoops:
    """The open loops of the database, and those of them whose start Temporal has yet to be told.

    `ending` are closed ones that still have something to tell a colleague.
    """

    ids: frozenset[str]
    untold: frozenset[str]
    ending: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Difference:
    """Loop ids that only one side calls open, and how many both do."""

    lost: frozenset[str]
    surplus: frozenset[str]
    both: int


def compare(temporal: TemporalView, database: OpenLoops) -> Difference:
    """Open loops against running workflows. What waits in the outbox is not lost; nor is what ended."""
    return Difference(
        lost=database.ids - temporal.running - temporal.ended_badly - database.untold,
        surplus=temporal.running - database.ids - database.ending,
        both=len(database.ids & temporal.running),
    )


async def check_server(
    client: Client, task_queue: str, open_loops: Callable[[], OpenLoops], at: datetime
) -> list[Finding]:
    """Everything that needs the server. `open_loops` reads the database when it is asked."""
    seen = await view(client, task_queue)
    difference = await _difference(client, task_queue, seen, open_loops)
    known = await asyncio.to_thread(open_loops)
    return judge(seen, difference, known, at)


def judge(seen: TemporalView, difference: Difference, known: OpenLoops, at: datetime) -> list[Finding]:
    """What to say of what was seen."""
    ended = seen.ended_badly & known.ids - seen.running - known.untold
    return [
        _retention(seen),
        _worker(seen, at),
        *_workflows(difference),
        _troubled("stuck", seen.stuck, "whose play fails each time it is run", "boucle loops show LOOP"),
        _troubled("ended", ended, "that ended though the loop is open", "boucle loops rebuild"),
    ]


async def _difference(
    client: Client, task_queue: str, seen: TemporalView, open_loops: Callable[[], OpenLoops]
) -> Difference:
    """Look twice: what begins or ends between the two questions is no difference."""
    first = compare(seen, await asyncio.to_thread(open_loops))
    if not first.lost and not first.surplus:
        return first
    await asyncio.sleep(_SECOND_LOOK)
    second = compare(await view(client, task_queue), await asyncio.to_thread(open_loops))
    return Difference(first.lost & second.lost, first.surplus & second.surplus, second.both)


def _retention(seen: TemporalView) -> Finding:
    text = f"finished histories are kept for {seen.retention.days} days"
    if seen.retention >= RETENTION:
        return Finding("temporal", "ok", text, "boucle loops list")
    return Finding("temporal", "attention", f"{text}, not {RETENTION.days}; a worker sets it", "boucle up")


def _worker(seen: TemporalView, at: datetime) -> Finding:
    if seen.polled_at is None:
        return Finding("worker", "problem", "no worker asks for work", "boucle up, or boucle worker")
    seconds = max(0, int((at - seen.polled_at).total_seconds()))
    if at - seen.polled_at > POLLED_WITHIN:
        text = f"no worker has asked for work for {seconds} s"
        return Finding("worker", "problem", text, "boucle up, or boucle worker")
    return Finding("worker", "ok", f"a worker asked for work {seconds} s ago", "boucle loops list")


def _workflows(difference: Difference) -> list[Finding]:
    text = f"{counted(difference.both, 'open loop')} run as workflows"
    if not difference.lost and not difference.surplus:
        return [Finding("workflows", "ok", text, "boucle loops list --state in_progress")]
    found = []
    if difference.lost:
        lost = f"{text}; unknown to Temporal: {_listed(difference.lost)}"
        found.append(Finding("workflows", "problem", lost, "boucle loops rebuild"))
    if difference.surplus:
        surplus = f"{text}; running though closed: {_listed(difference.surplus)}"
        first = min(difference.surplus)
        found.append(Finding("workflows", "problem", surplus, f"boucle loops show {first}"))
    return found


def _troubled(check: str, loops: frozenset[str], text: str, try_next: str) -> Finding:
    if not loops:
        return Finding(check, "ok", f"no workflow {text}", "boucle loops list")
    listed = f"{counted(len(loops), 'workflow')} {text}: {_listed(loops)}"
    return Finding(check, "problem", listed, try_next)


def _listed(loops: frozenset[str]) -> str:
    return ", ".join(sorted(loops)[:_SHOWN]) + (", …" if len(loops) > _SHOWN else "")
