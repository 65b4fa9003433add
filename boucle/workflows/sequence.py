"""`sequence`: what the steps of a rule file say, from top to bottom, through the steps of all plays.

A step is a stage of its own, committed before its effect, which is keyed by the step's id: a run that is
rebuilt goes on at the step where it stood, and does nothing twice. A question and a case have a second
stage each, in which the answer, or the person, is waited for.
"""

from __future__ import annotations

from functools import partial

from temporalio import workflow

from boucle.workflows.asking import Asking, Inquiry, Reaction
from boucle.workflows.case_work import CaseWork
from boucle.workflows.play import STAFF, Stage

with workflow.unsafe.imports_passed_through():
    from boucle.activities.calls import JudgeAnswer, TellStep
    from boucle.activities.recovery import RecoveryActivities
    from boucle.activities.sequences import SequenceActivities
    from boucle.model import NPS_BANDS, Band, ClockKind, Closure, EffectState, QuestionKind
    from boucle.standing import LoopRef
    from boucle.workflows.calling import do
    from boucle.workflows.case_params import CaseParams
    from boucle.workflows.sequence_params import SequenceParams
    from boucle.workflows.sequence_paths import find_rescue
    from boucle.workflows.sequence_steps import (
        AskStep,
        CaseStep,
        CloseStep,
        MessageStep,
        NotifyStep,
        OfferStep,
        Step,
        WaitStep,
    )

ENDING = "ending"
"""The stage after the last step."""
STEP, ASKED, WORKED = "step-", "asked-", "working-"
"""What the stages begin with: at a step, waiting for the answer to its question, working its case."""

_TOLD = f"{STAFF}step-"
_UNTOLD = frozenset({EffectState.INTENDED, EffectState.RELEASED})


class _Stages(dict[str, Stage]):
    """The stages of a sequence, known once its plan is."""

    def __init__(self, play: Sequence) -> None:
        super().__init__(accepted=play.begin)
        self._play = play

    def __missing__(self, stage: str) -> Stage:
        return partial(self._play.perform, stage)


@workflow.defn(name="sequence")
class Sequence(Asking, CaseWork):
    """Interprets the steps of its plan."""

    @workflow.run
    async def run(self, ref: LoopRef) -> None:
        """Stage after stage; `ref` is taken by the base."""
        del ref
        await self.follow(_Stages(self))

    @property
    def steps(self) -> tuple[Step, ...]:
        """The plan's steps."""
        return SequenceParams.model_validate(self.standing.plan.params).steps

    @property
    def case_params(self) -> CaseParams | None:
        """Of the case that is being worked; None before there is one."""
        step = self._find_step(WORKED)
        return step.case if isinstance(step, CaseStep) else None

    @property
    def inquiries(self) -> tuple[Inquiry, ...]:
        """The question of the present step; those before it are over."""
        step = self._find_step(STEP) or self._find_step(ASKED)
        return (_inquire(step),) if isinstance(step, AskStep) else ()

    def _find_step(self, of: str) -> Step | None:
        """The step of the present stage, where that is one of these stages."""
        stage = self.standing.stage
        return next((step for step in self.steps if f"{of}{step.id}" == stage), None)

    # -- from step to step ----------------------------------------------------------------------

    async def begin(self) -> None:
        """At the top."""
        await self._go_to(self.steps[0])

    async def perform(self, stage: str) -> None:
        """Do what the step of a stage says, and go on."""
        del stage
        asked = self._find_step(ASKED)
        if isinstance(asked, AskStep):
            await self._hear(asked)
        elif self._find_step(WORKED) is not None:
            await self.work_case()
        else:
            await self._take(self._find_step(STEP))

    async def _take(self, step: Step | None) -> None:
        match step:
            case MessageStep():
                await self._send(step)
            case AskStep():
                await self._ask(step)
            case WaitStep():
                await self._wait(step)
            case NotifyStep():
                await self._notify(step)
            case OfferStep():
                await self._offer(step)
            case CaseStep():
                await self._open(step)
            case CloseStep():
                await self._end(None if step.close == "by_answer" else Closure(step.close))
            case None:
                await self._end(None)

    async def _pass_on(self, step: Step, target: str | None = None, *, over: ClockKind | None = None) -> None:
        """To the step that is named, else the next one; after the last one the loop ends.

        `over`: the clock that was waited for, and has run out.
        """
        following = self.steps[self._number(step) + 1 :]
        named = (other for other in following if target in {None, other.id})
        await self._go_to(next(named, None), over=over)

    def _number(self, step: Step) -> int:
        return [other.id for other in self.steps].index(step.id)

    async def _go_to(self, step: Step | None, *, over: ClockKind | None = None) -> None:
        clocks = {ClockKind.FOLLOW_UP: step.wait} if isinstance(step, WaitStep) else {}
        met = over if over == ClockKind.FOLLOW_UP else None
        missed = over if over == ClockKind.ANSWER else None
        stage = f"{STEP}{step.id}" if step else ENDING
        await self.advance(stage, clocks, met=met, missed=missed)

    # -- what steps do --------------------------------------------------------------------------

    async def _send(self, step: MessageStep) -> None:
        """A customer who has written back gets no message by itself any more; the steps go on."""
        effect = f"{STEP}{step.id}"
        if self.standing.reachable and not self.standing.replied:
            await self.deliver(effect, step.message, unless=lambda: self.standing.replied)
        if self.is_out(effect) or self.standing.replied:
            await self._pass_on(step, step.go_to)
        elif self.has_failed(effect) or not self.standing.reachable:
            await self._rescue(step)

    async def _rescue(self, step: MessageStep | AskStep) -> None:
        """The customer cannot be written to; who does not want to be ends it."""
        rescue = None if self.standing.objected else find_rescue(self.steps, self._number(step))
        if rescue is None:
            await self._end(Closure.UNREACHABLE)
        else:
            await self._go_to(rescue)

    async def _ask(self, step: AskStep) -> None:
        inquiry = _inquire(step)
        if not self.standing.reachable and not self.is_answered(inquiry):
            await self._rescue(step)
            return
        await self._follow_up(step, await self.ask_now(inquiry, then=f"{ASKED}{step.id}"))

    async def _hear(self, step: AskStep) -> None:
        await self._follow_up(step, await self.await_answer(_inquire(step)))

    async def _follow_up(self, step: AskStep, reaction: Reaction | None) -> None:
        match reaction:
            case Reaction.UNREACHABLE:
                await self._rescue(step)
            case Reaction.SILENT:
                await self._pass_on(step, step.on_silence, over=ClockKind.ANSWER)
            case Reaction.DECLINED if step.on_decline is None:
                await self._end(Closure.DECLINED)
            case Reaction.DECLINED:
                await self._pass_on(step, step.on_decline)
            case Reaction.ANSWERED:
                await self._pass_on(step, step.on_low if await self._is_low(step) else step.on_answer)
            case None:
                pass

    async def _is_low(self, step: AskStep) -> bool:
        """A band is one of NPS: of another metric's score it is asked whether it is no better."""
        question = self.find_question(_inquire(step))
        score = question.score if question else self.standing.answer
        if step.low is None or score is None:
            return False
        if isinstance(step.low, int):
            return score <= step.low
        if step.low != "no_better" and self.standing.metric == "nps":
            return score <= NPS_BANDS[Band(step.low)][1]
        call = JudgeAnswer(loop=self.loop, round=self.standing.round, step=f"{STEP}{step.id}")
        return (await do(RecoveryActivities.judge_answer, call)).still_low

    async def _wait(self, step: WaitStep) -> None:
        await self.attend(lambda: False, until=ClockKind.FOLLOW_UP)
        if self.is_over(ClockKind.FOLLOW_UP):
            await self._pass_on(step, step.go_to, over=ClockKind.FOLLOW_UP)

    async def _notify(self, step: NotifyStep) -> None:
        """It is written down; whoever does not work now is told later, and the steps go on."""
        async with self.turn:
            if not self.closed:
                call = TellStep(
                    loop=self.loop,
                    round=self.standing.round,
                    step=f"{self._number(step) + 1}-{step.id}",
                    team=step.notify.team,
                    person=step.notify.person,
                    text=step.notify.text,
                    template=step.notify.template,
                    at=workflow.now(),
                )
                self.take(await do(SequenceActivities.tell_step, call))
        await self._pass_on(step, step.go_to)

    async def _offer(self, step: OfferStep) -> None:
        """Nobody hears of an offer that cannot be sent to anybody, so that is not granted."""
        granted = await self.grant(step.offer) if self.standing.reachable else False
        if granted is not None:
            await self._pass_on(step, step.go_to if granted else step.on_refusal or step.go_to)

    async def _open(self, step: CaseStep) -> None:
        await self.open_case(step.case, to_lead=step.case.to_lead, stage=f"{WORKED}{step.id}")

    # -- the end --------------------------------------------------------------------------------

    async def _end(self, closure: Closure | None) -> None:
        """Once colleagues were told what steps have to tell them; None: as the questions went."""
        await self.attend(self._is_told)
        if self._is_told():
            await self.close(closure or self._find_closure())

    def _is_told(self) -> bool:
        untold = (step for step, state in self.standing.effects.items() if state in _UNTOLD)
        return self.has_given_up(STAFF) or not any(step.startswith(_TOLD) for step in untold)

    def _find_closure(self) -> Closure | None:
        """None: as the score of the last answer says."""
        asked = self.standing.questions
        if self.standing.answer is not None:
            return None
        if not asked or asked[-1].has_text:
            return Closure.COMPLETED
        return Closure.DECLINED if asked[-1].declined else Closure.NO_ANSWER


def _inquire(step: AskStep) -> Inquiry:
    return Inquiry(
        f"{STEP}{step.id}",
        step.ask,
        step.within,
        kind=QuestionKind.SCORE if step.answer == "score" else QuestionKind.OPEN,
        remind_after=step.remind_after,
        reminder=step.reminder,
    )
