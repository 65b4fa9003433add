"""The step of what a case's owner sets up: snoozes and waits that end, promises with clocks of their own."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from typing import ClassVar

from temporalio import workflow

from boucle.workflows.play import STAFF, Play

with workflow.unsafe.imports_passed_through():
    from boucle.activities.calls import PromiseDue, Wake
    from boucle.activities.waits import WaitActivities
    from boucle.model import ActKind, ClockKind, Duration
    from boucle.standing import RunningClock, Standing
    from boucle.workflows.calling import do
    from boucle.workflows.errand import Errand, list_reminders


class Waiting(Play):
    """A play with a case that can wait, be put aside, and carry promises."""

    takes: ClassVar[frozenset[ActKind]] = frozenset(
        {ActKind.SNOOZE, ActKind.WAIT, ActKind.RESUME, ActKind.PROMISE, ActKind.KEEP}
    )

    @property
    def remind_before(self) -> tuple[Duration, ...]:
        """How long before a promise is due its owner is reminded."""
        return ()

    def agenda(self) -> Iterable[Errand]:
        """Also: the end of a snooze or a wait; reminders of each promise, and its miss."""
        yield from super().agenda()
        case = self.standing.case
        ends = [end for end in (case.snoozed_until, case.waiting_until) if end] if case else []
        if ends:
            yield Errand(min(ends), "snooze or wait over", self._wake)
        for clock in self.standing.clocks:
            if clock.kind == ClockKind.COMMITMENT:
                missed = f"{STAFF}promise-missed-{clock.id}"
                yield Errand(clock.due, f"{clock.name} due", self._promise(clock, missed, miss=True))
                yield from self._promise_reminders(clock)

    def _promise_reminders(self, clock: RunningClock) -> Iterable[Errand]:
        """One for each stated time that lies after the promise; halfway where none does."""
        for name, at in list_reminders(clock.since or clock.due, clock.due, self.remind_before):
            step = f"{STAFF}promise-due-{clock.id}-{name}"
            if step not in self.standing.effects:
                yield Errand(at, step, self._promise(clock, step, miss=False))

    async def _wake(self) -> None:
        async with self.turn:
            if not self.closed:
                call = Wake(loop=self.loop, round=self.standing.round, at=workflow.now())
                self.take(await do(WaitActivities.wake_case, call))

    def _promise(self, clock: RunningClock, step: str, *, miss: bool) -> Callable[[], Awaitable[None]]:
        async def turn_to() -> None:
            async with self.turn:
                if clock in self.standing.clocks:
                    self.take(await self._do(clock, step, miss=miss))

        return turn_to

    async def _do(self, clock: RunningClock, step: str, *, miss: bool) -> Standing:
        call = PromiseDue(
            loop=self.loop,
            round=self.standing.round,
            promise=int(clock.id or 0),
            step=step,
            at=workflow.now(),
        )
        return await do(WaitActivities.miss_promise if miss else WaitActivities.remind_of_promise, call)
