"""The customer's answer to the follow-up question."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from boucle.engine import loops, waits
from boucle.engine.acts.deed import Deed, Doing, Situation
from boucle.engine.tables import LoopRow
from boucle.model import ActKind

_DEFAULT_SCALE = (0, 10)


class Answer(Deed):
    """The customer answered the follow-up question."""

    kind: ClassVar = ActKind.ANSWER
    score: int = Field(strict=True)

    def reason_against(self, actor: str, situation: Situation) -> str | None:
        """One answer a round, on the scale of the question."""
        del actor
        if situation.loop.answer is not None:
            return "already_answered"
        low, high = scale_of(situation.loop)
        return None if low <= self.score <= high else "score_off_scale"

    def do(self, doing: Doing) -> None:
        """The answer is kept; its clock ends."""
        loops.answer(
            doing.session, doing.loop.id, score=self.score, actor=doing.actor, at=doing.command.at,
            text=doing.text,
        )  # fmt: skip
        waits.hear_customer(doing.session, doing.loop, heard_at=doing.command.at, at=doing.at)


def scale_of(loop: LoopRow) -> tuple[int, int]:
    """The lowest and highest answer to the loop's follow-up question; 0 to 10 where none was stated."""
    if loop.scale_low is None or loop.scale_high is None:
        return _DEFAULT_SCALE
    return loop.scale_low, loop.scale_high
