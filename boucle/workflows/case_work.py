"""The step of working a case: opening it, reminders, missed clocks, the lead."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from functools import partial
from typing import ClassVar

from temporalio import workflow

from boucle.workflows.play import STAFF
from boucle.workflows.tasks import Tasks
from boucle.workflows.waiting import Waiting

with workflow.unsafe.imports_passed_through():
    from boucle.activities.calls import Clock, MissClock, OpenCase
    from boucle.activities.cases import CaseActivities
    from boucle.model import ActKind, ClockKind, Duration
    from boucle.standing import RunningClock
    from boucle.workflows.calling import do
    from boucle.workflows.case_params import CaseParams
    from boucle.workflows.errand import Errand

WORKING = "working"
_CASE_CLOCKS = frozenset({ClockKind.FIRST_CONTACT, ClockKind.CLOSE})


class CaseWork(Waiting, Tasks):
    """A play in which people work a case."""

    takes: ClassVar[frozenset[ActKind]] = frozenset({ActKind.CLAIM, ActKind.ATTEMPT, ActKind.ASSIGN})

    @property
    def case_params(self) -> CaseParams | None:
        """How the plan wants the case worked; None in a play whose plan has no case."""
        raise NotImplementedError

    @property
    def remind_before(self) -> tuple[Duration, ...]:
        """As before the clocks of the case."""
        return self.case_params.remind_before if self.case_params else ()

    async def open_case(
        self, params: CaseParams, *, to_lead: bool = False, verify_after: Duration | None = None
    ) -> None:
        """Open the case, give it to somebody, start its clocks, and go on to working it.

        `verify_after`: so long after a person has concluded it, the customer is asked.
        """
        async with self.turn:
            if not self.closed:
                call = OpenCase(
                    loop=self.loop,
                    round=self.standing.round,
                    stage=WORKING,
                    team=params.team,
                    severity=params.severity,
                    to_lead=to_lead,
                    verify_after=verify_after,
                    clocks=(
                        Clock(kind=ClockKind.FIRST_CONTACT, within=params.first_contact_within),
                        Clock(kind=ClockKind.CLOSE, within=params.close_within),
                    ),
                    at=workflow.now(),
                    skill=params.skill,
                )
                self.take(await do(CaseActivities.open_case, call))

    async def work_case(self) -> None:
        """Wait for a person to close it, or to conclude it."""
        await self.attend(lambda: self.standing.stage != WORKING)

    def agenda(self) -> Iterable[Errand]:
        """Also: remind before a clock of the case runs out, go to the lead when it has."""
        yield from super().agenda()
        params = self.case_params
        for clock in self.standing.clocks if params else ():
            if params and clock.kind in _CASE_CLOCKS:
                yield Errand(clock.due, f"{clock.kind} due", self._missing(clock.kind))
                yield from self._reminders(clock, params.remind_before)

    def _reminders(self, clock: RunningClock, before: tuple[Duration, ...]) -> Iterable[Errand]:
        """One for each stated time before it is due; none for a time before the loop began."""
        for ahead in before:
            at = clock.due - ahead.wall()
            step = f"{STAFF}reminder-{clock.kind}-{ahead.amount}{ahead.unit[0]}"
            begun = step in self.standing.effects
            if at > self.standing.opened_at and not begun and not self.is_busy(STAFF):
                yield Errand(at, step, partial(self.tell, step))

    def _missing(self, kind: ClockKind) -> Callable[[], Awaitable[None]]:
        async def miss() -> None:
            async with self.turn:
                if any(clock.kind == kind for clock in self.standing.clocks):
                    call = MissClock(loop=self.loop, round=self.standing.round, clock=kind, at=workflow.now())
                    self.take(await do(CaseActivities.miss_clock, call))

        return miss
