"""Records the histories that are replayed in tests: `python -m tests.workflows.record_histories [NAME…]`.

Run it after a change of a play that is meant to be seen by running loops, and commit what changes;
histories of earlier versions stay, for as long as loops of theirs may run.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import tempfile
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path

from pydantic import JsonValue

from boucle.engine.database import Database
from boucle.engine.effects import effect_key
from boucle.model import ActKind, EffectState
from tests.workflows.history_text import read_histories
from tests.workflows.mail_exchange import MailExchange, open_exchange
from tests.workflows.servers import start_server
from tests.workflows.world import World, closed_for, make_means, working

FOLDER = Path(__file__).parent / "histories"

APOLOGY: dict[str, JsonValue] = {
    "template": "apology",
    "offer": {"kind": "voucher", "value": "15.00 EUR", "valid_for": "30 days"},
}
CASE: dict[str, JsonValue] = {
    "team": "csm",
    "acknowledge": "we-call-you",
    "remind_before": ["24h", "4h"],
    "close_within": "5 days",
}
ESCALATION: dict[str, JsonValue] = {"team": "csm", "close_within": "2 days"}


async def _asked(world: World) -> str:
    loop = world.open_loop("apologize_with_offer", APOLOGY)
    await world.reached(loop, "apologized")
    await world.skip(loop, days=7)
    await world.reached(loop, "asked")
    return loop


async def apology_recovered(world: World) -> str:
    """Apology, question, a better answer."""
    loop = await _asked(world)
    await world.act(loop, ActKind.ANSWER, "customer", score=9)
    await world.closed(loop)
    return loop


async def apology_no_answer(world: World) -> str:
    """Apology, question, silence."""
    loop = await _asked(world)
    await world.skip(loop, days=14, seconds=1)
    await world.closed(loop)
    return loop


async def apology_unreachable(world: World) -> str:
    """Nobody to write to."""
    loop = world.open_loop("apologize_with_offer", APOLOGY, person=None)
    await world.closed(loop)
    return loop


async def apology_unconfirmed_open(world: World) -> str:
    """A doubt that was settled, then waiting for the answer."""
    world.mails.hang_up_after.add("apology")
    loop = await _asked(world)
    await world.act(loop, ActKind.SETTLE, effect=effect_key(loop, 1, "apology"), sent=False)
    await world.has_effect(loop, "apology")
    await world.act(loop, ActKind.NOTE, text="settled")
    return loop


async def case_recovered(world: World) -> str:
    """A missed first contact, then everything that a case can see."""
    loop = world.open_loop("csm_case", CASE)
    await world.has_effect(loop, "staff-assigned-first")
    for hours in (24, 20, 4):
        await world.skip(loop, hours=hours, seconds=1)
    await world.has_effect(loop, "staff-missed-first_contact")
    act = await world.act(loop, ActKind.ASSIGN, "lea", owner="denis", text="Carla is ill.")
    await world.has_effect(loop, f"staff-assigned-{act.id}")
    await world.act(loop, ActKind.CLAIM, "denis")
    await world.act(loop, ActKind.ATTEMPT, "denis", channel="phone", result="reached", text="spoke")
    await world.act(loop, ActKind.CLOSE, "denis", closure="recovered", root_cause="process", text="Mended.")
    await world.closed(loop)
    return loop


async def case_at_night_open(world: World) -> str:
    """The owner is told in the morning; nobody has called yet."""
    world.mails.busy = 1
    loop = world.open_loop("csm_case", CASE, calendar=closed_for(hours=5))
    await world.has_effect(loop, "acknowledge")
    await world.skip(loop, hours=5, minutes=1)
    await world.has_effect(loop, "staff-assigned-first")
    return loop


async def escalation_declined(world: World) -> str:
    """The lead reaches somebody who wants no call."""
    loop = world.open_loop("escalate", ESCALATION)
    await world.has_effect(loop, "staff-assigned-first")
    await world.act(loop, ActKind.ATTEMPT, "lea", channel="phone", result="refused")
    await world.act(loop, ActKind.CLOSE, "lea", closure="declined", root_cause="price", text="Too dear.")
    await world.closed(loop)
    return loop


async def escalation_missed_open(world: World) -> str:
    """The lead has missed the first contact."""
    loop = world.open_loop("escalate", ESCALATION)
    await world.has_effect(loop, "staff-assigned-first")
    await world.skip(loop, hours=4, seconds=1)
    await world.has_effect(loop, "staff-missed-first_contact", EffectState.DONE)
    return loop


VERIFIED: dict[str, JsonValue] = {
    "team": "csm",
    "close_within": "5 days",
    "follow_up": {"remind_after": "3 days"},
}


async def _concluded(world: World) -> str:
    loop = world.open_loop("csm_case", VERIFIED)
    await world.has_effect(loop, "staff-assigned-first")
    await world.act(loop, ActKind.ATTEMPT, channel="phone", result="reached")
    await world.act(loop, ActKind.CLOSE, closure="recovered", root_cause="process", text="mended")
    await world.reached(loop, "verifying")
    await world.skip(loop, days=7)
    await world.reached(loop, "asked")
    return loop


async def case_verified(world: World) -> str:
    """The customer is reminded, and says what the owner has said."""
    loop = await _concluded(world)
    await world.skip(loop, days=3)
    await world.has_effect(loop, "follow-up-reminder")
    await world.act(loop, ActKind.ANSWER, "customer", score=9)
    await world.closed(loop)
    return loop


async def case_verifying_open(world: World) -> str:
    """The customer is asked and has not answered."""
    return await _concluded(world)


async def apology_case(world: World) -> str:
    """An apology that did not help, then a case."""
    loop = world.open_loop(
        "apologize_with_offer", {**APOLOGY, "if_still_low": "case", "case": {"team": "csm"}}
    )
    await world.reached(loop, "apologized")
    await world.act(loop, ActKind.ANSWER, "customer", score=2)
    await world.has_effect(loop, "staff-assigned-first")
    await world.act(loop, ActKind.CLOSE, closure="false_alarm")
    await world.closed(loop)
    return loop


INVITATION: dict[str, JsonValue] = {"template": "invitation", "remind_after": "7 days"}


async def invitation_completed(world: World) -> str:
    """A testimonial, and a referral to its end."""
    loop = world.open_loop("invite_promoter", INVITATION, score=10)
    await world.reached(loop, "invited")
    await world.act(loop, ActKind.TESTIFY, "customer", text="very good", publish=True)
    await world.act(loop, ActKind.REFER, outcome="made")
    await world.act(loop, ActKind.REFER, outcome="converted")
    await world.closed(loop)
    return loop


async def invitation_reminded_open(world: World) -> str:
    """A reminder, and nothing yet."""
    loop = world.open_loop("invite_promoter", INVITATION, score=10)
    await world.reached(loop, "invited")
    await world.skip(loop, days=7)
    await world.has_effect(loop, "invitation-reminder")
    return loop


QUESTION: dict[str, JsonValue] = {
    "template": "question",
    "if_answer": "problem",
    "problem_below": 7,
    "case": {"team": "csm"},
}


async def question_completed(world: World) -> str:
    """An answer that names no problem."""
    loop = world.open_loop("ask_follow_up", QUESTION, score=7)
    await world.reached(loop, "asked")
    await world.act(loop, ActKind.ANSWER, "customer", score=8, text="all is well")
    await world.closed(loop)
    return loop


async def question_case_open(world: World) -> str:
    """An answer that names a problem; nobody has called yet."""
    loop = world.open_loop("ask_follow_up", QUESTION, score=7)
    await world.reached(loop, "asked")
    await world.act(loop, ActKind.ANSWER, "customer", score=5)
    await world.has_effect(loop, "staff-assigned-first")
    return loop


async def thanks_completed(world: World) -> str:
    """Thanks."""
    loop = world.open_loop("acknowledge", {"template": "thanks"}, score=9)
    await world.closed(loop)
    return loop


async def thanks_put_off_open(world: World) -> str:
    """The mail server has put the thanks off, time and again."""
    world.mails.busy = 10_000
    loop = world.open_loop("acknowledge", {"template": "thanks"}, score=9)
    await world.has_effect(loop, "thanks", EffectState.RELEASED)
    return loop


STEPS: list[JsonValue] = [
    {"id": "voucher", "offer": APOLOGY["offer"]},
    {"id": "sorry", "message": "apology"},
    {"id": "rest", "wait": "3 days"},
    {
        "id": "better", "ask": "follow-up", "within": "14 days", "remind_after": "5 days",
        "low": "detractor", "on_low": "call", "on_silence": "quiet",
    },
    {"id": "told", "notify": {"team": "csm", "text": "Somebody is content again."}},
    {"id": "end", "close": "by_answer"},
    {"id": "quiet", "wait": "1 day"},
    {"id": "call", "case": {"team": "csm", "close_within": "5 days"}},
]  # fmt: skip


async def _asked_in_steps(world: World) -> str:
    loop = world.open_loop("sequence", {"steps": STEPS})
    await world.reached(loop, "step-rest")
    await world.skip(loop, days=3)
    await world.reached(loop, "asked-better")
    return loop


async def sequence_recovered(world: World) -> str:
    """From top to bottom."""
    loop = await _asked_in_steps(world)
    await world.act(loop, ActKind.ANSWER, "customer", score=9)
    await world.closed(loop)
    return loop


async def sequence_case_open(world: World) -> str:
    """Reminded, silent, and nobody has called yet."""
    loop = await _asked_in_steps(world)
    await world.skip(loop, days=5)
    await world.has_effect(loop, "step-better-reminder")
    await world.skip(loop, days=9, seconds=1)
    await world.reached(loop, "step-quiet")
    await world.skip(loop, days=1, seconds=1)
    await world.has_effect(loop, "staff-assigned-first")
    return loop


async def sequence_waiting_open(world: World) -> str:
    """At its first wait."""
    loop = world.open_loop("sequence", {"steps": STEPS})
    await world.reached(loop, "step-rest")
    return loop


SCENARIOS: Mapping[str, Callable[[World], Awaitable[str]]] = {
    "apologize_with_offer.recovered": apology_recovered,
    "apologize_with_offer.no_answer": apology_no_answer,
    "apologize_with_offer.unreachable": apology_unreachable,
    "apologize_with_offer.open_after_doubt": apology_unconfirmed_open,
    "csm_case.recovered": case_recovered,
    "csm_case.open_at_night": case_at_night_open,
    "escalate.declined": escalation_declined,
    "escalate.open_missed": escalation_missed_open,
    "csm_case.verified": case_verified,
    "csm_case.open_verifying": case_verifying_open,
    "apologize_with_offer.case": apology_case,
    "invite_promoter.completed": invitation_completed,
    "invite_promoter.open_reminded": invitation_reminded_open,
    "ask_follow_up.completed": question_completed,
    "ask_follow_up.open_case": question_case_open,
    "acknowledge.completed": thanks_completed,
    "acknowledge.open_put_off": thanks_put_off_open,
    "sequence.recovered": sequence_recovered,
    "sequence.open_case": sequence_case_open,
    "sequence.open_waiting": sequence_waiting_open,
}


async def _record(folder: Path, wanted: Sequence[str]) -> None:
    database = Database(f"sqlite:///{folder / 'boucle.db'}")
    database.migrate()
    mails = MailExchange()
    with open_exchange(mails) as port:
        async with await start_server() as env:
            world = World(env, database, make_means(database, folder, port), mails, "recording")
            async with working(world):
                for name in wanted:
                    await _write(world, name, await SCENARIOS[name](world))
                    mails.busy = 0


async def _write(world: World, name: str, loop: str) -> None:
    async with asyncio.timeout(20):
        while not (histories := await read_histories(world.env.client, loop)):  # noqa: ASYNC110 lists lag
            await asyncio.sleep(0.1)
    text = json.dumps(json.loads(histories[0]), indent=1, ensure_ascii=False)
    (FOLDER / f"{name}.json").write_text(text + "\n", encoding="utf-8")


def main() -> None:
    """Record the scenarios that are named, or every one."""
    FOLDER.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(_record(Path(folder), sys.argv[1:] or list(SCENARIOS)))
    sys.stdout.flush()
    os._exit(0)  # a Temporal client can abort the process in the interpreter's own ending


if __name__ == "__main__":
    main()
