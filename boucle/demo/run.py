"""`boucle demo`: a fictional company's survey, from the file to the last closed loop, and a report."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlmodel import col, select
from temporalio.client import Client

from boucle.commands import importing
from boucle.commands.importing import Brought
from boucle.commands.in_force import get_in_force
from boucle.commands.opening import get_settings
from boucle.commands.output import now
from boucle.commands.starting import copy_starter
from boucle.demo.driver import Cast, Driver, list_jobs
from boucle.demo.screen import Screen
from boucle.demo.survey import make_rows, write_survey
from boucle.engine import verification
from boucle.engine.database import Database
from boucle.engine.reports import Report, figures
from boucle.engine.tables import LoopRow
from boucle.engine.verification import Verification
from boucle.errors import BoucleError, RefusedError
from boucle.intake.batch import Batch
from boucle.local import lock, ports
from boucle.local.address import FolderInUseError
from boucle.local.logs import log_file, log_to
from boucle.local.server import Server, ServerConfig, find_executable
from boucle.model import LoopState
from boucle.settings import Settings
from boucle.worker.assembly import make_means
from boucle.worker.connection import bootstrap, connect
from boucle.worker.running import work

SURVEY = "survey.csv"
REPORT = "report.html"
_STARTER = "demo"
_MARK = "This folder was made by `boucle demo`, which replaces it.\n"
_SKIPPING = ("--dynamic-config-value", "frontend.WorkflowTimeSkippingEnabled=true")


class UnfinishedError(BoucleError):
    """The demo came to its end with something left over."""

    exit_code = 1

    def __init__(self, what: str) -> None:
        super().__init__(f"the demo did not come out as it should: {what}")


@dataclass(frozen=True)
class Played:
    """What the demo did: the file it read, what came of it, what its people did, and the figures."""

    settings: Settings
    database: Database
    batch: Batch
    brought: Brought
    acts: int
    loops: int
    verification: Verification
    report: Report


def play(folder: Path, screen: Screen) -> Played:
    """Make the company, import its survey, drive every loop to its closure, verify the ledger."""
    screen.step("a workspace for Sillage, a fictional company", str(folder))
    settings = make_workspace(folder)
    log_to(log_file(settings.data_folder, "demo"))
    database = Database(settings.database)
    database.migrate()
    batch, brought = _import_survey(settings, database, screen)
    screen.step(
        "the follow-up of weeks, in fast motion",
        "people are played by a script, and each loop's clock is moved to its next act; the rest is real",
    )
    with lock.held(settings.data_folder) as descriptor:
        if descriptor is None:
            raise FolderInUseError(settings.data_folder, None)
        driver = asyncio.run(_drive(settings, database, descriptor, screen))
    screen.step("reading the ledger from the first event to the last", "")
    with database.reading() as session:
        verified = verification.verify(session)
        report = figures(session, zone=settings.timezone)
    played = Played(settings, database, batch, brought, driver.acts, driver.ended, verified, report)
    _require_an_end(played, driver)
    return played


def make_workspace(folder: Path) -> Settings:
    """A fresh copy of the demo's workspace; an earlier demo's folder is replaced, no other one is."""
    mark = folder / ".demo"
    if folder.exists() and any(folder.iterdir()):
        if not mark.exists():
            raise RefusedError("exists", f"{folder} holds something else; name another folder with --folder")
        shutil.rmtree(folder)
    copy_starter(_STARTER, folder, today=now().date())
    mark.write_text(_MARK, encoding="utf-8")
    return get_settings(folder)


def _import_survey(settings: Settings, database: Database, screen: Screen) -> tuple[Batch, Brought]:
    survey = settings.workspace / SURVEY
    write_survey(survey, make_rows(now()))
    screen.step("its survey of the past three weeks, imported and decided now", str(survey))
    map_file = settings.workspace / "map.yaml"
    bundle = get_in_force(settings, database, "demo")
    batch = importing.read_file(map_file, survey, bundle)
    intake = importing.Intake(bundle, importing.make_terms(settings), "act", "demo")
    run = importing.Run(SURVEY, importing.digest_of(survey), importing.digest_of(map_file))
    return batch, importing.take_in(database, intake, batch, run)


async def _drive(settings: Settings, database: Database, descriptor: int, screen: Screen) -> Driver:
    async with _running(settings, database, descriptor) as client:
        with database.reading() as session:
            jobs = list_jobs(session)
        driver = Driver(database, client, _cast(settings), lambda: screen.progress(driver, len(jobs)))
        with screen.live():
            await driver.drive(jobs)
        return driver


@asynccontextmanager
async def _running(settings: Settings, database: Database, descriptor: int) -> AsyncIterator[Client]:
    """The embedded server, with its time skipping switched on, and a worker."""
    folder = settings.data_folder
    server = await Server.start(
        ServerConfig(
            executable=find_executable(settings.temporal_cli_path),
            file=folder / "temporal.db",
            log=folder / "temporal.log",
            port=ports.pick_port(),
            lock=descriptor,
            options=_SKIPPING,
        )
    )
    try:
        client = await connect(server.config.address, settings.namespace)
        await bootstrap(client)
        stop = asyncio.Event()
        working = asyncio.create_task(work(client, make_means(settings, database), settings.task_queue, stop))
        try:
            yield client
        finally:
            stop.set()
            await working
    finally:
        await server.stop()


def _cast(settings: Settings) -> Cast:
    return Cast(
        leads={key: team.lead for key, team in settings.teams.items()},
        members={key: team.members[0] for key, team in settings.teams.items()},
    )


def _require_an_end(played: Played, driver: Driver) -> None:
    with played.database.reading() as session:
        left = session.exec(select(LoopRow.id).where(col(LoopRow.state) != LoopState.CLOSED)).all()
    if left:
        raise UnfinishedError(f"{len(left)} loop(s) are open: {', '.join(left[:3])}")
    if driver.refused:
        raise UnfinishedError(f"acts were refused: {dict(driver.refused)}")
    if not played.verification.whole:
        raise UnfinishedError("; ".join(played.verification.problems[:3]))
