"""What every play has in common: where the loop stands, acts, messages, waiting, and the end.

Where a loop stands lies in the database. A run, fresh or rebuilt, loads it and goes on from the stage
it names; each transition is one activity that commits before the next effect begins. Nothing here
reads a clock but `workflow.now()`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from contextlib import suppress
from datetime import datetime
from typing import ClassVar

from temporalio import workflow
from temporalio.common import SearchAttributeKey
from temporalio.exceptions import ActivityError, ApplicationError, is_cancelled_exception

with workflow.unsafe.imports_passed_through():
    from boucle.activities.calls import Advance, ApplyAct, Clock, Close, Delivery, Interrupt, Send, Tell, Told
    from boucle.activities.loops import LoopActivities
    from boucle.activities.messages import MessageActivities
    from boucle.activities.notices import NoticeActivities
    from boucle.model import ActKind, ClockKind, Closure, Duration, EffectState, LoopState
    from boucle.standing import Act, ActOutcome, LoopRef, Standing
    from boucle.workflows.calling import do, send
    from boucle.workflows.errand import Errand, find_next

STAFF = "staff-"
"""What the steps of notices to colleagues begin with; all other steps but the offer are messages."""
OFFER = "offer"

_UNSENT = frozenset({EffectState.INTENDED, EffectState.RELEASED, EffectState.SETTLED_NOT_SENT})
_OUT = frozenset({EffectState.DONE, EffectState.UNCONFIRMED, EffectState.SETTLED_SENT})
_LONG_HISTORY = 800
"""From so many events on a run is followed by a new one: who takes up the loop reads all of them."""

_STAGE = SearchAttributeKey.for_keyword("BoucleStage")
_DUE = SearchAttributeKey.for_datetime("BoucleDue")

Stage = Callable[[], Awaitable[None]]


class Play:
    """The base of every play. A stage is a coroutine that returns when the loop has left it."""

    takes: ClassVar[frozenset[ActKind]] = frozenset(
        {ActKind.NOTE, ActKind.ANSWER, ActKind.SETTLE, ActKind.CLOSE}
        | {ActKind.REPLY, ActKind.JOIN, ActKind.WITHDRAW, ActKind.MERGE, ActKind.REOPEN}
    )
    """The acts that the step is for; a play takes those of all its steps."""

    @workflow.init
    def __init__(self, ref: LoopRef) -> None:
        self._ref = ref
        self._standing: Standing | None = None
        self._changes = 0
        self.turn = asyncio.Lock()
        self._outgoing: dict[str, asyncio.Task[None]] = {}
        self._later: dict[str, datetime] = {}
        self._given_up: set[str] = set()

    # -- where it stands ------------------------------------------------------------------------

    @property
    def loop(self) -> str:
        """The loop's id."""
        return self._ref.loop

    @property
    def standing(self) -> Standing:
        """Where the loop stands; only asked once it is loaded."""
        if self._standing is None:
            raise ApplicationError("not loaded yet", type="NotLoaded")
        return self._standing

    @property
    def closed(self) -> bool:
        """Whether the loop is closed."""
        return self._standing is not None and self._standing.state == LoopState.CLOSED

    @workflow.query
    def where(self) -> Standing | None:
        """Where the loop stands; None before it is loaded."""
        return self._standing

    def find_due(self, kind: ClockKind) -> datetime | None:
        """When a clock runs out; None when it does not run."""
        return next((clock.due for clock in self.standing.clocks if clock.kind == kind), None)

    def is_over(self, kind: ClockKind) -> bool:
        """Whether a clock has run out."""
        due = self.find_due(kind)
        return due is not None and due <= workflow.now()

    def take(self, standing: Standing) -> None:
        """The loop stands so now."""
        if _severity(standing) != _severity(self._standing):
            self._later = {}  # who would have waited for the morning may be told at once
        self._standing = standing
        self._changes += 1
        self._show(standing)

    def _show(self, standing: Standing) -> None:
        """Tell operators the stage and the next due time, where they changed; not of a closed loop."""
        workflow.set_current_details(f"{standing.state}: {standing.stage}")
        due = min((clock.due for clock in standing.clocks), default=None)
        shown = workflow.info().typed_search_attributes
        if self.closed or (shown.get(_STAGE), shown.get(_DUE)) == (standing.stage, due):
            return
        workflow.upsert_search_attributes(
            [_STAGE.value_set(standing.stage), _DUE.value_unset() if due is None else _DUE.value_set(due)]
        )

    # -- acts -----------------------------------------------------------------------------------

    @workflow.update
    async def act(self, act: Act) -> ActOutcome:
        """Apply an act; answers only when the database has it. The same act again changes nothing."""
        await workflow.wait_condition(lambda: self._standing is not None)
        async with self.turn:
            call = ApplyAct(
                loop=self.loop,
                round=self.standing.round,
                command=act.command,
                kind=act.kind,
                at=workflow.now(),
            )
            outcome = await do(LoopActivities.apply_act, call)
            if outcome.standing is not None:
                self.take(outcome.standing)
        return outcome.model_copy(update={"standing": None})

    @act.validator
    def check_act(self, act: Act) -> None:
        """Refuse what this play never takes, before anything is written into the history."""
        if not any(act.kind in step.takes for step in type(self).__mro__ if issubclass(step, Play)):
            raise ApplicationError("this play does not take such an act", type="not_for_this_play")
        if self.closed and act.kind != ActKind.REOPEN:
            raise ApplicationError("the loop is closed", type="closed")

    # -- transitions ----------------------------------------------------------------------------

    async def follow(self, stages: Mapping[str, Stage]) -> None:
        """Load, then stage after stage until the loop is closed and everything begun is finished.

        Cancelled from outside, the run writes that down before it ends; the loop stays where it stands.
        """
        try:
            await self._go_on(stages)
        except (asyncio.CancelledError, ActivityError) as error:
            if is_cancelled_exception(error):
                await self._record_cancellation()
            raise

    async def _go_on(self, stages: Mapping[str, Stage]) -> None:
        await self._load()
        while not self.closed:
            await self._go_through(stages[self.standing.stage])
            if self._tired and not self.closed:
                await workflow.wait_condition(workflow.all_handlers_finished)
                workflow.continue_as_new(self._ref)
        await self._see_off()
        await workflow.wait_condition(lambda: not self._outgoing and workflow.all_handlers_finished())
        if not self.closed:  # reopened meanwhile
            workflow.continue_as_new(self._ref)

    async def _go_through(self, stage: Stage) -> None:
        """What a stage was about to do is refused once the loop was closed behind our back."""
        try:
            await stage()
        except ActivityError as error:
            if is_cancelled_exception(error):
                raise
            await self._load()
            if not self.closed:
                raise

    async def _see_off(self) -> None:
        """Tell colleagues what there is to say of a closed loop: who withdrew, or has written since."""
        while self.closed and (untold := [one for one in Play.agenda(self) if one.name == STAFF]):
            if untold[0].at > workflow.now():
                await self._sleep(untold, None)
            else:
                await self.tell()
                await workflow.wait_condition(lambda: STAFF not in self._outgoing)

    async def _record_cancellation(self) -> None:
        """As a reconciler would, but with the reason, which only the run is told."""
        reason = workflow.cancellation_reason()
        call = Interrupt(loop=self.loop, how="workflow_canceled", reason=reason, at=workflow.now())
        await do(LoopActivities.record_interruption, call)
        await workflow.wait_condition(workflow.all_handlers_finished)

    @property
    def _tired(self) -> bool:
        """Whether the history has grown long; not while a message is on its way."""
        info = workflow.info()
        long = info.is_continue_as_new_suggested() or info.get_current_history_length() > _LONG_HISTORY
        return long and not self._outgoing

    async def _load(self) -> None:
        async with self.turn:
            self.take(await do(LoopActivities.load, self._ref))

    async def advance(
        self,
        stage: str,
        clocks: Mapping[ClockKind, Duration],
        met: ClockKind | None = None,
        missed: ClockKind | None = None,
    ) -> None:
        """Go on to a stage and start its clocks; without effect on a loop closed meanwhile."""
        started = tuple(Clock(kind=kind, within=within) for kind, within in clocks.items())
        async with self.turn:
            if not self.closed:
                call = Advance(
                    loop=self.loop,
                    round=self.standing.round,
                    stage=stage,
                    at=workflow.now(),
                    clocks=started,
                    met=met,
                    missed=missed,
                    leaves=self.standing.stage,
                )
                self.take(await do(LoopActivities.advance, call))

    async def close(self, closure: Closure | None) -> None:
        """Close the loop; None: as the answer to the follow-up question says."""
        async with self.turn:
            if not self.closed:
                call = Close(loop=self.loop, round=self.standing.round, closure=closure, at=workflow.now())
                self.take(await do(LoopActivities.close_loop, call))

    # -- waiting --------------------------------------------------------------------------------

    async def attend(self, done: Callable[[], bool], until: ClockKind | None = None) -> None:
        """Wait until done, closed, or a clock has run out; meanwhile do what falls due."""
        while not (done() or self.closed or self._tired or (until and self.is_over(until))):
            errands = [*self.agenda()]
            ready = [errand for errand in errands if errand.at <= workflow.now()]
            if ready:
                await find_next(ready).do()
            else:
                await self._sleep(errands, self.find_due(until) if until else None)

    async def _sleep(self, errands: list[Errand], until: datetime | None) -> None:
        """Until anything changes, or the next instant on the agenda."""
        seen = self._changes
        wanted = [(errand.at, errand.name) for errand in errands]
        if until is not None:
            wanted.append((until, "clock"))
        at, name = min(wanted, default=(None, None))
        with suppress(TimeoutError):
            await workflow.wait_condition(
                lambda: self._changes != seen,
                timeout=at - workflow.now() if at else None,
                timeout_summary=name,
            )

    def agenda(self) -> Iterable[Errand]:
        """What there is to do, and when. A step adds its own to that of `super()`.

        Here: what was begun and has no receipt yet, also what an earlier run left behind.
        """
        for step in self._unsent:
            if not step.startswith(STAFF) and not self.is_busy(step):
                yield Errand(workflow.now(), step, self.sending(step))
        untold = [self._later.get(step, workflow.now()) for step in self._unsent if step.startswith(STAFF)]
        if untold and not self.is_busy(STAFF):
            yield Errand(min(untold), STAFF, self.tell)

    @property
    def _unsent(self) -> list[str]:
        """The steps that were begun and have no receipt yet; the offer's is its own stage's business."""
        return [step for step, state in self.standing.effects.items() if state in _UNSENT and step != OFFER]

    def is_busy(self, step: str) -> bool:
        """Whether a message is on its way, or was given up."""
        return step in self._outgoing or step in self._given_up

    def sending(self, step: str) -> Callable[[], Awaitable[None]]:
        """An errand that begins to send a message."""

        async def begin() -> None:
            self.send(step)

        return begin

    # -- notices --------------------------------------------------------------------------------

    async def tell(self) -> None:
        """Begin to tell colleagues all that was written down for them and can be told now."""
        if not self.is_busy(STAFF):
            self._outgoing[STAFF] = asyncio.create_task(self._tell())

    async def _tell(self) -> None:
        asked = [step for step in self._unsent if step.startswith(STAFF)]
        call = Tell(loop=self.loop, round=self.standing.round, at=workflow.now())
        try:
            told = await send(NoticeActivities.notify_staff, call)
        except ActivityError:
            self._given_up.add(STAFF)
            await self._load()  # it may be that the loop was closed behind our back
        else:
            self._note_told(asked, told)
        finally:
            del self._outgoing[STAFF]
            self._changes += 1

    def _note_told(self, asked: list[str], told: Told) -> None:
        """What was asked for and is not spoken of was over already."""
        self._later = dict(told.later)
        over = {step: EffectState.DONE for step in asked if step not in told.later}
        effects = {**self.standing.effects, **over, **told.states}
        self._standing = self.standing.model_copy(update={"effects": effects})

    # -- messages -------------------------------------------------------------------------------

    def send(self, step: str, template: str | None = None) -> None:
        """Begin to send, and go on: what becomes of it shows in the effects, clocks don't wait for it."""
        if not self.is_busy(step):
            self._outgoing[step] = asyncio.create_task(self._deliver(step, template))

    def is_out(self, step: str) -> bool:
        """Whether a message is sent, or may be."""
        return self.standing.effects.get(step) in _OUT

    def has_given_up(self, step: str) -> bool:
        """Whether a message, or the notices to colleagues, could not be sent for weeks."""
        return step in self._given_up

    def has_failed(self, step: str) -> bool:
        """Whether a message was refused for good, or could not be sent for weeks."""
        return self.standing.effects.get(step) == EffectState.REFUSED or step in self._given_up

    async def deliver(self, step: str, template: str, unless: Callable[[], bool] = lambda: False) -> None:
        """Send a message and wait until it is out or has failed."""
        if not (self.is_out(step) or self.has_failed(step)):
            self.send(step, template)
        await self.attend(lambda: self.is_out(step) or self.has_failed(step) or unless())

    async def _deliver(self, step: str, template: str | None) -> None:
        try:
            delivery = await self._hand_over_by_day(step, template)
        except ActivityError:
            self._given_up.add(step)
            await self._load()  # it may be that the loop was closed behind our back
        else:
            if delivery is not None:
                self._note(step, delivery)
        finally:
            del self._outgoing[step]
            self._changes += 1

    async def _hand_over_by_day(self, step: str, template: str | None) -> Delivery | None:
        """Hand it over, in the customer's quiet hours at their end; None where the round is over by then."""
        round_, letter = self.standing.round, self.letter(step, template)
        while (delivery := await self._hand_over(letter)).later is not None:
            with suppress(TimeoutError):
                await workflow.wait_condition(
                    lambda: self.closed or self.standing.round != round_,
                    timeout=delivery.later - workflow.now(),
                    timeout_summary=f"{step} waits for the end of the quiet hours",
                )
            if self.closed or self.standing.round != round_:
                return None
        return delivery

    async def _hand_over(self, letter: Send) -> Delivery:
        now = letter.model_copy(update={"at": workflow.now()})
        return await send(MessageActivities.send_message, now)

    def letter(self, step: str, template: str | None) -> Send:
        """What is handed over to be sent. A step adds what its own messages carry to that of `super()`."""
        return Send(
            loop=self.loop, round=self.standing.round, step=step, template=template, at=workflow.now()
        )

    async def begin_anew(self) -> None:
        """Begin the loop's next round in a run of its own, once everything of this one is finished."""
        await workflow.wait_condition(lambda: not self._outgoing and workflow.all_handlers_finished())
        workflow.continue_as_new(self._ref)

    def _note(self, step: str, delivery: Delivery) -> None:
        effects = {**self.standing.effects, step: delivery.state}
        self._standing = self.standing.model_copy(update={"effects": effects})


def _severity(standing: Standing | None) -> str | None:
    return standing.case.severity if standing and standing.case else None
