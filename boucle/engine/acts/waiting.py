"""Waiting for the customer, which stops the team's clocks, and putting a case aside, which stops none."""

from __future__ import annotations

from datetime import timedelta
from typing import ClassVar

from pydantic import AwareDatetime

from boucle.engine import waits
from boucle.engine.acts.deed import CaseDeed, Deed, Doing, Situation
from boucle.engine.canonical import instant_text
from boucle.model import ActKind

LONGEST_WAIT = timedelta(days=7)
"""How long a customer is waited for, where the act does not say it."""


class Wait(Deed):
    """The team waits for the customer: its clocks stand still, until then at most.

    From when the act was recorded, not from when it is said to have begun: no deadline is moved afterwards.
    """

    kind: ClassVar = ActKind.WAIT
    until: AwareDatetime | None = None

    def reason_against(self, actor: str, situation: Situation) -> str | None:
        """There must be a case that does not wait yet."""
        del actor
        if situation.case is None:
            return "no_case"
        return "waiting" if situation.case.waiting_until is not None else None

    def do(self, doing: Doing) -> None:
        """The team's clocks stop, the customer's run on."""
        since = doing.command.recorded_at
        until = max(self.until or since + LONGEST_WAIT, since)
        doing.append("case.waiting", waits.begin_wait(doing.session, doing.loop, until=until, at=since))


class Resume(Deed):
    """The actor takes the case up again: it waits no more, and is not put aside any more."""

    kind: ClassVar = ActKind.RESUME

    def reason_against(self, actor: str, situation: Situation) -> str | None:
        """Only what waits, or was put aside, can go on."""
        del actor
        case = situation.case
        if case is None:
            return "no_case"
        return "not_waiting" if case.waiting_until is None and case.snoozed_until is None else None

    def do(self, doing: Doing) -> None:
        """The inbox shows it; each clock that stood still has the working time that it had left."""
        waits.snooze(doing.session, doing.loop, until=None)
        ended = waits.end_wait(doing.session, doing.loop, at=doing.command.at)
        doing.append("case.resumed", ended or {})


class Snooze(CaseDeed):
    """The actor puts the case aside until then."""

    kind: ClassVar = ActKind.SNOOZE
    until: AwareDatetime

    def do(self, doing: Doing) -> None:
        """The inbox does not show it until then; its clocks run on."""
        waits.snooze(doing.session, doing.loop, until=self.until)
        doing.append("case.snoozed", {"until": instant_text(self.until)})
