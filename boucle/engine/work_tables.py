"""The tables of what is done in a loop: cases, clocks, attempts, offers, and what customers answer.

As in `tables`, nothing here is personal.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, Column, Index, UniqueConstraint
from sqlmodel import Field, SQLModel

from boucle.engine.tables import SEVERITIES, instant, json, one_of
from boucle.model import (
    AnswerState,
    ApprovalState,
    AttemptResult,
    Channel,
    ClockKind,
    ClockState,
    Closure,
    OfferKind,
    QuestionKind,
    ReplyKind,
    TaskKind,
    TaskState,
)


class CaseRow(SQLModel, table=True):
    """The human side of a loop: who owns it, and how it was closed. One per loop and round.

    `verify_after`: so long after it is concluded the customer is asked, and `claimed` is the closure that
    a person has claimed until then; `answer_state` is what came of asking.

    `snoozed_until`: it leaves the inbox until then. `waiting_until`: for the customer, so the team's
    clocks are paused, until then at most. `next_try_at`: when the customer is to be tried again.

    `terms` says who is told when (`standing.CaseTerms`). `watched_from`: the owner's silence counts from
    here at the earliest; the case became theirs, or came back to them.
    """

    __tablename__ = "case"
    __table_args__ = (
        one_of("severity", SEVERITIES),
        one_of("claimed", Closure),
        one_of("answer_state", AnswerState),
        Index("ix_case_owner", "owner"),
        Index("ix_case_team", "team"),
    )
    loop_id: str = Field(primary_key=True, foreign_key="loop.id")
    round: int = Field(primary_key=True)
    team: str
    owner: str | None = None
    severity: str = "medium"
    skill: str | None = None
    escalated_to: str | None = None
    opened_at: datetime = instant()
    terms: dict[str, Any] = json()
    watched_from: datetime | None = instant(nullable=True)
    claimed_at: datetime | None = instant(nullable=True)
    first_contact_at: datetime | None = instant(nullable=True)
    snoozed_until: datetime | None = instant(nullable=True)
    waiting_until: datetime | None = instant(nullable=True)
    next_try_at: datetime | None = instant(nullable=True)
    root_cause: str | None = None
    root_cause_detail: str | None = None
    systemic: bool | None = None
    verify_after: str | None = None
    claimed: str | None = None
    concluded_at: datetime | None = instant(nullable=True)
    concluded_by: str | None = None
    answer_state: str | None = None


class ClockRow(SQLModel, table=True):
    """A due time of a loop. `business` says whether it was computed on the team's working time.

    `paused_at`: it stands still since then; `paused_for` is how many seconds of working time it stood
    still before. `owner` is who owned the case when it ended.
    """

    __tablename__ = "clock"
    __table_args__ = (one_of("kind", ClockKind), one_of("state", ClockState))
    loop_id: str = Field(primary_key=True, foreign_key="loop.id")
    round: int = Field(primary_key=True)
    kind: str = Field(primary_key=True)
    started_at: datetime = instant()
    due_at: datetime = instant()
    business: bool = False
    state: str = ClockState.RUNNING
    paused_at: datetime | None = instant(nullable=True)
    paused_for: int = 0
    owner: str | None = None
    ended_at: datetime | None = instant(nullable=True)


class CommitmentRow(SQLModel, table=True):
    """What a customer was promised, and by when: a clock of its own. Its text lies with its act.

    `met`: kept, `missed`: broken. `number` tells those of one loop apart, over all its rounds. `owner`
    is who owned the case when it ended.
    """

    __tablename__ = "commitment"
    __table_args__ = (one_of("state", ClockState), UniqueConstraint("loop_id", "number"))
    id: str = Field(primary_key=True, foreign_key="command.id")
    loop_id: str = Field(foreign_key="loop.id")
    round: int
    number: int
    promised_by: str
    promised_at: datetime = instant()
    due_at: datetime = instant()
    state: str = ClockState.RUNNING
    owner: str | None = None
    ended_at: datetime | None = instant(nullable=True)


class ReplyRow(SQLModel, table=True):
    """A mail that came in, once: what it is, and the loop that it belongs to; None where it fits none.

    `digest` is the sha256 of its Message-ID. `effect` is the message of ours that it is about, `status` what
    a mail server says of that (RFC 3463), `problem` why it fits no loop. `from_contact`: its sender is the
    loop's contact. `done_at`: somebody has dealt with it. Who wrote it, and what, lies in `personal`.
    """

    __tablename__ = "reply"
    __table_args__ = (one_of("kind", ReplyKind), Index("ix_reply_loop", "loop_id", "round"))
    id: str = Field(primary_key=True)
    digest: str = Field(unique=True)
    kind: str
    loop_id: str | None = Field(default=None, foreign_key="loop.id")
    round: int | None = None
    effect: str | None = None
    status: str | None = None
    problem: str | None = None
    from_contact: bool | None = None
    attachments: int = 0
    written_at: datetime = instant()
    taken_at: datetime = instant(index=True)
    taken_by: str
    done_at: datetime | None = instant(nullable=True)
    done_by: str | None = None


class TaskRow(SQLModel, table=True):
    """Something that a colleague has to do for a case: what they were asked, or a customer's reply to read.

    `id` is that of the act that it came from. What is to be done stands in that act's text.
    """

    __tablename__ = "task"
    __table_args__ = (
        one_of("kind", TaskKind),
        one_of("state", TaskState),
        Index("ix_task_loop", "loop_id"),
        Index("ix_task_owner", "owner", "state"),
    )
    id: str = Field(primary_key=True)
    loop_id: str = Field(foreign_key="loop.id")
    round: int
    kind: str
    owner: str
    asked_by: str
    opened_at: datetime = instant()
    due_at: datetime = instant()
    state: str = TaskState.OPEN
    ended_at: datetime | None = instant(nullable=True)
    ended_by: str | None = None


class AbsenceRow(SQLModel, table=True):
    """When one of our own people is away, and who stands in. Without an end: until they say they are back."""

    __tablename__ = "absence"
    __table_args__ = (
        CheckConstraint("ends_at IS NULL OR ends_at >= begins_at", name="order"),
        Index("ix_absence_person", "person"),
    )
    id: str = Field(primary_key=True)
    person: str
    begins_at: datetime = instant()
    ends_at: datetime | None = instant(nullable=True)
    stand_in: str | None = None
    recorded_at: datetime = instant()
    recorded_by: str
    ended_by: str | None = None


class AttemptRow(SQLModel, table=True):
    """One try to reach the customer; `happened_at` and `recorded_at` are two instants."""

    __tablename__ = "attempt"
    __table_args__ = (
        one_of("channel", Channel),
        one_of("result", AttemptResult),
        Index("ix_attempt_loop", "loop_id"),
    )
    command_id: str = Field(primary_key=True, foreign_key="command.id")
    loop_id: str = Field(foreign_key="loop.id")
    round: int
    channel: str
    result: str
    actor: str
    happened_at: datetime = instant()
    recorded_at: datetime = instant()
    next_try_at: datetime | None = instant(nullable=True)


class OfferRow(SQLModel, table=True):
    """What a customer was granted: one code per loop for ever. `label` says what it is, by language.

    Whether it has expired is nowhere written: `offers.state_of` says so at an instant.
    """

    __tablename__ = "offer"
    __table_args__ = (
        one_of("kind", OfferKind),
        CheckConstraint("value_minor >= 0", name="value"),
        CheckConstraint("(value_minor IS NULL) = (currency IS NULL)", name="money"),
        UniqueConstraint("loop_id"),
    )
    code: str = Field(primary_key=True)
    loop_id: str = Field(foreign_key="loop.id")
    kind: str
    value_minor: int | None = Field(default=None, sa_column=Column(BigInteger(), nullable=True))
    currency: str | None = None
    label: dict[str, str] = json()
    granted_by: str = "boucle"
    granted_at: datetime = instant(index=True)
    valid_until: datetime = instant()
    redeemed_at: datetime | None = instant(nullable=True)
    cancelled_at: datetime | None = instant(nullable=True)


class ApprovalRow(SQLModel, table=True):
    """An offer that waits, or waited, for somebody to approve it. `step` tells those of a round apart.

    `approver` is who was asked; somebody else with the authority may decide. `due_at`: by when.
    """

    __tablename__ = "approval"
    __table_args__ = (
        one_of("kind", OfferKind),
        one_of("state", ApprovalState),
        CheckConstraint("value_minor >= 0", name="value"),
        CheckConstraint("(value_minor IS NULL) = (currency IS NULL)", name="money"),
        Index("ix_approval_state", "state", "proposed_at"),
    )
    loop_id: str = Field(primary_key=True, foreign_key="loop.id")
    round: int = Field(primary_key=True)
    step: str = Field(primary_key=True)
    kind: str
    value_minor: int | None = Field(default=None, sa_column=Column(BigInteger(), nullable=True))
    currency: str | None = None
    label: dict[str, str] = json()
    valid_for: str
    proposed_by: str
    proposed_at: datetime = instant()
    approver: str | None = None
    due_at: datetime = instant()
    state: str = ApprovalState.WAITING
    decided_by: str | None = None
    decided_at: datetime | None = instant(nullable=True)


class QuestionRow(SQLModel, table=True):
    """A question that a message asks, one per step of a round; its link names `id` and nothing else.

    `score` is on the scale of the loop. `declined`: the customer does not want to answer. What was
    written lies with the act `answered_by`.
    """

    __tablename__ = "question"
    __table_args__ = (one_of("kind", QuestionKind), UniqueConstraint("loop_id", "round", "step"))
    id: str = Field(primary_key=True)
    loop_id: str = Field(foreign_key="loop.id")
    round: int
    step: str
    kind: str = QuestionKind.SCORE
    asked_at: datetime = instant()
    expires_at: datetime = instant()
    answered_at: datetime | None = instant(nullable=True)
    answered_by: str | None = Field(default=None, foreign_key="command.id")
    score: int | None = None
    has_text: bool = False
    declined: bool = False


class ReferralRow(SQLModel, table=True):
    """A customer was invited to refer somebody: one code per loop for ever, followed to its conversion."""

    __tablename__ = "referral"
    __table_args__ = (UniqueConstraint("loop_id"),)
    code: str = Field(primary_key=True)
    loop_id: str = Field(foreign_key="loop.id")
    invited_at: datetime = instant()
    made_at: datetime | None = instant(nullable=True)
    converted_at: datetime | None = instant(nullable=True)


class GivenTestimonial(SQLModel, table=True):
    """What a customer said of us in public, or in private: its text lies with the act `id`.

    `may_publish`: they have said so in so many words; `withdrawn_at`: they have taken that back.
    """

    __tablename__ = "testimonial"
    __table_args__ = (Index("ix_testimonial_loop", "loop_id"),)
    id: str = Field(primary_key=True, foreign_key="command.id")
    loop_id: str = Field(foreign_key="loop.id")
    given_at: datetime = instant()
    may_publish: bool
    withdrawn_at: datetime | None = instant(nullable=True)
