"""Where a loop stands, and acts, as both travel between a play and the database. Nothing personal.

A run that began before a field was added still speaks of the loop, so a new field has a default; one that
is gone is ignored.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Literal

from pydantic import ConfigDict

from boucle.model import ActKind, ClockKind, Closure, EffectState, Frozen, LoopState, Plan

STAFF = "staff-"
"""What the steps of notices to colleagues begin with."""

Severity = Literal["low", "medium", "high", "critical"]
"""How bad a case is, the least first."""


class LoopRef(Frozen):
    """The input of every play: which loop, nothing else; the rest lies in the database."""

    loop: str


class RunningClock(Frozen):
    """A clock of a loop that still runs, and the instant at which it is missed.

    Of several clocks of one kind (commitments), `id` says which.
    """

    kind: ClockKind
    due: datetime
    id: str | None = None
    since: datetime | None = None

    @property
    def name(self) -> str:
        """What tells it from every other clock of the round: `close`, `commitment.1`."""
        return f"{self.kind}.{self.id}" if self.id else str(self.kind)


class Task(Frozen):
    """Something that a colleague has to do for the loop since `since`, not done yet."""

    id: str
    due: datetime | None = None
    since: datetime | None = None


class CaseStanding(Frozen):
    """The case of the present round.

    `signed_at` is the last sign of its owner: the assignment, or an act of theirs since. `waiting`:
    for the customer, so the team's clocks stand still, until `waiting_until` at most. `next_try_at`:
    when the customer is to be tried again. `next_at`: when the terms of the case ask for something next,
    and `next_name` for what.
    """

    severity: Severity
    owned: bool
    signed_at: datetime
    contacted: bool = False
    snoozed_until: datetime | None = None
    waiting: bool = False
    waiting_until: datetime | None = None
    next_try_at: datetime | None = None
    next_at: datetime | None = None
    next_name: str = ""


class Question(Frozen):
    """A question that the customer was asked; `score` and `has_text` once they have answered it.

    `declined`: they do not want to answer.
    """

    step: str
    expires_at: datetime
    asked_at: datetime | None = None
    answered_at: datetime | None = None
    score: int | None = None
    has_text: bool = False
    declined: bool = False


class Standing(Frozen):
    """Where a loop stands, read at the start of every run and after every act.

    `effects` maps the step of each effect of this round to its state. `answer` is the follow-up score,
    once given. `approvals` maps
    the step of an offer to what became of its approval. `replied`: the customer has written back, so
    no message goes out by itself any more. `reopened_for` is why boucle has begun this round; `referral`
    how far the customer's referral has come. `objected`: a message of this round was refused because the
    customer may not be written to. `metric` is that of the score that began the loop.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")  # histories keep what earlier versions wrote

    loop: str
    round: int
    state: LoopState
    stage: str
    plan: Plan
    opened_at: datetime
    closure: Closure | None = None
    clocks: tuple[RunningClock, ...] = ()
    effects: Mapping[str, EffectState] = {}
    assigned: bool = False
    contacted: bool = False
    answer: int | None = None
    reachable: bool = True
    case: CaseStanding | None = None
    questions: tuple[Question, ...] = ()
    approvals: Mapping[str, str] = {}
    tasks: tuple[Task, ...] = ()
    replied: bool = False
    reopened_for: str | None = None
    referral: Literal["made", "converted"] | None = None
    objected: bool = False
    metric: str | None = None


class Act(Frozen):
    """An act as it travels to the play: ids and closed-list values only."""

    command: str
    kind: ActKind
    effect: str | None = None


class ActOutcome(Frozen):
    """What became of an act: applied, or refused with a code and a fixed text."""

    command: str
    applied: bool
    reason: str | None = None
    standing: Standing | None = None
