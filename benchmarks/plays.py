"""Plays end to end against a bare workflow of the same shape, on one embedded server, in one run.

Ours: from opening the loops in the database to the last one closed, with ledger, messages as files,
dispatcher and reconciler. Theirs: a workflow with as many activities, timers and updates, in the same
order, whose activities do nothing and which nobody writes down, set up as Temporal's SDK does it by itself.
Its activities are the server's, whatever ours are: `ratio`. Where ours are local ones, a second bare workflow
has local ones too: `ratio_alike` says what is left when that gain is taken out.

Both workers have as many threads, and each a process of its own; this one opens the loops, acts, and starts
the bare workflows. Rounds of all take turns, and a ratio is that of the medians.
"""

from __future__ import annotations

import asyncio
import os
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from statistics import median
from typing import Any

from sqlmodel import select
from temporalio.api.enums.v1 import EventType
from temporalio.api.history.v1 import HistoryEvent
from temporalio.client import Client

from benchmarks.bare_workflow import Script
from benchmarks.play_loops import SUBJECTS, Subject, accept, act, open_loops
from benchmarks.play_workers import BARE_QUEUE, begun, database_url
from boucle.engine.database import Database
from boucle.engine.tables import LoopRow
from boucle.local.ports import pick_port
from boucle.local.server import Server, ServerConfig, find_executable
from boucle.worker.connection import bootstrap, connect
from boucle.worker.running import leave_loaded_alone

BAR = 0.7
"""How fast, at least, `apologize_with_offer` must be, where the bare workflow is 1."""

_BARRED = "apologize_with_offer"
_SIZE, _SIZE_BARRED = (3, 40), (5, 100)
"""Rounds, and loops in each. Where a bar is set, how long it takes until the first one is looked at must not
count, nor a moment in which the machine is busy with something else."""
_AT_ONCE = 40
_PAUSE = 0.1
_WITHIN = 600.0
_numbers = count(1)


@dataclass
class Bench:
    """What both sides run on. `waiting` are the bare workflows that have come to their first wait."""

    client: Client
    database: Database
    waiting: dict[str, asyncio.Event] = field(default_factory=dict)


def run() -> dict[str, Any]:
    """Measure every play."""
    with tempfile.TemporaryDirectory() as folder:
        return asyncio.run(_run(Path(folder)))


async def _run(folder: Path) -> dict[str, Any]:
    leave_loaded_alone()
    async with _benched(folder) as bench:
        plays = [await _measure(bench, subject) for subject in SUBJECTS]
    barred = next(play for play in plays if play["play"] == _BARRED)
    return {
        "processors": os.cpu_count(), "plays": plays, "bar": BAR, "met": barred["ratio"] >= BAR,
    }  # fmt: skip


async def _measure(bench: Bench, subject: Subject) -> dict[str, Any]:
    """A round of each that does not count, for what is loaded once; then rounds in turn."""
    await _round(bench, subject, 10)
    events = await _read_history(bench, subject)
    alike, (rounds, loops) = read_script(events), _SIZE_BARRED if subject.play == _BARRED else _SIZE
    script = Script(tuple((False,) * len(phase) for phase in alike.phases))
    await _bare_round(bench, script, 10)
    turns = [
        (
            await _round(bench, subject, loops),
            await _bare_round(bench, script, loops),
            await _bare_round(bench, alike, loops),
        )
        for _ in range(rounds)
    ]
    ours, bare, bare_alike = (loops / median(turn[at] for turn in turns) for at in (0, 1, 2))
    return {
        "play": subject.play,
        "rounds": rounds,
        "loops": loops,
        "activities": sum(map(len, script.phases)),
        "local": sum(map(sum, alike.phases)),
        "updates": len(script.phases) - 1,
        "timers": sum(event.event_type == EventType.EVENT_TYPE_TIMER_STARTED for event in events),
        "per_second": round(ours, 1),
        "bare_per_second": round(bare, 1),
        "ratio": round(ours / bare, 2),
        "bare_alike_per_second": round(bare_alike, 1),
        "ratio_alike": round(ours / bare_alike, 2),
    }


async def _round(bench: Bench, subject: Subject, number: int) -> float:
    """How many seconds so many loops take, from their opening to the last closing."""
    responses, acted = accept(bench.database, number), set[str]()
    began = time.perf_counter()
    await asyncio.to_thread(open_loops, bench.database, subject, responses)
    async with asyncio.timeout(_WITHIN):
        while await asyncio.to_thread(act, bench.database, subject, acted):  # noqa: ASYNC110 a database does not call back
            await asyncio.sleep(_PAUSE)
    return time.perf_counter() - began


async def _read_history(bench: Bench, subject: Subject) -> list[HistoryEvent]:
    """The events of one loop, once its workflow has ended."""
    with bench.database.reading() as session:
        loop = session.exec(select(LoopRow.id).where(LoopRow.play == subject.play)).first()
    handle = bench.client.get_workflow_handle(str(loop))
    await handle.result()
    return [event async for event in handle.fetch_history_events()]


def read_script(events: Sequence[HistoryEvent]) -> Script:
    """The activities before the first update is accepted, and after each."""
    phases: list[list[bool]] = [[]]
    for event in events:
        match event.event_type:
            case EventType.EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_ACCEPTED:
                phases.append([])
            case EventType.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED:
                phases[-1].append(False)
            case EventType.EVENT_TYPE_MARKER_RECORDED:
                phases[-1].append(True)
    return Script(tuple(map(tuple, phases)))


async def _bare_round(bench: Bench, script: Script, number: int) -> float:
    limit, began = asyncio.Semaphore(_AT_ONCE), time.perf_counter()
    async with asyncio.timeout(_WITHIN):
        await asyncio.gather(*(_bare(bench, script, limit) for _ in range(number)))
    return time.perf_counter() - began


async def _bare(bench: Bench, script: Script, limit: asyncio.Semaphore) -> None:
    """Start it, and let its updates come as soon as it waits for them: as many at once as ours."""
    id_ = f"bare-{next(_numbers)}"
    bench.waiting[id_] = asyncio.Event()
    async with limit:
        handle = await bench.client.start_workflow("bare", script, id=id_, task_queue=BARE_QUEUE)
    if len(script.phases) > 1:
        await bench.waiting[id_].wait()
    for number in range(len(script.phases) - 1):
        async with limit:
            await handle.execute_update("act", number)
    await handle.result()


@asynccontextmanager
async def _benched(folder: Path) -> AsyncIterator[Bench]:
    """Server, database and both workers, until the end."""
    with (folder / "lock").open("w") as lock:
        executable, file = find_executable(None), folder / "temporal.db"
        config = ServerConfig(executable, file, folder / "temporal.log", pick_port(), lock.fileno())
        server = await Server.start(config)
        database = Database(database_url(folder))
        try:
            database.migrate()
            client = await connect(config.address, "default")
            await bootstrap(client)
            bench = Bench(client, database)
            async with _working(bench, config.address, folder):
                yield bench
        finally:
            database.dispose()
            await server.stop()


@asynccontextmanager
async def _working(bench: Bench, address: str, folder: Path) -> AsyncIterator[None]:
    """Both workers; who waits for a bare workflow is woken when it waits itself."""
    async with begun("ours", address, folder), begun("bare", address, folder) as said:
        hearing = asyncio.create_task(_hear(bench, said))
        yield
        hearing.cancel()


async def _hear(bench: Bench, said: asyncio.StreamReader) -> None:
    async for line in said:
        if waiting := bench.waiting.get(line.decode().strip()):
            waiting.set()


def table(result: dict[str, Any]) -> str:
    """The result for a reader."""
    head = (
        "Plays from opening to closing, in rounds of loops, against a bare workflow with as many activities; "
        "loops a second, medians"
    )
    rows = [
        f"  {play['play']:<22} {play['activities']:>2} activities ({play['local']} local), "
        f"{play['updates']} updates  {play['per_second']:>6.1f}  bare {play['bare_per_second']:>6.1f}  "
        f"ratio {play['ratio']:.2f}  bare alike {play['bare_alike_per_second']:>6.1f}  "
        f"ratio {play['ratio_alike']:.2f}"
        for play in result["plays"]
    ]
    met = "met" if result["met"] else "NOT MET"
    return "\n".join([head, *rows, f"  apologize_with_offer: bar {result['bar']}: {met}"])
