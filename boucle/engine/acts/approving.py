"""Deciding on an offer that waits for approval."""

from __future__ import annotations

from typing import ClassVar

from boucle.engine import approvals
from boucle.engine.acts.deed import Deed, Doing, Situation
from boucle.engine.approval_rows import find_approval, value_of
from boucle.engine.work_tables import ApprovalRow
from boucle.model import ActKind, ApprovalState, Authority


class _Decision(Deed):
    """What both ways of deciding carry: the proposal's step, and up to which value the actor may decide."""

    step: str
    authority: Authority

    def reason_against(self, actor: str, situation: Situation) -> str | None:
        """It must wait, and the actor's limit suffice."""
        row = find_approval(situation.session, situation.loop, self.step)
        if row is None:
            return "no_approval"
        if row.state != ApprovalState.WAITING:
            return "approval_over"
        return self._find_bar(row, actor)

    def _find_bar(self, row: ApprovalRow, actor: str) -> str | None:
        raise NotImplementedError


class Approve(_Decision):
    """The actor approves an offer that somebody else, or a rule, has proposed."""

    kind: ClassVar = ActKind.APPROVE

    def _find_bar(self, row: ApprovalRow, actor: str) -> str | None:
        if row.proposed_by == actor:
            return "own_proposal"
        return None if self.authority.approves(value_of(row)) else "above_limit"

    def do(self, doing: Doing) -> None:
        """It may be granted now."""
        row = _get(doing, self.step)
        approvals.approve(doing.session, doing.loop, row, by=doing.actor, at=doing.at, text=doing.text)


class Refuse(_Decision):
    """The actor declines it, for a reason; one's own proposal too."""

    kind: ClassVar = ActKind.REFUSE
    needs_text: ClassVar = True

    def _find_bar(self, row: ApprovalRow, actor: str) -> str | None:
        if row.proposed_by == actor or self.authority.approves(value_of(row)):
            return None
        return "above_limit"

    def do(self, doing: Doing) -> None:
        """It is not granted."""
        row = _get(doing, self.step)
        approvals.decline(doing.session, doing.loop, row, by=doing.actor, at=doing.at, text=doing.text)


def _get(doing: Doing, step: str) -> ApprovalRow:
    return doing.session.get_one(ApprovalRow, (doing.loop.id, doing.loop.round, step))
