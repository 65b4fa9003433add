"""Withdrawal at any moment, replies, bounces, mergers, and ends from outside, on the real server."""

from __future__ import annotations

import asyncio
import json
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest
from pydantic import JsonValue
from temporalio.client import WorkflowFailureError

from boucle.engine import duplicates, effects, erasure, ledger, reconciliation, replies, withdrawals
from boucle.engine.mails import Mail
from boucle.engine.tables import LoopRow, OutboxRow
from boucle.engine.timeline import read_timeline
from boucle.engine.verification import verify
from boucle.model import ActKind, Closure, EffectState, LoopState, ReplyKind
from boucle.worker.reconciler import Reconciler
from tests.workflows.test_apology import PARAMS
from tests.workflows.world import World, eventually, working

CASE: dict[str, JsonValue] = {"team": "csm", "acknowledge": "we-call-you", "close_within": "5 days"}


def withdraw(world: World, loop: str) -> list[str]:
    """As an import does that brings the news."""
    with world.database.session() as session:
        contact = session.get_one(LoopRow, loop).contact_id or ""
        ended = withdrawals.end_loops(session, [contact], cause="consent", at=datetime.now(UTC))
        session.commit()
        return ended


def receive(world: World, loop: str, kind: ReplyKind = ReplyKind.REPLY, step: str | None = None) -> None:
    """A mail comes in for the loop, or about one of its messages."""
    marks = (effects.mark_of(effects.effect_key(loop, 1, step)),) if step else ()
    named = () if step else (loop,)
    mail = Mail(f"{loop}-{kind}-{step}", kind, named, marks, status="5.1.1", text="Call me.", said="Call me.")
    with world.database.session() as session:
        replies.take(session, mail, by="carla", at=datetime.now(UTC))
        session.commit()


def told(world: World, loop: str, type_: str) -> list[dict[str, Any]]:
    with world.database.reading() as session:
        events = ledger.history(session, ledger.loop_chain(loop))
        return [json.loads(event.payload) for event in events if event.type == type_]


# -- withdrawn ----------------------------------------------------------------------------------


async def test_withdrawal_before_anything_began_lets_nothing_out(idle_world: World) -> None:
    world = idle_world
    loops = [world.open_loop("apologize_with_offer", PARAMS), world.open_loop("csm_case", CASE)]
    assert [withdraw(world, loop) for loop in loops] == [[loop] for loop in loops]
    async with working(world):
        for loop in loops:
            await eventually(partial(started, world, loop))
            await asyncio.wait_for(world.handle(loop).result(), 90)
    assert world.mails.taken == []
    assert [world.row(loop).closure for loop in loops] == [Closure.WITHDRAWN] * 2


def started(world: World, loop: str) -> bool | None:
    with world.database.reading() as session:
        return session.get_one(OutboxRow, f"{loop}/1").state == "started" or None


async def test_withdrawal_stops_a_message_that_is_being_retried(world: World) -> None:
    world.mails.busy = 1_000_000
    loop = world.open_loop("apologize_with_offer", PARAMS)
    await world.has_effect(loop, "apology", EffectState.RELEASED)
    withdraw(world, loop)
    world.mails.busy = 0
    assert (await world.closed(loop)).closure == Closure.WITHDRAWN
    assert world.mails.taken == []


@pytest.mark.parametrize("stage", ["apologized", "asked"])
async def test_withdrawal_ends_an_apology_at_each_stage(world: World, stage: str) -> None:
    loop = world.open_loop("apologize_with_offer", PARAMS)
    await world.reached(loop, "apologized")
    if stage == "asked":
        await world.skip(loop, days=7)
        await world.reached(loop, "asked")
    sent = len(world.mails.taken)
    withdraw(world, loop)
    assert (await world.closed(loop)).closure == Closure.WITHDRAWN
    assert len(world.mails.taken) == sent
    assert len(told(world, loop, "loop.closed")) == 1


@pytest.mark.parametrize("contacted", [False, True])
async def test_withdrawal_ends_a_case_at_each_stage_and_tells_its_owner(
    world: World, *, contacted: bool
) -> None:
    loop = world.open_loop("csm_case", CASE)
    await world.has_effect(loop, "staff-assigned-first")
    await world.has_effect(loop, "acknowledge")
    if contacted:
        await world.act(loop, ActKind.ATTEMPT, channel="phone", result="reached")
    sent = len(world.mails.taken)
    withdraw(world, loop)
    assert (await world.closed(loop)).closure == Closure.WITHDRAWN
    (mail,) = world.mails.taken[sent:]
    assert "/staff-withdrawn-" in mail["X-Boucle-Effect"]


async def test_withdrawal_ends_a_concluded_case_whose_customer_was_yet_to_be_asked(world: World) -> None:
    loop = world.open_loop("csm_case", {**CASE, "follow_up": {"after": "7 days"}})
    await world.reached(loop, "working")
    await world.act(loop, ActKind.ATTEMPT, channel="phone", result="reached")
    await world.act(loop, ActKind.CLOSE, closure="recovered", root_cause="people", text="Talked.")
    await world.reached(loop, "verifying")
    withdraw(world, loop)
    assert (await world.closed(loop)).closure == Closure.WITHDRAWN
    assert world.mails.of("follow-up") == []


async def test_withdrawal_ends_a_loop_that_was_put_off(idle_world: World) -> None:
    world = idle_world
    later = datetime.now(UTC) + timedelta(days=3)
    loop = world.open_loop("apologize_with_offer", PARAMS, deferred_until=later)
    async with working(world):
        withdraw(world, loop)
        await asyncio.sleep(1)
    assert world.row(loop).closure == Closure.WITHDRAWN
    assert world.mails.taken == []


async def test_erasure_ends_a_loop_and_leaves_a_history_that_verifies(world: World) -> None:
    loop = world.open_loop("csm_case", CASE)
    await world.has_effect(loop, "acknowledge")
    await world.act(loop, ActKind.NOTE, text="Amélie was angry.")
    with world.database.session() as session:
        contact = session.get_one(LoopRow, loop).contact_id or ""
        erasure.erase(session, contact, actor="lea", at=datetime.now(UTC))
        session.commit()
    await world.closed(loop)
    with world.database.reading() as session:
        assert verify(session).whole
        assert not any(entry.texts for entry in read_timeline(session, loop))


# -- replies ------------------------------------------------------------------------------------


async def test_a_reply_stops_the_automatic_messages(world: World) -> None:
    loop = world.open_loop("apologize_with_offer", PARAMS)
    await world.reached(loop, "apologized")
    receive(world, loop)
    await eventually(lambda: world.standing(loop).replied or None)
    await world.skip(loop, days=40)
    standing = await world.closed(loop)
    assert standing.closure == Closure.NO_ANSWER
    assert world.mails.of("follow-up") == []


async def test_a_reply_reaches_the_owner_of_the_case(world: World) -> None:
    loop = world.open_loop("csm_case", CASE)
    await world.has_effect(loop, "staff-assigned-first")
    receive(world, loop)
    await eventually(
        lambda: any("/staff-reply-" in mail["X-Boucle-Effect"] for mail in world.mails.taken) or None
    )
    assert world.standing(loop).state == LoopState.IN_PROGRESS


async def test_a_reply_to_a_closed_loop_reaches_its_owner_and_opens_nothing(world: World) -> None:
    loop = world.open_loop("csm_case", CASE)
    await world.has_effect(loop, "staff-assigned-first")
    await world.act(loop, ActKind.CLOSE, closure="false_alarm")
    await world.closed(loop)
    receive(world, loop)
    await eventually(
        lambda: any("/staff-reply-" in mail["X-Boucle-Effect"] for mail in world.mails.taken) or None
    )
    await world.closed(loop)
    assert world.standing(loop).round == 1


async def test_a_message_that_came_back_for_good_ends_the_writing(world: World) -> None:
    loop = world.open_loop("apologize_with_offer", PARAMS)
    await world.reached(loop, "apologized")
    receive(world, loop, ReplyKind.BOUNCE, "apology")
    await eventually(lambda: None if world.standing(loop).reachable else True)
    await world.skip(loop, days=40)
    assert (await world.closed(loop)).closure == Closure.UNREACHABLE
    assert world.mails.of("follow-up") == []


# -- merged -------------------------------------------------------------------------------------


async def test_a_merged_loop_never_escalates_and_the_other_is_due_in_its_stead(world: World) -> None:
    loop, into = (world.open_loop("csm_case", CASE) for _ in range(2))
    for one in (loop, into):
        await world.has_effect(one, "staff-assigned-first")
    with world.database.session() as session:
        session.get_one(LoopRow, into).contact_id = world.row(loop).contact_id
        duplicates.merge(session, loop, into, actor="lea", at=datetime.now(UTC))
        session.commit()
    standing = await world.closed(loop)
    assert (standing.closure, standing.clocks) == (Closure.FALSE_ALARM, ())
    sent = len(world.mails.taken)
    await world.skip(into, days=10)
    await eventually(lambda: told(world, into, "case.escalated") or None)
    assert told(world, loop, "case.escalated") == []
    assert not [mail for mail in world.mails.taken[sent:] if mail["X-Boucle-Effect"].startswith(loop)]


# -- ended from outside -------------------------------------------------------------------------


async def test_a_cancelled_workflow_says_why_before_it_ends_and_is_rebuilt(world: World) -> None:
    loop = world.open_loop("csm_case", CASE)
    await world.has_effect(loop, "acknowledge")
    await world.has_effect(loop, "staff-assigned-first")
    await world.handle(loop).cancel(reason="Moved by hand.")
    (event,) = await eventually(lambda: told(world, loop, "loop.interrupted") or None)
    assert event["how"] == "workflow_canceled"
    await eventually(lambda: problem(world, loop))
    with suppress(WorkflowFailureError):  # the run goes on for a moment after it has written that down
        await world.handle(loop).result()
    with world.database.reading() as session:
        entries = read_timeline(session, loop)
        assert entries[-1].texts == {"text": "Moved by hand."}
        found = [one.code for one in reconciliation.waits(session, datetime.now(UTC))]
    assert "start_refused" in found
    await rebuild_and_close(world, loop)


async def test_a_terminated_workflow_is_found_with_the_reason_that_was_given(world: World) -> None:
    loop = world.open_loop("csm_case", CASE)
    await world.has_effect(loop, "acknowledge")
    await world.has_effect(loop, "staff-assigned-first")
    await world.end_by_hand(loop, "Wrong queue.")
    await Reconciler(world.env.client, world.database, world.task_queue).reconcile()
    (event,) = told(world, loop, "loop.interrupted")
    assert event["how"] == "workflow_terminated"
    with world.database.reading() as session:
        assert read_timeline(session, loop)[-1].texts == {"text": "Wrong queue."}
    await rebuild_and_close(world, loop)


def problem(world: World, loop: str) -> str | None:
    with world.database.reading() as session:
        return session.get_one(OutboxRow, f"{loop}/1").problem


async def rebuild_and_close(world: World, loop: str) -> None:
    """It goes on where it stood, and writes nothing again."""
    with world.database.session() as session:
        reconciliation.restart(session, loop, datetime.now(UTC))
        session.commit()
    await eventually(lambda: world.find_run(loop))
    await world.act(loop, ActKind.CLOSE, closure="false_alarm")
    assert (await world.closed(loop)).closure == Closure.FALSE_ALARM
    assert len(world.mails.of("acknowledge")) == 1
