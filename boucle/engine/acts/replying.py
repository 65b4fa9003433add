"""A mail of the customer, or of a mail server about ours, comes to its loop."""

from __future__ import annotations

from typing import ClassVar

from pydantic import JsonValue

from boucle.engine import effects, loops, notices
from boucle.engine.acts.deed import Deed, Doing, Situation
from boucle.engine.work_tables import ReplyRow
from boucle.model import ActKind, Plan, ReplyKind


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
        """Its event, and a word to the case's owner."""
        mail = doing.session.get_one(ReplyRow, self.reply)
        if mail.kind == ReplyKind.BOUNCE:
            _bounce(doing, mail)
        else:
            told: dict[str, JsonValue] = {"reply": mail.id, "kind": mail.kind, "effect": mail.effect}
            doing.append("loop.replied", told)
        _tell(doing, "unreachable" if mail.kind == ReplyKind.BOUNCE else "reply", mail)


def _bounce(doing: Doing, mail: ReplyRow) -> None:
    loops.append(
        doing.session, doing.loop, "loop.mailed", at=doing.at, actor=doing.actor,
        payload={"act": doing.command.id, "reply": mail.id, "kind": mail.kind, "effect": mail.effect},
    )  # fmt: skip
    if mail.effect is not None:
        effects.bounce(doing.session, mail.effect, mail.status, doing.at)


def _tell(doing: Doing, kind: str, mail: ReplyRow) -> None:
    """The owner of the case, or the lead of the plan's team; a play without either tells nobody."""
    plan = Plan.model_validate_json(doing.loop.plan)
    if plan.params.get("team"):
        notices.write_down(doing.session, doing.loop, notices.step(kind, mail.id), doing.at)
