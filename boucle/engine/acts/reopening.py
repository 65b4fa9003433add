"""Beginning the next round of a closed loop."""

from __future__ import annotations

from typing import ClassVar

from boucle.engine import loops
from boucle.engine.acts.deed import Deed, Doing, Situation
from boucle.model import ActKind, LoopState


class Reopen(Deed):
    """The actor begins the next round of a closed loop."""

    kind: ClassVar = ActKind.REOPEN
    on_closed: ClassVar = True

    def reason_against(self, actor: str, situation: Situation) -> str | None:
        """Only a closed loop is reopened."""
        del actor
        return None if situation.loop.state == LoopState.CLOSED else "loop_open"

    def do(self, doing: Doing) -> None:
        """The next round begins; its workflow is asked for."""
        loops.reopen(doing.session, doing.loop.id, by=doing.actor, at=doing.at)
        doing.note()
