"""What becomes of a granted offer: the customer uses it, or it is taken back."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import ClassVar

from boucle.engine import offers
from boucle.engine.acts.deed import Deed, Doing, Situation
from boucle.engine.canonical import instant_text
from boucle.model import ActKind, OfferState

_OVER: Mapping[OfferState, str] = {
    OfferState.REDEEMED: "offer_redeemed",
    OfferState.EXPIRED: "offer_expired",
    OfferState.CANCELLED: "offer_cancelled",
}


class _OfferEnd(Deed):
    """What ends an offer. `at` is when it happened: an offer that had not expired by then can be used."""

    on_closed: ClassVar = True
    at_once: ClassVar = True
    at: datetime

    def reason_against(self, actor: str, situation: Situation) -> str | None:
        """There must be an offer that can be used."""
        del actor
        offer = offers.find_offer(situation.session, situation.loop.id)
        if offer is None or self.at < offer.granted_at:
            return "no_offer"
        return _OVER.get(offers.state_of(offer, self.at))


class Redeem(_OfferEnd):
    """The customer has used the offer."""

    kind: ClassVar = ActKind.REDEEM

    def do(self, doing: Doing) -> None:
        """It cannot be used again."""
        offer = offers.get_offer_of(doing.session, doing.loop.id)
        offer.redeemed_at = self.at
        doing.session.add(offer)
        doing.append("offer.redeemed", {"at": instant_text(self.at)})


class Cancel(_OfferEnd):
    """The actor takes the offer back, for a reason."""

    kind: ClassVar = ActKind.CANCEL
    needs_text: ClassVar = True

    def do(self, doing: Doing) -> None:
        """It can no longer be used."""
        offer = offers.get_offer_of(doing.session, doing.loop.id)
        offer.cancelled_at = self.at
        doing.session.add(offer)
        doing.append("offer.cancelled", {"at": instant_text(self.at)})
