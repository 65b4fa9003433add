"""Offers: one code per loop, for ever, that people can read out and nobody can guess."""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime

from sqlmodel import Session, select

from boucle.engine import loops
from boucle.engine.canonical import instant_text
from boucle.engine.refusals import refusal
from boucle.engine.work_tables import OfferRow
from boucle.model import LoopState, Money

ALPHABET = "346789CDFGHJKMNPQRTVWXY"
"""Letters and digits that look and sound alike are left out, and vowels, so that no code is a word."""

_GROUPS, _GROUP = 2, 5


def grant(
    session: Session, loop_id: str, kind: str, value: Money, valid_until: datetime, at: datetime
) -> OfferRow:
    """The loop's offer: granted now, or long ago if it has one; refused when the loop is closed."""
    loop = loops.lock_loop(session, loop_id)
    known = find_offer(session, loop_id)
    if known is not None:
        return known
    if loop.state == LoopState.CLOSED:
        raise refusal("loop_closed")
    offer = OfferRow(
        code=_free_code(session),
        loop_id=loop_id,
        kind=kind,
        value_minor=value.minor,
        currency=value.currency,
        granted_at=at,
        valid_until=valid_until,
    )
    session.add(offer)
    payload = {
        "kind": kind,
        "value": str(value),
        "valid_until": instant_text(valid_until),
        "code_digest": hashlib.sha256(offer.code.encode()).hexdigest(),
    }
    loops.append(session, loop, "offer.granted", at=at, payload=payload)
    return offer


def find_offer(session: Session, loop_id: str) -> OfferRow | None:
    """The offer that the loop granted, in whatever round."""
    return session.exec(select(OfferRow).where(OfferRow.loop_id == loop_id)).first()


def is_valid(offer: OfferRow, at: datetime) -> bool:
    """Whether the offer can still be taken at `at`; its last instant is `valid_until`."""
    return at <= offer.valid_until


def new_code() -> str:
    """A random code such as `7KQDR-M3XPT`: 23¹⁰ of them, about 45 bits."""
    groups = ("".join(secrets.choice(ALPHABET) for _ in range(_GROUP)) for _ in range(_GROUPS))
    return "-".join(groups)


def _free_code(session: Session) -> str:
    """A code that no loop holds. Should another transaction take it first, its key refuses ours."""
    code = new_code()
    while session.get(OfferRow, code) is not None:
        code = new_code()
    return code
