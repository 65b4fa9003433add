"""What plays with a case share: opening it, reminders, missed clocks, the lead."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import ClassVar

from temporalio import workflow

from boucle.workflows.play import STAFF, Play

with workflow.unsafe.imports_passed_through():
    from boucle.activities.calls import CaseSeverity, Clock, MissClock, OpenCase
    from boucle.activities.cases import CaseActivities
    from boucle.model import ActKind, ClockKind, Duration
    from boucle.standing import RunningClock
    from boucle.workflows.calling import do
    from boucle.workflows.errand import Errand

WORKING = "working"


class CasePlay(Play):
    """A play that ends when a person closes its case."""

    accepts: ClassVar[frozenset[ActKind]] = Play.accepts | {ActKind.CLAIM, ActKind.ATTEMPT, ActKind.ASSIGN}

    async def open_case(
        self, team: str, severity: CaseSeverity, clocks: Mapping[ClockKind, Duration], *, to_lead: bool
    ) -> None:
        """Open the case, give it to somebody, start its clocks, and go on to working it."""
        async with self._turn:
            if not self.closed:
                call = OpenCase(
                    loop=self.loop,
                    round=self.standing.round,
                    stage=WORKING,
                    team=team,
                    severity=severity,
                    to_lead=to_lead,
                    clocks=tuple(Clock(kind=kind, within=within) for kind, within in clocks.items()),
                    at=workflow.now(),
                )
                self._take(await do(CaseActivities.open_case, call))

    async def work_case(self, remind_before: tuple[Duration, ...]) -> None:
        """Wait for a person to close it; remind before a clock runs out, go to the lead when it has."""
        await self.attend(lambda: False, agenda=lambda: self._case_agenda(remind_before))

    def _case_agenda(self, remind_before: tuple[Duration, ...]) -> Iterable[Errand]:
        for clock in self.standing.clocks:
            yield Errand(clock.due, f"{clock.kind} due", self._missing(clock.kind))
            yield from self._reminders(clock, remind_before)

    def _reminders(self, clock: RunningClock, before: tuple[Duration, ...]) -> Iterable[Errand]:
        """One for each stated time before it is due; none for a time before the loop began."""
        for ahead in before:
            at = clock.due - ahead.wall()
            step = f"{STAFF}reminder-{clock.kind}-{ahead.amount}{ahead.unit[0]}"
            begun = step in self.standing.effects or self._is_busy(step)
            if at > self.standing.opened_at and not begun:
                yield Errand(max(at, self._later.get(step, at)), step, self._sending(step))

    def _missing(self, kind: ClockKind) -> Callable[[], Awaitable[None]]:
        async def miss() -> None:
            async with self._turn:
                if any(clock.kind == kind for clock in self.standing.clocks):
                    call = MissClock(loop=self.loop, round=self.standing.round, clock=kind, at=workflow.now())
                    self._take(await do(CaseActivities.miss_clock, call))

        return miss
