"""Two loops about the same: one of them goes on for both."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from pydantic import JsonValue, model_validator
from sqlmodel import Session, select

from boucle.engine import cases, clocks, holding, loops, notices
from boucle.engine.acts.closing import end
from boucle.engine.acts.deed import Deed, Doing, Situation
from boucle.engine.canonical import instant_text
from boucle.engine.case_rows import find_case
from boucle.engine.round_rows import list_of_round
from boucle.engine.tables import CommandRow, LoopRow
from boucle.engine.work_tables import ClockRow
from boucle.model import ActKind, ClockKind, ClockState, Closure, LoopState

_WAITED_FOR = (ClockKind.FIRST_CONTACT, ClockKind.CLOSE)


class Merge(Deed):
    """Half a merger: what goes on takes over the `duplicate`; then that one ends in favour of `into`.

    See `engine/duplicates.py`, which does both.
    """

    kind: ClassVar = ActKind.MERGE
    at_once: ClassVar = True
    into: str | None = None
    duplicate: str | None = None

    @model_validator(mode="after")
    def _is_one_half(self) -> Merge:
        if (self.into is None) == (self.duplicate is None):
            raise ValueError("it names either the loop that goes on, or the one that ends")
        return self

    def reason_against(self, actor: str, situation: Situation) -> str | None:
        """Two loops, both open, of one customer or contact; none ends that no other one has taken over."""
        del actor
        mine = situation.loop
        other = situation.session.get(LoopRow, self.into or self.duplicate)
        if other is None or other.id == mine.id:
            return "no_other_loop"
        if other.state == LoopState.CLOSED:
            return "other_closed"
        parties = {mine.customer_id, mine.contact_id} - {None}
        if parties and not parties & {other.customer_id, other.contact_id}:
            return "other_customer"
        taken = self.into is None or _has_taken_over(situation.session, other, mine)
        return None if taken else "no_other_loop"

    def do(self, doing: Doing) -> None:
        """Take the other over, or end."""
        if self.into is None:
            _take_over(doing, loops.lock_loop(doing.session, self.duplicate or ""))
        else:
            doing.loop.merged_into = self.into
            doing.session.flush()
            holding.forget(doing.session)  # its mails are the other's now
            end(doing, Closure.FALSE_ALARM, {"merged_into": self.into})


def _has_taken_over(session: Session, into: LoopRow, loop: LoopRow) -> bool:
    query = select(CommandRow.details).where(
        CommandRow.loop_id == into.id, CommandRow.kind == ActKind.MERGE, CommandRow.state == "applied"
    )
    return any(details.get("duplicate") == loop.id for details in session.exec(query))


def _take_over(doing: Doing, loop: LoopRow) -> None:
    """What the other was due by, and how bad it was, is this one's now; its owner is told."""
    session, into = doing.session, doing.loop
    sooner = dict(_pull_forward(session, loop, into))
    payload: dict[str, JsonValue] = {"loop": loop.id, "clocks": sooner}
    doing.append("loop.merged", payload, with_text=False)
    case = find_case(session, loop)
    if case is not None:
        cases.raise_severity(session, into, severity=case.severity, at=doing.at)
    if find_case(session, into) is not None:
        notices.write_down(
            session, into, notices.step("merged", loop.id), doing.at, values={"into": into.id[:12]}
        )


def _pull_forward(session: Session, loop: LoopRow, into: LoopRow) -> Iterator[tuple[str, JsonValue]]:
    """Who has waited longer does not wait again for being known twice: of each clock the earlier due time."""
    rows = list_of_round(session, ClockRow, loop, "kind")
    for theirs in (row for row in rows if row.state == ClockState.RUNNING and row.kind in _WAITED_FOR):
        ours = session.get(ClockRow, (into.id, into.round, theirs.kind))
        if ours is not None and ours.state == ClockState.RUNNING and theirs.due_at < ours.due_at:
            ours.due_at, ours.started_at = theirs.due_at, min(ours.started_at, theirs.started_at)
            session.add(ours)
            yield theirs.kind, instant_text(ours.due_at)
    session.flush()
    clocks.set_next_due(session, into)
