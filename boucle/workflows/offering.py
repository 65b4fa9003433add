"""The step of granting the customer an offer."""

from __future__ import annotations

from temporalio import workflow

from boucle.workflows.play import OFFER, Play

with workflow.unsafe.imports_passed_through():
    from boucle.activities.calls import Grant
    from boucle.activities.offers import OfferActivities
    from boucle.model import EffectState
    from boucle.workflows.calling import do
    from boucle.workflows.offer_params import Offer


class Offering(Play):
    """A play that grants an offer: one code per loop, for ever."""

    async def grant(self, offer: Offer) -> None:
        """The loop's one voucher, before the message that names it."""
        if self.standing.effects.get(OFFER) != EffectState.DONE and not self.closed:
            call = Grant(
                loop=self.loop,
                round=self.standing.round,
                step=OFFER,
                kind=offer.kind,
                value=offer.value,
                valid_for=offer.valid_for,
                at=workflow.now(),
            )
            await do(OfferActivities.grant_offer, call)
