"""Which bundle is in force: an activation is a row and a ledger event, with who and why.

Intake reads the active bundle inside its own transaction, so each response is decided by exactly one
bundle: the one that was in force when that transaction looked.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from pydantic import JsonValue
from sqlalchemy import text
from sqlmodel import Session, col, select

from boucle.engine import bundles, ledger
from boucle.engine.tables import Activation
from boucle.errors import RefusedError
from boucle.rules.bundle import Bundle

CHAIN = "bundles"
"""The ledger chain of all activations."""

FIRST_USE = "first use"
"""Why the rules of a workspace are in force that nobody activated: something came in."""


def activate(
    session: Session,
    bundle: Bundle,
    *,
    at: datetime,
    actor: str,
    reason: str,
    expected: str | None = None,
) -> Activation:
    """Put `bundle` in force from now on; whoever opened the session commits.

    RefusedError where it is in force already, or where `expected` (the digest that the caller saw in
    force) no longer is: somebody else was quicker.
    """
    _wait_for_others(session)
    current = find_active(session)
    if current is not None and current.bundle == bundle.digest:
        raise RefusedError("in_force", f"bundle {bundle.digest[:12]} is in force already")
    if expected is not None and (current is None or current.bundle != expected):
        raise RefusedError("overtaken", "another bundle was activated meanwhile; look again and decide anew")
    bundles.store(session, bundle, at)
    row = Activation(
        seq=current.seq + 1 if current else 1,
        bundle=bundle.digest,
        at=at,
        actor=actor,
        reason=reason,
        previous=current.bundle if current else None,
    )
    session.add(row)
    session.flush()
    payload: dict[str, JsonValue] = {"bundle": row.bundle, "previous": row.previous, "reason": reason}
    ledger.append(session, CHAIN, "bundle.activated", at=at, actor=actor, payload=payload)
    return row


def begin(session: Session, bundle: Bundle, *, at: datetime, actor: str) -> Activation:
    """Put `bundle` in force where nothing ever was; what is in force, which somebody quicker may have put."""
    _wait_for_others(session)
    return find_active(session) or activate(session, bundle, at=at, actor=actor, reason=FIRST_USE)


def _wait_for_others(session: Session) -> None:
    """On PostgreSQL, one activation after another; on SQLite every writer waits for the others."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("SELECT pg_advisory_xact_lock(hashtextextended('bundle activation', 1))"))


def find_active(session: Session) -> Activation | None:
    """The latest activation; None where nothing was ever activated."""
    return session.exec(select(Activation).order_by(col(Activation.seq).desc()).limit(1)).first()


def list_activations(session: Session, limit: int = 100) -> Sequence[Activation]:
    """Who activated what, when and why, the latest first."""
    return session.exec(select(Activation).order_by(col(Activation.seq).desc()).limit(limit)).all()


def get_previous(session: Session) -> str:
    """The digest of the bundle that was in force before the present one; RefusedError without one."""
    current = find_active(session)
    if current is None or current.previous is None:
        raise RefusedError(
            "no_previous", "no other bundle was in force before; there is nothing to go back to"
        )
    return current.previous


class BundleInForce:
    """The bundle in force, asked anew in every transaction and compiled once."""

    def __init__(self) -> None:
        self._last: Bundle | None = None

    def find(self, session: Session) -> Bundle | None:
        """The bundle that is in force in this transaction; None where nothing was ever activated."""
        current = find_active(session)
        if current is None:
            return None
        last = self._last  # another thread may change it meanwhile
        if last is None or last.digest != current.bundle:
            last = self._last = bundles.load(session, current.bundle)
        return last
