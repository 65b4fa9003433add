"""Many loops at once: a worker that takes more tasks than it can work would do all of them in vain."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest
from pydantic import JsonValue
from sqlmodel import Session, col, func, select
from temporalio.api.enums.v1 import EventType

from boucle.engine import commands, outbox
from boucle.engine.tables import LoopRow, OutboxRow
from boucle.errors import UnreachableError
from boucle.model import ActKind
from boucle.worker import dispatcher
from tests.workflows.world import World, eventually, working

APOLOGY: dict[str, JsonValue] = {"template": "apology", "offer": "none"}
_LOOPS = 40


def count_apologized(world: World) -> int:
    with world.database.reading() as session:
        return session.exec(
            select(func.count()).select_from(LoopRow).where(col(LoopRow.stage) == "apologized")
        ).one()


async def timed_out_tasks(world: World, loop: str) -> int:
    history = await world.handle(loop).fetch_history()
    timed_out = EventType.EVENT_TYPE_WORKFLOW_TASK_TIMED_OUT
    return sum(event.event_type == timed_out for event in history.events)


async def test_a_crowd_of_loops_gets_going_without_a_task_in_vain(idle_world: World) -> None:
    world = idle_world
    loops = [world.open_loop("apologize_with_offer", APOLOGY) for _ in range(_LOOPS)]
    async with working(world):
        await eventually(lambda: count_apologized(world) == _LOOPS or None, seconds=120)
        assert [await timed_out_tasks(world, loop) for loop in loops] == [0] * _LOOPS
    assert len(world.mails.of("apology")) == _LOOPS


async def test_starts_that_could_not_be_written_down_are_told_once_more(
    idle_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They are written down together: where that fails, none is lost, and none is done twice."""
    failures, mark = iter(range(3)), outbox.mark_started

    def stumble(session: Session, row: str, at: datetime) -> bool:
        if next(failures, None) is not None:
            raise UnreachableError("the database", "there", "away for a moment")
        return mark(session, row, at)

    monkeypatch.setattr(outbox, "mark_started", stumble)
    world = idle_world
    loops = [world.open_loop("apologize_with_offer", APOLOGY) for _ in range(6)]
    async with working(world):
        for row in (f"{loop}/1" for loop in loops):
            await eventually(partial(is_started_or_none, world, row), seconds=30)
        await eventually(lambda: count_apologized(world) == len(loops) or None, seconds=30)
    assert next(failures, None) is None
    assert len(world.mails.of("apology")) == len(loops)


def is_started(world: World, row: str) -> bool:
    with world.database.reading() as session:
        return session.get_one(OutboxRow, row).state == "started"


def is_started_or_none(world: World, row: str) -> bool | None:
    return is_started(world, row) or None


def note(world: World, loop: str) -> str:
    at = datetime.now(UTC)
    with world.database.session() as session:
        command = commands.record(
            session, loop_id=loop, kind=ActKind.NOTE, actor="carla", at=at, recorded_at=at, details={},
            text="Nobody works.",
        )  # fmt: skip
        session.commit()
        return command.id


async def test_acts_that_no_play_answers_hold_up_no_start(
    idle_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dispatcher, "_ACTS_AT_ONCE", 2)
    monkeypatch.setattr(dispatcher, "_TELLING", timedelta(seconds=3))
    world = idle_world
    async with working(world):
        slow = [world.open_loop("csm_case", {"team": "csm"}) for _ in range(3)]
        for loop in slow:
            await world.has_effect(loop, "staff-assigned-first")
    acts = [note(world, loop) for loop in slow]
    loop = world.open_loop("apologize_with_offer", APOLOGY)
    stop = asyncio.Event()
    telling = asyncio.create_task(
        dispatcher.Dispatcher(world.env.client, world.database, world.task_queue).run(stop)
    )
    await eventually(partial(is_started_or_none, world, f"{loop}/1"), seconds=2.5)
    stop.set()
    await telling
    async with working(world):
        assert {(await world.decided(act)).state for act in acts} == {"applied"}


async def test_an_answer_that_the_database_has_lost_is_not_asked_for_for_ever(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Temporal remembers what became of an act when the database was set back to a copy of before."""
    monkeypatch.setattr(dispatcher, "_BUSY", 0.001)  # it looks again while the act is being told
    loop = world.open_loop("csm_case", {"team": "csm"})
    await world.reached(loop, "working")
    act = await world.act(loop, ActKind.NOTE, text="Said before.")
    with world.database.session() as session:
        row = session.get_one(OutboxRow, act.id)
        row.state, row.done_at = "pending", None
        session.commit()
    await eventually(partial(is_started_or_none, world, act.id), seconds=10)
