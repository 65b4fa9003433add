"""A lost Temporal file, a terminated workflow, a long history: the loop goes on where it stands."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial

import pytest
from pydantic import JsonValue
from sqlalchemy import text
from sqlmodel import Session
from temporalio.client import WorkflowExecutionStatus
from temporalio.testing import WorkflowEnvironment

from boucle.engine import ledger, reconciliation, withdrawals
from boucle.engine.tables import LoopRow, OutboxRow
from boucle.model import ActKind, Closure, EffectState, LoopState
from boucle.worker.reconciler import Reconciler
from tests.workflows.servers import start_bare_server, start_server
from tests.workflows.world import World, eventually, working

CASE: dict[str, JsonValue] = {"team": "csm", "acknowledge": "we-call-you", "close_within": "5 days"}
APOLOGY: dict[str, JsonValue] = {
    "template": "apology",
    "offer": {"kind": "voucher", "value": "15.00 EUR", "valid_for": "30 days"},
}


async def opened_loops(world: World) -> tuple[str, str]:
    """A case with an attempt, and an apology that waits for its follow-up date."""
    case = world.open_loop("csm_case", CASE)
    apology = world.open_loop("apologize_with_offer", APOLOGY)
    await world.has_effect(case, "acknowledge")
    await world.has_effect(case, "staff-assigned-first")
    await world.act(case, ActKind.ATTEMPT, channel="phone", result="reached")
    await world.reached(apology, "apologized")
    return case, apology


def start_row(session: Session, loop: str) -> OutboxRow:
    return session.get_one(OutboxRow, f"{loop}/1", populate_existing=True)


async def test_a_new_server_goes_on_with_every_loop_and_sends_nothing_again(idle_world: World) -> None:
    old = idle_world
    async with working(old):
        case, apology = await opened_loops(old)
    before = [old.standing(loop) for loop in (case, apology)]
    async with AsyncExitStack() as stack:
        env = await stack.enter_async_context(await start_server())
        world = replace(old, env=env, task_queue="rebuilt")
        await stack.enter_async_context(working(world))
        for loop in (case, apology):
            await eventually(partial(world.find_run, loop))
        await asyncio.sleep(1)
        assert [world.standing(loop) for loop in (case, apology)] == before
        assert len(world.mails.taken) == 3
        await world.act(case, ActKind.CLOSE, closure="recovered", root_cause="people", text="Talked.")
        await world.act(apology, ActKind.ANSWER, "customer", score=10)
        assert (await world.closed(case)).closure == Closure.RECOVERED
        assert (await world.closed(apology)).closure == Closure.RECOVERED
        assert len(world.mails.taken) == 3


async def test_a_closed_loop_that_temporal_lost_still_tells_its_owner(idle_world: World) -> None:
    """It was closed while the mail server was away: its play was still to tell whoever has the case."""
    old = idle_world
    async with working(old):
        loop = old.open_loop("csm_case", CASE)
        await old.has_effect(loop, "acknowledge")
        await old.has_effect(loop, "staff-assigned-first")
        old.mails.busy = 1_000_000
        with old.database.session() as session:
            contact = session.get_one(LoopRow, loop).contact_id or ""
            withdrawals.end_loops(session, [contact], cause="consent", at=datetime.now(UTC))
            session.commit()
        await eventually(lambda: old.row(loop).state == LoopState.CLOSED or None)
    old.mails.busy = 0
    assert len(old.mails.taken) == 2
    async with AsyncExitStack() as stack:
        env = await stack.enter_async_context(await start_server())
        world = replace(old, env=env, task_queue="rebuilt")
        await stack.enter_async_context(working(world))
        await eventually(lambda: len(world.mails.taken) == 3 or None)
        assert "/staff-withdrawn-" in world.mails.taken[-1]["X-Boucle-Effect"]
        await world.closed(loop)


async def test_a_terminated_workflow_is_recorded_and_rebuilt_on_demand(world: World) -> None:
    case, _ = await opened_loops(world)
    await world.end_by_hand(case)
    with world.database.reading() as session:
        assert start_row(session, case).problem == "workflow_terminated"
        found = reconciliation.waits(session, datetime.now(UTC))
    assert "start_refused" in [finding.code for finding in found]
    with world.database.session() as session:
        reconciliation.restart(session, case, datetime.now(UTC))
        session.commit()
    await world.act(case, ActKind.CLOSE, closure="recovered", root_cause="people", text="Talked.")
    assert (await world.closed(case)).closure == Closure.RECOVERED
    assert len(world.mails.of("acknowledge")) == len(world.mails.of("staff-assigned-first")) == 1


async def test_a_start_refused_for_good_is_left_to_a_person(idle_world: World) -> None:
    """What it had reserved is free again, and others may have taken it meanwhile."""
    async with AsyncExitStack() as stack:
        short = await stack.enter_async_context(
            await start_server("--dynamic-config-value", "limit.maxIDLength=40")
        )
        world = replace(idle_world, env=short)
        await stack.enter_async_context(working(world))
        loop = world.open_loop("csm_case", CASE)
        await eventually(lambda: _is_refused(world, loop))
        assert _problem(world, loop) == "INVALID_ARGUMENT"
        with world.database.reading() as session:
            found = reconciliation.waits(session, datetime.now(UTC))
        assert [finding.code for finding in found] == ["start_refused"]
        reconciler = Reconciler(world.env.client, world.database, world.task_queue)
        assert await reconciler.reconcile() == 0


def _is_refused(world: World, loop: str) -> bool | None:
    with world.database.reading() as session:
        return start_row(session, loop).state == "refused" or None


def _problem(world: World, loop: str) -> str | None:
    with world.database.reading() as session:
        return start_row(session, loop).problem


async def test_a_start_told_twice_runs_once(world: World) -> None:
    """As if the dispatcher had died between the start and its mark."""
    loop = world.open_loop("apologize_with_offer", APOLOGY, person=None)
    await world.closed(loop)
    with world.database.session() as session:
        row = start_row(session, loop)
        row.state, row.done_at = "pending", None
        session.add(row)
        session.commit()
    await eventually(lambda: _started_again(world, loop))
    runs = [run.run_id async for run in world.env.client.list_workflows(f'WorkflowId = "{loop}"')]
    assert len(runs) == 1


def _started_again(world: World, loop: str) -> bool | None:
    with world.database.reading() as session:
        return start_row(session, loop).state == "started" or None


async def test_an_act_told_twice_is_done_once(world: World) -> None:
    loop = world.open_loop("csm_case", CASE)
    await world.reached(loop, "working")
    act = await world.act(loop, ActKind.NOTE, text="Called back.")
    with world.database.session() as session:
        row = session.get_one(OutboxRow, act.id)
        row.state = "pending"
        session.add(row)
        session.commit()
    await world.act(loop, ActKind.NOTE, text="And again.")
    with world.database.reading() as session:
        events = [event.type for event in ledger.history(session, ledger.loop_chain(loop))]
    assert events.count("loop.noted") == 2


async def test_a_reopened_loop_begins_its_next_round_with_the_same_voucher(world: World) -> None:
    loop = world.open_loop("apologize_with_offer", APOLOGY)
    await world.reached(loop, "apologized")
    await world.act(loop, ActKind.CLOSE, closure="false_alarm")
    await world.closed(loop)
    await world.act(loop, ActKind.REOPEN, text="Once more.")
    await eventually(lambda: world.standing(loop).stage == "apologized" or None)
    standing = world.standing(loop)
    assert (standing.round, standing.state) == (2, LoopState.IN_PROGRESS)
    codes = {mail.get_content().split()[1] for mail in world.mails.of("apology")}
    assert (len(world.mails.of("apology")), len(codes)) == (2, 1)


async def test_a_server_that_was_replaced_by_an_empty_one_is_set_up_again(idle_world: World) -> None:
    """It answers under the same address, and knows none of what loops are searched by."""
    async with AsyncExitStack() as stack:
        world = replace(idle_world, env=await stack.enter_async_context(await start_bare_server()))
        await stack.enter_async_context(working(world))
        loop = world.open_loop("csm_case", CASE)
        assert await eventually(lambda: _problem(world, loop)) == "INVALID_ARGUMENT"
        await world.reached(loop, "working")


async def test_a_start_of_an_unknown_play_waits_until_it_is_installed(world: World) -> None:
    loop = world.open_loop("no_such_play", {})

    assert await eventually(lambda: _problem(world, loop)) == "unknown_play"
    with world.database.reading() as session:
        assert start_row(session, loop).state == "pending"


def rename_outbox(world: World, old: str, new: str) -> None:
    with world.database.session() as session:
        session.execute(text(f"ALTER TABLE {old} RENAME TO {new}"))
        session.commit()


async def test_a_database_that_is_away_for_a_while_is_found_again(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    loop = world.open_loop("csm_case", CASE)
    await world.reached(loop, "working")
    rename_outbox(world, "outbox", "elsewhere")
    await eventually(lambda: "the outbox could not be read" in caplog.text or None)
    rename_outbox(world, "elsewhere", "outbox")
    act = await world.act(loop, ActKind.NOTE, text="Still here.")
    assert act.state == "applied"


async def test_a_long_history_continues_as_new_and_forgets_nothing(idle_world: World) -> None:
    async with AsyncExitStack() as stack:
        env: WorkflowEnvironment = await stack.enter_async_context(
            await start_server("--dynamic-config-value", "limit.historyCount.suggestContinueAsNew=40")
        )
        world = replace(idle_world, env=env)
        await stack.enter_async_context(working(world))
        loop = world.open_loop("csm_case", CASE)
        await world.has_effect(loop, "acknowledge")
        acts = [await world.act(loop, ActKind.NOTE, text=f"Note {number}.") for number in range(12)]
        assert {act.state for act in acts} == {"applied"}
        await world.act(loop, ActKind.CLOSE, closure="false_alarm")
        await world.closed(loop)
        statuses = [run.status async for run in env.client.list_workflows(f'WorkflowId = "{loop}"')]
        assert WorkflowExecutionStatus.CONTINUED_AS_NEW in statuses
        assert world.effect(loop, "acknowledge") == EffectState.DONE
        assert len(world.mails.taken) == 2
