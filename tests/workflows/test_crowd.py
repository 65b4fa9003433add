"""Many loops at once: a worker that takes more tasks than it can work would do all of them in vain."""

from __future__ import annotations

from pydantic import JsonValue
from sqlmodel import col, func, select
from temporalio.api.enums.v1 import EventType

from boucle.engine.tables import LoopRow
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
