"""A workflow that does nothing but what Temporal itself takes time for: activities, waits, updates."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from temporalio import activity, workflow

_WEEK = timedelta(days=7)
_ONE_TRY = timedelta(seconds=20)


@dataclass(frozen=True)
class Script:
    """The activities before the first update, and after each (its own is its first): is it a local one?"""

    phases: tuple[tuple[bool, ...], ...]


@workflow.defn(name="bare")
class Bare:
    """The activities of the script one after the other; where an update is due, a timer runs meanwhile."""

    @workflow.init
    def __init__(self, script: Script) -> None:
        self._script = script
        self._updates = 0

    @workflow.run
    async def run(self, script: Script) -> None:
        """Phase after phase."""
        for number, activities in enumerate(script.phases):
            mine = activities[1:] if number else activities
            for left, local in zip(range(len(mine), 0, -1), mine, strict=True):
                last = number == 0 and left == 1 and len(script.phases) > 1
                await self._do("bare_wait" if last else "bare_step", local=local)
            if number + 1 < len(script.phases):
                await self._wait_for_update(number)
        await workflow.wait_condition(workflow.all_handlers_finished)

    @workflow.update
    async def act(self, number: int) -> int:
        """One act, which is one activity."""
        await self._do("bare_step", local=self._script.phases[number + 1][0])
        self._updates += 1
        return number

    async def _wait_for_update(self, number: int) -> None:
        await workflow.wait_condition(lambda: self._updates > number, timeout=_WEEK)

    async def _do(self, name: str, *, local: bool) -> None:
        execute = workflow.execute_local_activity if local else workflow.execute_activity
        await execute(name, workflow.info().workflow_id, start_to_close_timeout=_ONE_TRY)


class BareActivities:
    """Activities without a database; `waits` is told which workflow has come to its first wait."""

    def __init__(self, waits: Callable[[str], None]) -> None:
        self._waits = waits

    @activity.defn
    def bare_step(self, workflow_id: str) -> str:
        """Nothing."""
        return workflow_id

    @activity.defn
    def bare_wait(self, workflow_id: str) -> str:
        """Nothing, but somebody hears of it."""
        self._waits(workflow_id)
        return workflow_id
