"""The embedded Temporal server: every trap of running it, against the real one."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sqlite3
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from temporalio.client import Client

from boucle.errors import UnreachableError
from boucle.local import embedded, lock, ports
from boucle.local.address import Running, write_address
from boucle.local.embedded import Embedded, Hooks
from boucle.local.server import Server, ServerConfig, find_executable, read_version, serves
from boucle.local.temporal_file import TemporalFile
from tests.e2e.processes import gone, listening, wait_until_gone


@dataclass
class Seen:
    """What the embedded server told its caller."""

    handed_over: list[str] = field(default_factory=list)
    restarted: asyncio.Queue[int] = field(default_factory=asyncio.Queue)

    def hooks(self) -> Hooks:
        return Hooks(self.handed_over.append, lambda server: self.restarted.put_nowait(server.pid))

    async def next_restart(self) -> int:
        async with asyncio.timeout(60):
            return await self.restarted.get()


@asynccontextmanager
async def running(folder: Path, seen: Seen, executable: Path | None = None) -> AsyncIterator[Embedded]:
    with lock.held(folder) as descriptor:
        assert descriptor is not None
        server = await Embedded.start(folder, descriptor, executable, seen.hooks())
        keeping = asyncio.create_task(server.keep())
        try:
            yield server
        finally:
            keeping.cancel()
            await asyncio.wait([keeping])
            await server.stop()


async def start_workflow(server: Embedded, name: str) -> None:
    client = await Client.connect(server.address)
    await client.start_workflow("Waits", id=name, task_queue="nobody")


async def knows_workflow(server: Embedded, name: str) -> bool:
    client = await Client.connect(server.address)
    return [run.id async for run in client.list_workflows(f"WorkflowId = '{name}'")] == [name]


async def test_a_first_start_makes_a_complete_file_in_wal_mode(tmp_path: Path) -> None:
    seen = Seen()
    async with running(tmp_path, seen) as server:
        assert await serves(server.address)
        with closing(sqlite3.connect(tmp_path / "temporal.db")) as connection:
            assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    assert seen.handed_over == ["there is no Temporal file yet"]
    assert (tmp_path / "temporal.version").read_text() == read_version(find_executable(None)) + "\n"


async def test_it_listens_on_the_loopback_address_only(tmp_path: Path) -> None:
    async with running(tmp_path, Seen()) as server:
        heard = listening(server.server.pid)
    assert {address for address, _ in heard} == {"127.0.0.1"}
    assert server.server.config.port in {port for _, port in heard}


async def test_a_stop_is_clean_and_the_next_start_goes_on_with_the_file_and_the_port(tmp_path: Path) -> None:
    seen = Seen()
    async with running(tmp_path, seen) as server:
        await start_workflow(server, "kept")
        pid, address = server.server.pid, server.address
        now = Running.model_validate(
            {
                "pid": os.getpid(),
                "server_pid": pid,
                "temporal_address": address,
                "namespace": "default",
                "started_at": "2026-01-05T09:00:00Z",
            }
        )
        write_address(tmp_path, now)
    assert gone(pid)
    async with running(tmp_path, seen) as server:
        assert server.address == address
        assert await knows_workflow(server, "kept")
    assert len(seen.handed_over) == 1


async def test_a_killed_server_is_started_again_and_has_lost_no_acknowledged_start(tmp_path: Path) -> None:
    seen = Seen()
    async with running(tmp_path, seen) as server:
        await start_workflow(server, "acknowledged")
        first, address = server.server.pid, server.address
        os.kill(first, signal.SIGKILL)
        second = await seen.next_restart()
        assert server.address == address
        assert server.server.pid == second != first
        assert await knows_workflow(server, "acknowledged")


def delete(folder: Path) -> None:
    for part in folder.glob("temporal.db*"):
        part.unlink()


async def test_a_file_that_is_deleted_under_the_server_is_begun_anew(tmp_path: Path) -> None:
    seen = Seen()
    async with running(tmp_path, seen) as server:
        await start_workflow(server, "lost")
        delete(tmp_path)
        os.kill(server.server.pid, signal.SIGKILL)
        await seen.next_restart()
        assert seen.handed_over[1:] == ["it was deleted"]
        assert not await knows_workflow(server, "lost")
        assert TemporalFile.of(tmp_path).find_problem(read_version(find_executable(None))) is None


FAILS_TWICE = """#!/bin/sh
[ "$1" = --version ] && exec {temporal} --version
echo life >> {lives}
case $(wc -l < {lives}) in 2|3) exit 1;; esac
exec {temporal} "$@"
"""


async def test_it_is_started_again_until_it_serves(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedded, "FIRST_PAUSE", 0.05)
    lives, script = tmp_path / "lives", tmp_path / "temporal"
    script.write_text(FAILS_TWICE.format(temporal=find_executable(None), lives=lives))
    script.chmod(0o755)
    seen = Seen()
    async with running(tmp_path, seen, script) as server:
        os.kill(server.server.pid, signal.SIGKILL)
        await seen.next_restart()
        assert await serves(server.address)
    assert lives.read_text() == "life\n" * 4


PARENT = """
import asyncio, sys
from pathlib import Path
from boucle.local import lock
from boucle.local.embedded import Embedded, Hooks

async def main(folder: Path) -> None:
    with lock.held(folder) as descriptor:
        hooks = Hooks(lambda problem: None, lambda server: None)
        server = await Embedded.start(folder, descriptor, None, hooks)
        print(server.server.pid, flush=True)
        await asyncio.sleep(600)

asyncio.run(main(Path(sys.argv[1])))
"""


def test_it_dies_with_a_killed_parent_and_leaves_the_folder_free(tmp_path: Path) -> None:
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT, str(tmp_path)], stdout=subprocess.PIPE, text=True
    )
    with parent:
        assert parent.stdout is not None
        server = int(parent.stdout.readline())
        assert lock.is_held(tmp_path)
        parent.kill()
    wait_until_gone(server)
    with lock.held(tmp_path) as descriptor:
        assert descriptor is not None


async def test_the_server_holds_the_folder_as_long_as_it_lives(tmp_path: Path) -> None:
    """So that no second server gets the file in the moment between its parent's death and its own."""
    with lock.held(tmp_path) as descriptor:
        assert descriptor is not None
        server = await Embedded.start(tmp_path, descriptor, None, Seen().hooks())
    assert lock.is_held(tmp_path)
    await server.stop()
    assert not lock.is_held(tmp_path)


def _other_version(file: TemporalFile) -> None:
    file.version_path.write_text("1.2.3\n")


def _deleted(file: TemporalFile) -> None:
    for part in file.path.parent.glob("temporal.db*"):
        part.unlink()


def _garbage(file: TemporalFile) -> None:
    _deleted(file)
    file.path.write_bytes(b"no database" * 9_000)


def _cut(file: TemporalFile) -> None:
    with closing(sqlite3.connect(file.path)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    os.truncate(file.path, file.path.stat().st_size // 2)


def _emptied(file: TemporalFile) -> None:
    _deleted(file)
    file.path.touch()


def _never_completed(file: TemporalFile) -> None:
    file.version_path.unlink()


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (_other_version, "it was made by server 1.2.3, this one is "),
        (_deleted, "it was deleted"),
        (_garbage, "it is damaged: file is not a database"),
        (_cut, "it is damaged: "),
        (_emptied, "no such table"),
        (_never_completed, "it was never completed"),
    ],
)
async def test_a_file_in_doubt_is_replaced_and_every_loop_handed_over_again(
    tmp_path: Path, spoil: object, reason: str
) -> None:
    seen = Seen()
    async with running(tmp_path, seen) as server:
        await start_workflow(server, "before")
    assert callable(spoil)
    spoil(TemporalFile.of(tmp_path))
    async with running(tmp_path, seen) as server:
        assert not await knows_workflow(server, "before")
    assert len(seen.handed_over) == 2
    assert reason in seen.handed_over[1]
    assert TemporalFile.of(tmp_path).find_problem(read_version(find_executable(None))) is None


async def test_a_crash_while_loops_are_handed_over_hands_them_over_again(tmp_path: Path) -> None:
    def crash(problem: str) -> None:
        raise RuntimeError(problem)

    with lock.held(tmp_path) as descriptor:
        assert descriptor is not None
        with pytest.raises(RuntimeError, match="no Temporal file"):
            await Embedded.start(tmp_path, descriptor, None, Hooks(crash, lambda _: None))
    seen = Seen()
    async with running(tmp_path, seen):
        assert seen.handed_over == ["there is no Temporal file yet"]


async def test_a_server_that_ends_before_it_serves_says_why(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind((ports.LOOPBACK, 0))
        taken.listen()
        with lock.held(tmp_path) as descriptor:
            assert descriptor is not None
            config = ServerConfig(
                find_executable(None),
                tmp_path / "temporal.db",
                tmp_path / "temporal.log",
                taken.getsockname()[1],
                descriptor,
            )
            with pytest.raises(UnreachableError, match="address already in use") as caught:
                await Server.start(config)
    assert caught.value.exit_code == 3


def test_the_configured_executable_wins_and_a_missing_one_is_named(tmp_path: Path) -> None:
    assert find_executable(None) == Path(sys.executable).parent.resolve() / "temporal"
    other = tmp_path / "temporal"
    with pytest.raises(UnreachableError, match="TEMPORAL_CLI_PATH"):
        find_executable(other)
    other.write_text("#!/bin/sh\necho 'temporal version 9.8.7 (Server 4.5.6, UI 1.0)'\n")
    other.chmod(0o755)
    assert read_version(find_executable(other)) == "4.5.6"
