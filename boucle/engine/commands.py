"""Acts: first a row, then applied to the loop. Each is applied once, whoever asks how often.

Free text of an act lies in `personal` (scope `act`, field the act's id) from the moment it is
recorded, and is committed in the ledger by the event that applies or refuses the act.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam
from sqlmodel import Session, col, select

from boucle.engine import acts, loops, outbox, privacy
from boucle.engine.acts.deed import Deed, Doing, read_situation, reason_against
from boucle.engine.identity import new_id
from boucle.engine.refusals import refusal
from boucle.engine.standing import get_standing
from boucle.engine.tables import CommandRow, LoopRow, Personal
from boucle.errors import NotFoundError, RefusedError
from boucle.model import ActKind, LoopState
from boucle.standing import ActOutcome

ACT = "act"
"""The scope, in `personal`, of the free texts of acts."""

_WAITING = (
    select(CommandRow.id)
    .where(CommandRow.loop_id == bindparam("loop"), CommandRow.state == "recorded")
    .limit(1)
)
_LOOP_OF = select(CommandRow.loop_id).where(CommandRow.id == bindparam("act"))


def record(
    session: Session,
    *,
    loop_id: str,
    kind: ActKind,
    actor: str,
    at: datetime,
    recorded_at: datetime,
    details: Mapping[str, Any],
    text: str | None = None,
    command_id: str | None = None,
) -> CommandRow:
    """Write an act down and ask for its delivery to the play.

    RefusedError where it can be seen at once that it is not allowed; where other acts of the loop
    wait, only applying them in order can tell. The same `command_id` again is the same act. What a
    closed loop allows (settling, reopening) is applied at once: no play is there to tell. So is what
    brooks no delay (withdrawing); its play is told of it.
    """
    loop = loops.lock_loop(session, loop_id)
    known = session.get(CommandRow, command_id) if command_id else None
    if known is not None:
        return _same(known, loop_id, kind)
    act = acts.parse(kind, details)
    _check(session, loop, act, actor=actor, text=text, ahead=at > recorded_at)
    command = CommandRow(
        id=command_id or new_id(),
        loop_id=loop.id,
        kind=kind,
        actor=actor,
        at=at,
        recorded_at=recorded_at,
        details=act.model_dump(mode="json", exclude_none=True),
    )
    session.add(command)
    session.flush()
    if text:
        privacy.store(session, loops.subject_of(loop), ACT, {command.id: text})
    was_closed = loop.state == LoopState.CLOSED
    if was_closed or act.at_once:
        apply(session, command.id, recorded_at, loop_id=loop.id)
    if not was_closed or loop.state != LoopState.CLOSED:  # a play may still be ending the round before
        outbox.enqueue_act(session, loop, command.id, recorded_at)
    return command


def apply(session: Session, command_id: str, at: datetime, *, loop_id: str | None = None) -> ActOutcome:
    """Do what the act says, or refuse it; the same outcome again for one that was decided.

    `at` is now for the loop, which is asked for unless the caller knows it. Safe without a play: an act
    whose workflow has ended is applied, or refused, by calling this.
    """
    loop = loops.lock_loop(session, loop_id or _find_loop(session, command_id))
    command = session.get(CommandRow, command_id, populate_existing=True)
    if command is None:
        raise NotFoundError("act", command_id)
    if command.state == "recorded":
        _decide(session, loop, command, max(at, command.at))
    outbox.mark_started(session, command_id, at)
    return ActOutcome(
        command=command_id,
        applied=command.state == "applied",
        reason=command.reason,
        standing=get_standing(session, loop.id),
    )


def _find_loop(session: Session, command_id: str) -> str:
    found = session.exec(_LOOP_OF, params={"act": command_id}).first()
    if found is None:
        raise NotFoundError("act", command_id)
    return found


def get_command(session: Session, command_id: str) -> CommandRow:
    """The act; NotFoundError."""
    command = session.get(CommandRow, command_id)
    if command is None:
        raise NotFoundError("act", command_id)
    return command


def list_commands(session: Session, loop_id: str) -> Sequence[CommandRow]:
    """All acts on a loop, in the order in which they were recorded."""
    query = select(CommandRow).where(CommandRow.loop_id == loop_id)
    return session.exec(query.order_by(col(CommandRow.recorded_at), col(CommandRow.id))).all()


def read_texts(session: Session, loop: LoopRow) -> Mapping[str, str]:
    """The free texts of a loop's acts that have not been erased, by act."""
    texts = privacy.read(session, loops.subject_of(loop), ACT)
    return {row.id: texts[row.id] for row in list_commands(session, loop.id) if row.id in texts}


def _same(known: CommandRow, loop_id: str, kind: ActKind) -> CommandRow:
    if (known.loop_id, known.kind) != (loop_id, kind):
        raise refusal("command_reused")
    return known


def _check(session: Session, loop: LoopRow, act: Deed, *, actor: str, text: str | None, ahead: bool) -> None:
    if ahead:
        raise refusal("dated_ahead")
    if act.needs_text and not (text and text.strip()):
        raise refusal("no_text")
    reason = reason_against(act, actor, read_situation(session, loop, has_text=bool(text)))
    if reason is not None and (reason == "loop_closed" or act.at_once or not _others_wait(session, loop)):
        raise refusal(reason)


def _others_wait(session: Session, loop: LoopRow) -> bool:
    return session.exec(_WAITING, params={"loop": loop.id}).first() is not None


def _decide(session: Session, loop: LoopRow, command: CommandRow, at: datetime) -> None:
    text = _text(session, loop, command)
    try:
        act = acts.parse(ActKind(command.kind), command.details)
        reason = reason_against(act, command.actor, read_situation(session, loop, has_text=bool(text)))
    except RefusedError as error:
        reason = error.reason
    if reason is None:
        act.do(Doing(session, loop, command, at, text))
        command.state = "applied"
    else:
        command.state, command.reason = "refused", reason
        payload = {"act": command.id, "kind": command.kind, "reason": reason}
        loops.append(session, loop, "act.refused", at=at, actor=command.actor, payload=payload, text=text)
    command.applied_at = at
    session.add(command)


def _text(session: Session, loop: LoopRow, command: CommandRow) -> Mapping[str, str]:
    kept = session.get(Personal, (loops.subject_of(loop), ACT, command.id))
    return {"text": kept.value} if kept is not None else {}
