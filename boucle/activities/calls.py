"""What plays hand to activities and get back: ids, closed-list values and instants, nothing personal.

`at` is always the loop's own instant, `workflow.now()`: activities read no clock.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Literal

from boucle.model import (
    ActKind,
    CaseSeverity,
    ClockKind,
    Closure,
    Duration,
    EffectState,
    Frozen,
    Money,
    QuestionKind,
)
from boucle.terms import CaseTerms


class Clock(Frozen):
    """A clock to start: `within` in business time runs on the team's clock, else on the customer's."""

    kind: ClockKind
    within: Duration


class Advance(Frozen):
    """Go on to a stage, and start its clocks; the clock `met` has been waited for, `missed` has run out.

    `round` is the one that the play speaks of; None: the present one. `leaves` is the stage in which the play
    believes the loop to be; None: whichever.
    """

    loop: str
    stage: str
    at: datetime
    clocks: tuple[Clock, ...] = ()
    met: ClockKind | None = None
    missed: ClockKind | None = None
    round: int | None = None
    leaves: str | None = None


class OpenCase(Frozen):
    """Open the round's case for a team and go on to `stage`; `to_lead` gives it to the lead at once.

    `verify_after`: so long after it is concluded the customer is asked. `terms`: who is told when.
    """

    loop: str
    round: int
    stage: str
    team: str
    severity: CaseSeverity
    to_lead: bool
    verify_after: Duration | None = None
    clocks: tuple[Clock, ...]
    at: datetime
    skill: str | None = None
    terms: CaseTerms = CaseTerms()


class LookAfter(Frozen):
    """Do what the terms of the round's case ask for by now."""

    loop: str
    round: int
    at: datetime


class Wake(Frozen):
    """A snooze, or a wait for the customer, is over."""

    loop: str
    round: int
    at: datetime


class PromiseDue(Frozen):
    """A promise is due soon, or was not kept in time; `step` is the notice of it."""

    loop: str
    round: int
    promise: int
    step: str
    at: datetime


class Close(Frozen):
    """Close the loop; `closure` None: as the answer to the follow-up question says.

    `round` is the one that the play speaks of; None: the present one.
    """

    loop: str
    at: datetime
    closure: Closure | None = None
    round: int | None = None


class JudgeAnswer(Frozen):
    """Say what the answer to a step's question means; by what else than the score it names a problem."""

    loop: str
    round: int
    step: str
    problem_below: int | None = None
    problem_words: tuple[str, ...] = ()


class Judged(Frozen):
    """`still_low`: the answer is no better than the score that began the loop; `problem`: it names one."""

    still_low: bool
    problem: bool


class FinishFollowUp(Frozen):
    """End a round whose case is concluded, as the customer has answered, or has not."""

    loop: str
    round: int
    if_still_low: Literal["reopen", "escalate", "accept"]
    at: datetime


class Interrupt(Frozen):
    """The run of an open loop is ended from outside: `how` is a code, `reason` what was said of it."""

    loop: str
    how: str
    at: datetime
    reason: str | None = None


class TaskDue(Frozen):
    """A task is due soon, or was not done in time: see the step, and `engine.notices`."""

    loop: str
    round: int
    task: str
    step: str
    at: datetime


class TellStep(Frozen):
    """A step of a sequence tells a team, or a person, what its rule says: a text, or a template."""

    loop: str
    round: int
    step: str
    at: datetime
    team: str | None = None
    person: str | None = None
    text: str | None = None
    template: str | None = None


class ApplyAct(Frozen):
    """Apply an act that is recorded in the database."""

    loop: str
    round: int
    command: str
    kind: ActKind
    at: datetime


class Grant(Frozen):
    """Grant the loop's one offer. `label` says by language what it is, where its kind does not."""

    loop: str
    round: int
    step: str
    kind: str
    value: Money | None
    valid_for: Duration
    at: datetime
    label: Mapping[str, str] = {}


class Propose(Frozen):
    """Ask somebody to approve an offer within some time; `team`: its lead is asked."""

    offer: Grant
    within: Duration
    team: str | None = None


class Approval(Frozen):
    """A proposal whose approver is to be reminded (`reminder` tells one from another), or that has lapsed."""

    loop: str
    round: int
    step: str
    at: datetime
    reminder: str | None = None


class Send(Frozen):
    """Send a message to the customer; `template` None: the one written down at the first try.

    `asks`: it asks a question, which can be answered for `answer_within`; `about` is the step of the
    question that it asks, or reminds of. `refers`: it names the loop's referral code.
    """

    loop: str
    round: int
    step: str
    at: datetime
    template: str | None = None
    asks: QuestionKind | None = None
    answer_within: Duration | None = None
    about: str | None = None
    refers: bool = False


class Tell(Frozen):
    """Tell colleagues all that was written down for them and can be told now."""

    loop: str
    round: int
    at: datetime


class Told(Frozen):
    """What became of each notice, by its step. `later`: whoever it is for does not work before."""

    states: Mapping[str, EffectState] = {}
    later: Mapping[str, datetime] = {}


class Delivery(Frozen):
    """What became of a message. `later`: nothing yet, the customer's quiet hours end at this instant."""

    state: EffectState
    later: datetime | None = None
