"""Who gets a case, who takes it, and what colleagues are asked for, on the real server in virtual time."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial

from pydantic import JsonValue
from temporalio.api.enums.v1 import EventType

from boucle.activities.people import Colleague, Directory, Team
from boucle.engine import commands
from boucle.engine.absences import Absence, record_absence
from boucle.engine.tables import Customer, LoopRow
from boucle.engine.timeline import read_timeline
from boucle.engine.work_tables import CaseRow, TaskRow
from boucle.model import ActKind, EffectState, TaskState
from tests.workflows.world import World, closed_for, working

CASE: dict[str, JsonValue] = {
    "team": "csm",
    "first_contact_within": "20 days",
    "close_within": "30 days",
    "remind_before": ["4h"],
}
FULL = Directory(
    people={
        "carla": Colleague("Carla", "carla@firm.example", "en", "UTC", capacity=0),
        "denis": Colleague("Denis", "denis@firm.example", "fr", "UTC"),
        "lea": Colleague("Léa", "lea@firm.example", "fr", "UTC"),
    },
    teams={"csm": Team("Customer success", "lea", ("carla",))},
)
CROWD = 50


@asynccontextmanager
async def staffed(world: World, directory: Directory) -> AsyncIterator[World]:
    """The worker works with these people."""
    world.means = replace(world.means, directory=directory)
    async with working(world):
        yield world


def case_of(world: World, loop: str) -> CaseRow:
    with world.database.reading() as session:
        return session.get_one(CaseRow, (loop, 1))


def told(world: World) -> list[str]:
    """What colleagues were told, with whom, in order."""
    return [
        f"{mail['X-Boucle-Effect'].rpartition('/')[2]} {mail['To'].addresses[0].username}"
        for mail in world.mails.taken
        if mail["To"].addresses[0].domain == "firm.example"
    ]


def details_of(world: World, loop: str, type_: str) -> list[dict[str, object]]:
    with world.database.reading() as session:
        return [dict(one.details) for one in read_timeline(session, loop) if one.type == type_]


# -- who gets it ---------------------------------------------------------------------------------


async def test_a_case_that_nobody_has_room_for_waits_in_the_queue_and_the_lead_is_told(
    idle_world: World,
) -> None:
    async with staffed(idle_world, FULL) as world:
        loop = world.open_loop("csm_case", CASE)
        await world.has_effect(loop, "staff-queued-first")
        assert case_of(world, loop).owner is None
        assert told(world) == ["staff-queued-first lea"]
        assert [one["reason"] for one in details_of(world, loop, "case.queued")] == ["no_capacity"]
        await world.act(loop, ActKind.CLAIM, "denis")
        assert case_of(world, loop).owner == "denis"


async def test_a_case_goes_to_who_has_the_skill_and_speaks_the_language_of_the_contact(
    idle_world: World,
) -> None:
    people = {
        "carla": Colleague("Carla", "carla@firm.example", "en", "UTC", languages=("en", "fr")),
        "denis": Colleague(
            "Denis", "denis@firm.example", "fr", "UTC", skills=("billing",), languages=("fr",)
        ),
        "lea": Colleague("Léa", "lea@firm.example", "fr", "UTC"),
    }
    teams = {"csm": Team("Customer success", "lea", ("carla", "denis"))}
    async with staffed(idle_world, Directory(people, teams)) as world:
        found = {}
        for language, skill in (("fr", "billing"), ("en", "billing"), ("en", None), ("sv", None)):
            loop = world.open_loop("csm_case", {**CASE, "skill": skill}, language=language)
            await world.reached(loop, "working")
            reasons = details_of(world, loop, "case.queued") + details_of(world, loop, "case.assigned")
            found[language, skill] = (case_of(world, loop).owner, reasons[0]["reason"])
        assert found == {
            ("fr", "billing"): ("denis", "least_loaded"),
            ("en", "billing"): (None, "no_language"),
            ("en", None): ("carla", "least_loaded"),
            ("sv", None): (None, "no_language"),
        }


async def test_a_case_of_an_account_owner_who_is_away_is_their_stand_in_s(idle_world: World) -> None:
    begun = datetime.now(UTC) - timedelta(days=1)
    async with staffed(idle_world, FULL) as world:
        with world.database.session() as session:
            record_absence(session, Absence("lea", begun, None, "denis"), by="lea", at=begun)
            session.commit()
        loop = world.open_loop("csm_case", CASE, deferred_until=datetime.now(UTC) + timedelta(seconds=1))
        with world.database.session() as session:
            customer = session.get_one(Customer, session.get_one(LoopRow, loop).customer_id)
            customer.facts = {"customer.owner": "lea@firm.example"}
            session.add(customer)
            session.commit()
        await world.has_effect(loop, "staff-stand-in-first")
        assert case_of(world, loop).owner == "denis"
        (assigned,) = details_of(world, loop, "case.assigned")
        assert (assigned["reason"], assigned["instead_of"]) == ("stand_in", "lea")
        assert told(world) == ["staff-stand-in-first denis"]


# -- who takes it --------------------------------------------------------------------------------


async def test_fifty_claims_that_wait_for_the_worker_are_updates_of_which_one_is_applied(
    world: World,
) -> None:
    loop = world.open_loop("csm_case", {**CASE, "skill": "nobody-has-it"})
    await world.reached(loop, "working")
    at = await world.now(loop)
    record = partial(commands.record, loop_id=loop, kind=ActKind.CLAIM, at=at, recorded_at=at, details={})
    with world.database.session() as session:
        ids = [record(session, actor=f"person-{number}").id for number in range(CROWD)]
        session.commit()
    decided = [await world.decided(one) for one in ids]
    assert Counter(act.reason for act in decided) == {None: 1, "already_claimed": CROWD - 1}
    await world.counts_events(loop, EventType.EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_ACCEPTED, CROWD)


# -- what colleagues are asked for ---------------------------------------------------------------


async def ask(world: World, loop: str, **due: float) -> str:
    """Carla asks Denis for something that is due so long from now."""
    due_at = await world.now(loop) + timedelta(**due)
    act = await world.act(loop, ActKind.ASK, "carla", colleague="denis", due=due_at, text="Which invoice?")
    assert act.state == "applied", act.reason
    return act.id


def task_of(world: World, task: str) -> TaskRow:
    with world.database.reading() as session:
        return session.get_one(TaskRow, task)


def tasks_told(world: World) -> list[str]:
    """What colleagues were told of tasks, with whom, in order."""
    return [re.sub("-[a-z2-7]{26}", "", one) for one in told(world) if one.startswith("staff-task")]


async def test_a_colleague_is_asked_and_reminded_and_who_asked_is_told_when_it_is_late(world: World) -> None:
    loop = world.open_loop("csm_case", CASE)
    await world.has_effect(loop, "staff-assigned-first")
    task = await ask(world, loop, hours=24)
    await world.has_effect(loop, f"staff-task-{task}")
    await world.skip(loop, hours=19)
    assert tasks_told(world) == ["staff-task denis"]
    await world.skip(loop, hours=1, seconds=1)
    await world.has_effect(loop, f"staff-task-due-{task}-4h")
    await world.skip(loop, hours=4)
    await world.has_effect(loop, f"staff-task-late-{task}")
    await world.skip(loop, hours=48)
    done = await world.act(loop, ActKind.FINISH, "denis", task=task, text="Number 7.")
    assert (done.state, task_of(world, task).state) == ("applied", TaskState.DONE)
    await world.has_effect(loop, f"staff-task-done-{task}")
    assert tasks_told(world) == [
        "staff-task denis", "staff-task-due-4h denis", "staff-task-late carla", "staff-task-done carla",
    ]  # fmt: skip


async def test_a_task_that_is_done_in_time_reminds_nobody_and_is_never_late(world: World) -> None:
    loop = world.open_loop("csm_case", CASE)
    await world.has_effect(loop, "staff-assigned-first")
    task = await ask(world, loop, hours=2)
    await world.has_effect(loop, f"staff-task-{task}")
    await world.skip(loop, minutes=59)
    await world.act(loop, ActKind.FINISH, "denis", task=task)
    await world.has_effect(loop, f"staff-task-done-{task}")
    await world.skip(loop, hours=72)
    assert tasks_told(world) == ["staff-task denis", "staff-task-done carla"]


async def test_a_short_task_is_reminded_of_halfway(world: World) -> None:
    loop = world.open_loop("csm_case", CASE)
    await world.has_effect(loop, "staff-assigned-first")
    task = await ask(world, loop, hours=2)
    await world.skip(loop, hours=1, seconds=1)
    await world.has_effect(loop, f"staff-task-due-{task}-half")


async def test_closing_the_case_drops_its_tasks_and_nobody_is_told_of_them_any_more(world: World) -> None:
    loop = world.open_loop("csm_case", CASE, calendar=closed_for(hours=5))
    await world.reached(loop, "working")
    task = await ask(world, loop, hours=24)
    await world.act(loop, ActKind.CLOSE, closure="false_alarm")
    standing = await world.closed(loop)
    assert (task_of(world, task).state, standing.tasks) == (TaskState.DROPPED, ())
    assert standing.effects[f"staff-task-{task}"] not in {EffectState.DONE, EffectState.INTENDED}
    assert tasks_told(world) == []


async def test_nobody_is_told_in_the_morning_of_a_task_that_was_done_at_night(world: World) -> None:
    loop = world.open_loop("csm_case", CASE, calendar=closed_for(hours=5))
    await world.reached(loop, "working")
    task = await ask(world, loop, hours=24)
    await world.act(loop, ActKind.FINISH, "denis", task=task)
    await world.skip(loop, hours=5, minutes=1)
    await world.has_effect(loop, f"staff-task-done-{task}")
    assert tasks_told(world) == ["staff-task-done carla"]
