"""`boucle quarantine`: responses that do not fit, and wait for somebody to mend them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from boucle.commands.options import ActorOption, FormatOption, LimitOption, WorkspaceOption
from boucle.commands.output import now, progress, show, span, table, until

if TYPE_CHECKING:
    from datetime import datetime

    from boucle.commands.opening import Opened
    from boucle.engine.quarantine import Waiting
    from boucle.engine.retrials import Retried

_CHUNK = 100


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


def retry(
    response: Annotated[
        str | None,
        typer.Argument(help="The source's id of a response, or ours, or its beginning; without it, all."),
    ] = None,
    *,
    actor: ActorOption = None,
    workspace: WorkspaceOption = None,
    format_: FormatOption = "text",
) -> None:
    """Decide what waits, with the rules in force: after the catalogue, the rules or the policy were mended.

    Each is decided as the import that brought it would have; what still does not fit stays, and says why.
    Exit code 1 where something stays.
    """
    from boucle.commands.in_force import get_in_force
    from boucle.commands.opening import login_name, opened
    from boucle.engine.retrials import find_waiting_ids

    who = actor or login_name()
    with opened(workspace) as here:
        get_in_force(here.settings, here.database, who)
        with here.database.reading() as session:
            ids = find_waiting_ids(session, response)
        retried = _retry_all(here, ids, who)
    told = [
        {"id": one.id, "source_id": one.source_id, "decided": one.decided, "reasons": one.reasons}
        for one in retried
    ]
    show(told, lambda: _retried(retried), format_)
    if not all(one.decided for one in retried):
        raise typer.Exit(1)


def _retry_all(here: Opened, ids: Sequence[str], actor: str) -> list[Retried]:
    from boucle.commands.importing import make_terms
    from boucle.commands.ruling import get_bundle
    from boucle.engine.activations import BundleInForce
    from boucle.engine.identity import new_id
    from boucle.engine.retrials import MODES
    from boucle.engine.retrials import retry as retry_some

    terms, force, retried = make_terms(here.settings), BundleInForce(), list["Retried"]()
    with progress("deciding") as bar:
        for first in range(0, len(ids), _CHUNK):
            some = ids[first : first + _CHUNK]
            for mode in MODES:
                with here.database.session() as session:
                    bundle = force.find(session) or get_bundle(here.settings)
                    retried += retry_some(
                        session, bundle, some, at=now(), actor=actor, unit=new_id(), terms=terms, modes=[mode]
                    )
                    session.commit()
            bar(len(retried), len(ids))
    return retried


def _retried(retried: Sequence[Retried]) -> str:
    if not retried:
        return "quarantine is empty"
    stay = [one for one in retried if not one.decided]
    lines = [f"{len(retried) - len(stay)} decided, {len(stay)} stay in quarantine"]
    return "\n".join([*lines, *(f"  {one.source_id}: {'; '.join(one.reasons)}" for one in stay)])
