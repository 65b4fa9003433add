"""Granting an offer by hand, within one's limit; above it, proposing one."""

from __future__ import annotations

from typing import ClassVar, Self

from pydantic import model_validator

from boucle.engine import approvals, offers
from boucle.engine.acts.deed import Deed, Doing, Situation
from boucle.engine.approval_rows import list_approvals
from boucle.engine.clock import due
from boucle.model import ActKind, ApprovalState, Authority, Money, OfferKind, Plan, SomeTime

_WORTH_MONEY = frozenset({OfferKind.VOUCHER, OfferKind.CREDIT})


class Grant(Deed):
    """The actor grants the customer the loop's one offer.

    `authority` is the actor's when they act, by the settings; `approver` is who is asked where it does
    not suffice (None: the lead of the loop's team). What a custom offer is, is said in the act's text.
    """

    kind: ClassVar = ActKind.GRANT
    offer: OfferKind
    value: Money | None = None
    valid_for: SomeTime
    authority: Authority
    approver: str | None = None

    @model_validator(mode="after")
    def _is_worth_something(self) -> Self:
        if self.value is None and self.offer in _WORTH_MONEY:
            raise ValueError("this kind of offer needs a value")
        if self.value is not None and self.value.minor <= 0:
            raise ValueError("an offer is worth more than nothing")
        return self

    def reason_against(self, actor: str, situation: Situation) -> str | None:
        """A loop has one offer, for ever; and one proposal at a time."""
        del actor
        if situation.case is None:
            return "no_case"
        if offers.find_offer(situation.session, situation.loop.id) is not None:
            return "offer_granted"
        waits = (
            one.state == ApprovalState.WAITING for one in list_approvals(situation.session, situation.loop)
        )
        return "approval_waits" if any(waits) else None

    def do(self, doing: Doing) -> None:
        """It is granted, or proposed to somebody with a higher limit."""
        session, loop, at = doing.session, doing.loop, doing.at
        offered = offers.Offered(self.offer, self.value, {})
        if self.authority.covers(self.value):
            until = due(at, self.valid_for, Plan.model_validate_json(loop.plan).calendar)
            details = {"act": doing.command.id, "role": str(self.authority.role)}
            offers.grant(session, loop.id, offered, valid_until=until, at=at, by=doing.actor, details=details)
        else:
            proposal = approvals.Proposal(offered, self.valid_for)
            step = approvals.next_step(session, loop)
            approvals.propose(session, loop, step, proposal, at=at, approver=self.approver, by=doing.actor)
        doing.note()
