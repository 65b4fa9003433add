"""Asking a colleague for something by a time, and saying that it is done."""

from __future__ import annotations

from typing import ClassVar

from pydantic import AwareDatetime, Field

from boucle.engine import tasks
from boucle.engine.acts.deed import CaseDeed, Deed, Doing, Situation
from boucle.model import ActKind, TaskKind, TaskState


class Ask(CaseDeed):
    """The actor asks a colleague for something by `due`; what it is stands in the text."""

    kind: ClassVar = ActKind.ASK
    needs_text: ClassVar = True
    colleague: str = Field(min_length=1)
    due: AwareDatetime

    def do(self, doing: Doing) -> None:
        """It is the colleague's task, who is told."""
        command = doing.command
        tasks.open_task(
            doing.session, doing.loop, id_=command.id, kind=TaskKind.ASKED, owner=self.colleague,
            due_at=self.due, by=doing.actor, at=command.at, recorded_at=command.recorded_at, text=doing.text,
        )  # fmt: skip


class Finish(Deed):
    """The actor says that a task is done; the text says what came of it. `task` is its id."""

    kind: ClassVar = ActKind.FINISH
    task: str = Field(min_length=1)

    def reason_against(self, actor: str, situation: Situation) -> str | None:
        """It must be a task of this round that is not done yet; anybody may do it."""
        del actor
        row = tasks.find_task(situation.session, situation.loop, self.task)
        if row is None:
            return "no_task"
        return None if row.state == TaskState.OPEN else "task_over"

    def do(self, doing: Doing) -> None:
        """Done; who asked is told."""
        command = doing.command
        row = tasks.find_task(doing.session, doing.loop, self.task)
        if row is not None:
            tasks.finish_task(
                doing.session, doing.loop, row, by=doing.actor, at=command.at,
                recorded_at=command.recorded_at, text=doing.text,
            )  # fmt: skip
