"""A loop of months stays short in Temporal, and one with thousands of acts goes on without losing any."""

from __future__ import annotations

import os
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from sqlmodel import Session, func, select
from temporalio.client import WorkflowExecutionStatus
from temporalio.testing import WorkflowEnvironment

from boucle.engine import commands
from boucle.engine.tables import CommandRow, LedgerEvent
from boucle.engine.verification import verify
from boucle.model import ActKind
from tests.workflows.servers import start_server
from tests.workflows.world import World, eventually, working

CASE = {"team": "csm", "close_within": "120 days", "first_contact_within": "100 days"}
MOST_EVENTS = 1000
ACTS = {"short": (30, 150), "full": (5000, None)}
"""How many acts, and after how many events a history is to begin anew (None: as the server says)."""


async def test_a_loop_of_ninety_days_and_forty_acts_has_a_short_history(world: World) -> None:
    loop = world.open_loop("csm_case", CASE)
    await world.has_effect(loop, "staff-assigned-first")
    for number in range(39):
        if number % 4 == 0:
            await world.skip(loop, days=9)
        kind = (ActKind.NOTE, ActKind.ATTEMPT)[number % 2]
        details = {} if kind == ActKind.NOTE else {"channel": "phone", "result": "no_reply"}
        assert (await world.act(loop, kind, text=f"Day {number}.", **details)).state == "applied"
    await world.act(loop, ActKind.CLOSE, closure="false_alarm")
    await world.closed(loop)
    runs = [run async for run in world.env.client.list_workflows(f'WorkflowId = "{loop}"')]
    lengths = [run.history_length for run in runs]
    assert max(lengths) < MOST_EVENTS
    assert _applied(world, loop) == 40


@pytest.mark.parametrize("form", [os.environ.get("BOUCLE_LONG_LIVES", "short")])
async def test_a_loop_with_very_many_acts_goes_on_and_loses_none(idle_world: World, form: str) -> None:
    acts, suggested = ACTS[form]
    limit = f"limit.historyCount.suggestContinueAsNew={suggested}"
    options = ("--dynamic-config-value", limit) if suggested else ()
    async with AsyncExitStack() as stack:
        env: WorkflowEnvironment = await stack.enter_async_context(await start_server(*options))
        world = replace(idle_world, env=env)
        loop = world.open_loop("csm_case", CASE)
        with world.database.session() as session:
            _record(session, loop, acts)
            session.commit()
        await stack.enter_async_context(working(world))
        await eventually(lambda: _applied(world, loop) == acts or None, seconds=5 * acts)
        await world.act(loop, ActKind.CLOSE, closure="false_alarm")
        await world.closed(loop)
        statuses = [run.status async for run in env.client.list_workflows(f'WorkflowId = "{loop}"')]
        assert statuses.count(WorkflowExecutionStatus.CONTINUED_AS_NEW) >= 1
    with world.database.reading() as session:
        noted = select(func.count()).where(LedgerEvent.type == "loop.noted")
        assert session.exec(noted).one() == acts
        assert verify(session).whole


def _record(session: Session, loop: str, acts: int) -> None:
    at = datetime.now(UTC)
    for number in range(acts):
        commands.record(
            session, loop_id=loop, kind=ActKind.NOTE, actor="carla", at=at, recorded_at=at, details={},
            text=f"Note {number}.",
        )  # fmt: skip


def _applied(world: World, loop: str) -> int:
    with world.database.reading() as session:
        query = select(func.count()).where(CommandRow.loop_id == loop, CommandRow.state == "applied")
        return session.exec(query).one()
