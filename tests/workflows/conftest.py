"""One Temporal server for all tests; a world of its own for each."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

import pytest
import pytest_asyncio
from temporalio.testing import WorkflowEnvironment

from boucle.engine.database import Database
from tests.workflows.mail_exchange import MailExchange, open_exchange
from tests.workflows.servers import start_server
from tests.workflows.world import World, make_means, working

_numbers = count(1)


@pytest_asyncio.fixture(scope="session")
async def env() -> AsyncIterator[WorkflowEnvironment]:
    """The real server; a loop's time is skipped when a test says so."""
    async with await start_server() as environment:
        yield environment


@pytest.fixture
def sqlite(sqlite_template: Path, tmp_path: Path) -> Iterator[Database]:
    """A migrated SQLite database without rows."""
    database = Database(f"sqlite:///{shutil.copy(sqlite_template, tmp_path / 'boucle.db')}")
    yield database
    database.dispose()


@contextmanager
def _found(env: WorkflowEnvironment, database: Database, folder: Path) -> Iterator[World]:
    mails = MailExchange()
    with open_exchange(mails) as port:
        yield World(env, database, make_means(database, folder, port), mails, f"test-{next(_numbers)}")


@pytest.fixture
def idle_world(env: WorkflowEnvironment, sqlite: Database, tmp_path: Path) -> Iterator[World]:
    """A world on SQLite in which nobody works yet."""
    with _found(env, sqlite, tmp_path) as world:
        yield world


@pytest_asyncio.fixture
async def world(idle_world: World) -> AsyncIterator[World]:
    """A world on SQLite, its worker working."""
    async with working(idle_world):
        yield idle_world


@pytest_asyncio.fixture
async def world_on_either(
    env: WorkflowEnvironment, database: Database, tmp_path: Path
) -> AsyncIterator[World]:
    """A world on each kind of database, its worker working."""
    with _found(env, database, tmp_path) as world:
        async with working(world):
            yield world
