"""`boucle explain`: why a response started what it started, or why nothing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from boucle.commands.options import FormatOption, WorkspaceOption
from boucle.commands.output import local, now, show
from boucle.errors import BoucleError

if TYPE_CHECKING:
    from sqlmodel import Session

    from boucle.engine.responses import Told
    from boucle.engine.tables import ResponseRow
    from boucle.rules.explain import Explanation


class NotDecidedError(BoucleError):
    """A response that waits in quarantine: there is no decision to explain."""

    exit_code = 1

    def __init__(self, name: str, reasons: Sequence[str]) -> None:
        super().__init__(f"'{name}' is in quarantine, no rule has seen it: {'; '.join(reasons)}")


def explain(
    response: Annotated[
        str, typer.Argument(help="The source's id of a response, or ours, or its beginning.")
    ],
    *,
    workspace: WorkspaceOption = None,
    format_: FormatOption = "text",
) -> None:
    """Say why a response started what it started, and why no other rule acted; from the record alone."""
    from boucle.commands.opening import opened
    from boucle.engine import bundles
    from boucle.engine.responses import tell
    from boucle.rules.explain import explain as explain_decision

    with opened(workspace) as here, here.database.reading() as session:
        told = tell(session, find(session, response))
        first = told.decided[0]
        explanation = explain_decision(bundles.load(session, first.decision.bundle), first.decision)
    shown = {
        "response": told.response.id,
        "source": told.response.source,
        "source_id": told.response.source_id,
        "responded_at": told.response.responded_at,
        "accepted_at": told.response.accepted_at,
        "revision": told.response.revision,
        "loop": first.row.loop_id,
        "decision": first.decision,
        "explanation": explanation,
    }
    show(shown, lambda: _text(told, explanation), format_)


def find(session: Session, name: str) -> ResponseRow:
    """The response; NotDecidedError where it waits in quarantine, and no rule has seen it."""
    from boucle.engine.quarantine import find_waiting
    from boucle.engine.responses import find_response
    from boucle.errors import NotFoundError

    try:
        return find_response(session, name)
    except NotFoundError:
        waiting = find_waiting(session, name, now())
        if waiting is None:
            raise
        raise NotDecidedError(name, waiting.reasons) from None


def _text(told: Told, explanation: Explanation) -> str:
    from boucle.rules.explain_text import render_explanation

    response, first = told.response, told.decided[0]
    decided = f"decided {local(first.decision.at)} by bundle {first.decision.bundle[:12]}"
    lines = [f"response {response.source_id} of {local(response.responded_at)}, {decided}"]
    if response.revision > 1:
        lines.append(
            f"sent again with other content: revision {response.revision}; the first decision was kept"
        )
    if first.row.loop_id:
        lines.append(f"loop {first.row.loop_id}")
    return "\n".join([*lines, "", render_explanation(explanation)])
