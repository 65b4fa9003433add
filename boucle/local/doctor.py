"""`boucle doctor`: is everything reachable, does everything agree, and what waits for whom."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import datetime

from boucle.engine import outbox, reconciliation
from boucle.engine.database import Database
from boucle.errors import UnreachableError
from boucle.local import database_checks
from boucle.local.address import Running, find_running
from boucle.local.findings import Finding
from boucle.local.mail_checks import check_mail
from boucle.local.server import serves
from boucle.local.temporal_checks import OpenLoops, check_server
from boucle.local.text_checks import check_texts
from boucle.settings import Settings
from boucle.worker.connection import connect


def examine(settings: Settings, at: datetime) -> list[Finding]:
    """Every check at `at`, also where an earlier one failed; changes nothing."""
    database = Database(settings.database)
    try:
        return list(_examine(settings, database, at))
    finally:
        database.dispose()


def _examine(settings: Settings, database: Database, at: datetime) -> Iterator[Finding]:
    if _exists(database):
        yield from _check_database(database, at)
    else:
        yield Finding("database", "attention", "there is none yet", "boucle import, or boucle up")
    yield from _check_running(settings, database, at)
    yield check_mail(settings)
    yield check_texts(settings)


def _exists(database: Database) -> bool:
    """Whether the embedded one has been made: asking SQLite for anything would make it."""
    return database.file is None or database.file.exists()


def _check_database(database: Database, at: datetime) -> Iterator[Finding]:
    try:
        migrated = database.is_migrated()
    except UnreachableError as error:
        yield Finding("database", "problem", str(error), "see database_url in boucle.toml")
        return
    if not migrated:
        yield Finding("database", "problem", f"{database.where} is not migrated", "boucle up")
        return
    yield Finding("database", "ok", f"{database.where} is reachable and up to date", "boucle audit verify")
    with database.reading() as session:
        yield from database_checks.check_counts(session)
        yield from database_checks.check_findings(session, at)
        yield from database_checks.check_plays(session)
        yield from database_checks.check_outbox(session, at)
        yield from database_checks.check_unconfirmed(session)
        yield from database_checks.check_quarantine(session, at)


def _check_running(settings: Settings, database: Database, at: datetime) -> Iterator[Finding]:
    if settings.temporal_address is not None:
        yield from _check_temporal(settings, settings.temporal_address, database, at)
        return
    running = find_running(settings.data_folder)
    if running is None:
        text = "nothing runs here: what is recorded waits"
        yield Finding("running", "attention", text, "boucle up")
        return
    yield _who_runs(running)
    yield from _check_temporal(settings, running.temporal_address, database, at)


def _who_runs(running: Running) -> Finding:
    text = f"boucle up is process {running.pid}, since {running.started_at:%Y-%m-%d %H:%M %Z}"
    return Finding("running", "ok", text, f"kill -INT {running.pid} stops it")


def _check_temporal(settings: Settings, address: str, database: Database, at: datetime) -> Iterator[Finding]:
    if not asyncio.run(serves(address)):
        text = f"no Temporal server answers at {address}"
        yield Finding("temporal", "problem", text, "boucle up, or see temporal_address in boucle.toml")
    elif _exists(database):
        yield from asyncio.run(_ask(settings, address, database, at))


async def _ask(settings: Settings, address: str, database: Database, at: datetime) -> list[Finding]:
    client = await connect(address, settings.namespace)
    return await check_server(client, settings.task_queue, lambda: read_open_loops(database), at)


def read_open_loops(database: Database) -> OpenLoops:
    """The open loops, page by page, and those whose start waits in the outbox."""
    ids: list[str] = []
    with database.reading() as session:
        while page := reconciliation.list_open_loops(session, after=ids[-1] if ids else ""):
            ids.extend(page)
        untold, ending = outbox.list_pending_starts(session), reconciliation.list_ending(session)
        return OpenLoops(frozenset(ids), frozenset(untold), frozenset(ending))
