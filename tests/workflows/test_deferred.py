"""A deferred start, told by the real dispatcher: not before its time, once, and closed before it begins."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

from boucle.engine import commands
from boucle.engine.tables import OutboxRow
from boucle.model import ActKind, Closure, LoopState
from boucle.worker.reconciler import Reconciler
from tests.workflows.test_apology import PARAMS
from tests.workflows.world import World, eventually

SOON = timedelta(seconds=3)


def is_told(world: World, loop: str) -> bool:
    """Whether Temporal has been told to start the loop."""
    with world.database.reading() as session:
        return session.get_one(OutboxRow, f"{loop}/1").state == "started"


async def test_it_begins_when_its_window_has_ended_and_not_before(world: World) -> None:
    ends = datetime.now(UTC) + SOON
    loop = world.open_loop("apologize_with_offer", PARAMS, deferred_until=ends)
    await asyncio.sleep(1)
    repaired = await Reconciler(world.env.client, world.database, world.task_queue).reconcile()
    assert (repaired, is_told(world, loop), world.standing(loop).state) == (0, False, LoopState.OPEN)
    await world.reached(loop, "apologized")
    assert datetime.now(UTC) >= ends
    assert len(world.mails.taken) == 1


async def test_one_that_is_closed_before_it_begins_sends_nothing(world: World) -> None:
    loop = world.open_loop("apologize_with_offer", PARAMS, deferred_until=datetime.now(UTC) + SOON)
    with world.database.session() as session:
        at = datetime.now(UTC)
        command = commands.record(
            session, loop_id=loop, kind=ActKind.CLOSE, actor="lea", at=at, recorded_at=at,
            details={"closure": "withdrawn"},
        )  # fmt: skip
        session.commit()
    assert (await world.decided(command.id)).state == "applied"
    assert not is_told(world, loop)
    await eventually(lambda: is_told(world, loop) or None)
    assert (await world.closed(loop)).closure == Closure.WITHDRAWN
    assert world.mails.taken == []
