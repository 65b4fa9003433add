"""A mail of the customer, or of a mail server about ours, comes to its loop."""

from __future__ import annotations

from typing import ClassVar

from pydantic import JsonValue

from boucle.engine import clock, effects, loops, notices, tasks, waits
from boucle.engine.acts.deed import Deed, Doing, Situation
from boucle.engine.case_rows import find_case
from boucle.engine.tables import EffectRow
from boucle.engine.work_tables import ReplyRow
from boucle.model import ActKind, Duration, EffectKind, LoopState, Plan, ReplyKind, TaskKind

READ_WITHIN = Duration.parse("1 business days")
"""By when the owner of a case has read what the customer wrote."""


class Reply(Deed):
    """The customer has written back, or a message to them came back for good. `reply` is the mail's id.

    From now on no automatic message of the loop goes out; a closed loop keeps it all the same.
    """

    kind: ClassVar = ActKind.REPLY
    on_closed: ClassVar = True
    at_once: ClassVar = True
    reply: str

    def reason_against(self, actor: str, situation: Situation) -> str | None:
        """It must have come in, and be this loop's."""
        del actor
        mail = situation.session.get(ReplyRow, self.reply)
        return None if mail is not None and mail.loop_id == situation.loop.id else "no_reply"

    def do(self, doing: Doing) -> None:
        """Its event, and a word or a task for whoever works the loop."""
        mail = doing.session.get_one(ReplyRow, self.reply)
        if mail.kind == ReplyKind.BOUNCE:
            _bounce(doing, mail)
        else:
            _hear(doing, mail)


def _bounce(doing: Doing, mail: ReplyRow) -> None:
    told: dict[str, JsonValue] = {"reply": mail.id, "kind": mail.kind, "effect": mail.effect}
    doing.append("loop.mailed", told, with_text=False)
    effect = doing.session.get(EffectRow, mail.effect) if mail.effect else None
    if effect is not None:
        effects.bounce(doing.session, effect.key, mail.status, doing.at)
    if effect is None or effect.kind != EffectKind.STAFF:  # a colleague's address is no matter of the loop's
        _tell(doing, "unreachable", mail)


def _hear(doing: Doing, mail: ReplyRow) -> None:
    """Nobody waits for the customer any more; the owner of an open case gets something to do."""
    session, loop, at = doing.session, doing.loop, doing.at
    doing.append("loop.replied", {"reply": mail.id, "kind": mail.kind, "effect": mail.effect})
    waits.hear_customer(session, loop, heard_at=doing.command.at, at=at)
    case = find_case(session, loop)
    if loop.state == LoopState.CLOSED or case is None or case.owner is None:
        _tell(doing, "reply", mail)
        return
    calendar = Plan.model_validate_json(loop.plan).calendar
    due_at = clock.due(at, READ_WITHIN if calendar else Duration.parse("24h"), calendar)
    tasks.open_task(
        session, loop, id_=doing.command.id, kind=TaskKind.REPLY, owner=case.owner, due_at=due_at,
        by=loops.BOUCLE, at=at, notice="reply",
    )  # fmt: skip


def _tell(doing: Doing, kind: str, mail: ReplyRow) -> None:
    """The owner of the case, or the lead of the plan's team; a play without either tells nobody."""
    plan = Plan.model_validate_json(doing.loop.plan)
    case = find_case(doing.session, doing.loop)
    if case is not None or plan.params.get("team"):
        notices.write_down(doing.session, doing.loop, notices.step(kind, mail.id), doing.at)
