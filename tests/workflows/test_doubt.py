"""Nothing goes out twice: what nobody knows is unconfirmed, and a person settles it."""

from __future__ import annotations

import pytest
from pydantic import JsonValue

from boucle.engine import effects
from boucle.engine.effects import effect_key
from boucle.model import ActKind, Closure, EffectKind, EffectState
from tests.workflows.world import World, working

APOLOGY: dict[str, JsonValue] = {"template": "apology", "offer": "none", "follow_up_after": "7 days"}
CASE: dict[str, JsonValue] = {"team": "csm", "acknowledge": "we-call-you"}


async def test_a_connection_lost_after_the_content_leaves_the_message_unconfirmed(world: World) -> None:
    world.mails.hang_up_after.add("apology")
    loop = world.open_loop("apologize_with_offer", APOLOGY)
    await world.reached(loop, "apologized")
    assert world.effect(loop, "apology") == EffectState.UNCONFIRMED
    with world.database.reading() as session:
        assert [row.step for row in effects.unconfirmed(session)] == ["apology"]
    await world.skip(loop, days=7)
    await world.reached(loop, "asked")
    assert len(world.mails.of("apology")) == 1


@pytest.mark.parametrize(("sent", "times"), [(True, 1), (False, 2)])
async def test_a_settled_message_is_sent_again_only_if_it_was_not(
    world: World,
    sent: bool,
    times: int,
) -> None:
    world.mails.hang_up_after.add("acknowledge")
    loop = world.open_loop("csm_case", CASE)
    await world.has_effect(loop, "acknowledge", EffectState.UNCONFIRMED)
    act = await world.act(loop, ActKind.SETTLE, effect=effect_key(loop, 1, "acknowledge"), sent=sent)
    assert (act.state, act.reason) == ("applied", None)
    await world.has_effect(loop, "acknowledge", EffectState.SETTLED_SENT if sent else EffectState.DONE)
    assert len(world.mails.of("acknowledge")) == times


async def test_an_intent_left_by_a_crash_is_unconfirmed_not_sent(idle_world: World) -> None:
    """As if a worker had died between the intent and the receipt."""
    world = idle_world
    loop = world.open_loop("apologize_with_offer", APOLOGY)
    with world.database.session() as session:
        effects.intend(
            session,
            loop_id=loop,
            round_=1,
            step="apology",
            kind=EffectKind.CUSTOMER,
            spec={"template": "apology"},
            at=world.row(loop).opened_at,
        )
        session.commit()
    async with working(world):
        await world.reached(loop, "apologized")
        assert world.effect(loop, "apology") == EffectState.UNCONFIRMED
        assert world.mails.taken == []


async def test_a_doubt_is_settled_also_after_the_closing(world: World) -> None:
    world.mails.hang_up_after.add("acknowledge")
    loop = world.open_loop("csm_case", CASE)
    await world.has_effect(loop, "acknowledge", EffectState.UNCONFIRMED)
    await world.act(loop, ActKind.CLOSE, closure="false_alarm")
    assert (await world.closed(loop)).closure == Closure.FALSE_ALARM
    act = await world.act(loop, ActKind.SETTLE, effect=effect_key(loop, 1, "acknowledge"), sent=False)
    assert (act.state, world.effect(loop, "acknowledge")) == ("applied", EffectState.SETTLED_NOT_SENT)
    assert len(world.mails.of("acknowledge")) == 1


async def test_a_notification_lost_on_the_way_is_sent_again(world: World) -> None:
    world.mails.hang_up_after.add("staff-assigned-first")
    loop = world.open_loop("csm_case", CASE)
    await world.has_effect(loop, "staff-assigned-first")
    assert len(world.mails.of("staff-assigned-first")) == 2
