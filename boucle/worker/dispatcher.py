"""Tells Temporal what the database says is due: loops to start, acts to deliver.

Every row is told at least once; ids make a second telling harmless. Rows of one loop go in order,
different loops at the same time.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TypeVar

from sqlmodel import Session
from temporalio.client import (
    Client,
    WorkflowUpdateFailedError,
    WorkflowUpdateRPCTimeoutOrCancelledError,
)
from temporalio.common import (
    SearchAttributeKey,
    SearchAttributePair,
    TypedSearchAttributes,
    WorkflowIDConflictPolicy,
    WorkflowIDReusePolicy,
)
from temporalio.exceptions import WorkflowAlreadyStartedError
from temporalio.service import RPCError, RPCStatusCode

from boucle.activities.calls import ApplyAct
from boucle.activities.loops import LoopActivities
from boucle.engine import outbox
from boucle.engine.database import Database
from boucle.engine.outbox import Kind
from boucle.engine.tables import CommandRow, LoopRow, OutboxRow
from boucle.model import ActKind, Plan
from boucle.standing import Act, ActOutcome, LoopRef
from boucle.worker.connection import bootstrap
from boucle.worker.installed_workflows import load_workflows

_log = logging.getLogger(__name__)

_IDLE = 0.25
_BUSY = 0.05
_AFTER_FAILURE = 2.0
_STARTS_AT_ONCE = 15
_ACTS_AT_ONCE = 25
"""Each kind has its own share: an act waits for its play, and no start waits for acts."""
_STARTS_LEFT = 7
"""So many of those begun are left before the next are read: each look costs as much as a few starts."""
_TELLING = timedelta(seconds=10)
_WRONG = RPCStatusCode.INVALID_ARGUMENT.name
_PATIENCE = 6
"""So many tries take a quarter of a minute: by then a server that was set up again knows it."""
_Result = TypeVar("_Result")


@dataclass(frozen=True)
class _Start:
    row: str
    loop: str
    play: str
    again: bool
    summary: str
    attributes: TypedSearchAttributes
    in_vain: bool


@dataclass(frozen=True)
class _Delivery:
    row: str
    loop: str
    round: int
    act: Act


class Dispatcher:
    """Drains the outbox until it is told to stop."""

    def __init__(self, client: Client, database: Database, task_queue: str) -> None:
        self._client = client
        self._database = database
        self._task_queue = task_queue
        self._plays = frozenset(load_workflows().workflows)
        self._telling: dict[str, tuple[Kind, asyncio.Task[None]]] = {}
        self._answered: set[str] = set()
        self._taken: dict[str, asyncio.Future[None]] = {}
        self._marking = asyncio.Lock()
        self._woken = asyncio.Event()

    async def run(self, stop: asyncio.Event) -> None:
        """Poll until `stop`, then finish what is being told; what cannot be told now is told later."""
        waking = asyncio.create_task(self._wake_at(stop))
        while not stop.is_set():
            self._woken.clear()
            pause = await self._look()
            await asyncio.sleep(_BUSY)
            with suppress(TimeoutError):
                await asyncio.wait_for(self._woken.wait(), pause)
        await waking
        await asyncio.gather(*(task for _, task in self._telling.values()), return_exceptions=True)

    async def _wake_at(self, stop: asyncio.Event) -> None:
        await stop.wait()
        self._woken.set()

    async def _look(self) -> float:
        """Begin what is due; how many seconds until the next look, where nothing has been told before."""
        try:
            return 0 if await self._begin() else _IDLE
        except Exception:  # noqa: BLE001 a database that is away for a while comes back
            _log.exception("the outbox could not be read")
            return _AFTER_FAILURE

    async def _begin(self) -> int:
        """Begin to tell what is due and not being told; a slow one does not hold up the others."""
        due = await asyncio.to_thread(self._read)
        self._answered &= {one.row for one in due} | self._telling.keys()
        for one in due:
            task = asyncio.create_task(self._tell(one))
            self._telling[one.row] = ("start" if isinstance(one, _Start) else "act", task)
            task.add_done_callback(partial(self._forget, one.row))
        return len(due)

    def _forget(self, row: str, task: asyncio.Task[None]) -> None:
        kind, _ = self._telling.pop(row)
        starting = sum(of == "start" for of, _ in self._telling.values())
        if kind == "act" or starting <= _STARTS_LEFT:  # the loop's next act, or the next starts, can be told
            self._woken.set()
        if not task.cancelled() and (error := task.exception()):
            _log.error("outbox row %s was told, but not marked", row, exc_info=error)

    def _read(self) -> list[_Start | _Delivery]:
        with self._database.reading() as session:
            starts = self._list_due(session, "start", _STARTS_AT_ONCE, left=_STARTS_LEFT)
            acts = self._list_due(session, "act", _ACTS_AT_ONCE, left=_ACTS_AT_ONCE - 1)
            return [_describe(session, row) for row in (*starts, *acts)]

    def _list_due(self, session: Session, kind: Kind, at_once: int, *, left: int) -> list[OutboxRow]:
        """What is due of one kind and not being told, as much of it as its share has room for."""
        busy = {row for row, (of, _) in self._telling.copy().items() if of == kind}
        if len(busy) > left:
            return []
        due = outbox.pending(session, at_once + len(busy), at=_now(), kind=kind)
        return [row for row in due if row.id not in busy][: at_once - len(busy)]

    async def _tell(self, one: _Start | _Delivery) -> None:
        try:
            await (self._start(one) if isinstance(one, _Start) else self._deliver(one))
        except RPCError as error:
            if isinstance(one, _Start) and error.status == RPCStatusCode.INVALID_ARGUMENT:
                await self._doubt(one)
            else:
                await self._bump(one.row, error.status.name)
        except Exception as error:  # noqa: BLE001 one row must not hold up the others
            _log.exception("outbox row %s could not be told", one.row)
            await self._bump(one.row, type(error).__name__)

    async def _bump(self, row: str, problem: str) -> None:
        await self._write(lambda session: outbox.bump(session, row, problem, _now()))

    async def _doubt(self, start: _Start) -> None:
        """A server that has lost its file knows nothing of what we had set up: it is set up again.

        Where that does not help either, the start itself is wrong, and a person has to look at it.
        """
        if start.in_vain:
            _log.error("Temporal refuses the start %s for good", start.row)
            await self._write(lambda session: outbox.mark_refused(session, start.row, _WRONG, _now()))
            return
        try:
            await bootstrap(self._client)
        except (RPCError, TimeoutError):
            _log.warning("Temporal could not be set up again", exc_info=True)
        await self._bump(start.row, _WRONG)

    async def _start(self, start: _Start) -> None:
        if start.play not in self._plays:
            await self._bump(start.row, "unknown_play")  # its package may be installed again
            return
        try:
            await self._client.start_workflow(
                start.play,
                LoopRef(loop=start.loop),
                id=start.loop,
                task_queue=self._task_queue,
                id_reuse_policy=_reuse(again=start.again),
                id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
                search_attributes=start.attributes,
                static_summary=start.summary,
                rpc_timeout=_TELLING,
            )
        except WorkflowAlreadyStartedError:
            _log.info("loop %s has run already", start.loop)
        await self._mark(start.row)

    async def _mark(self, row: str) -> None:
        """Write down that Temporal took it, together with all that it took while others were written down."""
        marked = self._taken[row] = asyncio.get_running_loop().create_future()
        async with self._marking:
            if not marked.done():
                taken, self._taken = self._taken, {}
                await self._mark_all(taken)
        await marked

    async def _mark_all(self, taken: Mapping[str, asyncio.Future[None]]) -> None:
        """In order of their ids, so that two dispatchers never wait for each other."""
        try:
            await self._write(partial(_mark_all, sorted(taken)))
        except Exception as error:  # noqa: BLE001 whoever waits for it hears of it
            for marked in taken.values():
                marked.set_exception(error)
        else:
            for marked in taken.values():
                marked.set_result(None)

    async def _deliver(self, delivery: _Delivery) -> None:
        handle = self._client.get_workflow_handle(delivery.loop)
        try:
            await handle.execute_update(
                "act", delivery.act, id=delivery.act.command, result_type=ActOutcome, rpc_timeout=_TELLING
            )
        except WorkflowUpdateFailedError:
            await self._apply_here(delivery)
        except WorkflowUpdateRPCTimeoutOrCancelledError:
            await self._bump(delivery.row, "not_answered")
            return
        except RPCError as error:
            if error.status != RPCStatusCode.NOT_FOUND:
                raise
            await self._apply_here(delivery)
        await self._note_answer(delivery)

    async def _note_answer(self, delivery: _Delivery) -> None:
        """Applying an act has marked its row.

        Only where Temporal remembers an answer that the database has lost, set back to a copy, is the row due
        once more.
        """
        if delivery.row in self._answered:
            await self._mark(delivery.row)
        self._answered ^= {delivery.row}

    async def _apply_here(self, delivery: _Delivery) -> None:
        """The play has ended or does not take it: the database itself says what becomes of the act."""
        act = delivery.act
        call = ApplyAct(
            loop=delivery.loop, round=delivery.round, command=act.command, kind=act.kind, at=_now()
        )
        await asyncio.to_thread(LoopActivities(self._database).apply_act, call)

    async def _write(self, change: Callable[[Session], _Result]) -> _Result:
        return await asyncio.to_thread(self._change, change)

    def _change(self, change: Callable[[Session], _Result]) -> _Result:
        with self._database.session() as session:
            result = change(session)
            session.commit()
            return result


def _mark_all(rows: Sequence[str], session: Session) -> None:
    for row in rows:
        outbox.mark_started(session, row, _now())


def _describe(session: Session, row: OutboxRow) -> _Start | _Delivery:
    if row.kind == "act":
        command = session.get_one(CommandRow, row.command_id)
        effect = command.details.get("effect")
        act = Act(command=command.id, kind=ActKind(command.kind), effect=effect)
        return _Delivery(row.id, row.loop_id, row.round, act)
    loop = session.get_one(LoopRow, row.loop_id)
    plan = Plan.model_validate_json(loop.plan)
    in_vain = row.problem == _WRONG and row.tries >= _PATIENCE
    return _Start(
        row.id,
        loop.id,
        loop.play,
        row.again,
        f"{loop.play}: {loop.rule}",
        _attributes(loop, plan),
        in_vain,
    )


def _attributes(loop: LoopRow, plan: Plan) -> TypedSearchAttributes:
    values = {
        "BoucleCustomer": loop.customer_id,
        "BouclePlay": loop.play,
        "BoucleRule": f"{loop.rule_set}/{loop.rule}",
        "BoucleStage": loop.stage,
        "BoucleBundle": plan.bundle,
    }
    return TypedSearchAttributes(
        [
            SearchAttributePair(SearchAttributeKey.for_keyword(name), value)
            for name, value in values.items()
            if value is not None
        ]
    )


def _reuse(*, again: bool) -> WorkflowIDReusePolicy:
    return WorkflowIDReusePolicy.ALLOW_DUPLICATE if again else WorkflowIDReusePolicy.REJECT_DUPLICATE


def _now() -> datetime:
    return datetime.now(UTC)
