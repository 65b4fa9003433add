"""Plays customer success managers and customers: each loop is fast-forwarded to its next act.

The acts go the way of every act, a row that the worker delivers; only the clock of the loop is moved,
by the Temporal server itself. So weeks pass in seconds, and every timer in between fires.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlmodel import Session, col, select
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode
from temporalio.testing import TimeSkipper, TimeSkippingConfig

from boucle.demo.moves import COLLEAGUE, CUSTOMER, LEAD, Move, Script, script_for
from boucle.engine import commands
from boucle.engine.database import Database
from boucle.engine.tables import CommandRow, LoopRow
from boucle.engine.work_tables import CaseRow
from boucle.errors import BoucleError, RefusedError
from boucle.model import ActKind, LoopState

_AT_ONCE = 6
_GLANCE = 0.05
_PATIENCE = 60.0
_REST = timedelta(days=120)
"""How far a loop is taken when nobody does anything any more; every play ends before."""


class StuckError(BoucleError):
    """A loop of the demo did not do what it was waited for."""

    exit_code = 1

    def __init__(self, loop: str, what: str) -> None:
        super().__init__(f"loop {loop[:10]}: {what} did not happen within {_PATIENCE:.0f} s")


@dataclass(frozen=True)
class Job:
    """One loop and the script that its people follow."""

    loop: str
    play: str
    opened_at: datetime
    language: str
    script: Script
    number: int


@dataclass(frozen=True)
class Cast:
    """Who acts where the case does not say it: by team, its lead and its first member."""

    leads: Mapping[str, str]
    members: Mapping[str, str]


def list_jobs(session: Session) -> list[Job]:
    """Every open loop with its script; the scripts of a play are used in turn."""
    query = select(LoopRow).where(LoopRow.state != LoopState.CLOSED)
    turns: Counter[str] = Counter()
    jobs = []
    for row in session.exec(query.order_by(col(LoopRow.opened_at), col(LoopRow.id))):
        script = script_for(row.play, turns[row.play])
        jobs.append(Job(row.id, row.play, row.opened_at, row.language, script, turns[row.play]))
        turns[row.play] += 1
    return jobs


class Driver:
    """Drives every loop to its end; `tell` is called after each step."""

    def __init__(self, database: Database, client: Client, cast: Cast, tell: Callable[[], None]) -> None:
        self._database = database
        self._client = client
        self._skipper = TimeSkipper(client, config=TimeSkippingConfig(enabled=False))
        self._cast = cast
        self._tell = tell
        self._turn = asyncio.Semaphore(_AT_ONCE)
        self.acts = 0
        self.refused: Counter[str] = Counter()
        self.ended = 0

    async def drive(self, jobs: Sequence[Job]) -> None:
        """Play all scripts, several loops at the same time; StuckError when one does not move."""
        async with asyncio.TaskGroup() as group:
            for job in jobs:
                group.create_task(self._follow(job))

    async def _follow(self, job: Job) -> None:
        async with self._turn:
            for move in job.script:
                await self._travel(job, job.opened_at + move.after)
                if await asyncio.to_thread(self._was_not_asked, job, move):
                    break
                await self._act(job, move)
                self._tell()
            await self._travel(job, job.opened_at + _REST)
            await self._wait(job.loop, "the closing", lambda session: _is_closed(session, job.loop))
            self.ended += 1
            self._tell()

    async def _travel(self, job: Job, instant: datetime) -> None:
        """Move the loop's clock forward; what falls due on the way happens on the way."""
        handle = self._client.get_workflow_handle(job.loop)
        for _ in range(int(_PATIENCE / _GLANCE)):
            try:
                info = await self._skipper.get_time_skipping_info(handle)
                now = info.current_time.ToDatetime(UTC) if info else datetime.now(UTC)
                if instant > now:
                    await self._skipper.fast_forward(handle, instant - now)
            except RPCError as error:
                if error.status not in {RPCStatusCode.NOT_FOUND, RPCStatusCode.FAILED_PRECONDITION}:
                    raise
                if await asyncio.to_thread(self._look, lambda session: _is_closed(session, job.loop)):
                    return
                await asyncio.sleep(_GLANCE)
            else:
                return
        raise StuckError(job.loop, "its start")

    def _was_not_asked(self, job: Job, move: Move) -> bool:
        """Whether the customer would answer a loop that has ended: who may not be written to is not asked."""
        if move.kind is not ActKind.ANSWER:
            return False
        return self._look(lambda session: _is_closed(session, job.loop))

    async def _act(self, job: Job, move: Move) -> None:
        command = await asyncio.to_thread(self._record, job, move)
        if command is not None:
            await self._wait(
                job.loop, f"the act '{move.kind}'", lambda session: _is_decided(session, command)
            )
            self.acts += 1

    def _record(self, job: Job, move: Move) -> str | None:
        at = job.opened_at + move.after
        with self._database.session() as session:
            try:
                command = commands.record(
                    session,
                    loop_id=job.loop,
                    kind=move.kind,
                    actor=self._who(session, job, move),
                    at=at,
                    recorded_at=at,
                    details=move.details,
                    text=_text(job, move),
                )
            except RefusedError as error:
                self.refused[error.reason] += 1
                return None
            session.commit()
            return command.id

    def _who(self, session: Session, job: Job, move: Move) -> str:
        if move.by == CUSTOMER:
            return CUSTOMER
        if move.by == COLLEAGUE:
            return next(iter(self._cast.members.values()))
        query = select(CaseRow).where(CaseRow.loop_id == job.loop)
        case = session.exec(query.order_by(col(CaseRow.round).desc())).first()
        if case is None:
            raise StuckError(job.loop, "the opening of its case")
        if move.by == LEAD:
            return self._cast.leads[case.team]
        return case.owner or self._cast.members[case.team]

    async def _wait(self, loop: str, what: str, happened: Callable[[Session], bool]) -> None:
        for _ in range(int(_PATIENCE / _GLANCE)):
            if await asyncio.to_thread(self._look, happened):
                return
            await asyncio.sleep(_GLANCE)
        raise StuckError(loop, what)

    def _look(self, question: Callable[[Session], bool]) -> bool:
        with self._database.reading() as session:
            return question(session)


def _text(job: Job, move: Move) -> str | None:
    words = move.words["fr" if job.language == "fr" else "en"] if move.words else ()
    return words[job.number % len(words)] if words else None


def _is_closed(session: Session, loop: str) -> bool:
    return session.get_one(LoopRow, loop).state == LoopState.CLOSED


def _is_decided(session: Session, command: str) -> bool:
    return session.get_one(CommandRow, command).state != "recorded"
