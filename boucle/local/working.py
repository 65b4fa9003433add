"""Working for a Temporal server that may be away for a moment."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress

from temporalio.service import RPCError

from boucle.errors import UnreachableError
from boucle.worker.running import WorkerConfig, run_worker

_log = logging.getLogger(__name__)

_PAUSE = 1.0
_SERVER_AWAY = (UnreachableError, RPCError, TimeoutError, RuntimeError)
"""What connecting, setting up and polling raise; the SDK's own failures are plain RuntimeErrors."""


async def keep_working(find_config: Callable[[], WorkerConfig], stop: asyncio.Event) -> None:
    """Work until `stop`, also while the embedded server is dead and comes back.

    `find_config` is asked again each time: the server may have come back elsewhere.
    """
    while not stop.is_set():
        try:
            await run_worker(find_config(), stop)
        except _SERVER_AWAY as error:
            _log.warning("the worker has lost the Temporal server and begins again", exc_info=error)
            with suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), _PAUSE)
