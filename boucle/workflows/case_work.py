"""The step of working a case: opening it, and looking after it until a person is done with it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from temporalio import workflow

from boucle.workflows.offering import Offering
from boucle.workflows.tasks import Tasks
from boucle.workflows.waiting import Waiting

with workflow.unsafe.imports_passed_through():
    from boucle.activities.calls import Clock, LookAfter, OpenCase
    from boucle.activities.cases import CaseActivities
    from boucle.model import ActKind, ClockKind, Duration
    from boucle.workflows.calling import do
    from boucle.workflows.case_params import CaseParams
    from boucle.workflows.errand import Errand

WORKING = "working"


class CaseWork(Waiting, Tasks, Offering):
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
        self,
        params: CaseParams,
        *,
        to_lead: bool = False,
        verify_after: Duration | None = None,
        stage: str = WORKING,
    ) -> None:
        """Open the case, give it to somebody, start its clocks, and go on to working it.

        `verify_after`: so long after a person has concluded it, the customer is asked.
        """
        async with self.turn:
            if not self.closed:
                call = OpenCase(
                    loop=self.loop,
                    round=self.standing.round,
                    stage=stage,
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
                    terms=params.terms,
                )
                self.take(await do(CaseActivities.open_case, call))

    async def work_case(self) -> None:
        """Wait for a person to close it, or to conclude it."""
        stage = self.standing.stage
        await self.attend(lambda: self.standing.stage != stage)

    def agenda(self) -> Iterable[Errand]:
        """Also: what the terms of the case ask for next."""
        yield from super().agenda()
        case = self.standing.case
        if case is not None and case.next_at is not None:
            yield Errand(case.next_at, case.next_name, self._look_after)

    async def _look_after(self) -> None:
        async with self.turn:
            if not self.closed:
                call = LookAfter(loop=self.loop, round=self.standing.round, at=workflow.now())
                self.take(await do(CaseActivities.look_after, call))
