"""Offers: one code per loop, for ever, that people can read out and nobody can guess."""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime

from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, select

from boucle.engine import loops
from boucle.engine.canonical import instant_text
from boucle.engine.refusals import refusal
from boucle.engine.tables import LoopRow, OfferRow
from boucle.model import LoopState, Money

ALPHABET = "346789CDFGHJKMNPQRTVWXY"
"""Letters and digits that look and sound alike are left out, and vowels, so that no code is a word."""

_GROUPS, _GROUP = 2, 5
_TRIES = 8


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
    offer = _insert(session, loop, kind, value, valid_until, at)
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
    letters = (secrets.choice(ALPHABET) for _ in range(_GROUPS * _GROUP))
    text = "".join(letters)
    return "-".join(text[start : start + _GROUP] for start in range(0, len(text), _GROUP))


def _insert(
    session: Session, loop: LoopRow, kind: str, value: Money, valid_until: datetime, at: datetime
) -> OfferRow:
    """Insert under a fresh code; codes that another loop holds are tried anew."""
    for left in reversed(range(_TRIES)):
        offer = OfferRow(
            code=new_code(), loop_id=loop.id, kind=kind, value_minor=value.minor, currency=value.currency,
            granted_at=at, valid_until=valid_until,
        )  # fmt: skip
        try:
            with session.begin_nested():
                session.add(offer)
        except IntegrityError:
            if not left or session.get(OfferRow, offer.code) is None:
                raise
        else:
            return offer
    raise AssertionError("the last try returns or raises")
