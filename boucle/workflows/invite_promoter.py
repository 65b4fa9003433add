"""`invite_promoter`: a promoter is invited to refer us, or to say something of us in public."""

from __future__ import annotations

from typing import ClassVar

from temporalio import workflow

from boucle.workflows.asking import Asking, Inquiry

with workflow.unsafe.imports_passed_through():
    from boucle.model import ActKind, ClockKind, Closure, QuestionKind
    from boucle.standing import LoopRef
    from boucle.workflows.invite_promoter_params import InvitePromoterParams

INVITED = "invited"


@workflow.defn(name="invite_promoter")
class InvitePromoter(Asking):
    """Invites once, reminds once at most, and follows what comes of it."""

    takes: ClassVar[frozenset[ActKind]] = frozenset({ActKind.REFER, ActKind.TESTIFY})

    @workflow.run
    async def run(self, ref: LoopRef) -> None:
        """Stage after stage; `ref` is taken by the base."""
        del ref
        await self.follow({"accepted": self.invite, INVITED: self.wait_for_fruit})

    @property
    def params(self) -> InvitePromoterParams:
        """The plan's parameters."""
        return InvitePromoterParams.model_validate(self.standing.plan.params)

    @property
    def inquiry(self) -> Inquiry:
        """The invitation; its messages name the referral code. Who has referred somebody is not reminded."""
        params = self.params
        remind_after = None if self.standing.referral else params.remind_after
        return Inquiry(
            "invitation", params.template, params.within, QuestionKind.INVITATION, remind_after,
            params.reminder_template, refers=params.kind != "testify",
        )  # fmt: skip

    @property
    def inquiries(self) -> tuple[Inquiry, ...]:
        """The one invitation."""
        return (self.inquiry,)

    async def invite(self) -> None:
        """One message; who cannot be written to is not invited."""
        if not self.standing.reachable:
            await self.close(Closure.UNREACHABLE)
            return
        await self.ask_now(self.inquiry, then=INVITED)
        if self.has_failed(self.inquiry.step):
            await self.close(Closure.UNREACHABLE)

    async def wait_for_fruit(self) -> None:
        """Until all that was asked for has come, the customer says no, or the time is over."""
        await self.attend(lambda: self._is_done or self._is_declined, until=ClockKind.ANSWER)
        if self._is_declined:
            await self.close(Closure.DECLINED)
        elif self._is_done:
            await self.close(Closure.COMPLETED)
        elif self.is_over(ClockKind.ANSWER):
            await self.close(Closure.COMPLETED if self._has_fruit else Closure.NO_ANSWER)

    @property
    def _is_declined(self) -> bool:
        question = self.find_question(self.inquiry)
        return question is not None and question.declined

    @property
    def _has_testified(self) -> bool:
        question = self.find_question(self.inquiry)
        return question is not None and question.has_text

    @property
    def _has_fruit(self) -> bool:
        return self._has_testified or self.standing.referral is not None

    @property
    def _is_done(self) -> bool:
        """A referral is done once somebody has become a customer by it."""
        converted = self.standing.referral == "converted"
        match self.params.kind:
            case "refer":
                return converted
            case "testify":
                return self._has_testified
            case _:
                return converted and self._has_testified
