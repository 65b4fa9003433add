"""Whether a customer may still be written to: asked at every sending, of what is last known of them.

A decision may be days old when its message goes out. What was said since counts: a newer answer, an
import of the customer's data. What nobody has said stands in the way of nothing; the rules looked at that.
"""

from __future__ import annotations

from sqlmodel import Session

from boucle.engine.inbox import list_refusals
from boucle.engine.tables import Contact, Customer, LoopRow

CONSENT, LEGAL_HOLD = "consent", "legal_hold"
OBJECTIONS = frozenset({CONSENT, LEGAL_HOLD})
"""The codes with which an effect is refused: consent was withdrawn, or a legal hold was laid."""

MAY_BE_CONTACTED, _TAGS = "consent.follow_up", "customer.tags"


def find_objection(session: Session, loop: LoopRow) -> str | None:
    """The code of what stands against writing to the loop's customer; None where nothing does."""
    contact = session.get(Contact, loop.contact_id) if loop.contact_id else None
    if contact is not None and contact.facts.get(MAY_BE_CONTACTED) is False:
        return CONSENT
    customer_id = loop.customer_id or (contact.customer_id if contact else None)
    customer = session.get(Customer, customer_id) if customer_id else None
    held = customer is not None and (
        LEGAL_HOLD in customer.facts.get(_TAGS, ()) or LEGAL_HOLD in customer.tags
    )
    return LEGAL_HOLD if held else None


def was_objected(session: Session, loop: LoopRow) -> bool:
    """Whether a message of this round was refused for that, and not because nobody could be reached."""
    return bool(list_refusals(session, loop) & OBJECTIONS)
