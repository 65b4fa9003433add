"""Trying to reach the customer."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from boucle.engine import cases, waits
from boucle.engine.acts.deed import CaseDeed, Doing
from boucle.model import ActKind, AttemptResult, Channel


class Attempt(CaseDeed):
    """The actor tried to reach the customer; reaching them is the first contact, at that instant."""

    kind: ClassVar = ActKind.ATTEMPT
    channel: Channel
    result: AttemptResult
    next_try_at: datetime | None = None

    def do(self, doing: Doing) -> None:
        """The attempt is kept; attempts in vain make no first contact, however many."""
        cases.attempt(
            doing.session,
            doing.command,
            channel=self.channel,
            result=self.result,
            next_try_at=self.next_try_at,
            text=doing.text,
        )
        if self.result in cases.REACHED:
            waits.hear_customer(
                doing.session, doing.loop, heard_at=doing.command.at, at=doing.at, wrote=False
            )
