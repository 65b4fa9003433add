"""`boucle worker`: a worker by itself, beside a `boucle up` or on a Temporal server of one's own."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from boucle.engine.database import Database
from boucle.local.address import get_running
from boucle.local.interruption import stop_on_signals
from boucle.local.working import keep_working
from boucle.settings import Settings
from boucle.worker.assembly import assemble
from boucle.worker.running import WorkerConfig, run_worker


def work_alone(settings: Settings, announce: Callable[[str], None]) -> None:
    """Work until Ctrl-C or SIGTERM; UnreachableError where there is no server to begin with.

    `announce` is called with the server's address before the work begins.
    """
    address = _find_address(settings)
    database = Database(settings.database)
    try:
        database.migrate()
        announce(address)
        asyncio.run(_work(settings, database))
    finally:
        database.dispose()


def _find_address(settings: Settings) -> str:
    return settings.temporal_address or get_running(settings.data_folder).temporal_address


async def _work(settings: Settings, database: Database) -> None:
    """Beside `boucle up`, wait for its server to come back; whoever runs another one watches over us."""

    def find_config() -> WorkerConfig:
        return assemble(settings, database, _find_address(settings))

    stop = stop_on_signals()
    await (run_worker(find_config(), stop) if settings.temporal_address else keep_working(find_config, stop))
