"""`sequence`: each way through its steps, and nothing twice."""

from __future__ import annotations

import asyncio
import json
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import pytest
import yaml
from pydantic import JsonValue
from sqlmodel import select

from boucle.engine import ledger, reconciliation
from boucle.engine.work_tables import ClockRow
from boucle.model import ActKind, Closure, EffectState
from boucle.workflows.sequence_params import SequenceParams
from tests.workflows.servers import start_server
from tests.workflows.world import World, eventually, working

VOUCHER: dict[str, JsonValue] = {"kind": "voucher", "value": "15.00 EUR", "valid_for": "30 days"}
STEPS: list[JsonValue] = [
    {"id": "voucher", "offer": VOUCHER},
    {"id": "sorry", "message": "apology"},
    {"id": "rest", "wait": "3 days"},
    {
        "id": "better", "ask": "follow-up", "within": "14 days",
        "low": "detractor", "on_low": "call", "on_silence": "quiet",
    },
    {"id": "told", "notify": {"person": "lea", "text": "Somebody is content again."}},
    {"id": "end", "close": "by_answer"},
    {"id": "quiet", "message": "we-call-you"},
    {"id": "quiet-end", "close": "no_answer"},
    {"id": "call", "case": {"team": "csm", "severity": "high", "close_within": "5 days"}},
]  # fmt: skip


def clock_states(world: World, loop: str) -> dict[str, str]:
    with world.database.reading() as session:
        rows = session.exec(select(ClockRow).where(ClockRow.loop_id == loop)).all()
        return {row.kind: row.state for row in rows}


def stages(world: World, loop: str) -> list[str]:
    """Every stage of the loop, in the order in which it was entered."""
    with world.database.reading() as session:
        events = ledger.history(session, ledger.loop_chain(loop))
        return [json.loads(event.payload)["stage"] for event in events if event.type == "loop.advanced"]


async def begin_again(world: World, loop: str) -> None:
    """The workflow is lost, and begun anew from the database."""
    await world.end_by_hand(loop)
    with world.database.session() as session:
        reconciliation.restart(session, loop, datetime.now(UTC))
        session.commit()
    await eventually(partial(world.find_run, loop))


async def asked(world: World, steps: list[JsonValue], step: str = "better") -> str:
    """A loop that has come to its question."""
    loop = world.open_loop("sequence", {"steps": steps})
    await world.reached(loop, "step-rest")
    await world.skip(loop, days=3)
    await world.reached(loop, f"asked-{step}")
    return loop


async def test_an_answer_goes_from_top_to_bottom(world_on_either: World) -> None:
    world = world_on_either
    loop = await asked(world, STEPS)
    await world.act(loop, ActKind.ANSWER, "customer", score=9)
    standing = await world.closed(loop)
    assert standing.closure == Closure.RECOVERED
    assert stages(world, loop) == [
        "step-voucher", "step-sorry", "step-rest", "step-better", "asked-better", "step-told", "step-end",
    ]  # fmt: skip
    assert standing.effects == dict.fromkeys(
        ("offer", "step-sorry", "step-better", "staff-step-5-told"), EffectState.DONE
    )
    sorry, question, notice = world.mails.taken
    assert "worth 15" in sorry.get_content()
    assert question["X-Boucle-Effect"] == f"{loop}/1/step-better"
    assert (notice["To"], "Somebody is content again." in notice.get_content()) == (
        "Léa <lea@firm.example>",
        True,
    )
    assert clock_states(world, loop) == {"follow_up": "met", "answer": "met"}


async def test_a_low_answer_becomes_a_case_that_a_person_closes(world: World) -> None:
    loop = await asked(world, STEPS)
    await world.act(loop, ActKind.ANSWER, "customer", score=6)
    standing = await world.reached(loop, "working-call")
    assert standing.case is not None
    assert standing.case.severity == "high"
    await world.act(loop, ActKind.ATTEMPT, channel="phone", result="reached")
    await world.act(loop, ActKind.CLOSE, closure="recovered", root_cause="people", text="Replaced it.")
    assert (await world.closed(loop)).closure == Closure.RECOVERED
    assert clock_states(world, loop)["first_contact"] == "met"


async def test_silence_goes_its_own_way(world: World) -> None:
    loop = await asked(world, STEPS)
    await world.skip(loop, days=14, seconds=1)
    standing = await world.closed(loop)
    assert (standing.closure, stages(world, loop)[-2:]) == (
        Closure.NO_ANSWER,
        ["step-quiet", "step-quiet-end"],
    )
    assert clock_states(world, loop) == {"follow_up": "met", "answer": "missed"}


@pytest.mark.parametrize(
    ("low", "score", "is_low"),
    [(5, 5, True), (5, 6, False), ("passive", 8, True), ("no_better", 6, True)],
)
async def test_what_is_low_is_said_by_the_step(
    world: World, low: int | str, score: int, is_low: bool
) -> None:
    steps: list[JsonValue] = [
        {"id": "rest", "wait": "3 days"},
        {"id": "better", "ask": "follow-up", "low": low, "on_low": "down"},
        {"id": "end", "close": "by_answer"},
        {"id": "down", "close": "not_recovered"},
    ]
    loop = await asked(world, steps)
    await world.act(loop, ActKind.ANSWER, "customer", score=score)
    await world.closed(loop)
    assert stages(world, loop)[-1] == ("step-down" if is_low else "step-end")


async def test_a_second_question_and_a_second_wait_have_their_own_time(world: World) -> None:
    steps: list[JsonValue] = [
        {"id": "rest", "wait": "3 days"},
        {"id": "better", "ask": "follow-up", "within": "2 days"},
        {"id": "again", "wait": "4 days"},
        {"id": "once-more", "ask": "follow-up", "within": "5 days"},
    ]
    loop = await asked(world, steps)
    await world.skip(loop, days=2, seconds=1)
    await world.reached(loop, "step-again")
    assert len(world.mails.taken) == 1
    await world.skip(loop, days=4, seconds=1)
    await world.reached(loop, "asked-once-more")
    await world.act(loop, ActKind.ANSWER, "customer", score=8)
    standing = await world.closed(loop)
    assert (standing.closure, len(world.mails.taken)) == (Closure.RECOVERED, 2)


async def test_steps_without_a_question_are_completed_at_the_end(world: World) -> None:
    loop = world.open_loop("sequence", {"steps": [{"id": "hello", "message": "we-call-you"}]})
    standing = await world.closed(loop)
    assert (standing.closure, len(world.mails.taken)) == (Closure.COMPLETED, 1)


async def test_who_cannot_be_written_to_gets_the_case_at_once(world: World) -> None:
    steps: list[JsonValue] = [
        {"id": "voucher", "offer": VOUCHER},
        {"id": "hello", "message": "we-call-you"},
        {"id": "rest", "wait": "3 days"},
        {"id": "call", "case": {"team": "csm"}},
    ]
    loop = world.open_loop("sequence", {"steps": steps}, person=None)
    await world.reached(loop, "working-call")
    assert stages(world, loop) == ["step-voucher", "step-hello", "step-call", "working-call"]
    assert "offer" not in world.standing(loop).effects
    loop = world.open_loop("sequence", {"steps": steps[:3]}, person=None)
    assert (await world.closed(loop)).closure == Closure.UNREACHABLE


@pytest.mark.parametrize(("on_decline", "last"), [(None, "asked-better"), ("down", "step-down")])
async def test_who_does_not_want_to_answer_is_left_in_peace(
    world: World, on_decline: str | None, last: str
) -> None:
    steps: list[JsonValue] = [
        {"id": "rest", "wait": "3 days"},
        {"id": "better", "ask": "follow-up", "on_decline": on_decline},
        {"id": "down", "close": "declined"},
    ]
    loop = await asked(world, steps)
    await world.act(loop, ActKind.ANSWER, "customer", declined=True)
    assert (await world.closed(loop)).closure == Closure.DECLINED
    assert stages(world, loop)[-1] == last


async def test_a_withdrawal_ends_it_wherever_it_stands(world: World) -> None:
    loop = world.open_loop("sequence", {"steps": STEPS})
    await world.reached(loop, "step-rest")
    sent = len(world.mails.taken)
    await world.act(loop, ActKind.WITHDRAW, "customer")
    standing = await world.closed(loop)
    assert (standing.closure, standing.clocks) == (Closure.WITHDRAWN, ())
    assert len([mail for mail in world.mails.taken[sent:] if "kunde" in str(mail["To"])]) == 0


async def test_a_new_server_goes_on_at_the_step_where_it_stood(idle_world: World) -> None:
    old = idle_world
    async with working(old):
        resting = old.open_loop("sequence", {"steps": STEPS})
        await old.reached(resting, "step-rest")
        waiting = await asked(old, [STEPS[2], *STEPS[3:]])
    before = [old.standing(loop) for loop in (resting, waiting)]
    sent = len(old.mails.taken)
    async with AsyncExitStack() as stack:
        env = await stack.enter_async_context(await start_server())
        world = replace(old, env=env, task_queue="rebuilt")
        await stack.enter_async_context(working(world))
        for loop in (resting, waiting):
            await eventually(partial(world.find_run, loop))
        await asyncio.sleep(1)
        assert [world.standing(loop) for loop in (resting, waiting)] == before
        assert len(world.mails.taken) == sent
        await world.act(waiting, ActKind.ANSWER, "customer", score=3)
        await world.reached(waiting, "working-call")
        await world.skip(resting, days=3, seconds=1)
        await world.reached(resting, "asked-better")
        await world.act(resting, ActKind.ANSWER, "customer", score=10)
        assert (await world.closed(resting)).closure == Closure.RECOVERED
        assert len(world.mails.of("step-sorry")) == len(world.mails.of("staff-step-5-told")) == 1
        assert len(world.mails.of("step-better")) == 2


async def test_a_killed_run_starts_anew_and_does_nothing_twice(world: World) -> None:
    """As often as there are steps: each time the workflow is lost, and begins again from the database."""
    steps: list[JsonValue] = [
        {"id": "voucher", "offer": VOUCHER},
        {"id": "sorry", "message": "apology"},
        {"id": "rest", "wait": "1 day"},
        {"id": "more", "message": "we-call-you"},
        {"id": "long", "wait": "30 days"},
    ]
    loop = world.open_loop("sequence", {"steps": steps})
    await world.reached(loop, "step-rest")
    await begin_again(world, loop)
    await world.skip(loop, days=1, seconds=1)
    await world.reached(loop, "step-long")
    await begin_again(world, loop)
    await world.act(loop, ActKind.NOTE, text="Still here.")
    assert len(world.mails.of("step-sorry")) == len(world.mails.of("step-more")) == 1
    assert stages(world, loop).count("step-rest") == 1


async def test_twenty_five_steps_keep_the_history_short(world: World) -> None:
    notice: dict[str, JsonValue] = {"person": "lea", "text": "Look."}
    steps: list[JsonValue] = []
    for part in range(4):
        steps += [{"id": f"say-{part}-{number}", "message": "we-call-you"} for number in range(4)]
        steps += [{"id": f"tell-{part}", "notify": notice}, {"id": f"rest-{part}", "wait": "1 day"}]
    steps.append({"id": "end", "close": "completed"})
    loop = world.open_loop("sequence", {"steps": steps})
    for part in range(4):
        await world.reached(loop, f"step-rest-{part}")
        await world.skip(loop, days=1, seconds=1)
    assert (await world.closed(loop)).closure == Closure.COMPLETED
    assert len(world.mails.taken) == 20
    history = await world.handle(loop).fetch_history()
    assert len(history.events) < 500


async def test_the_example_of_the_page_is_played_as_it_is_told(world: World) -> None:
    text = (Path(__file__).parents[2] / "docs" / "sequences.md").read_text(encoding="utf-8")
    example = yaml.safe_load(text.partition("```yaml rules\n")[2].partition("```")[0])
    with_ = SequenceParams.model_validate(example["rules"][0]["with"])
    loop = world.open_loop("sequence", with_.model_dump(mode="json"))
    await world.reached(loop, "step-let-it-settle")
    await world.skip(loop, days=3, seconds=1)
    await world.reached(loop, "asked-better-now")
    await world.skip(loop, days=14, seconds=1)
    standing = await world.closed(loop)
    assert standing.closure == Closure.NO_ANSWER
    assert standing.effects["staff-step-6-tell-lea"] == EffectState.DONE
