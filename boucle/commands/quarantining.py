"""`boucle quarantine`: responses that do not fit, and wait for somebody to mend them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from boucle.commands.options import FormatOption, LimitOption, WorkspaceOption
from boucle.commands.output import now, show, span, table, until

if TYPE_CHECKING:
    from datetime import datetime

    from boucle.engine.quarantine import Waiting


def list_(
    *, limit: LimitOption = 100, workspace: WorkspaceOption = None, format_: FormatOption = "text"
) -> None:
    """List what waits for a mend, the most urgent first."""
    from boucle.commands.opening import opened
    from boucle.engine.quarantine import list_waiting

    at = now()
    with opened(workspace) as here, here.database.reading() as session:
        rows = list_waiting(session, at, limit)
    show(rows, lambda: _waiting_table(rows, at), format_)


def _waiting_table(rows: list[Waiting], at: datetime) -> str:
    if not rows:
        return "quarantine is empty"
    cells = [
        (
            row.source_id,
            row.source,
            until(row.due_at, at),
            span(row.age.total_seconds()),
            row.owner,
            "; ".join(row.reasons),
        )
        for row in rows
    ]
    return table(("response", "source", "due", "age", "owner", "reason"), cells)
