"""An offer that somebody has to approve: the customer hears nothing of it before."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from pydantic import JsonValue

from boucle.engine import reconciliation
from boucle.engine.offers import find_offer
from boucle.engine.work_tables import OfferRow
from boucle.errors import RefusedError
from boucle.model import ActKind, Authority, EffectState, Money, Role
from boucle.standing import Act
from boucle.workflows.play import Play
from tests.workflows.world import World, eventually, working

LEAD = Authority(role=Role.LEAD, ceilings=(Money.parse("200.00 EUR"),))
CSM = Authority(role=Role.CSM, ceilings=(Money.parse("50.00 EUR"),))
CASE: dict[str, JsonValue] = {"team": "csm", "first_contact_within": "48h", "close_within": "10 days"}


def params(**offer: JsonValue) -> dict[str, JsonValue]:
    """An apology with a voucher of 150 EUR that a lead has to approve within a day."""
    voucher: dict[str, JsonValue] = {
        "kind": "voucher", "value": "150.00 EUR", "valid_for": "30 days",
        "needs_approval_above": "100.00 EUR", "approval_within": "24h", **offer,
    }  # fmt: skip
    return {"template": "apology", "offer": voucher}


async def proposed(world: World, loop: str, step: str = "offer") -> None:
    """Returns once the offer waits for approval."""
    await eventually(lambda: world.standing(loop).approvals.get(step) == "waiting" or None)


async def decide(world: World, loop: str, kind: ActKind, step: str = "offer", **given: Any) -> str | None:
    """The lead decides; the reason why it was refused, if it was."""
    try:
        return (await world.act(loop, kind, "lea", step=step, authority=LEAD, **given)).reason
    except RefusedError as error:
        return error.reason


def offer_of(world: World, loop: str) -> OfferRow | None:
    with world.database.reading() as session:
        return find_offer(session, loop)


def to_staff(world: World) -> list[str]:
    return [mail["Subject"] for mail in world.mails.taken if mail["To"].endswith("firm.example>")]


def to_customer(world: World) -> list[str]:
    return [mail.get_content() for mail in world.mails.taken if "kunde.example" in mail["To"]]


async def test_the_customer_hears_of_an_offer_only_once_it_is_approved(world_on_either: World) -> None:
    world = world_on_either
    loop = world.open_loop("apologize_with_offer", params())
    await proposed(world, loop)
    await eventually(lambda: to_staff(world) or None)
    assert (to_customer(world), offer_of(world, loop)) == ([], None)
    assert await decide(world, loop, ActKind.APPROVE) is None
    await world.reached(loop, "apologized")
    offer = offer_of(world, loop)
    assert offer is not None
    (apology,) = to_customer(world)
    assert offer.code in apology
    assert len(to_staff(world)) == 1


async def test_a_declined_offer_is_not_mentioned(world: World) -> None:
    loop = world.open_loop("apologize_with_offer", params(template_without="follow-up"))
    await proposed(world, loop)
    assert await decide(world, loop, ActKind.REFUSE, text="Too much.") is None
    await world.reached(loop, "apologized")
    assert offer_of(world, loop) is None
    assert world.mails.taken[-1]["Subject"] == "One question"
    assert world.standing(loop).approvals == {"offer": "declined"}


async def test_when_nobody_decides_in_time_the_loop_goes_on_without_the_offer(world: World) -> None:
    loop = world.open_loop("apologize_with_offer", params())
    await proposed(world, loop)
    await world.skip(loop, hours=12, seconds=1)
    await eventually(lambda: len(to_staff(world)) == 2 or None)
    await world.skip(loop, hours=12)
    await world.reached(loop, "apologized")
    assert world.standing(loop).approvals == {"offer": "lapsed"}
    assert ["worth" in text for text in to_customer(world)] == [False]
    await eventually(lambda: len(to_staff(world)) == 3 or None)
    assert await decide(world, loop, ActKind.APPROVE) == "approval_over"
    assert offer_of(world, loop) is None


async def test_a_rule_can_wait_until_somebody_decides(world: World) -> None:
    loop = world.open_loop("apologize_with_offer", params(if_not_approved="wait"))
    await proposed(world, loop)
    await world.skip(loop, days=9)
    assert to_customer(world) == []
    assert len(to_staff(world)) == 3, "asked, and reminded half-way and when it was due"
    assert await decide(world, loop, ActKind.APPROVE) is None
    await world.reached(loop, "apologized")
    assert ["worth" in text for text in to_customer(world)] == [True]


async def test_an_offer_within_the_limit_of_its_rule_waits_for_nobody(world: World) -> None:
    loop = world.open_loop("apologize_with_offer", params(value="100.00 EUR"))
    await world.reached(loop, "apologized")
    assert (world.standing(loop).approvals, len(world.mails.taken)) == ({}, 1)


async def test_an_approval_given_while_nobody_worked_counts_after_a_rebuild(idle_world: World) -> None:
    world = idle_world
    async with working(world):
        loop = world.open_loop("apologize_with_offer", params())
        await proposed(world, loop)
    await world.handle(loop).terminate()
    with world.database.session() as session:
        reconciliation.restart(session, loop, datetime.now(UTC))
        session.commit()
    async with working(world):
        assert await decide(world, loop, ActKind.APPROVE) is None
        await world.reached(loop, "apologized")
    assert len(to_customer(world)) == 1
    assert world.effect(loop, "offer") == EffectState.DONE


async def test_the_same_approval_sent_twice_approves_once(world: World) -> None:
    loop = world.open_loop("apologize_with_offer", params())
    await proposed(world, loop)
    first = await world.act(loop, ActKind.APPROVE, "lea", step="offer", authority=LEAD)
    act = Act(command=first.id, kind=ActKind.APPROVE)
    outcome = await world.handle(loop).execute_update(Play.act, act, id="again")
    assert (outcome.applied, outcome.reason) == (True, None)
    assert await decide(world, loop, ActKind.APPROVE) == "approval_over"
    await world.reached(loop, "apologized")
    assert len(to_customer(world)) == 1


async def test_nothing_is_approved_on_a_closed_loop(world: World) -> None:
    loop = world.open_loop("apologize_with_offer", params())
    await proposed(world, loop)
    await world.act(loop, ActKind.CLOSE, closure="false_alarm")
    await world.closed(loop)
    assert await decide(world, loop, ActKind.APPROVE) == "loop_closed"
    assert world.standing(loop).approvals == {"offer": "dropped"}
    assert (to_customer(world), offer_of(world, loop)) == ([], None)


async def test_a_csm_s_offer_above_their_limit_is_granted_by_the_lead(world: World) -> None:
    loop = world.open_loop("csm_case", CASE)
    await world.reached(loop, "working")
    granted = await world.act(
        loop, ActKind.GRANT, "carla", offer="voucher", value="120.00 EUR", valid_for="30 days",
        authority=CSM, approver="lea",
    )  # fmt: skip
    assert (granted.reason, offer_of(world, loop)) == (None, None)
    await eventually(lambda: [mail for mail in world.mails.taken if "lea@" in mail["To"]] or None)
    assert await decide(world, loop, ActKind.APPROVE, "offer.2") is None
    offer = offer_of(world, loop)
    assert offer is not None
    assert offer.granted_by == "carla"
    await eventually(lambda: [text for text in to_staff(world) if "approved" in text] or None)


async def test_an_offer_is_used_while_its_loop_is_open(world: World) -> None:
    loop = world.open_loop("apologize_with_offer", params(value="15.00 EUR"))
    await world.reached(loop, "apologized")
    at = await world.now(loop)
    used = await world.act(loop, ActKind.REDEEM, "carla", at=at)
    assert (used.state, used.reason) == ("applied", None)
    offer = offer_of(world, loop)
    assert offer is not None
    assert offer.redeemed_at == at
