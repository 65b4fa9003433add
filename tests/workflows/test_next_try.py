"""A planned next try: its owner is reminded at that time, once, and not once they have tried."""

from __future__ import annotations

from datetime import timedelta

from pydantic import JsonValue

from boucle.model import ActKind
from tests.workflows.world import World, eventually

CASE: dict[str, JsonValue] = {"team": "csm", "first_contact_within": "10 days", "close_within": "20 days"}


def subjects(world: World, start: str) -> list[str]:
    return [mail["Subject"] for mail in world.mails.taken if mail["Subject"].startswith(start)]


async def test_the_owner_is_reminded_when_a_planned_try_is_due(world: World) -> None:
    loop = world.open_loop("csm_case", CASE)
    await world.reached(loop, "working")
    planned = await world.now(loop) + timedelta(hours=5)
    await world.act(loop, ActKind.ATTEMPT, channel="phone", result="no_reply", next_try_at=planned)
    await world.skip(loop, hours=4)
    assert subjects(world, "Try again now") == []
    await world.skip(loop, hours=1, seconds=1)
    await eventually(lambda: subjects(world, "Try again now") or None)
    await world.skip(loop, hours=24)
    assert len(subjects(world, "Try again now")) == 1


async def test_who_has_tried_meanwhile_is_not_reminded(world: World) -> None:
    loop = world.open_loop("csm_case", CASE)
    await world.reached(loop, "working")
    planned = await world.now(loop) + timedelta(hours=5)
    await world.act(loop, ActKind.ATTEMPT, channel="phone", result="no_reply", next_try_at=planned)
    await world.skip(loop, hours=1)
    await world.act(loop, ActKind.ATTEMPT, channel="email", result="reached")
    await world.skip(loop, hours=8)
    assert subjects(world, "Try again now") == []
