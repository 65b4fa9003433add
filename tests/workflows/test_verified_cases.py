"""A person concludes a case, then the customer has the last word."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import JsonValue
from sqlmodel import select

from boucle.engine.ledger import history, loop_chain
from boucle.engine.tables import Contact, OutboxRow
from boucle.engine.work_tables import CaseRow, ClockRow
from boucle.model import ActKind, AnswerState, ClockKind, Closure, EffectState, LoopState
from tests.workflows.test_ends_of_loops import receive
from tests.workflows.world import World, eventually

CASE: dict[str, JsonValue] = {
    "team": "csm",
    "close_within": "5 days",
    "follow_up": {"after": "7 days", "within": "14 days"},
}
DONE: dict[str, Any] = {"closure": "recovered", "root_cause": "process", "text": "Billing was mended."}


def case_of(world: World, loop: str, round_: int = 1) -> CaseRow:
    with world.database.reading() as session:
        return session.get_one(CaseRow, (loop, round_))


def subjects(world: World, who: str) -> list[str]:
    return [mail["Subject"] for mail in world.mails.taken if mail["To"].addresses[0].username == who]


async def concluded(world: World, **follow_up: JsonValue) -> str:
    """A case whose owner says that the customer is content again."""
    told: dict[str, JsonValue] = {"after": "7 days", "within": "14 days", **follow_up}
    loop = world.open_loop("csm_case", {**CASE, "follow_up": told})
    await world.has_effect(loop, "staff-assigned-first")
    await world.act(loop, ActKind.ATTEMPT, channel="phone", result="reached")
    done = await world.act(loop, ActKind.CLOSE, **DONE)
    assert (done.state, done.reason) == ("applied", None)
    await world.reached(loop, "verifying")
    return loop


async def asked(world: World, **follow_up: JsonValue) -> str:
    loop = await concluded(world, **follow_up)
    await world.skip(loop, days=7)
    await world.reached(loop, "asked")
    return loop


async def test_the_human_side_is_over_when_the_owner_says_so_and_the_loop_when_the_customer_does(
    world_on_either: World,
) -> None:
    world = world_on_either
    loop = await concluded(world)
    case = case_of(world, loop)
    assert (case.claimed, case.concluded_by, case.root_cause) == ("recovered", "carla", "process")
    with world.database.reading() as session:
        assert session.get_one(ClockRow, (loop, 1, ClockKind.CLOSE)).state == "met"
    assert world.standing(loop).case is None
    assert subjects(world, "amelie.dupont") == []

    await world.skip(loop, days=7)
    await world.reached(loop, "asked")
    assert subjects(world, "amelie.dupont") == ["One question"]
    answer = await world.act(loop, ActKind.ANSWER, "customer", score=8)
    standing = await world.closed(loop)
    assert standing.closure == Closure.RECOVERED
    assert case_of(world, loop).answer_state == AnswerState.ANSWERED
    assert standing.effects[f"staff-answered-{answer.id}"] == EffectState.DONE
    (told,) = [mail for mail in world.mails.taken if f"staff-answered-{answer.id}" in mail["X-Boucle-Effect"]]
    assert "3" in told.get_content()
    assert "8" in told.get_content()


async def test_without_an_answer_the_owners_word_stands_and_is_known_to_be_unconfirmed(world: World) -> None:
    loop = await asked(world)
    await world.skip(loop, days=14, seconds=1)
    standing = await world.closed(loop)
    assert standing.closure == Closure.RECOVERED
    assert case_of(world, loop).answer_state == AnswerState.NO_ANSWER
    with world.database.reading() as session:
        closing = history(session, loop_chain(loop))[-1]
    assert '"answer_state":"no_answer"' in closing.payload
    assert '"claimed_by":"carla"' in closing.payload


async def test_a_customer_who_does_not_want_to_answer_is_left_in_peace(world: World) -> None:
    loop = await asked(world, remind_after="3 days", reminder="reminder")
    await world.act(loop, ActKind.ANSWER, "customer", declined=True)
    assert (await world.closed(loop)).closure == Closure.RECOVERED
    assert case_of(world, loop).answer_state == AnswerState.DECLINED
    assert subjects(world, "amelie.dupont") == ["One question"]


async def test_one_reminder_at_most(world: World) -> None:
    loop = await asked(world, remind_after="3 days", reminder="reminder")
    await world.skip(loop, days=3)
    await world.has_effect(loop, "follow-up-reminder")
    await world.skip(loop, days=9)
    assert subjects(world, "amelie.dupont") == ["One question", "Once more"]


async def test_a_still_low_answer_reopens_once_and_the_second_time_stands(world: World) -> None:
    loop = await asked(world)
    await world.act(loop, ActKind.ANSWER, "customer", score=4)
    again = await eventually(lambda: _in_round(world, loop, 2))
    assert again == "working"
    case = case_of(world, loop, 1)
    assert (case.claimed, case.answer_state) == ("recovered", AnswerState.ANSWERED)
    standing = world.standing(loop)
    assert (standing.reopened_for, standing.answer, standing.state) == (
        "still_low",
        None,
        LoopState.IN_PROGRESS,
    )
    await world.has_effect(loop, "staff-assigned-first")
    await world.act(loop, ActKind.ATTEMPT, channel="phone", result="reached")
    await world.act(loop, ActKind.CLOSE, **DONE)
    await world.reached(loop, "verifying")
    await world.skip(loop, days=7)
    await world.reached(loop, "asked")
    await world.act(loop, ActKind.ANSWER, "customer", score=4)
    closed = await world.closed(loop)
    assert (closed.round, closed.closure) == (2, Closure.NOT_RECOVERED)
    with world.database.reading() as session:
        starts = session.exec(select(OutboxRow).where(OutboxRow.loop_id == loop, OutboxRow.kind == "start"))
        assert {row.state for row in starts} == {"started"}


async def test_a_still_low_answer_escalates_to_the_lead(world: World) -> None:
    loop = await asked(world, if_still_low="escalate")
    await world.act(loop, ActKind.ANSWER, "customer", score=2)
    await eventually(lambda: _in_round(world, loop, 2))
    await world.has_effect(loop, "staff-assigned-first")
    assert case_of(world, loop, 2).owner == "lea"


async def test_a_still_low_answer_can_be_accepted(world: World) -> None:
    loop = await asked(world, if_still_low="accept")
    await world.act(loop, ActKind.ANSWER, "customer", score=6)
    assert (await world.closed(loop)).closure == Closure.NOT_RECOVERED


async def test_an_answer_better_than_the_owner_claimed_counts(world: World) -> None:
    loop = world.open_loop("csm_case", CASE)
    await world.has_effect(loop, "staff-assigned-first")
    await world.act(loop, ActKind.ATTEMPT, channel="phone", result="reached")
    await world.act(loop, ActKind.CLOSE, **{**DONE, "closure": "not_recovered"})
    await world.reached(loop, "verifying")
    await world.act(loop, ActKind.ANSWER, "customer", score=9)
    assert (await world.closed(loop)).closure == Closure.RECOVERED
    assert subjects(world, "amelie.dupont") == []


@pytest.mark.parametrize("closure", ["declined", "false_alarm"])
async def test_who_declined_and_who_had_nothing_to_say_is_not_asked(world: World, closure: str) -> None:
    loop = world.open_loop("csm_case", CASE)
    await world.has_effect(loop, "staff-assigned-first")
    await world.act(loop, ActKind.ATTEMPT, channel="phone", result="refused")
    await world.act(loop, ActKind.CLOSE, **{**DONE, "closure": closure})
    assert (await world.closed(loop)).closure == closure
    assert subjects(world, "amelie.dupont") == []


async def test_who_withdrew_since_is_not_asked(world: World) -> None:
    loop = await concluded(world)
    forbid(world, loop)
    await world.skip(loop, days=7)
    standing = await world.closed(loop)
    assert (standing.closure, standing.effects["follow-up"]) == (Closure.RECOVERED, EffectState.REFUSED)
    assert case_of(world, loop).answer_state == AnswerState.UNASKED
    assert subjects(world, "amelie.dupont") == []


def told_of_reply(world: World, loop: str) -> bool:
    """Whether the play has taken the reply: its owner has been told of it."""
    effects = world.standing(loop).effects
    return any(step.startswith("staff-reply") and effects[step] == EffectState.DONE for step in effects)


async def test_who_has_written_back_is_read_and_not_asked(world: World) -> None:
    loop = await concluded(world)
    receive(world, loop)
    await eventually(lambda: world.standing(loop).replied or None)
    await eventually(lambda: told_of_reply(world, loop) or None)
    await world.skip(loop, days=7)
    await world.reached(loop, "asked")
    await world.act(loop, ActKind.ANSWER, "carla", score=9, text="She wrote that all is well.")
    assert (await world.closed(loop)).closure == Closure.RECOVERED
    assert subjects(world, "amelie.dupont") == []


async def test_without_an_address_the_owners_word_stands_at_once(world: World) -> None:
    loop = world.open_loop("csm_case", CASE, person=None)
    await world.has_effect(loop, "staff-assigned-first")
    await world.act(loop, ActKind.ATTEMPT, channel="phone", result="reached")
    await world.act(loop, ActKind.CLOSE, **DONE)
    assert (await world.closed(loop)).closure == Closure.RECOVERED
    assert case_of(world, loop).answer_state == AnswerState.UNASKED


async def test_the_owner_can_close_for_good_while_the_customer_is_asked(world: World) -> None:
    loop = await asked(world)
    await world.act(loop, ActKind.CLOSE, closure="false_alarm")
    assert (await world.closed(loop)).closure == Closure.FALSE_ALARM


async def test_a_lead_s_case_is_verified_too(world: World) -> None:
    loop = world.open_loop("escalate", {"team": "csm", "close_within": "2 days", "follow_up": {}})
    await world.has_effect(loop, "staff-assigned-first")
    await world.act(loop, ActKind.ATTEMPT, "lea", channel="phone", result="reached")
    await world.act(loop, ActKind.CLOSE, "lea", **DONE)
    await world.reached(loop, "verifying")


def forbid(world: World, loop: str) -> None:
    """The contact does not want to be contacted any more."""
    with world.database.session() as session:
        contact = session.get_one(Contact, world.row(loop).contact_id)
        contact.facts = {**contact.facts, "consent.follow_up": False}
        session.add(contact)
        session.commit()


def _in_round(world: World, loop: str, round_: int) -> str | None:
    standing = world.standing(loop)
    return standing.stage if standing.round == round_ and standing.stage != "accepted" else None
