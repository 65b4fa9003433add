"""`boucle worker`: a worker by itself, beside a `boucle up` or on a Temporal server of one's own."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from boucle.engine.database import Database
from boucle.local.address import get_running
from boucle.local.interruption import stop_on_signals
from boucle.settings import Settings
from boucle.worker.assembly import assemble
from boucle.worker.running import run_worker


def work_alone(settings: Settings, announce: Callable[[str], None]) -> None:
    """Work until Ctrl-C or SIGTERM; UnreachableError where there is no server to work for.

    `announce` is called with the server's address before the work begins.
    """
    address = settings.temporal_address or get_running(settings.data_folder).temporal_address
    database = Database(settings.database)
    try:
        database.migrate()
        announce(address)
        asyncio.run(_work(settings, database, address))
    finally:
        database.dispose()


async def _work(settings: Settings, database: Database, address: str) -> None:
    await run_worker(assemble(settings, database, address), stop_on_signals())
