"""Ending a loop by hand: each closure needs what makes it true."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar
from zoneinfo import ZoneInfo

from pydantic import Field, JsonValue
from sqlmodel import col, select

from boucle.engine import cases, followups, inbox, loops, notices
from boucle.engine.acts.deed import Deed, Doing, Situation
from boucle.engine.tables import CommandRow
from boucle.model import ActKind, ClockKind, Closure, ContactPolicy, Plan

_NEEDS_CONTACT = frozenset({Closure.RECOVERED, Closure.NOT_RECOVERED, Closure.DECLINED, Closure.COMPLETED})
_NOTHING_DONE = frozenset({Closure.FALSE_ALARM, Closure.WITHDRAWN})
"""Closures of a case in which there was nothing to do, or nothing may be done: they need no root cause."""

_CODE = r"^[a-z0-9][a-z0-9_-]{0,63}$"


class Close(Deed):
    """The actor ends the loop. Its text says what was done.

    `root_cause` and `root_cause_detail` are codes of the workspace's own list, two levels of it. Whether
    they stand there is for the edges to ask: a case keeps its code when the list is edited.
    """

    kind: ClassVar = ActKind.CLOSE
    closure: Closure
    root_cause: str | None = Field(default=None, pattern=_CODE)
    root_cause_detail: str | None = Field(default=None, pattern=_CODE)
    systemic: bool | None = None

    def reason_against(self, actor: str, situation: Situation) -> str | None:
        """What the closure claims must have happened; then what is missing of the account of it."""
        del actor
        return _find_untruth(self.closure, situation) or self._find_gap(situation)

    def _find_gap(self, situation: Situation) -> str | None:
        if situation.case is None or self.closure in _NOTHING_DONE:
            return None
        if self.root_cause is None:
            return "root_cause_missing"
        return None if situation.has_text else "what_was_done_missing"

    def do(self, doing: Doing) -> None:
        """Close the loop, or the case alone where the customer is yet to be asked.

        Its close clock is judged by when the act was recorded, not by when it was applied.
        """
        session, loop = doing.session, doing.loop
        cases.conclude(
            session, loop, cause=self.root_cause, detail=self.root_cause_detail, systemic=self.systemic
        )
        inbox.finish_all(session, loop, doing.actor, doing.at)
        loops.end_clock(session, loop, ClockKind.CLOSE, doing.command.recorded_at)
        details = self.model_dump(mode="json", exclude_none=True, exclude={"closure"})
        if followups.is_to_be_asked(session, loop, self.closure):
            followups.conclude(doing.session, loop, closure=self.closure, by=doing.actor, at=doing.at)
            doing.append("case.concluded", {"closure": str(self.closure), **details})
            notices.drop(session, loop.id, doing.at)
        else:
            end(doing, self.closure, details)


def end(doing: Doing, closure: Closure, details: Mapping[str, JsonValue]) -> None:
    """Close the loop by this act, with its text; what was still to be told of it is dropped."""
    loops.close(
        doing.session, doing.loop.id, closure=closure, by=doing.actor, at=doing.at,
        details={"act": doing.command.id, **details}, text=doing.text,
    )  # fmt: skip
    notices.drop(doing.session, doing.loop.id, doing.at)


def _find_untruth(closure: Closure, situation: Situation) -> str | None:
    if closure == Closure.NO_ANSWER:
        return "no_answer_by_hand"
    if closure in _NEEDS_CONTACT and not situation.reached and not _was_answered(situation):
        return "not_contacted"
    if closure == Closure.UNREACHABLE and situation.reached:
        return "was_reached"
    if closure == Closure.UNREACHABLE and not _tried_enough(situation):
        return "too_few_attempts"
    return None


def _was_answered(situation: Situation) -> bool:
    """Whether the customer has given an answer of this round, and not one that the case came of."""
    loop, case = situation.loop, situation.case
    since = case.opened_at if case else loop.round_opened_at
    answers = select(CommandRow.id).where(
        CommandRow.loop_id == loop.id,
        CommandRow.kind == ActKind.ANSWER,
        CommandRow.state == "applied",
        col(CommandRow.recorded_at) >= since,
    )
    return loop.answer is not None and situation.session.exec(answers.limit(1)).first() is not None


def _tried_enough(situation: Situation) -> bool:
    """As the plan says, which keeps what the settings said when the loop was opened."""
    plan = Plan.model_validate_json(situation.loop.plan)
    wanted, zone = plan.contact or ContactPolicy(), ZoneInfo(plan.timezone)
    channels = {attempt.channel for attempt in situation.attempts}
    days = {attempt.happened_at.astimezone(zone).date() for attempt in situation.attempts}
    return len(situation.attempts) >= wanted.attempts and max(len(channels), len(days)) >= wanted.ways
