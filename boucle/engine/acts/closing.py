"""Ending a loop by hand: each closure needs what makes it true."""

from __future__ import annotations

from typing import ClassVar
from zoneinfo import ZoneInfo

from pydantic import Field

from boucle.engine import cases, loops, notices
from boucle.engine.acts.deed import Deed, Doing, Situation
from boucle.model import ActKind, ClockKind, Closure, Plan, RootCause

LEAST_ATTEMPTS = 3
LEAST_WAYS = 2
"""How many attempts, and how many channels or days, make a customer unreachable."""

_NEEDS_CONTACT = frozenset({Closure.RECOVERED, Closure.NOT_RECOVERED, Closure.DECLINED})
_WITHOUT_CAUSE = frozenset({Closure.FALSE_ALARM, Closure.WITHDRAWN})


class Close(Deed):
    """The actor ends the loop. `root_cause_detail` is the second level, a code of the workspace."""

    kind: ClassVar = ActKind.CLOSE
    closure: Closure
    root_cause: RootCause | None = None
    root_cause_detail: str | None = Field(default=None, pattern=r"^[a-z0-9][a-z0-9_-]{0,63}$")
    systemic: bool | None = None

    def reason_against(self, actor: str, situation: Situation) -> str | None:
        """What the closure claims must have happened."""
        del actor
        if self.closure == Closure.NO_ANSWER:
            return "no_answer_by_hand"
        if self.closure in _NEEDS_CONTACT and not situation.reached and situation.loop.answer is None:
            return "not_contacted"
        if self.closure == Closure.UNREACHABLE and situation.reached:
            return "was_reached"
        if self.closure == Closure.UNREACHABLE and not _tried_enough(situation):
            return "too_few_attempts"
        needs_cause = situation.case is not None and self.closure not in _WITHOUT_CAUSE
        return "root_cause_missing" if needs_cause and self.root_cause is None else None

    def do(self, doing: Doing) -> None:
        """Close the loop; nobody is told anything of it any more.

        Its close clock is judged by when the act was recorded, not by when it was applied.
        """
        session, loop = doing.session, doing.loop
        cases.conclude(
            session, loop, cause=self.root_cause, detail=self.root_cause_detail, systemic=self.systemic
        )
        loops.end_clock(session, loop, ClockKind.CLOSE, doing.command.recorded_at)
        details = self.model_dump(mode="json", exclude_none=True, exclude={"closure"})
        loops.close(
            session, loop.id, closure=self.closure, by=doing.actor, at=doing.at,
            details={"act": doing.command.id, **details}, text=doing.text,
        )  # fmt: skip
        notices.drop(session, loop.id, doing.at)


def _tried_enough(situation: Situation) -> bool:
    zone = ZoneInfo(Plan.model_validate_json(situation.loop.plan).timezone)
    channels = {attempt.channel for attempt in situation.attempts}
    days = {attempt.happened_at.astimezone(zone).date() for attempt in situation.attempts}
    return len(situation.attempts) >= LEAST_ATTEMPTS and max(len(channels), len(days)) >= LEAST_WAYS
