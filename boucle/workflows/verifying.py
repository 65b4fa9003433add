"""The step of asking the customer, after a person has concluded the case, whether they are content again."""

from __future__ import annotations

from collections.abc import Mapping

from temporalio import workflow

from boucle.workflows.asking import ASKED, Asking, Inquiry
from boucle.workflows.case_work import CaseWork
from boucle.workflows.play import STAFF, Stage

with workflow.unsafe.imports_passed_through():
    from boucle.activities.calls import FinishFollowUp
    from boucle.activities.recovery import RecoveryActivities
    from boucle.model import EffectState
    from boucle.workflows.calling import do
    from boucle.workflows.follow_up_params import FollowUp

VERIFYING = "verifying"
FOLLOW_UP = "follow-up"
TO_LEAD = "still_low_to_lead"
"""Why the next round was begun, where its case is the lead's."""

_TOLD = f"{STAFF}answered-"
_UNTOLD = frozenset({EffectState.INTENDED, EffectState.RELEASED})


class Verifying(Asking, CaseWork):
    """A play whose case is concluded by a person, and whose customer has the last word."""

    @property
    def follow_up(self) -> FollowUp | None:
        """How the plan wants the customer asked; None: not at all."""
        raise NotImplementedError

    @property
    def inquiries(self) -> tuple[Inquiry, ...]:
        """The one question."""
        asked = self.follow_up
        if asked is None:
            return ()
        inquiry = Inquiry(
            FOLLOW_UP, asked.template, asked.within, remind_after=asked.remind_after, reminder=asked.reminder
        )
        return (inquiry,)

    @property
    def verifying(self) -> Mapping[str, Stage]:
        """The stages of this step."""
        return {VERIFYING: self.verify, ASKED: self.hear}

    async def verify(self) -> None:
        """Ask on the day; who cannot be written to is taken at the word of who has concluded the case."""
        for inquiry in self.inquiries:
            if not self.standing.reachable or await self.ask(inquiry) is not None:
                await self.finish()

    async def hear(self) -> None:
        """The customer's answer, or silence."""
        for inquiry in self.inquiries:
            if await self.await_answer(inquiry) is not None:
                await self.finish()

    async def finish(self) -> None:
        """End the round, once the owner was told of the answer; a low one may begin the next."""
        await self.attend(self._is_told)
        asked, round_ = self.follow_up, self.standing.round
        async with self.turn:
            if asked is not None and not self.closed and not self._tired:
                call = FinishFollowUp(
                    loop=self.loop, round=round_, if_still_low=asked.if_still_low, at=workflow.now()
                )
                self.take(await do(RecoveryActivities.finish_follow_up, call))
        if self.standing.round != round_:
            await self.begin_anew()

    def _is_told(self) -> bool:
        untold = (step for step, state in self.standing.effects.items() if state in _UNTOLD)
        return self.has_failed(STAFF) or not any(step.startswith(_TOLD) for step in untold)
