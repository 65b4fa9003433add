"""Ladders, nights and silent owners, played in virtual time on the real server."""

from __future__ import annotations

from datetime import UTC, datetime

from pydantic import JsonValue

from boucle.engine import cases, commands, loops, notices, reconciliation
from boucle.engine.work_tables import CaseRow
from boucle.model import ActKind, ClockKind, Closure, EffectState
from tests.workflows.world import World, closed_for, eventually

CASE: dict[str, JsonValue] = {
    "team": "csm",
    "first_contact_within": "48h",
    "close_within": "5 days",
    "remind_before": ["24h"],
    "remind_silent_after": [],
    "silent_after": "none",
}
LADDER: JsonValue = [
    {"when": "12h after opening", "tell": ["owner", "denis"]},
    {"when": "2 business hours before first_contact", "tell": "lead"},
    {"when": "first_contact missed", "tell": "lead", "team": "csm"},
    {"when": "6h after first_contact", "tell": "lead", "message": "we-call-you"},
    {"when": "close missed", "tell": "lead"},
]


def told(world: World) -> list[str]:
    """The steps that colleagues were told of, with whom, in order."""
    mails = [mail for mail in world.mails.taken if mail["To"].addresses[0].domain == "firm.example"]
    steps = [mail["X-Boucle-Effect"].rpartition("/")[2].removeprefix("staff-") for mail in mails]
    return [f"{step} {mail['To'].addresses[0].username}" for step, mail in zip(steps, mails, strict=True)]


def case_of(world: World, loop: str) -> CaseRow:
    with world.database.reading() as session:
        return session.get_one(CaseRow, (loop, 1))


async def test_every_level_of_a_ladder_is_climbed_once_also_by_a_rebuilt_run(world: World) -> None:
    loop = world.open_loop("csm_case", {**CASE, "ladder": LADDER})
    await world.has_effect(loop, "staff-assigned-first")
    await world.skip(loop, hours=13)
    await world.has_effect(loop, "staff-standing-12h-2")
    await world.skip(loop, hours=34)
    await world.has_effect(loop, "staff-reminder-first_contact-2bh")
    await world.end_by_hand(loop)
    with world.database.session() as session:
        reconciliation.restart(session, loop, datetime.now(UTC))
        session.commit()
    await eventually(lambda: world.find_run(loop))
    await world.skip(loop, hours=48, seconds=1)
    await world.has_effect(loop, "staff-missed-first_contact-2")
    await world.skip(loop, hours=7)
    await world.has_effect(loop, "staff-late-first_contact-6h")
    await world.skip(loop, hours=90)
    await world.has_effect(loop, "staff-missed-close")
    assert told(world) == [
        "assigned-first carla",
        "standing-12h carla",
        "standing-12h-2 denis",
        "reminder-first_contact-24h carla",
        "reminder-first_contact-2bh lea",
        "missed-first_contact lea",
        "missed-first_contact-2-carla carla",
        "missed-first_contact-2-denis denis",
        "late-first_contact-6h lea",
        "reminder-close-24h carla",
        "missed-close lea",
    ]


async def test_levels_of_a_clock_stop_when_it_is_met_and_all_stop_at_the_closing(world: World) -> None:
    loop = world.open_loop("csm_case", {**CASE, "ladder": LADDER})
    await world.has_effect(loop, "staff-assigned-first")
    await world.act(loop, ActKind.ATTEMPT, channel="phone", result="reached")
    await world.skip(loop, hours=60)
    await world.has_effect(loop, "staff-standing-12h-2")
    await world.act(loop, ActKind.CLOSE, closure="recovered", root_cause="people", text="Mended.")
    await world.closed(loop)
    assert told(world) == ["assigned-first carla", "standing-12h carla", "standing-12h-2 denis"]


async def test_a_night_s_notices_wait_for_the_morning_and_those_that_lost_their_point_are_dropped(
    world: World,
) -> None:
    short: dict[str, JsonValue] = {**CASE, "first_contact_within": "20h", "remind_before": ["19h", "12h"]}
    ladder: JsonValue = [
        {"when": "close missed", "tell": "lead"},
        {"when": "2h after opening", "tell": "lead"},
    ]
    loop = world.open_loop(
        "csm_case", {**short, "close_within": "15h", "ladder": ladder}, calendar=closed_for(18)
    )
    await world.reached(loop, "working")
    for hours in (2, 2, 5, 7):
        await world.skip(loop, hours=hours)
    assert told(world) == []
    await world.act(loop, ActKind.ATTEMPT, channel="phone", result="reached")
    await world.skip(loop, hours=2, minutes=2)
    await world.has_effect(loop, "staff-missed-close")
    assert told(world) == [
        "assigned-first carla",
        "standing-2h lea",
        "reminder-close-12h carla",
        "missed-close lea",
    ]
    assert world.effect(loop, "staff-reminder-first_contact-19h") == EffectState.REFUSED


async def test_a_case_that_becomes_severe_at_night_is_told_of_at_once(world: World) -> None:
    loop = world.open_loop("csm_case", CASE, calendar=closed_for(hours=12))
    await world.reached(loop, "working")
    await world.skip(loop, hours=1)
    at = await world.now(loop)
    with world.database.session() as session:  # as a response does that joins
        row = loops.lock_loop(session, loop)
        cases.raise_severity(session, row, severity="critical", at=at)
        notices.write_down(session, row, notices.step("raised", "critical"), at, values={"before": "medium"})
        commands.record(
            session, loop_id=loop, kind=ActKind.JOIN, actor="boucle", at=at, recorded_at=at, details={}
        )
        session.commit()
    await world.has_effect(loop, "staff-raised-critical")
    assert told(world) == ["assigned-first carla", "raised-critical carla"]


async def test_the_case_of_a_silent_owner_is_given_to_somebody_else(world: World) -> None:
    silence: dict[str, JsonValue] = {
        "first_contact_within": "60 days",
        "close_within": "60 days",
        "remind_silent_after": ["4 business hours", "8h"],
        "silent_after": "1 business day",
    }
    loop = world.open_loop("csm_case", {**CASE, **silence, "if_silent": "reassign"})
    await world.has_effect(loop, "staff-assigned-first")
    await world.skip(loop, hours=5)
    await world.act(loop, ActKind.NOTE, text="I am at it.")
    for hours in (4, 4, 16):
        await world.skip(loop, hours=hours, seconds=1)
    await eventually(lambda: case_of(world, loop).owner == "denis" or None)
    await eventually(lambda: len(told(world)) == 6 or None)
    assert [step.partition("-")[0] + step[-6:] for step in told(world)] == [
        "assigned carla",
        "silent carla",
        "silent carla",
        "silent carla",
        "assigned denis",
        "reassigned carla",
    ]
    await world.act(loop, ActKind.ATTEMPT, "denis", channel="phone", result="reached")
    assert world.due(loop, ClockKind.CLOSE) > await world.now(loop)


async def test_the_lead_may_claim_the_case_of_a_silent_owner(world: World) -> None:
    silence: dict[str, JsonValue] = {"silent_after": "2h", "remind_before": []}
    loop = world.open_loop("csm_case", {**CASE, **silence})
    await world.has_effect(loop, "staff-assigned-first")
    await world.skip(loop, hours=3)
    await eventually(lambda: case_of(world, loop).escalated_to or None)
    assert (await world.act(loop, ActKind.CLAIM, "lea")).state == "applied"
    await world.act(loop, ActKind.CLOSE, "lea", closure="false_alarm", text="A test order.")
    assert (await world.closed(loop)).closure == Closure.FALSE_ALARM
    assert [step.partition("-")[0] for step in told(world)] == ["assigned", "silence"]
