"""Compares the open loops of the database with the workflows of Temporal, each minute and at start.

A loop that Temporal does not know is started again: it goes on from the stage in the database, and
sends nothing twice. One whose workflow has ended while the loop is open is recorded, for a person to
look at and rebuild: why it ended matters first. So is one whose start was refused for good: what it had
reserved is free again, and may be taken by now. Of closed loops, what was on its way when Temporal lost
them is taken up: colleagues are told, and a message that may have gone out is shown to a person.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from typing import Any

from sqlmodel import Session
from temporalio.client import (
    Client,
    WorkflowExecutionDescription,
    WorkflowExecutionStatus,
    WorkflowHandle,
    WorkflowHistoryEventFilterType,
)
from temporalio.service import RPCError, RPCStatusCode

from boucle.engine import outbox, reconciliation
from boucle.engine.database import Database
from boucle.engine.tables import OutboxRow

_log = logging.getLogger(__name__)

_EACH = 60.0
_CHUNK = 1000
_TROUBLES = '("category=WorkflowTaskFailed", "category=WorkflowTaskTimedOut")'


class Reconciler:
    """Repairs what a crash or a lost Temporal file left, until it is told to stop."""

    def __init__(self, client: Client, database: Database, task_queue: str) -> None:
        self._client = client
        self._database = database
        self._task_queue = task_queue

    async def run(self, stop: asyncio.Event) -> None:
        """Reconcile now, then each minute; a pass that fails is tried again in the next minute."""
        while not stop.is_set():
            try:
                await self.reconcile()
            except Exception:  # noqa: BLE001 the next pass comes in a minute, loops go on meanwhile
                _log.exception("reconciling failed")
            try:
                await asyncio.wait_for(stop.wait(), _EACH)
            except TimeoutError:
                continue

    async def reconcile(self) -> int:
        """One pass; how many loops were started again."""
        running = {workflow_id async for workflow_id in self._list('ExecutionStatus = "Running"')}
        repaired = 0
        async for loop_id in self._open_loops():
            if loop_id not in running:
                repaired += await self._repair(loop_id)
        await self._take_up_closed(running)
        async for loop_id in self._list(f"TemporalReportedProblems IN {_TROUBLES}"):
            _log.warning("the workflow of loop %s cannot go on; see its history in Temporal", loop_id)
        return repaired

    async def _take_up_closed(self, running: set[str]) -> None:
        for loop_id in await asyncio.to_thread(self._read_ending):
            if loop_id in running or await self._find_run(loop_id) is not None:
                continue
            if await asyncio.to_thread(self._ask_again, loop_id, reconciliation.see_off):
                _log.warning("closed loop %s was unknown to Temporal, and has colleagues to tell", loop_id)
        if doubted := await asyncio.to_thread(self._doubt_forsaken):
            _log.warning("%d message(s) of ended rounds were begun and have no receipt", doubted)

    async def _find_run(self, loop_id: str) -> WorkflowExecutionDescription | None:
        """Lists lag behind, so Temporal is asked once more about this one."""
        try:
            return await self._client.get_workflow_handle(loop_id).describe()
        except RPCError as error:
            if error.status != RPCStatusCode.NOT_FOUND:
                raise
            return None

    async def _repair(self, loop_id: str) -> bool:
        run = await self._find_run(loop_id)
        if run is None:
            asked = await asyncio.to_thread(self._ask_again, loop_id, reconciliation.restart)
            if asked:
                _log.warning("loop %s was unknown to Temporal and is started again", loop_id)
            return asked
        status = run.status
        if status is not None and status != WorkflowExecutionStatus.RUNNING:
            reason = await _read_reason(self._client.get_workflow_handle(loop_id))
            await asyncio.to_thread(self._record_end, loop_id, f"workflow_{status.name.lower()}", reason)
        return False

    def _ask_again(self, loop_id: str, ask: Callable[[Session, str, datetime], OutboxRow | None]) -> bool:
        """Whether its workflow is asked for now, and was not before."""
        with self._database.session() as session:
            if outbox.is_pending(session, loop_id):
                return False
            asked = ask(session, loop_id, datetime.now(UTC)) is not None
            session.commit()
        return asked

    def _read_ending(self) -> list[str]:
        with self._database.reading() as session:
            return list(reconciliation.list_ending(session))

    def _doubt_forsaken(self) -> int:
        with self._database.session() as session:
            count = reconciliation.doubt_forsaken(session, datetime.now(UTC))
            session.commit()
        return count

    def _record_end(self, loop_id: str, problem: str, reason: str | None) -> None:
        """Read the loop again: it may have been closed, or begun anew, since it was listed."""
        with self._database.session() as session:
            recorded = reconciliation.interrupt(session, loop_id, problem, datetime.now(UTC), reason=reason)
            session.commit()
        if recorded:
            _log.error("loop %s is open, but its workflow has ended (%s)", loop_id, problem)

    async def _open_loops(self) -> AsyncIterator[str]:
        after = ""
        while ids := await asyncio.to_thread(self._read_open_loops, after):
            for loop_id in ids:
                yield loop_id
            after = ids[-1]

    def _read_open_loops(self, after: str) -> list[str]:
        with self._database.reading() as session:
            return list(reconciliation.list_open_loops(session, after=after, limit=_CHUNK, told=True))

    async def _list(self, condition: str) -> AsyncIterator[str]:
        query = f'TaskQueue = "{self._task_queue}" AND {condition}'
        async for execution in self._client.list_workflows(query, page_size=_CHUNK):
            yield execution.id


async def _read_reason(handle: WorkflowHandle[Any, Any]) -> str | None:
    """What was said when it was terminated; a cancelled run has written that down itself."""
    close = WorkflowHistoryEventFilterType.CLOSE_EVENT
    async for event in handle.fetch_history_events(event_filter_type=close):
        return event.workflow_execution_terminated_event_attributes.reason or None
    return None
