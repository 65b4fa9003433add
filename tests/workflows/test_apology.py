"""`apologize_with_offer`, from the decision to each of its closures."""

from __future__ import annotations

import pytest
from pydantic import JsonValue
from sqlmodel import select

from boucle.engine.offers import find_offer
from boucle.engine.work_tables import ClockRow
from boucle.errors import RefusedError
from boucle.model import ActKind, Closure, EffectState, Person
from tests.workflows.world import World

PARAMS: dict[str, JsonValue] = {
    "template": "apology",
    "offer": {"kind": "voucher", "value": "15.00 EUR", "valid_for": "30 days"},
    "follow_up_after": "7 days",
    "answer_within": "14 days",
}


def clock_states(world: World, loop: str) -> dict[str, str]:
    with world.database.reading() as session:
        rows = session.exec(select(ClockRow).where(ClockRow.loop_id == loop)).all()
        return {row.kind: row.state for row in rows}


async def test_from_a_response_to_a_closed_loop(world_on_either: World) -> None:
    """The smallest whole: one response, one loop, its mails, an answer, the outcome."""
    world = world_on_either
    loop = world.open_loop("apologize_with_offer", PARAMS)
    await world.reached(loop, "apologized")
    with world.database.reading() as session:
        offer = find_offer(session, loop)
    assert offer is not None
    (apology,) = world.mails.taken
    assert apology["To"] == "Amélie Dupont <amelie.dupont@kunde.example>"
    assert apology["Subject"] == "Sorry, Amélie Dupont"
    assert apology["X-Boucle-Effect"] == f"{loop}/1/apology"
    assert apology["Reply-To"] == f"loop+{loop}@firm.example"
    assert offer.code in apology.get_content()

    await world.skip(loop, days=7)
    await world.reached(loop, "asked")
    answer = await world.act(loop, ActKind.ANSWER, "customer", score=9)
    assert (answer.state, answer.reason) == ("applied", None)
    standing = await world.closed(loop)
    assert standing.closure == Closure.RECOVERED
    assert clock_states(world, loop) == {"follow_up": "met", "answer": "met"}
    assert standing.effects == dict.fromkeys(("offer", "apology", "follow-up"), EffectState.DONE)
    assert [mail["Subject"] for mail in world.mails.taken] == ["Sorry, Amélie Dupont", "One question"]


async def test_a_score_in_the_same_band_is_no_recovery(world: World) -> None:
    loop = world.open_loop("apologize_with_offer", PARAMS, score=0)
    await world.reached(loop, "apologized")
    await world.skip(loop, days=7)
    await world.reached(loop, "asked")
    await world.act(loop, ActKind.ANSWER, "customer", score=6)
    assert (await world.closed(loop)).closure == Closure.NOT_RECOVERED


async def test_silence_is_an_outcome(world: World) -> None:
    loop = world.open_loop("apologize_with_offer", PARAMS)
    await world.reached(loop, "apologized")
    await world.skip(loop, days=7)
    await world.reached(loop, "asked")
    await world.skip(loop, days=14, seconds=1)
    standing = await world.closed(loop)
    assert (standing.closure, world.row(loop).closed_by) == (Closure.NO_ANSWER, "boucle")
    assert clock_states(world, loop) == {"follow_up": "met", "answer": "missed"}
    assert len(world.mails.taken) == 2


async def test_an_answer_before_the_question_makes_it_needless(world: World) -> None:
    loop = world.open_loop("apologize_with_offer", PARAMS)
    await world.reached(loop, "apologized")
    await world.act(loop, ActKind.ANSWER, "customer", score=7)
    assert (await world.closed(loop)).closure == Closure.RECOVERED
    assert len(world.mails.taken) == 1


@pytest.mark.parametrize("person", [None, Person(name="No Address")])
async def test_who_has_no_address_gets_nothing(world: World, person: Person | None) -> None:
    loop = world.open_loop("apologize_with_offer", PARAMS, person=person)
    standing = await world.closed(loop)
    assert (standing.closure, standing.effects) == (Closure.UNREACHABLE, {})
    assert world.mails.taken == []


async def test_an_address_refused_for_good_is_unreachable(world: World) -> None:
    world.mails.unknown_addresses.add("amelie.dupont@kunde.example")
    loop = world.open_loop("apologize_with_offer", PARAMS)
    standing = await world.closed(loop)
    assert (standing.closure, standing.effects["apology"]) == (Closure.UNREACHABLE, EffectState.REFUSED)


async def test_a_server_that_puts_off_gets_the_mail_later_and_once(world: World) -> None:
    world.mails.busy = 2
    loop = world.open_loop("apologize_with_offer", PARAMS)
    await world.reached(loop, "apologized")
    assert len(world.mails.taken) == 1


async def test_an_apology_without_an_offer_promises_none(world: World) -> None:
    loop = world.open_loop("apologize_with_offer", {"template": "apology", "offer": "none"})
    await world.reached(loop, "apologized")
    assert "worth" not in world.mails.taken[0].get_content()
    assert "offer" not in world.standing(loop).effects


async def test_messages_speak_the_contact_s_language(world: World) -> None:
    loop = world.open_loop("apologize_with_offer", PARAMS, language="fr")
    await world.reached(loop, "apologized")
    (apology,) = world.mails.taken
    assert apology["Subject"] == "Désolés, Amélie Dupont"
    assert "soit 15,00 EUR, jusqu'au" in apology.get_content()


async def test_a_false_alarm_is_closed_by_hand_and_stays_closed(world: World) -> None:
    loop = world.open_loop("apologize_with_offer", PARAMS)
    await world.reached(loop, "apologized")
    await world.act(loop, ActKind.NOTE, text="She called us herself.")
    await world.act(loop, ActKind.CLOSE, closure="false_alarm")
    standing = await world.closed(loop)
    assert (standing.closure, standing.clocks) == (Closure.FALSE_ALARM, ())
    with pytest.raises(RefusedError) as refusal:
        await world.act(loop, ActKind.ANSWER, "customer", score=9)
    assert refusal.value.reason == "loop_closed"
    assert len(world.mails.taken) == 1
