"""Beginning the next round of a closed loop."""

from __future__ import annotations

from typing import ClassVar

from boucle.engine import consent, loops
from boucle.engine.acts.deed import Deed, Doing, Situation
from boucle.model import ActKind, LoopState


class Reopen(Deed):
    """The actor begins the next round of a closed loop; its text says why."""

    kind: ClassVar = ActKind.REOPEN
    on_closed: ClassVar = True
    needs_text: ClassVar = True

    def reason_against(self, actor: str, situation: Situation) -> str | None:
        """Only a closed loop, for which no other goes on, of somebody who may be contacted."""
        del actor
        if situation.loop.state != LoopState.CLOSED:
            return "loop_open"
        if situation.loop.merged_into is not None:
            return "was_merged"
        objection = consent.find_objection(situation.session, situation.loop)
        return "consent_withdrawn" if objection == consent.CONSENT else None

    def do(self, doing: Doing) -> None:
        """The next round begins; its workflow is asked for."""
        loops.reopen(doing.session, doing.loop.id, by=doing.actor, at=doing.at, text=doing.text)
