"""Whose a case is: taking it, and giving it to somebody."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from boucle.engine import cases, notices
from boucle.engine.acts.deed import Deed, Doing, Situation
from boucle.model import ActKind


class Claim(Deed):
    """The actor takes the case: a free one, one's own, or one that was escalated to oneself."""

    kind: ClassVar = ActKind.CLAIM

    def reason_against(self, actor: str, situation: Situation) -> str | None:
        """Somebody else's case is not free."""
        if situation.case is None:
            return "no_case"
        return None if cases.may_claim(situation.case, actor) else "already_claimed"

    def do(self, doing: Doing) -> None:
        """The case is theirs."""
        cases.claim(doing.session, doing.loop.id, actor=doing.actor, at=doing.at)
        doing.note()


class Assign(Deed):
    """The actor gives the case to somebody."""

    kind: ClassVar = ActKind.ASSIGN
    owner: str = Field(min_length=1)

    def reason_against(self, actor: str, situation: Situation) -> str | None:
        """There must be a case."""
        del actor
        return "no_case" if situation.case is None else None

    def do(self, doing: Doing) -> None:
        """The case is the other's, who is told."""
        cases.assign(doing.session, doing.loop.id, owner=self.owner, by=doing.actor, at=doing.at)
        notices.write_down(doing.session, doing.loop, notices.assigned(doing.command.id), doing.at)
        doing.note()
