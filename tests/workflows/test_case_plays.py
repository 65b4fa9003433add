"""`csm_case` and `escalate`: people, clocks, reminders, the lead."""

from __future__ import annotations

from datetime import timedelta

import pytest
from pydantic import JsonValue

from boucle.activities.calls import OpenCase
from boucle.activities.cases import CaseActivities
from boucle.engine import commands
from boucle.engine.work_tables import CaseRow, ClockRow
from boucle.model import ActKind, ClockKind, ClockState, Closure, EffectState
from tests.workflows.world import AMELIE, World, closed_for, eventually

CASE: dict[str, JsonValue] = {
    "team": "csm",
    "first_contact_within": "48h",
    "close_within": "5 days",
    "remind_before": ["24h", "4h"],
    "acknowledge": "we-call-you",
    "remind_silent_after": [],
    "silent_after": "none",
}
ESCALATION: dict[str, JsonValue] = {"team": "csm", "first_contact_within": "4h", "close_within": "2 days"}


def case_of(world: World, loop: str) -> CaseRow:
    with world.database.reading() as session:
        return session.get_one(CaseRow, (loop, 1))


def clock_states(world: World, loop: str) -> dict[str, str]:
    with world.database.reading() as session:
        kinds = (ClockKind.FIRST_CONTACT, ClockKind.CLOSE)
        return {kind: session.get_one(ClockRow, (loop, 1, kind)).state for kind in kinds}


def told(world: World) -> list[str]:
    """The steps that colleagues were told of, with whom, in order."""
    return [
        f"{mail['X-Boucle-Effect'].rpartition('/')[2]} {mail['To'].addresses[0].username}"
        for mail in world.mails.taken
        if mail["To"].addresses[0].domain == "firm.example"
    ]


async def test_a_case_from_its_opening_to_its_closing(world: World) -> None:
    loop = world.open_loop("csm_case", CASE)
    await world.reached(loop, "working")
    await world.has_effect(loop, "acknowledge")
    await world.has_effect(loop, "staff-assigned-first")
    assert told(world) == ["staff-assigned-first carla"]
    await world.act(loop, ActKind.CLAIM)
    await world.skip(loop, hours=3)
    await world.act(loop, ActKind.ATTEMPT, channel="phone", result="reached", text="Long talk.")
    assert clock_states(world, loop)["first_contact"] == ClockState.MET
    await world.skip(loop, hours=50)
    done = await world.act(
        loop, ActKind.CLOSE, closure="recovered", root_cause="process", text="Billing was fixed."
    )
    assert (done.state, done.reason) == ("applied", None)
    standing = await world.closed(loop)
    assert (standing.closure, world.row(loop).closed_by) == (Closure.RECOVERED, "carla")
    assert set(clock_states(world, loop).values()) == {ClockState.MET}
    assert told(world) == ["staff-assigned-first carla"]


async def test_every_reminder_fires_and_each_missed_clock_goes_to_the_lead_once(world: World) -> None:
    loop = world.open_loop("csm_case", CASE)
    await world.reached(loop, "working")
    await world.has_effect(loop, "staff-assigned-first")
    for hours, step in (
        (24, "staff-reminder-first_contact-24h"),
        (20, "staff-reminder-first_contact-4h"),
        (4, "staff-missed-first_contact"),
        (48, "staff-reminder-close-24h"),
        (20, "staff-reminder-close-4h"),
        (4, "staff-missed-close"),
        (200, "staff-missed-close"),
    ):
        await world.skip(loop, hours=hours)
        await world.has_effect(loop, step)
    assert told(world) == [
        "staff-assigned-first carla",
        "staff-reminder-first_contact-24h carla",
        "staff-reminder-first_contact-4h carla",
        "staff-missed-first_contact lea",
        "staff-reminder-close-24h carla",
        "staff-reminder-close-4h carla",
        "staff-missed-close lea",
    ]
    assert case_of(world, loop).escalated_to == "lea"
    assert clock_states(world, loop) == {"first_contact": ClockState.MISSED, "close": ClockState.MISSED}
    await world.act(loop, ActKind.CLAIM, "lea")
    await world.act(loop, ActKind.CLOSE, "lea", closure="false_alarm")
    assert (await world.closed(loop)).closure == Closure.FALSE_ALARM


async def test_a_closed_case_reminds_nobody(world: World) -> None:
    loop = world.open_loop("csm_case", CASE)
    await world.has_effect(loop, "staff-assigned-first")
    await world.act(loop, ActKind.CLOSE, closure="false_alarm")
    await world.closed(loop)
    assert set(clock_states(world, loop).values()) <= {ClockState.STOPPED, ClockState.MET}
    assert told(world) == ["staff-assigned-first carla"]


async def test_nobody_is_told_outside_working_time(world: World) -> None:
    loop = world.open_loop("csm_case", CASE, calendar=closed_for(hours=5))
    await world.has_effect(loop, "acknowledge")
    assert world.effect(loop, "staff-assigned-first") == EffectState.INTENDED
    await world.skip(loop, hours=4)
    assert told(world) == []
    await world.skip(loop, hours=1, minutes=1)
    await world.has_effect(loop, "staff-assigned-first")
    assert told(world) == ["staff-assigned-first carla"]


async def test_who_was_to_be_told_in_the_morning_is_not_told_of_a_closed_case(world: World) -> None:
    loop = world.open_loop("csm_case", CASE, calendar=closed_for(hours=5))
    await world.has_effect(loop, "acknowledge")
    await world.act(loop, ActKind.CLOSE, closure="false_alarm")
    standing = await world.closed(loop)
    assert standing.effects["staff-assigned-first"] == EffectState.REFUSED
    assert told(world) == []


async def test_a_severe_case_is_told_of_at_night(world: World) -> None:
    loop = world.open_loop("csm_case", {**CASE, "severity": "critical"}, calendar=closed_for(hours=5))
    await world.has_effect(loop, "staff-assigned-first")


@pytest.mark.parametrize("known", [False, True])
async def test_a_case_goes_on_without_an_address(world: World, known: bool) -> None:
    world.mails.unknown_addresses.add("amelie.dupont@kunde.example")
    loop = world.open_loop("csm_case", CASE, person=AMELIE if known else None)
    await world.has_effect(loop, "staff-assigned-first")
    if known:
        await world.has_effect(loop, "acknowledge", EffectState.REFUSED)
    assert world.standing(loop).stage == "working"
    assert all("kunde" not in mail["To"] for mail in world.mails.taken)
    assert ("acknowledge" in world.standing(loop).effects) == known


async def test_cases_go_to_who_has_least_to_do_and_a_new_owner_is_told(world: World) -> None:
    first = world.open_loop("csm_case", CASE)
    await world.has_effect(first, "staff-assigned-first")
    second = world.open_loop("csm_case", CASE)
    await world.has_effect(second, "staff-assigned-first")
    assert [case_of(world, loop).owner for loop in (first, second)] == ["carla", "denis"]
    act = await world.act(first, ActKind.ASSIGN, "lea", owner="denis", text="Carla asked for it.")
    await world.has_effect(first, f"staff-assigned-{act.id}")
    assert f"staff-assigned-{act.id} denis" in told(world)[2:]


async def test_acts_that_are_not_allowed_are_refused_with_the_reason(world: World) -> None:
    loop = world.open_loop("csm_case", CASE)
    await world.reached(loop, "working")
    with world.database.session() as session:  # as by somebody who saw an older state
        loops = [
            commands.record(
                session, loop_id=loop, kind=ActKind.CLAIM, actor=actor, at=at, recorded_at=at, details={}
            )
            for actor, at in (("carla", await world.now(loop)), ("denis", await world.now(loop)))
        ]
        session.commit()
    decided = [await world.decided(command.id) for command in loops]
    assert [(act.state, act.reason) for act in decided] == [("applied", None), ("refused", "already_claimed")]


async def test_an_escalation_is_the_lead_s_at_once_also_at_night(world: World) -> None:
    loop = world.open_loop("escalate", ESCALATION, calendar=closed_for(hours=12))
    await world.has_effect(loop, "staff-assigned-first")
    case = case_of(world, loop)
    assert (case.owner, case.severity) == ("lea", "high")
    row = world.row(loop)
    assert world.due(loop, ClockKind.FIRST_CONTACT) - row.opened_at == timedelta(hours=4)
    await world.skip(loop, hours=3, seconds=1)
    await world.has_effect(loop, "staff-reminder-first_contact-1h")
    await world.act(loop, ActKind.ATTEMPT, "lea", channel="phone", result="refused")
    await world.act(loop, ActKind.CLOSE, "lea", closure="declined", root_cause="price", text="Too dear.")
    assert (await world.closed(loop)).closure == Closure.DECLINED
    assert told(world) == ["staff-assigned-first lea", "staff-reminder-first_contact-1h lea"]


async def test_an_escalation_that_is_missed_is_told_again(world: World) -> None:
    loop = world.open_loop("escalate", ESCALATION)
    await world.has_effect(loop, "staff-assigned-first")
    await world.skip(loop, hours=4, seconds=1)
    await world.has_effect(loop, "staff-missed-first_contact")
    await eventually(lambda: clock_states(world, loop)["first_contact"] == ClockState.MISSED or None)


async def test_an_opening_that_is_asked_for_again_leaves_the_case_with_its_owner(world: World) -> None:
    loop = world.open_loop("csm_case", CASE)
    await world.reached(loop, "working")
    await world.act(loop, ActKind.ASSIGN, owner="lea")
    again = OpenCase(
        loop=loop,
        round=1,
        stage="working",
        team="csm",
        severity="medium",
        to_lead=False,
        clocks=(),
        at=await world.now(loop),
    )
    opening = CaseActivities(world.database, world.means.directory)
    assert opening.open_case(again).stage == "working"
    assert case_of(world, loop).owner == "lea"
    await world.act(loop, ActKind.CLOSE, closure="false_alarm")
    assert opening.open_case(again).closure == Closure.FALSE_ALARM
