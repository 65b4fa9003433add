"""The workers of the plays' bench, each in a process of its own.

As in production: whoever imports, acts or asks is never in the worker's process.
`python -m benchmarks.play_workers ours|bare ADDRESS FOLDER` works until its standard input ends. It says
`ready`, and the bare one then the id of each workflow that has come to its first wait.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Literal

from temporalio.client import Client
from temporalio.worker import PollerBehaviorAutoscaling, Worker

from benchmarks.bare_workflow import Bare, BareActivities
from benchmarks.play_loops import LEAD, MEMBER, TEAM
from boucle.activities import Means
from boucle.activities.letters import Letterhead
from boucle.activities.mail import Mailbox
from boucle.activities.people import Colleague, Directory, Team
from boucle.activities.templates import Templates
from boucle.engine.database import Database
from boucle.engine.links import LinkKeys, Links
from boucle.worker.connection import connect
from boucle.worker.running import leave_loaded_alone, work

QUEUE, BARE_QUEUE = "bench", "bench-bare"
READY = "ready"
_THREADS, _CACHED, _TASKS = 12, 200, 8

Side = Literal["ours", "bare"]


@asynccontextmanager
async def begun(side: Side, address: str, folder: Path) -> AsyncIterator[asyncio.StreamReader]:
    """A worker's process, ready; what it says from then on."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "benchmarks.play_workers", side, address, str(folder),
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    if process.stdin is None or process.stdout is None:
        raise AssertionError
    try:
        if (await process.stdout.readline()).decode().strip() != READY:
            raise RuntimeError(f"the worker of {side} did not begin")
        yield process.stdout
    finally:
        process.stdin.close()
        await process.wait()


async def _work(side: Side, address: str, folder: Path) -> None:
    leave_loaded_alone()
    client = await connect(address, "default")
    await (_work_ours if side == "ours" else _work_bare)(client, folder)


async def _work_ours(client: Client, folder: Path) -> None:
    database, stop = Database(database_url(folder)), asyncio.Event()
    working = asyncio.create_task(work(client, make_means(database, folder), QUEUE, stop))
    _say(READY)
    await _until_input_ends()
    stop.set()
    await working
    database.dispose()


async def _work_bare(client: Client, _folder: Path) -> None:
    with ThreadPoolExecutor(_THREADS + _TASKS) as threads:
        async with _make_bare_worker(client, BareActivities(_say), threads):
            _say(READY)
            await _until_input_ends()


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


async def _until_input_ends() -> None:
    await asyncio.to_thread(sys.stdin.read)


def _make_bare_worker(client: Client, bare: BareActivities, threads: ThreadPoolExecutor) -> Worker:
    """As the SDK does by itself, with as many threads and tasks as the product's own."""
    return Worker(
        client,
        task_queue=BARE_QUEUE,
        workflows=[Bare],
        activities=[bare.bare_step, bare.bare_wait],
        activity_executor=threads,
        max_concurrent_activities=_THREADS,
        max_concurrent_local_activities=_TASKS,
        max_concurrent_workflow_tasks=_TASKS,
        max_cached_workflows=_CACHED,
        workflow_task_poller_behavior=PollerBehaviorAutoscaling(),
        activity_task_poller_behavior=PollerBehaviorAutoscaling(),
    )


def database_url(folder: Path) -> str:
    """Where the loops of the bench are."""
    return f"sqlite:///{folder / 'boucle.db'}"


def make_means(database: Database, folder: Path) -> Means:
    """Messages are files, as where no mail server is set."""
    (folder / "templates").mkdir()
    (folder / "templates" / "words.en.txt").write_text(
        "Subject: Hello\n\nHello {{ contact.name }}\n", "utf-8"
    )
    people = {id_: Colleague(id_, f"{id_}@firm.example", "en", "UTC") for id_ in (MEMBER, LEAD)}
    return Means(
        database=database,
        mailer=Mailbox(folder / "mailbox"),
        templates=Templates(folder / "templates", "en"),
        head=Letterhead("Firm", "Firm <hello@firm.example>", "firm.example"),
        directory=Directory(people=people, teams={TEAM: Team("Team", LEAD, (MEMBER,))}),
        links=Links("https://firm.example/feedback", LinkKeys((b"k" * 32,))),
    )


if __name__ == "__main__":
    _, _side, _address, _folder = sys.argv
    asyncio.run(_work("ours" if _side == "ours" else "bare", _address, Path(_folder)))
