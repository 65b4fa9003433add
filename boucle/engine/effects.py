"""Side effects with intent and receipt: nothing customer-facing happens twice.

The intent is committed before the effect, the receipt after it. Who tries an effect again and finds
an intent without a receipt cannot know whether it happened: staff notifications go again, customer
messages and offers become unconfirmed and wait for a person, while the loop goes on.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Literal

from pydantic import JsonValue
from sqlmodel import Session, col, select

from boucle.engine import holding, loops
from boucle.engine.inbox import BOUNCED
from boucle.engine.refusals import refusal
from boucle.engine.tables import EffectRow, LoopRow
from boucle.errors import AmbiguousError, NotFoundError
from boucle.model import EffectKind, EffectState, LoopState

Verdict = Literal["go", "done", "wait", "refused"]
"""`go`: do it now. `done`: it happened. `wait`: a person has to settle it. `refused`: never."""

_VERDICTS: Mapping[EffectState, Verdict] = {
    EffectState.DONE: "done",
    EffectState.SETTLED_SENT: "done",
    EffectState.UNCONFIRMED: "wait",
    EffectState.REFUSED: "refused",
}
_IN_FLIGHT = frozenset({EffectState.INTENDED, EffectState.UNCONFIRMED})


def effect_key(loop_id: str, round_: int, step: str) -> str:
    """The one key of an effect: `loop/round/step`."""
    return f"{loop_id}/{round_}/{step}"


def mark_of(key: str) -> str:
    """What the Message-ID of an effect's mail begins with, always the same for one effect."""
    return hashlib.sha256(key.encode()).hexdigest()[:32]


def intend(
    session: Session,
    *,
    loop_id: str,
    round_: int,
    step: str,
    kind: EffectKind,
    spec: Mapping[str, JsonValue],
    at: datetime,
) -> Verdict:
    """Say what to do about an effect; `go` only once its intent is written. Commit before doing it.

    Call it once in each try, before the effect. `spec` says what is needed to do it again; nothing
    personal. Nothing new goes out to a customer of a closed loop (refused as `loop_closed`) or for
    an earlier round (`old_round`).
    """
    loop = loops.lock_loop(session, loop_id)
    row = _lock(session, effect_key(loop_id, round_, step))
    if row is None:
        key = effect_key(loop_id, round_, step)
        row = EffectRow(
            key=key, loop_id=loop_id, round=round_, step=step, kind=kind, spec=dict(spec), intended_at=at,
            mark=mark_of(key),
        )  # fmt: skip
    elif row.state == EffectState.INTENDED and row.kind != EffectKind.STAFF:
        _move(session, loop, row, EffectState.UNCONFIRMED, at)
    verdict = _VERDICTS.get(EffectState(row.state), "go")
    if verdict == "go":
        _go(session, loop, row, at)
    return verdict


def receipt(session: Session, key: str, receipt: Mapping[str, JsonValue], at: datetime) -> EffectState:
    """The other side took it. A receipt is proof: it stands whatever was believed before."""
    loop, row = _get(session, key)
    if row.state != EffectState.DONE:
        row.receipt, row.receipt_at = dict(receipt), at
        _move(session, loop, row, EffectState.DONE, at)
    return EffectState.DONE


def doubt(session: Session, key: str, at: datetime) -> EffectState:
    """Nobody can know whether it went out (the connection was lost): a person has to settle it."""
    return _end(session, key, EffectState.UNCONFIRMED, at, {})


def release(session: Session, key: str, at: datetime) -> EffectState:
    """It definitely did not go out: the next try may do it. Refused as `effect_over` when over."""
    return _end(session, key, EffectState.RELEASED, at, {})


def refuse(session: Session, key: str, code: str, at: datetime) -> EffectState:
    """The other side refused it for good; `code` is a fixed code, nothing personal."""
    return _end(session, key, EffectState.REFUSED, at, {"code": code})


def bounce(session: Session, key: str, status: str | None, at: datetime) -> EffectState:
    """A mail server has told afterwards that the message can never be delivered, whatever was believed."""
    loop, row = _get(session, key)
    if row.state != EffectState.REFUSED:
        row.receipt = {**row.receipt, "code": BOUNCED}
        _move(session, loop, row, EffectState.REFUSED, at, more={"code": BOUNCED, "status": status})
    return EffectState.REFUSED


def find_marked(session: Session, marks: Collection[str]) -> EffectRow | None:
    """The effect whose mail has one of these marks; of several the latest."""
    query = select(EffectRow).where(col(EffectRow.mark).in_(marks))
    return session.exec(query.order_by(col(EffectRow.intended_at).desc(), col(EffectRow.key))).first()


def settle(session: Session, key: str, *, sent: bool, by: str, at: datetime) -> EffectState:
    """A person says whether an unconfirmed effect went out; if not, the next try may do it.

    The same answer again changes nothing. Refused as `not_unconfirmed`, or `already_settled` the
    other way.
    """
    loop, row = _get(session, key)
    settled = EffectState.SETTLED_SENT if sent else EffectState.SETTLED_NOT_SENT
    if row.state == settled:
        return settled
    if row.state != EffectState.UNCONFIRMED:
        over = row.state in {EffectState.SETTLED_SENT, EffectState.SETTLED_NOT_SENT}
        raise refusal("already_settled" if over else "not_unconfirmed")
    row.settled_by = by
    _move(session, loop, row, settled, at, actor=by, type_="effect.settled", more={"sent": sent})
    return settled


def unconfirmed(session: Session) -> Sequence[EffectRow]:
    """The effects that wait for a person, the oldest first."""
    query = select(EffectRow).where(EffectRow.state == EffectState.UNCONFIRMED)
    return session.exec(query.order_by(col(EffectRow.intended_at), col(EffectRow.key))).all()


def find_effect(session: Session, prefix: str) -> EffectRow:
    """The effect whose key begins with `prefix`, of several the unconfirmed one.

    NotFoundError, or AmbiguousError.
    """
    query = select(EffectRow).where(col(EffectRow.key).startswith(prefix, autoescape=True))
    doubtful_first = col(EffectRow.state) != EffectState.UNCONFIRMED
    found = session.exec(query.order_by(doubtful_first, col(EffectRow.key)).limit(10)).all()
    if not found:
        raise NotFoundError("effect", prefix)
    exact = [row for row in found if row.key == prefix]
    likely = exact or [row for row in found if row.state == EffectState.UNCONFIRMED] or list(found)
    if len(likely) > 1:
        raise AmbiguousError("effect", prefix, len(likely))
    return likely[0]


def _go(session: Session, loop: LoopRow, row: EffectRow, at: datetime) -> None:
    if row.round != loop.round:
        raise refusal("old_round")
    if loop.state == LoopState.CLOSED and row.kind != EffectKind.STAFF:
        raise refusal("loop_closed")
    row.tries, row.intended_at = row.tries + 1, at
    _move(session, loop, row, EffectState.INTENDED, at, more={"spec": row.spec})


def _end(
    session: Session, key: str, state: EffectState, at: datetime, result: Mapping[str, JsonValue]
) -> EffectState:
    loop, row = _get(session, key)
    if row.state == state:
        return state
    not_sent = state == EffectState.REFUSED and row.state == EffectState.RELEASED
    if row.state not in _IN_FLIGHT and not not_sent:
        raise refusal("effect_over")
    row.receipt = dict(result)
    _move(session, loop, row, state, at, more=result)
    return state


def _move(
    session: Session,
    loop: LoopRow,
    row: EffectRow,
    state: EffectState,
    at: datetime,
    *,
    actor: str = loops.BOUCLE,
    type_: str | None = None,
    more: Mapping[str, JsonValue] | None = None,
) -> None:
    row.state = state
    session.add(row)
    holding.of(session).rows[EffectRow, row.key] = row
    payload = {"effect": row.key, "kind": str(row.kind), "try": row.tries, **(more or {})}
    loops.append(session, loop, type_ or f"effect.{state}", at=at, actor=actor, payload=payload)


def _get(session: Session, key: str) -> tuple[LoopRow, EffectRow]:
    loop_id = key.partition("/")[0]
    loop = loops.lock_loop(session, loop_id)
    row = _lock(session, key)
    if row is None:
        raise NotFoundError("effect", key)
    return loop, row


def _lock(session: Session, key: str) -> EffectRow | None:
    return holding.read(session, EffectRow, key)
