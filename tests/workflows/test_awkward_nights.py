"""What changes while a play waits for the morning: an answer, or the loop's next round."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

from pydantic import JsonValue

from boucle.engine import notices
from boucle.engine.loops import lock_loop
from boucle.model import ActKind, LoopState, QuietHours
from tests.workflows.world import World, closed_for, eventually

STILL_LOW: dict[str, JsonValue] = {
    "template": "apology", "offer": "none", "follow_up_after": "1h", "if_still_low": "case",
    "case": {"team": "csm", "close_within": "5 days"},
}  # fmt: skip


def _quiet_from_now(hours: int) -> QuietHours:
    """Quiet from half an hour on, for so many hours, in UTC."""
    now = datetime.now(UTC)
    minute = now.hour * 60 + now.minute + 30
    return QuietHours(begins=minute % 1440, ends=(minute + hours * 60) % 1440)


async def test_a_question_that_waits_for_the_morning_is_not_asked_once_it_is_answered(world: World) -> None:
    loop = world.open_loop("apologize_with_offer", STILL_LOW, quiet=_quiet_from_now(9))
    await world.reached(loop, "apologized")
    await world.skip(loop, hours=1, minutes=1)
    await world.act(loop, ActKind.ANSWER, "customer", score=2)
    await world.reached(loop, "working")
    await world.skip(loop, hours=12)
    await asyncio.sleep(0.5)
    subjects = [mail["Subject"] for mail in world.mails.taken if "amelie" in str(mail["To"])]
    assert len(subjects) == 1


async def test_a_loop_that_is_reopened_while_its_last_word_waits_for_the_morning_is_worked(
    world: World,
) -> None:
    loop = world.open_loop("csm_case", {"team": "csm", "close_within": "5 days"}, calendar=closed_for(9))
    await world.reached(loop, "working")
    with world.database.session() as session:
        row = lock_loop(session, loop)
        at = datetime.now(UTC)
        step = notices.step("notify", "csm-1")
        values = {"rule": "low", "team": "csm", "response": row.response_id}
        notices.write_down(session, row, step, at, to=notices.team("csm"), values=values)
        session.commit()
    await world.act(loop, ActKind.CLOSE, closure="false_alarm")
    await eventually(lambda: world.standing(loop).state == LoopState.CLOSED or None)
    await asyncio.sleep(0.5)
    await world.act(loop, ActKind.REOPEN, text="She has called again.")
    standing = await world.reached(loop, "working")
    assert (standing.round, standing.assigned) == (2, True)
