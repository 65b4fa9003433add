"""No message wakes a customer: in the quiet hours it waits for their end, on the customer's own clock."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

from boucle.engine.tables import Contact, OutboxRow
from boucle.model import ActKind, Closure, EffectState, QuietHours
from tests.workflows.world import World, eventually, working

APOLOGY = {"template": "apology", "offer": "none"}


def _quiet_now(hours: int) -> QuietHours:
    """Quiet since an hour ago, for so many hours from now, in UTC."""
    now = datetime.now(UTC)
    minute = now.hour * 60 + now.minute
    return QuietHours(begins=(minute - 60) % 1440, ends=(minute + hours * 60) % 1440)


async def _begun(world: World, loop: str) -> None:
    """Returns once the play has tried to send."""

    def look() -> bool | None:
        with world.database.reading() as session:
            return session.get_one(OutboxRow, f"{loop}/1").state == "started" or None

    await eventually(look)
    await asyncio.sleep(0.5)


async def test_a_message_waits_for_the_end_of_the_quiet_hours_and_goes_once(world: World) -> None:
    loop = world.open_loop("apologize_with_offer", APOLOGY, quiet=_quiet_now(9))
    await _begun(world, loop)
    await world.skip(loop, hours=8)
    assert (world.effect(loop, "apology"), world.mails.taken) == (None, [])
    await world.skip(loop, hours=1, minutes=2)
    await world.has_effect(loop, "apology")
    assert len(world.mails.taken) == 1


async def test_the_customer_s_own_zone_says_when_it_is_night(idle_world: World) -> None:
    """Kiritimati is fourteen hours ahead of UTC: what is night here is day there."""
    world = idle_world
    loop = world.open_loop("apologize_with_offer", APOLOGY, quiet=_quiet_now(9))
    with world.database.session() as session:
        contact = session.get_one(Contact, world.row(loop).contact_id)
        contact.facts = {**contact.facts, "contact.timezone": "Pacific/Kiritimati"}
        session.add(contact)
        session.commit()
    async with working(world):
        await world.has_effect(loop, "apology")


async def test_a_loop_closed_in_the_night_sends_nothing_in_the_morning(world: World) -> None:
    loop = world.open_loop("apologize_with_offer", APOLOGY, quiet=_quiet_now(9))
    await _begun(world, loop)
    await world.skip(loop, hours=1)
    await world.act(loop, ActKind.CLOSE, closure="false_alarm")
    assert (await world.closed(loop)).closure == Closure.FALSE_ALARM
    assert world.effect(loop, "apology") in {None, EffectState.RELEASED}
    assert world.mails.taken == []
