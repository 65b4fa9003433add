"""Promising a customer something by a time, and saying whether it was kept."""

from __future__ import annotations

from typing import ClassVar

from pydantic import AwareDatetime, Field

from boucle.engine import clocks, commitments
from boucle.engine.acts.deed import CaseDeed, Deed, Doing, Situation
from boucle.engine.canonical import instant_text
from boucle.model import ActKind, ClockState


class Promise(CaseDeed):
    """The actor has promised the customer something by `due`; what it is stands in the text."""

    kind: ClassVar = ActKind.PROMISE
    needs_text: ClassVar = True
    due: AwareDatetime

    def do(self, doing: Doing) -> None:
        """A clock of its own runs until it is due."""
        row = commitments.make_commitment(doing.session, doing.loop, doing.command, due_at=self.due)
        clocks.set_next_due(doing.session, doing.loop)
        doing.append("case.promised", {"commitment": row.number, "due": instant_text(self.due)})


class Keep(Deed):
    """The actor says that a promise was kept, or that it will not be."""

    kind: ClassVar = ActKind.KEEP
    commitment: int = Field(strict=True, ge=1)
    kept: bool = True

    def reason_against(self, actor: str, situation: Situation) -> str | None:
        """It must be a promise of this round, neither kept nor broken yet."""
        del actor
        row = commitments.find_commitment(situation.session, situation.loop, self.commitment)
        if row is None:
            return "no_commitment"
        return None if row.state == ClockState.RUNNING else "commitment_over"

    def do(self, doing: Doing) -> None:
        """Kept in time is met; kept too late, or broken, is missed."""
        state = clocks.end_promise(
            doing.session, doing.loop, self.commitment, doing.command.at, kept=self.kept
        )
        name = clocks.promise_name(self.commitment)
        doing.append(f"clock.{state}", {"clock": name}, with_text=False)
        doing.note()
