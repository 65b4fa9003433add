"""The step of granting the customer an offer, approved before where the rule demands it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from typing import ClassVar, Literal

from temporalio import workflow

from boucle.workflows.play import OFFER, STAFF, Play

with workflow.unsafe.imports_passed_through():
    from boucle.activities.calls import Approval, Grant, Propose
    from boucle.activities.offers import OfferActivities
    from boucle.model import ActKind, ApprovalState, ClockKind, EffectState
    from boucle.standing import RunningClock
    from boucle.workflows.calling import do
    from boucle.workflows.errand import Errand
    from boucle.workflows.offer_params import Offer


class Offering(Play):
    """A play that grants an offer: one code per loop, for ever."""

    takes: ClassVar[frozenset[ActKind]] = frozenset(
        {ActKind.GRANT, ActKind.APPROVE, ActKind.REFUSE, ActKind.REDEEM, ActKind.CANCEL}
    )

    async def prepare(self, offer: Offer | Literal["none"], template: str) -> str | None:
        """Grant the offer, if there is one; which template is then to be sent. None as in `grant`."""
        if offer == "none":
            return template
        granted = await self.grant(offer)
        if granted is None:
            return None
        return template if granted else offer.template_without or template

    async def grant(self, offer: Offer) -> bool | None:
        """The loop's one offer, before the message that names it; whether the customer has it.

        An offer that needs approval is proposed first, and waited for. None: nobody has decided yet, so
        the stage is to end here; the next run waits on, or the loop is closed.
        """
        if offer.needs_approval and not self._is_granted:
            approved = await self._find_decision(offer)
            if not approved:
                return approved
        if not self._is_granted and not self.closed:
            delivery = await do(OfferActivities.grant_offer, self._grant(offer))
            return delivery.state == EffectState.DONE
        return self._is_granted

    @property
    def _is_granted(self) -> bool:
        return self.standing.effects.get(OFFER) == EffectState.DONE

    def _grant(self, offer: Offer) -> Grant:
        return Grant(
            loop=self.loop,
            round=self.standing.round,
            step=OFFER,
            kind=offer.kind,
            value=offer.value,
            valid_for=offer.valid_for,
            label=offer.label or {},
            at=workflow.now(),
        )

    async def _find_decision(self, offer: Offer) -> bool | None:
        """Propose it and wait; a loop that has its offer from an earlier round needs no approval for it."""
        if OFFER not in self.standing.approvals:
            await self._propose(offer)
        patient = offer.if_not_approved == "wait"
        await self.attend(lambda: not self._waits(OFFER), until=None if patient else ClockKind.APPROVAL)
        if self._waits(OFFER) and self.is_over(ClockKind.APPROVAL) and not patient:
            await self._tell_approval(OFFER, None)
        if self._waits(OFFER) or self.closed:
            return None
        return self.standing.approvals.get(OFFER) in {None, ApprovalState.APPROVED}

    async def _propose(self, offer: Offer) -> None:
        async with self.turn:
            if not self.closed:
                call = Propose(offer=self._grant(offer), within=offer.approval_within, team=offer.approval_by)
                self.take(await do(OfferActivities.propose_offer, call))

    def _waits(self, step: str) -> bool:
        return self.standing.approvals.get(step) == ApprovalState.WAITING

    def agenda(self) -> Iterable[Errand]:
        """Also: remind whoever is to approve an offer, half-way and when it is due."""
        yield from super().agenda()
        for clock in self.standing.clocks:
            if clock.kind == ClockKind.APPROVAL and clock.id is not None:
                yield from self._reminders_of(clock, clock.id)

    def _reminders_of(self, clock: RunningClock, step: str) -> Iterable[Errand]:
        half = clock.due if clock.since is None else clock.since + (clock.due - clock.since) / 2
        for which, at in (("half", half), ("due", clock.due)):
            if f"{STAFF}approval-wanted-{step}.{which}" not in self.standing.effects:
                yield Errand(at, f"approval of {step}", self._reminding(step, which))

    def _reminding(self, step: str, which: str) -> Callable[[], Awaitable[None]]:
        async def remind() -> None:
            await self._tell_approval(step, which)

        return remind

    async def _tell_approval(self, step: str, reminder: str | None) -> None:
        async with self.turn:
            if not self.closed and self._waits(step):
                call = Approval(
                    loop=self.loop, round=self.standing.round, step=step, at=workflow.now(), reminder=reminder
                )
                self.take(await do(OfferActivities.remind_of_approval, call))
