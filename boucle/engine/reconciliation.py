"""Does the database agree with itself, and what was left undone: findings, each with what to try next.

What only Temporal knows (which workflows run) is compared by the worker, which takes the open loops
from here and asks for those to be started again that Temporal has lost.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Integer, Select, case, cast
from sqlmodel import Session, col, func, or_, select

from boucle.engine import effects, ledger, loops, outbox, reservations
from boucle.engine.refusals import refusal
from boucle.engine.tables import (
    CommandRow,
    DecisionRow,
    EffectRow,
    LedgerEvent,
    LoopRow,
    OutboxRow,
    ReservationRow,
    Revision,
)
from boucle.model import EffectKind, EffectState, LoopState

TOO_LONG = timedelta(minutes=5)
"""How long something may wait for Temporal, or for its receipt, before it is found."""
_LONGEST_TRY = timedelta(minutes=2)
"""A try at handing over a message is given up after one minute; nothing of an older one is on its way."""
_MANY_TRIES = 8
"""By then a message has been tried for about two minutes."""

_SHOWN = 5
_VERIFY = "boucle audit verify"
_REBUILD = "boucle loops rebuild"


@dataclass(frozen=True)
class Counts:
    """The figures that have to agree: by pairs, decisions with revisions and loops with starts."""

    revisions: int
    decisions: int
    starting_decisions: int
    loops: int
    closed_rounds: int
    closing_events: int
    open_loops: int
    unconfirmed: int

    @property
    def agree(self) -> bool:
        """Whether nothing accepted was lost, doubled, or closed without a word."""
        return (self.revisions, self.starting_decisions, self.closed_rounds) == (
            self.decisions,
            self.loops,
            self.closing_events,
        )


@dataclass(frozen=True)
class Finding:
    """Something that is not as it should be: how many, the first few ids, and what to try next.

    `wrong`: the database contradicts itself. Otherwise something waits for a person or a service.
    """

    code: str
    text: str
    count: int
    ids: tuple[str, ...]
    command: str
    wrong: bool = True


def read_counts(session: Session) -> Counts:
    """The figures, each by one count."""
    closed_rounds = func.sum(col(LoopRow.round) - cast(col(LoopRow.state) != LoopState.CLOSED, Integer))
    return Counts(
        revisions=_count(session, select(func.count()).select_from(Revision)),
        decisions=_count(session, select(func.count()).select_from(DecisionRow)),
        starting_decisions=_count(session, select(func.count()).where(DecisionRow.outcome == "starts")),
        loops=_count(session, select(func.count()).select_from(LoopRow)),
        closed_rounds=_count(session, select(closed_rounds)),
        closing_events=_count(session, select(func.count()).where(LedgerEvent.type == "loop.closed")),
        open_loops=_count(session, select(func.count()).where(LoopRow.state != LoopState.CLOSED)),
        unconfirmed=_count(session, select(func.count()).where(EffectRow.state == EffectState.UNCONFIRMED)),
    )


def check(session: Session, at: datetime) -> list[Finding]:
    """Every finding at `at`, contradictions first; empty when all is well."""
    return [*contradictions(session), *waits(session, at)]


def contradictions(session: Session) -> list[Finding]:
    """Where the database contradicts itself: never the case, whatever was killed when."""
    looked_for = (
        ("undecided_revision", "revisions without a decision", _undecided(), _VERIFY),
        ("decision_without_loop", "decisions that start a loop without one", _loopless(), _VERIFY),
        ("loop_without_decision", "loops whose decision starts nothing", _unstarted(), _VERIFY),
        ("closing_events", "loops with more or fewer closings than rounds", _miscounted(), _VERIFY),
        ("loop_unasked", "open loops that nobody asked Temporal for", _unasked(), _REBUILD),
        ("reservations", "decisions with more or less reserved than they took", _misreserved(), _VERIFY),
        ("reservation_state", "reservations that are not where their start is", _unsettled(), _VERIFY),
    )  # fmt: skip
    found = (_finding(session, code, text, query, command) for code, text, query, command in looked_for)
    return [finding for finding in found if finding is not None]


def waits(session: Session, at: datetime, too_long: timedelta = TOO_LONG) -> list[Finding]:
    """What waits for a person, or has waited too long for a service."""
    since = at - too_long
    looked_for = (
        ("unconfirmed", "effects that a person has to settle", _unconfirmed(), "boucle unconfirmed list"),
        ("start_refused", "open loops whose workflow was refused or has ended", _refused(), _REBUILD),
        ("pending_too_long", "starts and acts that Temporal has not taken", _pending(since), "boucle up"),
        ("act_unapplied", "acts that were delivered and not applied", _unapplied(since), _REBUILD),
        ("without_receipt", "messages and offers begun and without a receipt", _intended(since), "boucle up"),
        ("not_taken", "messages that the mail server refuses again and again", _not_taken(), "see up.log"),
    )  # fmt: skip
    found = (
        _finding(session, code, text, query, command, wrong=False)
        for code, text, query, command in looked_for
    )
    return [finding for finding in found if finding is not None]


def list_open_loops(
    session: Session, *, after: str = "", limit: int = 1000, told: bool = False
) -> Sequence[str]:
    """The ids of loops that are not closed, in order, from the one behind `after` on.

    `told`: those alone whose start Temporal has been told. One that was refused, or whose workflow has
    ended, waits for a person.
    """
    query = select(LoopRow.id).where(LoopRow.state != LoopState.CLOSED, LoopRow.id > after)
    if told:
        untold = (
            OutboxRow.loop_id == LoopRow.id,
            OutboxRow.kind == "start",
            or_(
                col(OutboxRow.state) == "pending",
                (col(OutboxRow.state) == "refused") & (col(OutboxRow.round) == LoopRow.round),
            ),
        )
        query = query.where(~select(OutboxRow.id).where(*untold).exists())
    return session.exec(query.order_by(col(LoopRow.id)).limit(limit)).all()


def list_ending(session: Session) -> Sequence[str]:
    """Closed loops that still have something to tell a colleague, by day perhaps; their plays run on."""
    query = select(EffectRow.loop_id).where(
        EffectRow.loop_id == LoopRow.id,
        LoopRow.state == LoopState.CLOSED,
        EffectRow.kind == EffectKind.STAFF,
        col(EffectRow.state).in_((EffectState.INTENDED, EffectState.RELEASED)),
    )
    return session.exec(query.distinct()).all()


def restart(session: Session, loop_id: str, at: datetime) -> OutboxRow:
    """Ask for the workflow of an open loop again, and for its undecided acts to be delivered again.

    For a loop that Temporal has lost, or whose workflow failed. Nothing happens twice: the play goes
    on from the stage where the loop stands. Refused as `loop_closed`.
    """
    loop = loops.lock_loop(session, loop_id)
    if loop.state == LoopState.CLOSED:
        raise refusal("loop_closed")
    for row in session.exec(_undelivered(loop_id)).all():
        row.state, row.done_at, row.problem, row.next_try_at = "pending", None, None, None
        session.add(row)
    return outbox.enqueue_start(session, loop, at, again=True)


def see_off(session: Session, loop_id: str, at: datetime) -> OutboxRow | None:
    """Ask for the workflow of a closed loop again: it has colleagues to tell. None: it was reopened."""
    loop = loops.lock_loop(session, loop_id)
    if loop.state != LoopState.CLOSED:
        return None
    return outbox.enqueue_start(session, loop, at, again=True)


def doubt_forsaken(session: Session, at: datetime) -> int:
    """Let a person settle what no play comes back to: begun for the customer of a round that is over.

    Its workflow was lost with Temporal's file between the intent and the receipt. How many.
    """
    forsaken = (
        select(EffectRow.key)
        .join(LoopRow, col(LoopRow.id) == EffectRow.loop_id)
        .where(
            EffectRow.state == EffectState.INTENDED,
            EffectRow.kind != EffectKind.STAFF,
            EffectRow.intended_at < at - _LONGEST_TRY,
            or_(col(LoopRow.state) == LoopState.CLOSED, col(LoopRow.round) > EffectRow.round),
        )
    )
    keys = session.exec(forsaken.order_by(EffectRow.key)).all()
    for key in keys:
        effects.doubt(session, key, at)
    return len(keys)


def interrupt(session: Session, loop_id: str, how: str, at: datetime, *, reason: str | None = None) -> bool:
    """The workflow of an open loop has ended from outside, which only a person can judge; once.

    `how` is a code, `reason` what was said of it. False where there is nothing to record.
    """
    if not outbox.mark_ended(session, loop_id, how, at):
        return False
    loop = loops.lock_loop(session, loop_id)
    text = {"text": reason} if reason else None
    loops.append(session, loop, "loop.interrupted", at=at, payload={"how": how}, text=text)
    return True


def rebuild(session: Session, at: datetime) -> int:
    """Ask for every open loop's workflow again, after Temporal has lost them all; how many."""
    ids = session.exec(select(LoopRow.id).where(LoopRow.state != LoopState.CLOSED).order_by(LoopRow.id)).all()
    for loop_id in ids:
        restart(session, loop_id, at)
    return len(ids)


def _count(session: Session, query: Any) -> int:
    return session.exec(query).one() or 0


def _finding(
    session: Session, code: str, text: str, query: Select[Any], command: str, *, wrong: bool = True
) -> Finding | None:
    ids = query.order_by("id").limit(_SHOWN)
    shown = tuple(session.connection().execute(ids).scalars())
    if not shown:
        return None
    count = session.connection().execute(select(func.count()).select_from(query.subquery())).scalar_one()
    return Finding(code=code, text=text, count=count, ids=shown, command=command, wrong=wrong)


def _undecided() -> Select[Any]:
    decided = (
        select(DecisionRow.id)
        .where(DecisionRow.response_id == Revision.response_id, DecisionRow.revision == Revision.number)
        .exists()
    )
    return select(col(Revision.response_id).label("id")).where(~decided)


def _loopless() -> Select[Any]:
    has_loop = select(LoopRow.id).where(LoopRow.decision_id == DecisionRow.id).exists()
    return select(DecisionRow.id).where(DecisionRow.outcome == "starts", ~has_loop)


def _unstarted() -> Select[Any]:
    return select(LoopRow.id).where(LoopRow.decision_id == DecisionRow.id, DecisionRow.outcome != "starts")


def _miscounted() -> Select[Any]:
    closings = (
        select(func.count())
        .where(LedgerEvent.type == "loop.closed", LedgerEvent.chain == ledger.loop_chain("") + LoopRow.id)
        .scalar_subquery()
    )
    open_round = case((col(LoopRow.state) == LoopState.CLOSED, 0), else_=1)
    return select(LoopRow.id).where(closings != LoopRow.round - open_round)


def _unasked() -> Select[Any]:
    asked = (
        select(OutboxRow.id)
        .where(OutboxRow.loop_id == LoopRow.id, OutboxRow.round == LoopRow.round, OutboxRow.kind == "start")
        .exists()
    )
    return select(LoopRow.id).where(LoopRow.state != LoopState.CLOSED, ~asked)


def _misreserved() -> Select[Any]:
    taken = select(func.count()).where(ReservationRow.decision_id == DecisionRow.id).scalar_subquery()
    return select(DecisionRow.id).where(taken != DecisionRow.reserves)


def _unsettled() -> Select[Any]:
    """Held is what waits to be started, released what was refused before it ever was.

    What an offer that was not granted has given back is no matter of the start.
    """
    start = (LoopRow.decision_id == ReservationRow.decision_id) & (OutboxRow.id == LoopRow.id + "/1")
    fits = {"held": "pending", "released": "refused"}
    wrong = or_(
        *(
            (col(ReservationRow.state) == state) & (col(OutboxRow.state) != start_state)
            for state, start_state in fits.items()
        )
    )
    of_start = col(ReservationRow.problem).is_distinct_from(reservations.NOT_GRANTED)
    return select(col(ReservationRow.decision_id).label("id")).where(start, wrong, of_start)


def _refused() -> Select[Any]:
    return select(LoopRow.id).where(
        OutboxRow.loop_id == LoopRow.id,
        OutboxRow.round == LoopRow.round,
        OutboxRow.kind == "start",
        OutboxRow.state == "refused",
        LoopRow.state != LoopState.CLOSED,
    )


def _unconfirmed() -> Select[Any]:
    return select(col(EffectRow.key).label("id")).where(EffectRow.state == EffectState.UNCONFIRMED)


def _intended(since: datetime) -> Select[Any]:
    """A notification may wait for the team's working time, and is sent again on doubt: left out."""
    return select(col(EffectRow.key).label("id")).where(
        EffectRow.state == EffectState.INTENDED,
        EffectRow.kind != EffectKind.STAFF,
        EffectRow.intended_at < since,
    )


def _not_taken() -> Select[Any]:
    """They are tried again until they are taken, for weeks; of a closed loop nothing goes out any more."""
    return select(col(EffectRow.key).label("id")).where(
        EffectRow.loop_id == LoopRow.id,
        EffectRow.state == EffectState.RELEASED,
        col(EffectRow.tries) >= _MANY_TRIES,
        or_(col(EffectRow.kind) == EffectKind.STAFF, col(LoopRow.state) != LoopState.CLOSED),
    )


def _pending(since: datetime) -> Select[Any]:
    """A start that a suppression defers has not waited before its window ended."""
    due_at = func.coalesce(OutboxRow.not_before, OutboxRow.at)
    return select(OutboxRow.id).where(OutboxRow.state == "pending", due_at < since)


def _unapplied(since: datetime) -> Select[Any]:
    return select(CommandRow.id).where(
        CommandRow.state == "recorded",
        OutboxRow.command_id == CommandRow.id,
        OutboxRow.state != "pending",
        or_(col(OutboxRow.done_at).is_(None), col(OutboxRow.done_at) < since),
    )


def _undelivered(loop_id: str) -> Any:
    return select(OutboxRow).where(
        OutboxRow.loop_id == loop_id,
        OutboxRow.state != "pending",
        OutboxRow.command_id == CommandRow.id,
        CommandRow.state == "recorded",
    )
