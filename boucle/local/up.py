"""`boucle up`: the embedded Temporal server and a worker, in one command, on one data folder."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

from boucle.engine import reconciliation
from boucle.engine.database import Database
from boucle.local import lock
from boucle.local.address import (
    FolderInUseError,
    Running,
    find_running,
    read_address,
    remove_address,
    write_address,
)
from boucle.local.embedded import Embedded, Hooks
from boucle.local.interruption import stop_on_signals
from boucle.local.server import Server
from boucle.local.working import keep_working
from boucle.settings import Settings
from boucle.worker.assembly import assemble
from boucle.worker.running import run_worker

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Place:
    """What one `up` works on, its folder locked: `lock` is the lock's file descriptor."""

    settings: Settings
    database: Database
    lock: int


def up(settings: Settings, announce: Callable[[Running], None]) -> None:
    """Run until Ctrl-C or SIGTERM; FolderInUseError, UnreachableError.

    `announce` is called when the server serves, just before the worker begins.
    """
    settings.data_folder.mkdir(parents=True, exist_ok=True)
    with lock.held(settings.data_folder) as descriptor:
        if descriptor is None:
            raise FolderInUseError(settings.data_folder, find_running(settings.data_folder))
        database = Database(settings.database)
        try:
            database.migrate()
            asyncio.run(_run(Place(settings, database, descriptor), announce))
        finally:
            database.dispose()


async def _run(place: Place, announce: Callable[[Running], None]) -> None:
    stop = stop_on_signals()
    folder = place.settings.data_folder
    async with _temporal(place) as server:
        running = _running(place.settings, server)
        write_address(folder, running)
        announce(running)
        config = assemble(place.settings, place.database, running.temporal_address)
        await (keep_working(lambda: config, stop) if server else run_worker(config, stop))
    remove_address(folder)


def _running(settings: Settings, server: Embedded | None) -> Running:
    """Where this process and its server are found."""
    return Running(
        pid=os.getpid(),
        server_pid=server.server.pid if server else None,
        temporal_address=server.address if server else str(settings.temporal_address),
        namespace=settings.namespace,
        started_at=datetime.now(UTC),
    )


@asynccontextmanager
async def _temporal(place: Place) -> AsyncIterator[Embedded | None]:
    """The embedded server while needed; None where the settings name one of somebody else's."""
    if place.settings.temporal_address is not None:
        yield None
        return
    server = await Embedded.start(
        place.settings.data_folder, place.lock, place.settings.temporal_cli_path, _hooks(place)
    )
    keeping = asyncio.create_task(server.keep())
    try:
        yield server
    finally:
        keeping.cancel()
        await asyncio.wait([keeping])
        await server.stop()


def _hooks(place: Place) -> Hooks:
    folder = place.settings.data_folder

    def hand_over(problem: str) -> None:
        with place.database.session() as session:
            loops = reconciliation.rebuild(session, datetime.now(UTC))
            session.commit()
        text = "a new Temporal file (%s); %d open loops go on where they stood"
        _log.log(logging.WARNING if loops else logging.INFO, text, problem, loops)

    def restarted(server: Server) -> None:
        before = read_address(folder)
        if before is not None:
            write_address(folder, before.model_copy(update={"server_pid": server.pid}))

    return Hooks(hand_over, restarted)
