"""A case that waits or is put aside, and promises to the customer, in the loop's own time."""

from __future__ import annotations

from datetime import datetime, timedelta

from pydantic import JsonValue
from sqlmodel import select

from boucle.engine import cases
from boucle.engine.work_tables import ClockRow, CommitmentRow
from boucle.model import ActKind, ClockKind, ClockState
from boucle.standing import RunningClock
from boucle.workflows.csm_case import CsmCase
from tests.workflows.world import World, eventually

CASE: dict[str, JsonValue] = {
    "team": "csm",
    "first_contact_within": "48h",
    "close_within": "24 business hours",
    "remind_before": ["4h"],
}
"""On a team that always works: the team's clock is due after a day, the customer's after two."""


async def opened(world: World) -> str:
    loop = world.open_loop("csm_case", CASE)
    await world.reached(loop, "working")
    await world.has_effect(loop, "staff-assigned-first")
    return loop


def clock_state(world: World, loop: str, kind: ClockKind) -> str:
    with world.database.reading() as session:
        return session.get_one(ClockRow, (loop, 1, kind)).state


async def test_waiting_for_the_customer_pauses_the_teams_clock_only(world: World) -> None:
    loop = await opened(world)
    closing = world.due(loop, ClockKind.CLOSE)
    await world.act(loop, ActKind.WAIT, until=(await world.now(loop)) + timedelta(days=4))
    await world.skip(loop, hours=30)
    assert clock_state(world, loop, ClockKind.CLOSE) == ClockState.PAUSED
    await world.skip(loop, hours=18, seconds=1)
    await world.has_effect(loop, "staff-missed-first_contact")
    assert clock_state(world, loop, ClockKind.FIRST_CONTACT) == ClockState.MISSED
    assert await seen_by_play(world, loop) == world.standing(loop).clocks
    await world.act(loop, ActKind.RESUME)
    assert await seen_by_play(world, loop) == world.standing(loop).clocks
    moved = world.due(loop, ClockKind.CLOSE) - closing
    assert timedelta(hours=48) <= moved < timedelta(hours=48, minutes=1)
    await world.skip(loop, hours=24)
    await world.has_effect(loop, "staff-missed-close")


async def test_a_wait_that_is_over_starts_the_teams_clock_and_tells_the_owner(world: World) -> None:
    loop = await opened(world)
    closing = world.due(loop, ClockKind.CLOSE)
    await world.act(loop, ActKind.WAIT, until=(await world.now(loop)) + timedelta(hours=10))
    await world.skip(loop, hours=10, seconds=1)
    await eventually(lambda: told(world, "wait-over") or None)
    moved = world.due(loop, ClockKind.CLOSE) - closing
    assert timedelta(hours=9, minutes=59) <= moved <= timedelta(hours=10)


async def test_a_snoozed_case_wakes_on_its_date_and_tells_the_owner(world: World) -> None:
    loop = await opened(world)
    until = (await world.now(loop)) + timedelta(hours=30)
    await world.act(loop, ActKind.SNOOZE, until=until)
    await world.skip(loop, hours=20, seconds=1)
    await world.has_effect(loop, "staff-reminder-close-4h")  # its clocks run on meanwhile
    assert not in_inbox(world, loop, await world.now(loop))
    assert told(world, "snooze-over") == []
    await world.skip(loop, hours=10)
    await eventually(lambda: told(world, "snooze-over") or None)
    assert told(world, "snooze-over") == ["carla"]
    assert in_inbox(world, loop, await world.now(loop))


async def test_a_promise_is_reminded_of_and_its_miss_goes_to_the_lead(world: World) -> None:
    loop = await opened(world)
    now = await world.now(loop)
    await world.act(loop, ActKind.PROMISE, due=now + timedelta(hours=10), text="A new invoice.")
    await world.act(loop, ActKind.PROMISE, due=now + timedelta(hours=2), text="A call from the director.")
    await world.act(loop, ActKind.PROMISE, due=now + timedelta(hours=9), text="A part by courier.")
    await world.skip(loop, hours=1, minutes=1)
    await world.has_effect(loop, "staff-promise-due-2-half")
    await world.act(loop, ActKind.KEEP, commitment=2)
    await world.act(loop, ActKind.KEEP, commitment=3)
    await world.skip(loop, hours=5)
    await world.has_effect(loop, "staff-promise-due-1-4h")
    await world.skip(loop, hours=4)
    await world.has_effect(loop, "staff-promise-missed-1")
    assert promises(world, loop) == {1: "missed", 2: "met", 3: "met"}
    assert (told(world, "promise-due"), told(world, "promise-missed")) == (["carla", "carla"], ["lea"])


async def test_closing_stops_promises_snoozes_and_paused_clocks(world: World) -> None:
    loop = await opened(world)
    now = await world.now(loop)
    await world.act(loop, ActKind.PROMISE, due=now + timedelta(hours=30), text="A new invoice.")
    await world.act(loop, ActKind.SNOOZE, until=now + timedelta(hours=8))
    await world.act(loop, ActKind.WAIT)
    await world.act(loop, ActKind.CLOSE, closure="false_alarm")
    assert (await world.closed(loop)).clocks == ()
    assert promises(world, loop) == {1: "stopped"}
    assert world.row(loop).next_due is None
    assert len(world.mails.taken) == 1


async def seen_by_play(world: World, loop: str) -> tuple[RunningClock, ...]:
    """The clocks that the play itself goes by."""
    standing = await world.handle(loop).query(CsmCase.where)
    assert standing is not None
    return standing.clocks


def promises(world: World, loop: str) -> dict[int, str]:
    with world.database.reading() as session:
        query = select(CommitmentRow).where(CommitmentRow.loop_id == loop)
        return {row.number: row.state for row in session.exec(query).all()}


def in_inbox(world: World, loop: str, at: datetime) -> bool:
    with world.database.reading() as session:
        return loop in {row.loop_id for row, _ in cases.list_cases(session, at=at)}


def told(world: World, kind: str) -> list[str]:
    """Who was told of notices of a kind, in order."""
    return [
        mail["To"].addresses[0].username
        for mail in world.mails.taken
        if f"/staff-{kind}-" in mail["X-Boucle-Effect"]
    ]
