"""`boucle audit`: is the history what it says it is?"""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from boucle.commands.options import FormatOption, WorkspaceOption
from boucle.commands.output import progress, show

if TYPE_CHECKING:
    from sqlmodel import Session

    from boucle.engine.replays import Replayed
    from boucle.engine.verification import Verification


def verify(*, workspace: WorkspaceOption = None, format_: FormatOption = "text") -> None:
    """Read the whole ledger and recompute every hash; exit 1 where something was rewritten.

    A chain that was cut at its end, or is gone as a whole, cannot be seen without a copy held elsewhere.
    """
    from boucle.commands.opening import opened

    with opened(workspace) as here, here.database.reading() as session:
        found = _verify(session)
    told = {"chains": found.chains, "events": found.events, "problems": found.problems, "whole": found.whole}
    show(told, lambda: _said(found), format_)
    if not found.whole:
        raise typer.Exit(1)


def _verify(session: Session) -> Verification:
    from boucle.engine.verification import verify as verify_ledger

    with progress("verifying the ledger") as bar:
        return verify_ledger(session, bar)


def _said(found: Verification) -> str:
    size = f"{found.events:,} events in {found.chains:,} chains"
    if found.whole:
        return f"ledger verified: {size}"
    return "\n".join([f"ledger BROKEN: {len(found.problems)} problem(s) in {size}", *found.problems])


def replay(*, workspace: WorkspaceOption = None, format_: FormatOption = "text") -> None:
    """Make every decision again from its record and its bundle; exit 1 where one comes out otherwise.

    It needs neither the files of the workspace nor personal values: tests on these stand in the record.
    """
    from boucle.commands.opening import opened
    from boucle.engine.replays import replay_all

    with opened(workspace) as here, here.database.reading() as session, progress("replaying") as bar:
        found = replay_all(session, bar)
    told = {
        "decisions": found.decisions,
        "bundles": found.bundles,
        "problems": found.problems,
        "same": found.same,
    }
    show(told, lambda: _replayed(found), format_)
    if not found.same:
        raise typer.Exit(1)


def _replayed(found: Replayed) -> str:
    size = f"{found.decisions:,} decisions by {found.bundles:,} bundles"
    if found.same:
        return f"all come out as recorded, byte for byte: {size}"
    return "\n".join([f"{len(found.problems)} of {size} come out OTHERWISE", *found.problems])
