"""One Temporal server for all tests; a world of its own for each."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from itertools import count
from pathlib import Path

import pytest
import pytest_asyncio
from temporalio.testing import TimeSkippingConfig, WorkflowEnvironment

from boucle.engine.database import Database
from boucle.worker.connection import DATA_CONVERTER, IDENTITY, bootstrap
from tests.workflows.mail_exchange import MailExchange, open_exchange
from tests.workflows.world import World, make_means, working

_numbers = count(1)


@pytest_asyncio.fixture(scope="session")
async def env() -> AsyncIterator[WorkflowEnvironment]:
    """The real server; a loop's time is skipped when a test says so."""
    async with await WorkflowEnvironment.start_time_skipping_v2(
        dev_server_existing_path=shutil.which("temporal", path=str(Path(sys.executable).parent)),
        data_converter=DATA_CONVERTER,
        identity=IDENTITY,
        dev_server_log_level="error",
        ts_config=TimeSkippingConfig(enabled=False),
        dev_server_extra_args=["--dynamic-config-value", "frontend.WorkflowTimeSkippingEnabled=true"],
    ) as environment:
        await bootstrap(environment.client)
        yield environment


@pytest.fixture
def sqlite(sqlite_template: Path, tmp_path: Path) -> Iterator[Database]:
    """A migrated SQLite database without rows."""
    database = Database(f"sqlite:///{shutil.copy(sqlite_template, tmp_path / 'boucle.db')}")
    yield database
    database.dispose()


@asynccontextmanager
async def _inhabited(env: WorkflowEnvironment, database: Database, folder: Path) -> AsyncIterator[World]:
    mails = MailExchange()
    with open_exchange(mails) as port:
        means = make_means(database, folder, port)
        world = World(env, database, means, mails, f"test-{next(_numbers)}")
        async with working(world):
            yield world


@pytest_asyncio.fixture
async def world(env: WorkflowEnvironment, sqlite: Database, tmp_path: Path) -> AsyncIterator[World]:
    """A world on SQLite, its worker working."""
    async with _inhabited(env, sqlite, tmp_path) as inhabited:
        yield inhabited


@pytest_asyncio.fixture
async def world_on_either(
    env: WorkflowEnvironment, database: Database, tmp_path: Path
) -> AsyncIterator[World]:
    """A world on each kind of database."""
    async with _inhabited(env, database, tmp_path) as inhabited:
        yield inhabited


_exit_status: list[int] = []


def pytest_sessionfinish(exitstatus: int) -> None:
    """Remember how it went."""
    _exit_status.append(exitstatus)


@pytest.hookimpl(trylast=True)
def pytest_unconfigure() -> None:
    """Leave without the interpreter's own ending: a Temporal client can abort the process in it."""
    if _exit_status:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(int(_exit_status[-1]))
