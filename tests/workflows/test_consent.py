"""Consent and legal hold, asked again at every sending: what was said since the decision counts."""

from __future__ import annotations

import json
from typing import Any

import pytest
from sqlmodel import select

from boucle.engine import ledger
from boucle.engine.offers import find_offer
from boucle.engine.tables import Contact, Customer
from boucle.model import ActKind, Closure, EffectState, LoopState
from tests.workflows.test_apology import PARAMS
from tests.workflows.world import World, working

CASE = {"team": "csm", "acknowledge": "we-call-you"}


def learn(world: World, model: type[Contact | Customer], facts: dict[str, Any]) -> None:
    """What a newer answer, or an import, has said of the one contact or customer that there is."""
    with world.database.session() as session:
        session.exec(select(model)).one().facts = facts
        session.commit()


def refusals(world: World, loop: str) -> dict[str, str]:
    """The code with which each effect was refused, as the ledger tells it."""
    with world.database.reading() as session:
        events = ledger.history(session, ledger.loop_chain(loop))
        told = [json.loads(event.payload) for event in events if event.type == "effect.refused"]
    return {event["effect"].rpartition("/")[2]: event["code"] for event in told}


@pytest.mark.parametrize(
    ("model", "facts", "code"),
    [
        (Contact, {"consent.follow_up": False}, "consent"),
        (Customer, {"customer.tags": ["legal_hold", "vip"]}, "legal_hold"),
    ],
)
async def test_what_was_withdrawn_before_the_start_lets_nothing_out(
    idle_world: World, model: type[Contact | Customer], facts: dict[str, Any], code: str
) -> None:
    world = idle_world
    loop = world.open_loop("apologize_with_offer", PARAMS)
    learn(world, model, facts)
    async with working(world):
        standing = await world.closed(loop)
    assert standing.closure == Closure.WITHDRAWN
    assert refusals(world, loop) == {"offer": code, "apology": code}
    assert world.mails.taken == []
    with world.database.reading() as session:
        assert find_offer(session, loop) is None


async def test_consent_withdrawn_after_the_apology_keeps_the_question_back(world: World) -> None:
    loop = world.open_loop("apologize_with_offer", PARAMS)
    await world.reached(loop, "apologized")
    learn(world, Contact, {"consent.follow_up": False})
    await world.skip(loop, days=7)
    assert (await world.closed(loop)).closure == Closure.WITHDRAWN
    assert refusals(world, loop) == {"follow-up": "consent"}
    assert [mail["Subject"] for mail in world.mails.taken] == ["Sorry, Amélie Dupont"]


async def test_a_case_goes_on_without_its_acknowledgement(idle_world: World) -> None:
    world = idle_world
    loop = world.open_loop("csm_case", CASE)
    learn(world, Contact, {"consent.follow_up": False})
    async with working(world):
        await world.has_effect(loop, "acknowledge", EffectState.REFUSED)
        await world.act(loop, ActKind.CLAIM)
    assert world.standing(loop).state == LoopState.IN_PROGRESS
    assert refusals(world, loop) == {"acknowledge": "consent"}


@pytest.mark.parametrize("facts", [{}, {"consent.follow_up": True}, {"contact.language": "en"}])
async def test_what_nobody_has_withdrawn_stands_in_the_way_of_nothing(
    idle_world: World, facts: dict[str, Any]
) -> None:
    world = idle_world
    loop = world.open_loop("apologize_with_offer", PARAMS)
    learn(world, Contact, facts)
    learn(world, Customer, {"customer.tags": ["vip"]})
    async with working(world):
        await world.reached(loop, "apologized")
    assert len(world.mails.taken) == 1
