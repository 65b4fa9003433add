"""`invite_promoter`, `ask_follow_up`, `acknowledge`: people whom nobody has to win back."""

from __future__ import annotations

import pytest
from pydantic import JsonValue
from sqlmodel import select

from boucle.engine import commands, promotions
from boucle.engine.links import read_token
from boucle.engine.work_tables import CaseRow, QuestionRow
from boucle.errors import RefusedError
from boucle.model import ActKind, Closure, EffectState, Person
from tests.workflows.world import LINKS, World

INVITATION: dict[str, JsonValue] = {
    "template": "invitation",
    "within": "30 days",
    "remind_after": "7 days",
    "reminder_template": "reminder",
}
QUESTION: dict[str, JsonValue] = {"template": "question", "within": "14 days"}
CASE: dict[str, JsonValue] = {"team": "csm", "close_within": "5 days"}


async def invited(world: World, **params: JsonValue) -> str:
    loop = world.open_loop("invite_promoter", {**INVITATION, **params}, score=10)
    await world.reached(loop, "invited")
    return loop


async def asked(world: World, **params: JsonValue) -> str:
    loop = world.open_loop("ask_follow_up", {**QUESTION, **params}, score=7)
    await world.reached(loop, "asked")
    return loop


def question_of(world: World, loop: str) -> QuestionRow:
    with world.database.reading() as session:
        return session.exec(select(QuestionRow).where(QuestionRow.loop_id == loop)).one()


def subjects(world: World) -> list[str]:
    return [mail["Subject"] for mail in world.mails.taken]


# -- invitations ---------------------------------------------------------------------------------


async def test_a_referral_is_followed_from_the_invitation_to_the_new_customer(
    world_on_either: World,
) -> None:
    world = world_on_either
    loop = await invited(world, kind="refer")
    with world.database.reading() as session:
        referral = promotions.find_referral(session, loop)
    assert referral is not None
    assert referral.code in world.mails.taken[0].get_content()
    assert (await world.act(loop, ActKind.REFER, outcome="made")).state == "applied"
    await world.skip(loop, days=20)
    assert (await world.act(loop, ActKind.REFER, outcome="converted")).state == "applied"
    assert (await world.closed(loop)).closure == Closure.COMPLETED
    with world.database.reading() as session:
        row = promotions.get_referral(session, referral.code.lower())
    assert row.made_at is not None
    assert row.converted_at is not None
    assert row.converted_at > row.made_at
    assert subjects(world) == ["Would you recommend us?"]


async def test_a_referral_that_converts_after_its_loop_was_closed_counts_all_the_same_and_once(
    world: World,
) -> None:
    loop = await invited(world, kind="refer")
    await world.act(loop, ActKind.REFER, outcome="made")
    await world.skip(loop, days=30, seconds=1)
    assert (await world.closed(loop)).closure == Closure.COMPLETED
    assert (await world.act(loop, ActKind.REFER, outcome="converted")).state == "applied"
    with pytest.raises(RefusedError) as again:
        await world.act(loop, ActKind.REFER, outcome="converted")
    assert again.value.reason == "already_converted"


async def test_an_invitation_is_sent_twice_at_most_and_silence_is_an_outcome(world: World) -> None:
    loop = await invited(world)
    await world.skip(loop, days=7)
    await world.has_effect(loop, "invitation-reminder")
    await world.skip(loop, days=23, seconds=1)
    assert (await world.closed(loop)).closure == Closure.NO_ANSWER
    assert subjects(world) == ["Would you recommend us?", "Once more"]


async def test_who_says_no_is_not_reminded(world: World) -> None:
    loop = await invited(world)
    await world.act(loop, ActKind.ANSWER, "customer", declined=True)
    assert (await world.closed(loop)).closure == Closure.DECLINED
    assert subjects(world) == ["Would you recommend us?"]


async def test_who_has_referred_somebody_is_not_reminded(world: World) -> None:
    loop = await invited(world, kind="refer")
    await world.act(loop, ActKind.REFER, outcome="made")
    await world.skip(loop, days=29)
    assert subjects(world) == ["Would you recommend us?"]


async def test_a_testimonial_is_published_only_with_a_yes_that_can_be_taken_back(world: World) -> None:
    """A comment that was used in public without a word of its author: never here."""
    open_, agreed = await invited(world, kind="testify"), await invited(world, kind="testify")
    await world.act(open_, ActKind.TESTIFY, "customer", text="Good, between us.", publish=False)
    await world.act(agreed, ActKind.TESTIFY, "customer", text="The best of all.", publish=True)
    for loop in (open_, agreed):
        assert (await world.closed(loop)).closure == Closure.COMPLETED
    assert told(world, publishable=False) == {"Good, between us.": False, "The best of all.": True}
    assert told(world, publishable=True) == {"The best of all.": True}
    withdrawn = await world.act(agreed, ActKind.TESTIFY, "carla", publish=False)
    assert withdrawn.state == "applied"
    assert told(world, publishable=True) == {}
    with pytest.raises(RefusedError) as again:
        await world.act(agreed, ActKind.TESTIFY, "carla", publish=False)
    assert again.value.reason == "already_withdrawn"


async def test_both_wishes_are_waited_for(world: World) -> None:
    loop = await invited(world, kind="both")
    await world.act(loop, ActKind.TESTIFY, "customer", text="Very good.", publish=True)
    await world.act(loop, ActKind.REFER, outcome="made")
    assert world.standing(loop).stage == "invited"
    await world.act(loop, ActKind.REFER, outcome="converted")
    assert (await world.closed(loop)).closure == Closure.COMPLETED


async def test_what_came_in_half_is_no_silence(world: World) -> None:
    loop = await invited(world, kind="both", remind_after=None, reminder_template=None)
    await world.act(loop, ActKind.TESTIFY, "customer", text="Very good.", publish=True)
    await world.skip(loop, days=30, seconds=1)
    assert (await world.closed(loop)).closure == Closure.COMPLETED


async def test_the_same_act_sent_twice_acts_once(world: World) -> None:
    loop = await invited(world, kind="both")
    at = await world.now(loop)
    for _ in range(2):
        with world.database.session() as session:
            commands.record(
                session,
                loop_id=loop,
                kind=ActKind.TESTIFY,
                actor="customer",
                at=at,
                recorded_at=at,
                details={"publish": True},
                text="Once.",
                command_id="the-same",
            )
            session.commit()
    await world.decided("the-same")
    assert told(world, publishable=False) == {"Once.": True}
    with world.database.reading() as session:
        assert len(promotions.list_testimonials(session)) == 1


def told(world: World, *, publishable: bool) -> dict[str | None, bool]:
    with world.database.reading() as session:
        found = promotions.list_testimonials(session, publishable=publishable)
    return {one.text: one.publishable for one in found}


# -- open questions ------------------------------------------------------------------------------


async def test_a_question_carries_a_link_that_is_its_own(world: World) -> None:
    loop = await asked(world)
    question = question_of(world, loop)
    text = world.mails.taken[0].get_content()
    token = next(word for word in text.split() if word.startswith(LINKS.url)).rpartition("/")[2]
    assert read_token(LINKS.keys, token, question.expires_at) == question.id
    assert "amelie" not in token


async def test_an_answer_in_words_is_an_answer_and_ends_the_loop(world: World) -> None:
    loop = await asked(world)
    question = question_of(world, loop).id
    answer = await world.act(loop, ActKind.ANSWER, "customer", text="A search.", question=question)
    assert answer.state == "applied"
    standing = await world.closed(loop)
    assert (standing.closure, standing.answer) == (Closure.COMPLETED, None)


@pytest.mark.parametrize(("score", "text"), [(5, None), (9, "Le PRÉLÈVEMENT était faux !")])
async def test_an_answer_that_names_a_problem_becomes_a_case_of_the_same_round(
    world: World, score: int, text: str | None
) -> None:
    problem: dict[str, JsonValue] = {"problem_below": 7, "problem_words": ["prelevement"]}
    loop = await asked(world, if_answer="problem", case=CASE, **problem)
    await world.act(loop, ActKind.ANSWER, "customer", score=score, text=text)
    await world.reached(loop, "working")
    await world.has_effect(loop, "staff-assigned-first")
    with world.database.reading() as session:
        assert session.get_one(CaseRow, (loop, 1)).team == "csm"


async def test_an_answer_that_names_none_bothers_nobody(world: World) -> None:
    problem: dict[str, JsonValue] = {"problem_below": 7, "problem_words": ["bill"]}
    loop = await asked(world, if_answer="problem", case=CASE, **problem)
    await world.act(loop, ActKind.ANSWER, "customer", score=7, text="Billing is fine, more colours please.")
    assert (await world.closed(loop)).closure == Closure.COMPLETED
    assert subjects(world) == ["What is missing?"]


async def test_any_answer_can_become_a_case(world: World) -> None:
    loop = await asked(world, if_answer="case", case=CASE)
    await world.act(loop, ActKind.ANSWER, "customer", text="Everything is fine.")
    await world.reached(loop, "working")


async def test_silence_to_an_open_question_is_no_answer(world: World) -> None:
    loop = await asked(world, remind_after="5 days")
    await world.skip(loop, days=5)
    await world.has_effect(loop, "question-reminder")
    await world.skip(loop, days=9, seconds=1)
    assert (await world.closed(loop)).closure == Closure.NO_ANSWER
    assert subjects(world) == ["What is missing?", "What is missing?"]


# -- an apology whose customer is still unhappy --------------------------------------------------


async def test_an_apology_that_did_not_help_becomes_a_case_of_the_same_round(world: World) -> None:
    low: dict[str, JsonValue] = {"if_still_low": "case", "case": CASE}
    loop = world.open_loop("apologize_with_offer", {"template": "apology", "offer": "none", **low})
    await world.reached(loop, "apologized")
    await world.skip(loop, days=7)
    await world.reached(loop, "asked")
    await world.act(loop, ActKind.ANSWER, "customer", score=4)
    await world.reached(loop, "working")
    await world.has_effect(loop, "staff-assigned-first")
    await world.act(loop, ActKind.ATTEMPT, channel="phone", result="reached")
    closing = {"closure": "not_recovered", "root_cause": "product"}
    await world.act(loop, ActKind.CLOSE, text="Too late.", **closing)
    assert (await world.closed(loop)).closure == Closure.NOT_RECOVERED


async def test_an_apology_that_helped_becomes_none(world: World) -> None:
    low: dict[str, JsonValue] = {"if_still_low": "case", "case": CASE}
    loop = world.open_loop("apologize_with_offer", {"template": "apology", "offer": "none", **low})
    await world.reached(loop, "apologized")
    await world.act(loop, ActKind.ANSWER, "customer", score=8)
    assert (await world.closed(loop)).closure == Closure.RECOVERED


# -- thanks --------------------------------------------------------------------------------------


async def test_thanks_are_one_message_and_nothing_more(world: World) -> None:
    loop = world.open_loop("acknowledge", {"template": "thanks"}, score=9)
    standing = await world.closed(loop)
    assert (standing.closure, standing.effects) == (Closure.COMPLETED, {"thanks": EffectState.DONE})
    assert standing.questions == ()
    assert subjects(world) == ["Thank you"]


@pytest.mark.parametrize("play", ["acknowledge", "ask_follow_up", "invite_promoter"])
async def test_who_has_no_address_is_not_bothered(world: World, play: str) -> None:
    loop = world.open_loop(play, {"template": "thanks"}, person=Person(name="No Address"))
    assert (await world.closed(loop)).closure == Closure.UNREACHABLE
    assert subjects(world) == []
