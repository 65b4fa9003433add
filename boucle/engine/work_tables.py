"""The tables of what is done in a loop: cases, clocks, attempts, offers, and what customers answer.

As in `tables`, nothing here is personal.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, Column, Index, UniqueConstraint
from sqlmodel import Field, SQLModel

from boucle.engine.tables import SEVERITIES, instant, one_of
from boucle.model import AttemptResult, Channel, ClockKind, ClockState, RootCause


class CaseRow(SQLModel, table=True):
    """The human side of a loop: who owns it, and how it was closed. One per loop and round.

    `snoozed_until`: it leaves the inbox until then. `waiting_until`: for the customer, so the team's
    clocks are paused, until then at most.
    """

    __tablename__ = "case"
    __table_args__ = (
        one_of("severity", SEVERITIES),
        CheckConstraint(
            "root_cause IS NULL OR root_cause IN (" + ", ".join(f"'{c}'" for c in RootCause) + ")",
            name="root_cause",
        ),
        Index("ix_case_owner", "owner"),
        Index("ix_case_team", "team"),
    )
    loop_id: str = Field(primary_key=True, foreign_key="loop.id")
    round: int = Field(primary_key=True)
    team: str
    owner: str | None = None
    severity: str = "medium"
    escalated_to: str | None = None
    opened_at: datetime = instant()
    claimed_at: datetime | None = instant(nullable=True)
    first_contact_at: datetime | None = instant(nullable=True)
    snoozed_until: datetime | None = instant(nullable=True)
    waiting_until: datetime | None = instant(nullable=True)
    root_cause: str | None = None
    root_cause_detail: str | None = None
    systemic: bool | None = None


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
    """What a customer was granted: one code per loop for ever."""

    __tablename__ = "offer"
    __table_args__ = (
        CheckConstraint("value_minor >= 0", name="value"),
        UniqueConstraint("loop_id"),
    )
    code: str = Field(primary_key=True)
    loop_id: str = Field(foreign_key="loop.id")
    kind: str
    value_minor: int = Field(sa_column=Column(BigInteger(), nullable=False))
    currency: str
    granted_at: datetime = instant()
    valid_until: datetime = instant()
