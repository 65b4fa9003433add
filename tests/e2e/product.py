"""The product as its users run it: `boucle` processes on a workspace."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import chdir, closing, contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from io import StringIO
from pathlib import Path
from typing import Any
from unittest.mock import patch

from boucle.commands import failures
from boucle.local.address import Running, find_running
from boucle.registry import make_app
from tests.e2e.processes import kill_and_wait, wait_until_gone

STARTED_WITHIN = 90.0
"""Seconds until `boucle up` must run, also on a busy machine."""


def wait_for(condition: Callable[[], Any], what: str, seconds: float) -> Any:
    """The first true value that the condition gives; AssertionError when it takes too long.

    A look that takes long is not repeated at once: the machine is to do what is waited for.
    """
    until = time.monotonic() + seconds
    while True:
        began = time.monotonic()
        if value := condition():
            return value
        assert time.monotonic() < until, f"waited {seconds:.0f} s in vain: {what}"
        time.sleep(min(max(0.01, 4 * (time.monotonic() - began)), 1))


@dataclass
class Product:
    """One workspace, and the `boucle` processes that were started on it."""

    workspace: Path
    settings: Mapping[str, str] = field(default_factory=dict)
    started: list[subprocess.Popen[bytes]] = field(default_factory=list)

    @property
    def data(self) -> Path:
        """The data folder."""
        return self.workspace / ".boucle"

    def call(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a command to its end, whatever its exit code."""
        return subprocess.run(
            self._command(*arguments),
            cwd=self.workspace,
            env=self._environment(),
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
        )

    def run(self, *arguments: str) -> str:
        """Run a command that must succeed: its output."""
        return _succeeded(self.call(*arguments)).stdout

    def ask(self, *arguments: str) -> Any:
        """Run a command that must succeed: its JSON output, read."""
        return self.read(self.run(*arguments, "--format", "json"))

    @staticmethod
    def read(printed: str) -> Any:
        """What a command has printed as JSON."""
        return json.loads(printed)

    def call_here(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """As `call`, in this process: what is asked again and again, or of each loop, starts no process."""
        with (
            chdir(self.workspace),
            patch.dict(os.environ, self._environment(), clear=True),
            redirect_stdout(StringIO()) as out,
            redirect_stderr(StringIO()) as err,
        ):
            code = failures.run(lambda: make_app()(arguments))
        return subprocess.CompletedProcess(arguments, code, out.getvalue(), err.getvalue())

    def run_here(self, *arguments: str) -> str:
        """As `run`, in this process."""
        return _succeeded(self.call_here(*arguments)).stdout

    def ask_here(self, *arguments: str) -> Any:
        """As `ask`, in this process."""
        return self.read(self.run_here(*arguments, "--format", "json"))

    def query(self, sql: str) -> list[tuple[Any, ...]]:
        """Rows of the database, read beside the product."""
        with closing(sqlite3.connect(f"file:{self.data}/boucle.db?mode=ro", uri=True)) as database:
            return database.execute(sql).fetchall()

    def count(self, table: str, where: str = "1 = 1") -> int:
        """Rows of a table, read beside the product."""
        ((count,),) = self.query(f"SELECT count(*) FROM {table} WHERE {where}")  # noqa: S608 our own words
        return int(count)

    def start(self, *arguments: str) -> subprocess.Popen[bytes]:
        """Begin a command that goes on by itself; what it prints lies in a file named after it."""
        with (self.workspace / f"{arguments[0]}.out").open("ab") as out:
            process = subprocess.Popen(
                self._command(*arguments),
                cwd=self.workspace,
                env=self._environment(),
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
            )
        self.started.append(process)
        return process

    def start_up(self) -> Running:
        """`boucle up`, running."""
        process = self.start("up")

        def runs() -> Running | None:
            assert process.poll() is None, self.printed("up")
            running = find_running(self.data)
            return running if running and running.pid == process.pid else None

        running = wait_for(runs, "boucle up", STARTED_WITHIN)
        assert isinstance(running, Running)
        return running

    def start_worker(self) -> subprocess.Popen[bytes]:
        """`boucle worker`, at work."""
        said = "a worker for Temporal at"
        before = self.printed("worker").count(said)
        process = self.start("worker")

        def works() -> bool:
            assert process.poll() is None, self.printed("worker")
            return self.printed("worker").count(said) > before

        wait_for(works, "boucle worker", STARTED_WITHIN)
        return process

    def stop(self, pid: int) -> int:
        """Ctrl-C: the exit code."""
        os.kill(pid, signal.SIGINT)
        wait_until_gone(pid, 60)
        (process,) = [process for process in self.started if process.pid == pid]
        return process.wait()

    def printed(self, command: str) -> str:
        """What the processes of a command have printed."""
        path = self.workspace / f"{command}.out"
        return path.read_text(encoding="utf-8") if path.exists() else ""

    def living(self) -> list[int]:
        """The processes that still run."""
        return [process.pid for process in self.started if process.poll() is None]

    def _command(self, *arguments: str) -> list[str]:
        return [sys.executable, "-m", "boucle.cli", *arguments]

    def _environment(self) -> dict[str, str]:
        kept = {
            name: value for name, value in os.environ.items() if not name.startswith(("BOUCLE_", "TEMPORAL_"))
        }
        return {**kept, "NO_COLOR": "1", "BOUCLE_DEBUG": "1", **self.settings}


def _succeeded(done: subprocess.CompletedProcess[str]) -> subprocess.CompletedProcess[str]:
    assert done.returncode == 0, f"{done.args}: exit {done.returncode}\n{done.stdout}\n{done.stderr}"
    return done


@contextmanager
def product(workspace: Path, settings: Mapping[str, str]) -> Iterator[Product]:
    """A product whose processes are all gone in the end."""
    made = Product(workspace, settings)
    try:
        yield made
    finally:
        for process in made.started:
            kill_and_wait(process.pid)
            process.wait()
