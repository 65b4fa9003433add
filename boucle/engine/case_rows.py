"""The row of a loop's case, for whoever asks whether there is one."""

from __future__ import annotations

from sqlmodel import Session

from boucle.engine import holding
from boucle.engine.round_rows import has_none
from boucle.engine.tables import LoopRow
from boucle.engine.work_tables import CaseRow


def find_case(session: Session, loop: LoopRow) -> CaseRow | None:
    """The case of the loop's present round, where there is one; as it is now, where the loop is held."""
    if has_none(session, CaseRow, loop):
        return None
    key = (loop.id, loop.round)
    held = loop.id in holding.of(session).loops
    return holding.read(session, CaseRow, key) if held else session.get(CaseRow, key)
