"""What promoters do for us: the people they refer, and what they say of us, published only with consent.

A referral has one code per loop for ever and is followed to its conversion, also after the loop was
closed. A testimonial's text lies with its act and can be erased; it is publishable while the customer has
said so in so many words, has not taken it back, and the text is there.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, select

from boucle.engine import consent, loops, offers, privacy
from boucle.engine.round_rows import find_of_loop
from boucle.engine.tables import LoopRow
from boucle.engine.work_tables import GivenTestimonial, ReferralRow
from boucle.errors import NotFoundError

_ACTS = "act"


@dataclass(frozen=True)
class Told:
    """A testimonial as it may be used: `text` None once it was erased."""

    id: str
    loop: str
    given_at: datetime
    text: str | None
    publishable: bool
    withdrawn_at: datetime | None


def invite(session: Session, loop: LoopRow, at: datetime) -> ReferralRow:
    """The loop's referral code: made now, or long ago if it has one."""
    known = find_referral(session, loop.id)
    if known is not None:
        return known
    code = offers.new_code()
    while session.get(ReferralRow, code) is not None:
        code = offers.new_code()
    row = ReferralRow(code=code, loop_id=loop.id, invited_at=at)
    session.add(row)
    digest = hashlib.sha256(code.encode()).hexdigest()
    loops.append(session, loop, "loop.invited", at=at, payload={"code_digest": digest})
    return row


def find_referral(session: Session, loop_id: str) -> ReferralRow | None:
    """The referral that the loop invited to, in whatever round."""
    return find_of_loop(session, ReferralRow, loop_id)


def get_referral(session: Session, code: str) -> ReferralRow:
    """The referral of a code, however it was typed; NotFoundError."""
    row = session.get(ReferralRow, code.strip().upper())
    if row is None:
        raise NotFoundError("referral", code)
    return row


def list_referrals(session: Session, limit: int = 100) -> Sequence[ReferralRow]:
    """Every referral, the latest invited first."""
    query = select(ReferralRow).order_by(col(ReferralRow.invited_at).desc(), col(ReferralRow.code))
    return session.exec(query.limit(limit)).all()


def find_testimonial(session: Session, loop_id: str) -> GivenTestimonial | None:
    """The loop's latest testimonial."""
    query = select(GivenTestimonial).where(GivenTestimonial.loop_id == loop_id)
    order = (col(GivenTestimonial.given_at).desc(), col(GivenTestimonial.id))
    return session.exec(query.order_by(*order)).first()


def list_testimonials(session: Session, *, publishable: bool = False, limit: int = 100) -> list[Told]:
    """Testimonials, the latest first; `publishable`: only those that may stand in public today."""
    query = select(GivenTestimonial, LoopRow).where(GivenTestimonial.loop_id == LoopRow.id)
    order = (col(GivenTestimonial.given_at).desc(), col(GivenTestimonial.id))
    found: list[Told] = []
    for row, loop in session.exec(query.order_by(*order)):
        told = _tell(session, row, loop)
        if told.publishable or not publishable:
            found.append(told)
        if len(found) == limit:
            break
    return found


def _tell(session: Session, row: GivenTestimonial, loop: LoopRow) -> Told:
    """Who has withdrawn from us altogether, or is under a legal hold, is not quoted either."""
    text = privacy.read(session, loops.subject_of(loop), _ACTS).get(row.id)
    agreed = row.may_publish and row.withdrawn_at is None
    publishable = agreed and text is not None and consent.find_objection(session, loop) is None
    return Told(row.id, loop.id, row.given_at, text, publishable, row.withdrawn_at)
