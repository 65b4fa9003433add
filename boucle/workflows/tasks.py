"""The step of asking colleagues: their tasks are reminded of, and told of when they are late."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from typing import ClassVar

from temporalio import workflow

from boucle.workflows.play import STAFF, Play

with workflow.unsafe.imports_passed_through():
    from boucle.activities.calls import TaskDue
    from boucle.activities.tasks import TaskActivities
    from boucle.model import ActKind, Duration
    from boucle.standing import Task
    from boucle.workflows.calling import do
    from boucle.workflows.errand import Errand, list_reminders


class Tasks(Play):
    """A play in which colleagues have something to do."""

    takes: ClassVar[frozenset[ActKind]] = frozenset({ActKind.ASK, ActKind.FINISH})

    @property
    def remind_before(self) -> tuple[Duration, ...]:
        """How long before a task is due its owner is reminded."""
        return ()

    def agenda(self) -> Iterable[Errand]:
        """Also: reminders of each task, and word of it when it is late."""
        yield from super().agenda()
        for task in self.standing.tasks:
            if task.due is not None:
                late = f"{STAFF}task-late-{task.id}"
                reminders = list_reminders(task.since or task.due, task.due, self.remind_before)
                steps = [(f"{STAFF}task-due-{task.id}-{name}", at) for name, at in reminders]
                for step, at in (*steps, (late, task.due)):
                    if step not in self.standing.effects:
                        yield Errand(at, step, self._turn_to(task, step, is_late=step == late))

    def _turn_to(self, task: Task, step: str, *, is_late: bool) -> Callable[[], Awaitable[None]]:
        async def tell() -> None:
            async with self.turn:
                if task in self.standing.tasks and step not in self.standing.effects:
                    call = TaskDue(
                        loop=self.loop, round=self.standing.round, task=task.id, step=step, at=workflow.now()
                    )
                    name = TaskActivities.call_task_late if is_late else TaskActivities.remind_of_task
                    self.take(await do(name, call))

        return tell
