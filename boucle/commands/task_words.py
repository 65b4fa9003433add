"""Tasks as commands tell them: in the list of all, and of a case."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from boucle.commands.loops import SHORT
from boucle.commands.output import now, table, until

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlmodel import Session

    from boucle.engine.work_tables import TaskRow

SHORT_TASK = 6
"""How much of a task's id lists show: enough to name it."""


def describe(session: Session, rows: Sequence[TaskRow]) -> list[dict[str, Any]]:
    """Tasks as JSON tells them, each with what was asked, where that was not erased."""
    from boucle.engine import commands
    from boucle.engine.tables import LoopRow

    texts: dict[str, str] = {}
    for loop_id in {row.loop_id for row in rows}:
        texts |= commands.read_texts(session, session.get_one(LoopRow, loop_id))
    return [{**row.model_dump(), "text": texts.get(row.id)} for row in rows]


def task_lines(told: list[dict[str, Any]]) -> list[str]:
    """A table of tasks; none where there are none."""
    if not told:
        return []
    at = now()
    rows = [
        (
            one["id"][:SHORT_TASK],
            until(one["due_at"], at) if one["state"] == "open" else one["state"],
            one["owner"],
            one["asked_by"],
            one["loop_id"][:SHORT],
            one["text"] or one["kind"],
        )
        for one in told
    ]
    return [table(("task", "due", "owner", "asked by", "loop", "what"), rows)]
