"""Offers: one code per loop, for ever, that people can read out and nobody can guess.

Nothing happens when an offer expires: whether it has is what `state_of` says of an instant.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from pydantic import JsonValue
from sqlmodel import Session, col, func, select

from boucle.engine import loops
from boucle.engine.canonical import instant_text
from boucle.engine.refusals import refusal
from boucle.engine.round_rows import find_of_loop
from boucle.engine.tables import LoopRow
from boucle.engine.work_tables import OfferRow
from boucle.errors import NotFoundError
from boucle.model import LoopState, Money, OfferKind, OfferState

ALPHABET = "346789CDFGHJKMNPQRTVWXY"
"""Letters and digits that look and sound alike are left out, and vowels, so that no code is a word."""

_GROUPS, _GROUP = 2, 5


@dataclass(frozen=True)
class Offered:
    """What a customer is to be granted. `label` says by language what it is, where its kind does not."""

    kind: OfferKind
    value: Money | None
    label: Mapping[str, str]


@dataclass(frozen=True)
class Outstanding:
    """The offers of one kind and currency that can still be used; no currency, no value."""

    kind: OfferKind
    currency: str | None
    count: int
    value: Money | None


def grant(
    session: Session,
    loop_id: str,
    offered: Offered,
    *,
    valid_until: datetime,
    at: datetime,
    by: str = loops.BOUCLE,
    details: Mapping[str, JsonValue] | None = None,
) -> OfferRow:
    """The loop's offer: granted now, or long ago if it has one; refused when the loop is closed.

    `details` go into the event.
    """
    loop = loops.lock_loop(session, loop_id)
    known = find_offer(session, loop_id)
    if known is not None:
        return known
    if loop.state == LoopState.CLOSED:
        raise refusal("loop_closed")
    offer = OfferRow(
        code=_free_code(session),
        loop_id=loop_id,
        kind=offered.kind,
        value_minor=offered.value.minor if offered.value else None,
        currency=offered.value.currency if offered.value else None,
        label=dict(offered.label),
        granted_by=by,
        granted_at=at,
        valid_until=valid_until,
    )
    session.add(offer)
    payload = {
        "kind": str(offered.kind),
        **({"value": str(offered.value)} if offered.value else {}),
        "offer": describe(offered.kind, offered.value),
        "valid_until": instant_text(valid_until),
        "code_digest": hashlib.sha256(offer.code.encode()).hexdigest(),
        **(details or {}),
    }
    loops.append(session, loop, "offer.granted", at=at, actor=by, payload=payload)
    return offer


def state_of(offer: OfferRow, at: datetime) -> OfferState:
    """Where the offer stands at `at`; its last instant is `valid_until`."""
    if offer.redeemed_at is not None:
        return OfferState.REDEEMED
    if offer.cancelled_at is not None:
        return OfferState.CANCELLED
    return OfferState.GRANTED if at <= offer.valid_until else OfferState.EXPIRED


def describe(kind: str, value: Money | None) -> str:
    """An offer in two words: `voucher 15.00 EUR`, `call-back`."""
    return " ".join(filter(None, (kind.replace("_", "-"), str(value) if value else "")))


def value_of(offer: OfferRow) -> Money | None:
    """What it is worth; None where it names no amount."""
    if offer.value_minor is None or offer.currency is None:
        return None
    return Money(minor=offer.value_minor, currency=offer.currency)


def label_of(offer: OfferRow, language: str) -> str | None:
    """What the offer is, in the language, or in the first one that it was written in."""
    return offer.label.get(language) or next(iter(offer.label.values()), None)


def find_offer(session: Session, loop_id: str) -> OfferRow | None:
    """The offer that the loop granted, in whatever round."""
    return find_of_loop(session, OfferRow, loop_id)


def get_offer_of(session: Session, loop_id: str) -> OfferRow:
    """As `find_offer`; NotFoundError where it has granted none."""
    offer = find_offer(session, loop_id)
    if offer is None:
        raise NotFoundError("offer of loop", loop_id)
    return offer


def get_offer(session: Session, code: str) -> OfferRow:
    """The offer with this code, typed in whatever case, with or without its dash; NotFoundError."""
    letters = "".join(c for c in code.upper() if c in ALPHABET)
    offer = session.get(OfferRow, "-".join((letters[:_GROUP], letters[_GROUP:])))
    if offer is None:
        raise NotFoundError("offer", code)
    return offer


def list_offers(
    session: Session, at: datetime, *, state: OfferState | None = None, limit: int = 100
) -> Sequence[tuple[OfferRow, LoopRow]]:
    """Offers with their loops, the latest granted first; those in a state at `at`, where one is given."""
    query = select(OfferRow, LoopRow).join(LoopRow, col(LoopRow.id) == OfferRow.loop_id)
    open_ = (col(OfferRow.redeemed_at).is_(None), col(OfferRow.cancelled_at).is_(None))
    match state:
        case OfferState.REDEEMED:
            query = query.where(col(OfferRow.redeemed_at).is_not(None))
        case OfferState.CANCELLED:
            query = query.where(col(OfferRow.redeemed_at).is_(None), col(OfferRow.cancelled_at).is_not(None))
        case OfferState.GRANTED:
            query = query.where(*open_, col(OfferRow.valid_until) >= at)
        case OfferState.EXPIRED:
            query = query.where(*open_, col(OfferRow.valid_until) < at)
        case None:
            pass
    return session.exec(query.order_by(col(OfferRow.granted_at).desc(), OfferRow.code).limit(limit)).all()


def sum_outstanding(session: Session, at: datetime) -> list[Outstanding]:
    """What customers can still use at `at`, by kind and currency; amounts of two currencies are not added."""
    query = select(OfferRow.kind, OfferRow.currency, func.count(), func.sum(OfferRow.value_minor)).where(
        col(OfferRow.redeemed_at).is_(None), col(OfferRow.cancelled_at).is_(None), OfferRow.valid_until >= at
    )
    rows = session.exec(query.group_by(col(OfferRow.kind), col(OfferRow.currency))).all()
    return [
        Outstanding(
            OfferKind(kind),
            currency,
            count,
            Money(minor=int(minor or 0), currency=currency) if currency else None,
        )
        for kind, currency, count, minor in sorted(rows, key=lambda row: (row[0], row[1] or ""))
    ]


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
