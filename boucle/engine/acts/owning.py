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
    """The actor gives the case to somebody; to take it from somebody else needs a text that says why."""

    kind: ClassVar = ActKind.ASSIGN
    owner: str = Field(min_length=1)

    def reason_against(self, actor: str, situation: Situation) -> str | None:
        """One's own case, or nobody's, is given on freely."""
        case = situation.case
        if case is None:
            return "no_case"
        taken = case.owner not in {None, actor, self.owner}
        return "no_reason" if taken and not situation.has_text else None

    def do(self, doing: Doing) -> None:
        """The case is the other's, who is told; so is who had it, where they did not give it themselves."""
        session, loop = doing.session, doing.loop
        before = cases.get_case(session, loop).owner
        if before == self.owner:
            doing.note()
            return
        cases.assign(
            session, loop.id, owner=self.owner, by=doing.actor, at=doing.at, act=doing.command.id,
            text=doing.text,
        )  # fmt: skip
        step = notices.assigned(doing.command.id)
        notices.write_down(session, loop, step, doing.at, to=notices.person(self.owner))
        if before not in {None, doing.actor}:
            step = notices.step("reassigned", doing.command.id)
            to = notices.person(str(before))
            notices.write_down(session, loop, step, doing.at, to=to, values={"owner": self.owner})
