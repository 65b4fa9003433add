"""`apologize_with_offer`, from the decision to each of its closures."""

from __future__ import annotations

from pydantic import JsonValue

from boucle.engine.offers import find_offer
from boucle.model import ActKind, Closure, EffectState
from tests.workflows.world import World

PARAMS: dict[str, JsonValue] = {
    "template": "apology",
    "offer": {"kind": "voucher", "value": "15.00 EUR", "valid_for": "30 days"},
    "follow_up_after": "7 days",
    "answer_within": "14 days",
}


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
    assert standing.effects == dict.fromkeys(("offer", "apology", "follow-up"), EffectState.DONE)
    assert [mail["Subject"] for mail in world.mails.taken] == ["Sorry, Amélie Dupont", "One question"]
