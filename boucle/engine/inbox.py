"""The mails that came in, as rows: what of a loop waits for somebody to read it, and what that holds back.

A reply that nobody has dealt with holds back every automatic message of its loop: who has written wants an
answer, not the next letter. Once it is done, what comes later goes out again.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import bindparam
from sqlmodel import Session, col, or_, select

from boucle.engine.round_rows import has_none, list_of_round
from boucle.engine.tables import CommandRow, EffectRow, LoopRow
from boucle.engine.work_tables import ReplyRow
from boucle.errors import AmbiguousError, NotFoundError
from boucle.model import EffectKind, EffectState, ReplyKind

REPLIED, BOUNCED = "replied", "bounced"
"""The codes with which a message is refused: its customer has written back; an earlier one came back."""

WORDS = frozenset({ReplyKind.REPLY, ReplyKind.COMPLAINT})
"""Kinds of mail that somebody wrote."""

_TO_READ = WORDS | {ReplyKind.BOUNCE}

_MERGED = select(LoopRow.id).where(LoopRow.merged_into == bindparam("loop"))
_OF_ROUND = (col(ReplyRow.loop_id) == bindparam("loop")) & (col(ReplyRow.round) == bindparam("round"))
_UNDONE = select(ReplyRow).where(
    _OF_ROUND | col(ReplyRow.loop_id).in_(_MERGED), col(ReplyRow.done_at).is_(None)
)
"""Of this round, or of a loop that ended in favour of this one."""
_UNANSWERED = _UNDONE.where(col(ReplyRow.kind).in_(WORDS)).limit(1)


def is_replied(session: Session, loop: LoopRow) -> bool:
    """Whether somebody has written back in this round, and nobody has dealt with it."""
    if has_none(session, ReplyRow, loop):
        return False
    return session.exec(_UNANSWERED, params={"loop": loop.id, "round": loop.round}).first() is not None


def find_stop(session: Session, loop: LoopRow) -> str | None:
    """The code of what mails that came in say against writing to the customer; None where nothing does."""
    if is_replied(session, loop):
        return REPLIED
    return BOUNCED if BOUNCED in list_refusals(session, loop) else None


def list_refusals(session: Session, loop: LoopRow) -> frozenset[str]:
    """The codes with which messages of this round were refused."""
    return frozenset(
        str(row.receipt.get("code"))
        for row in list_of_round(session, EffectRow, loop)
        if row.kind == EffectKind.CUSTOMER and row.state == EffectState.REFUSED
    )


def list_mails(
    session: Session, *, loop_id: str | None = None, everything: bool = False, limit: int = 100
) -> Sequence[ReplyRow]:
    """Mails, the latest first: those that wait for somebody, or `everything` that came in."""
    query = select(ReplyRow)
    if loop_id is not None:
        query = query.where(ReplyRow.loop_id == loop_id)
    if not everything:
        waits = or_(col(ReplyRow.kind).in_(_TO_READ), col(ReplyRow.loop_id).is_(None))
        query = query.where(waits, col(ReplyRow.done_at).is_(None))
    return session.exec(query.order_by(col(ReplyRow.taken_at).desc(), col(ReplyRow.id)).limit(limit)).all()


def find_mail(session: Session, prefix: str) -> ReplyRow:
    """The mail whose id begins with `prefix`; NotFoundError, or AmbiguousError."""
    query = select(ReplyRow).where(col(ReplyRow.id).startswith(prefix, autoescape=True))
    found = session.exec(query.order_by(ReplyRow.id).limit(10)).all()
    if not found:
        raise NotFoundError("mail", prefix)
    if len(found) > 1:
        raise AmbiguousError("mail", prefix, len(found))
    return found[0]


def finish(row: ReplyRow, by: str, at: datetime) -> None:
    """Somebody has dealt with it; who did so first stands."""
    if row.done_at is None:
        row.done_at, row.done_by = at, by


def finish_all(session: Session, loop: LoopRow, by: str, at: datetime) -> None:
    """Whoever ends a loop has dealt with what its customer wrote."""
    for row in session.exec(_UNDONE, params={"loop": loop.id, "round": loop.round}):
        finish(row, by, at)
    session.flush()


def finish_of(session: Session, command_id: str, by: str, at: datetime) -> None:
    """The task that a reply's act has opened is done, and with it the reply."""
    command = session.get(CommandRow, command_id)
    row = session.get(ReplyRow, command.details.get("reply", "")) if command else None
    if row is not None:
        finish(row, by, at)
        session.flush()
