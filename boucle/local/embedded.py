"""Keeps the embedded Temporal server up: starts it on a file it can use, again whenever it dies."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from boucle.errors import UnreachableError
from boucle.local import address, ports
from boucle.local.server import Server, ServerConfig, ServerExitedError, find_executable, read_version
from boucle.local.temporal_file import TemporalFile

FIRST_PAUSE = 0.2
LONGEST_PAUSE = 5.0
STEADY = 30.0
"""Seconds: a server that dies is started again after the first pause, then after twice as long
each time; one that had been up for the last of the three begins with the first pause again."""

_LARGEST_LOG = 10_000_000

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Hooks:
    """What the caller does meanwhile.

    `hand_over(problem)` is called before a server is started on a new file, and says why the file is
    new: every open loop must be marked to be started again. `restarted(server)` is called when a dead
    server has been replaced.
    """

    hand_over: Callable[[str], None]
    restarted: Callable[[Server], None]


class Embedded:
    """The embedded server of one data folder, for as long as its lock is held."""

    def __init__(self, server: Server, file: TemporalFile, version: str, hooks: Hooks) -> None:
        self.server = server
        self._file = file
        self._version = version
        self._hooks = hooks

    @classmethod
    async def start(cls, folder: Path, lock: int, configured: Path | None, hooks: Hooks) -> Embedded:
        """Start it on the folder's file, or on a new one where that cannot be used."""
        executable = find_executable(configured)
        version = read_version(executable)
        file = TemporalFile.of(folder)
        config = ServerConfig(executable, file.path, _fresh_log(folder), _pick_port(folder), lock)
        problem = file.find_problem(version)
        if problem is None:
            try:
                return cls(await _start_on_old(config), file, version, hooks)
            except ServerExitedError as error:
                problem = str(error)
        server = await _start_anew(file, version, config, problem, hooks)
        return cls(server, file, version, hooks)

    @property
    def address(self) -> str:
        """Where the server answers, the same for all its lives."""
        return self.server.config.address

    async def keep(self) -> None:
        """Start the server again whenever it dies, until cancelled."""
        clock = asyncio.get_running_loop().time
        pause = FIRST_PAUSE
        while True:
            since = clock()
            code = await self.server.wait()
            pause = FIRST_PAUSE if clock() - since > STEADY else pause
            _log.warning("the Temporal server ended with code %s; starting it again in %.1f s", code, pause)
            await asyncio.sleep(pause)
            pause = min(2 * pause, LONGEST_PAUSE)
            await self._restart()

    async def _restart(self) -> None:
        try:
            self.server = await self._start_again()
        except UnreachableError as error:
            _log.warning("%s", error)
        else:
            self._hooks.restarted(self.server)

    async def _start_again(self) -> Server:
        """On the same file; on a new one, where it was deleted or damaged under the server."""
        problem = await asyncio.to_thread(self._file.find_problem, self._version)
        if problem is None:
            return await Server.start(self.server.config)
        return await _start_anew(self._file, self._version, self.server.config, problem, self._hooks)

    async def stop(self) -> None:
        """Stop the server. Cancel `keep` before."""
        await self.server.stop()


async def _start_on_old(config: ServerConfig) -> Server:
    """Try twice: that the port was taken meanwhile is no reason to give up the file."""
    try:
        return await Server.start(config)
    except ServerExitedError:
        return await Server.start(replace(config, port=ports.pick_port()))


async def _start_anew(
    file: TemporalFile, version: str, config: ServerConfig, problem: str, hooks: Hooks
) -> Server:
    file.set_aside()
    await asyncio.to_thread(hooks.hand_over, problem)
    server = await Server.start(config)
    file.complete(version)
    return server


def _pick_port(folder: Path) -> int:
    before = address.read_address(folder)
    if before is None or before.server_pid is None:
        return ports.pick_port()
    return ports.pick_port(int(before.temporal_address.rpartition(":")[2]))


def _fresh_log(folder: Path) -> Path:
    log = folder / "temporal.log"
    if log.exists() and log.stat().st_size > _LARGEST_LOG:
        log.replace(log.with_suffix(".log.old"))
    return log
