"""Every table. Table models don't validate, so enumerations and ranges are CHECK constraints.

Personal values lie in `personal` alone (and in `quarantine.payload` until it is decided): erasing a
person is deleting rows there. Money is integer minor units beside its currency.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, CheckConstraint, Column, Index, Text, UniqueConstraint
from sqlmodel import Field, SQLModel

from boucle.engine.columns import Instant
from boucle.model import (
    ActKind,
    Closure,
    EffectKind,
    EffectState,
    LoopState,
)

SEVERITIES = ("low", "medium", "high", "critical")
"""How bad a case is, the least first."""

# Every constraint has a name, and the same one on both databases: a migration can then find it.
SQLModel.metadata.naming_convention = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


def one_of(column: str, values: Iterable[str]) -> CheckConstraint:
    """The column holds one of these values, or nothing."""
    listed = ", ".join(f"'{value}'" for value in values)
    return CheckConstraint(f"{column} IN ({listed})", name=column)


def instant(*, nullable: bool = False, index: bool = False) -> Any:
    """A column of an instant, in UTC."""
    return Field(
        default=None if nullable else ...,
        sa_column=Column(Instant(), nullable=nullable, index=index),
    )


def json() -> Any:
    """A column of plain JSON, empty at first."""
    return Field(default_factory=dict, sa_column=Column(JSON(), nullable=False))


class BundleRow(SQLModel, table=True):
    """A compiled bundle by its digest; `body` is its canonical JSON, `sources` the source map."""

    __tablename__ = "bundle"
    digest: str = Field(primary_key=True)
    body: str = Field(sa_column=Column(Text(), nullable=False))
    sources: dict[str, Any] = json()
    first_used_at: datetime = instant()


class Activation(SQLModel, table=True):
    """Which bundle acts from `at` on, until the next one; `previous` is the digest that acted before."""

    __tablename__ = "activation"
    seq: int = Field(primary_key=True)
    bundle: str = Field(foreign_key="bundle.digest")
    at: datetime = instant()
    actor: str
    reason: str
    previous: str | None = Field(default=None, foreign_key="bundle.digest")


class Customer(SQLModel, table=True):
    """The account that pays. `key` is the source's; `facts` what was last known of it, as plain JSON.

    `sources` says of each fact who said it and since when it is so. `merged_into` is the record that
    goes on for this one; everything that named this one names that one since.
    """

    __tablename__ = "customer"
    __table_args__ = (UniqueConstraint("source", "key"),)
    id: str = Field(primary_key=True)
    source: str
    key: str
    facts: dict[str, Any] = json()
    sources: dict[str, Any] = json()
    tags: dict[str, Any] = json()
    first_seen_at: datetime = instant()
    updated_at: datetime = instant()
    merged_into: str | None = Field(default=None, foreign_key="customer.id", index=True)


class Contact(SQLModel, table=True):
    """The person who answered. Name, address and number lie in `personal`, under this id.

    `sources` and `merged_into` are as those of a customer; `sources` also says who named the customer,
    and the person's name, address and number.
    """

    __tablename__ = "contact"
    __table_args__ = (UniqueConstraint("source", "key"),)
    id: str = Field(primary_key=True)
    source: str
    key: str
    customer_id: str | None = Field(default=None, foreign_key="customer.id", index=True)
    facts: dict[str, Any] = json()
    sources: dict[str, Any] = json()
    first_seen_at: datetime = instant()
    updated_at: datetime = instant()
    merged_into: str | None = Field(default=None, foreign_key="contact.id", index=True)


class Personal(SQLModel, table=True):
    """A personal value with the salt of its commitment. `subject` is a contact's or response's id.

    `scope` says where it is committed: a ledger chain and sequence number, `contact` for the
    person's own data (name, email, phone), or `act` for a free text of an act.
    """

    __tablename__ = "personal"
    subject: str = Field(primary_key=True)
    scope: str = Field(primary_key=True, index=True)
    field: str = Field(primary_key=True)
    value: str = Field(sa_column=Column(Text(), nullable=False))
    salt: str


class ImportRun(SQLModel, table=True):
    """One run of `boucle import`: which file, under which map, by whom, and what came of it."""

    __tablename__ = "import_run"
    id: str = Field(primary_key=True)
    file: str
    file_digest: str
    map_digest: str
    mode: str
    actor: str
    started_at: datetime = instant()
    ended_at: datetime | None = instant(nullable=True)
    counts: dict[str, Any] = json()


class ResponseRow(SQLModel, table=True):
    """One response, once. `revision` is its latest; the decided one is revision 1 for now."""

    __tablename__ = "response"
    __table_args__ = (
        UniqueConstraint("source", "source_id"),
        one_of("dating", ("given", "ambiguous", "stated")),
        Index("ix_response_customer_time", "customer_id", "responded_at"),
        Index("ix_response_contact_time", "contact_id", "responded_at"),
    )
    id: str = Field(primary_key=True)
    source: str
    source_id: str
    customer_id: str | None = Field(default=None, foreign_key="customer.id")
    contact_id: str | None = Field(default=None, foreign_key="contact.id")
    responded_at: datetime = instant(index=True)
    accepted_at: datetime = instant()
    dating: str = "given"
    revision: int = 1
    chain: str


class Revision(SQLModel, table=True):
    """One content of a response. `facts` are the known facts that are not pii, as plain JSON.

    `chain` and `seq` name the ledger event that accepted it, which commits to what is personal of it.
    """

    __tablename__ = "revision"
    response_id: str = Field(primary_key=True, foreign_key="response.id")
    number: int = Field(primary_key=True)
    content_digest: str
    facts: dict[str, Any] = json()
    accepted_at: datetime = instant()
    chain: str
    seq: int


class ScoreRow(SQLModel, table=True):
    """One score of the latest revision of a response, for the figures."""

    __tablename__ = "score"
    __table_args__ = (Index("ix_score_fact_value", "fact", "value"),)
    response_id: str = Field(primary_key=True, foreign_key="response.id")
    fact: str = Field(primary_key=True)
    metric: str
    value: int


class DecisionRow(SQLModel, table=True):
    """One decision for one revision. `record` is the canonical JSON of `model.Decision`.

    `loop_id` is the loop that it started or joined; `deferred_by` the gate that makes a start wait
    until `deferred_until`; `reserves` how many rows of `reservation` it took.
    """

    __tablename__ = "decision"
    __table_args__ = (
        UniqueConstraint("response_id", "revision"),
        one_of("outcome", ("starts", "joined", "blocked", "nothing", "kept")),
    )
    id: str = Field(primary_key=True)
    response_id: str = Field(foreign_key="response.id")
    revision: int
    at: datetime = instant(index=True)
    bundle: str = Field(foreign_key="bundle.digest")
    outcome: str
    rule_set: str | None = None
    winner: str | None = None
    blocked_by: str | None = None
    reason: str | None = None
    loop_id: str | None = Field(default=None, index=True)
    deferred_until: datetime | None = instant(nullable=True)
    deferred_by: str | None = None
    reserves: int = 0
    record: str = Field(sa_column=Column(Text(), nullable=False))


class ObservationRow(SQLModel, table=True):
    """A rule in `mode: observe` that held at a decision."""

    __tablename__ = "observation"
    decision_id: str = Field(primary_key=True, foreign_key="decision.id")
    rule: str = Field(primary_key=True)


class ExposureRow(SQLModel, table=True):
    """In which arm of a holdout a contact was when a decision came to it."""

    __tablename__ = "exposure"
    __table_args__ = (
        one_of("arm", ("treated", "held_out")),
        Index("ix_exposure_holdout", "holdout", "arm"),
    )
    decision_id: str = Field(primary_key=True, foreign_key="decision.id")
    holdout: str = Field(primary_key=True)
    contact_id: str = Field(foreign_key="contact.id", index=True)
    arm: str
    at: datetime = instant()


class BudgetRow(SQLModel, table=True):
    """What is locked by whoever looks up what is left of a budget; its figures are the reservations."""

    __tablename__ = "budget"
    id: str = Field(primary_key=True)


class ReservationRow(SQLModel, table=True):
    """What a starting decision takes of a cap, or of a budget, by the gate's id.

    Of a cap: for which `party`, a contact or a customer (None where the response names none). Of a
    budget: the amount, and the calendar `period` whose budget it is, by its first day. `held` until
    Temporal was told to start, then `used`; `released` when the start was refused for good.
    """

    __tablename__ = "reservation"
    __table_args__ = (
        one_of("party_kind", ("contact", "customer")),
        one_of("state", ("held", "used", "released")),
        CheckConstraint("minor >= 0", name="minor"),
        Index("ix_reservation_party", "party", "at"),
        Index("ix_reservation_gate", "gate", "at"),
    )
    decision_id: str = Field(primary_key=True, foreign_key="decision.id")
    gate: str = Field(primary_key=True)
    party_kind: str | None = None
    party: str | None = None
    period: str | None = None
    minor: int | None = Field(default=None, sa_column=Column(BigInteger(), nullable=True))
    currency: str | None = None
    at: datetime = instant()
    state: str = "held"
    ended_at: datetime | None = instant(nullable=True)
    problem: str | None = None


class QuarantineRow(SQLModel, table=True):
    """A response that does not fit the catalogue: nothing dropped, no rule has seen it.

    `mode` is that of the intake that brought it, and holds when it is decided after a mend.
    """

    __tablename__ = "quarantine"
    __table_args__ = (
        UniqueConstraint("source", "source_id", "content_digest"),
        one_of("state", ("waiting", "decided", "dropped")),
        one_of("mode", ("act", "record_only", "act_on_old")),
    )
    id: str = Field(primary_key=True)
    source: str
    source_id: str
    content_digest: str
    reasons: list[Any] = Field(default_factory=list, sa_column=Column(JSON(), nullable=False))
    origin: str | None = None
    payload: str = Field(sa_column=Column(Text(), nullable=False))
    owner: str
    state: str = "waiting"
    mode: str = "act"
    at: datetime = instant()
    due_at: datetime = instant()


class LoopRow(SQLModel, table=True):
    """One follow-up, from the decision to the closure. `plan` is the JSON of `model.Plan`.

    `first_score` is the score of `metric`, on its scale, that began the loop; `answer` the one given
    to the follow-up question of this round, on the same scale. `deferred_until`: it is not to start
    before. `least_severity` is what a response that joined demands of the case of this round.
    `merged_into` is the loop about the same in whose favour this one was closed.
    `reopened_for` is why this round was begun, where boucle itself has begun it.
    """

    __tablename__ = "loop"
    __table_args__ = (
        one_of("state", LoopState),
        one_of("least_severity", SEVERITIES),
        CheckConstraint(
            "closure IS NULL OR closure IN (" + ", ".join(f"'{c}'" for c in Closure) + ")",
            name="closure",
        ),
        CheckConstraint("(state = 'closed') = (closure IS NOT NULL)", name="closed_has_closure"),
        CheckConstraint("round >= 1", name="round"),
        Index("ix_loop_state_due", "state", "next_due"),
    )
    id: str = Field(primary_key=True)
    response_id: str = Field(foreign_key="response.id", index=True)
    decision_id: str = Field(foreign_key="decision.id")
    customer_id: str | None = Field(default=None, foreign_key="customer.id", index=True)
    contact_id: str | None = Field(default=None, foreign_key="contact.id", index=True)
    rule_set: str
    rule: str
    play: str
    plan: str = Field(sa_column=Column(Text(), nullable=False))
    language: str
    first_score: int | None = None
    metric: str | None = None
    scale_low: int | None = None
    scale_high: int | None = None
    answer: int | None = None
    state: str = LoopState.OPEN
    stage: str = "accepted"
    round: int = 1
    opened_at: datetime = instant(index=True)
    round_opened_at: datetime = instant()
    deferred_until: datetime | None = instant(nullable=True)
    least_severity: str | None = None
    reopened_for: str | None = None
    next_due: datetime | None = instant(nullable=True)
    closed_at: datetime | None = instant(nullable=True)
    closure: str | None = None
    closed_by: str | None = None
    merged_into: str | None = Field(default=None, foreign_key="loop.id", index=True)


class CommandRow(SQLModel, table=True):
    """An act, before anything is done about it. Free text lies in `personal`, scope `act`."""

    __tablename__ = "command"
    __table_args__ = (
        one_of("kind", ActKind),
        one_of("state", ("recorded", "applied", "refused")),
        Index("ix_command_loop", "loop_id"),
    )
    id: str = Field(primary_key=True)
    loop_id: str = Field(foreign_key="loop.id")
    kind: str
    actor: str
    at: datetime = instant()
    recorded_at: datetime = instant()
    details: dict[str, Any] = json()
    state: str = "recorded"
    reason: str | None = None
    applied_at: datetime | None = instant(nullable=True)


class EffectRow(SQLModel, table=True):
    """A side effect, written before (intent) and after (receipt). `key` is `loop/round/step`.

    `spec` is all that is needed to do it again: template, audience, language; nothing personal. `mark` is
    what the Message-ID of its mail begins with, by which an answer to it is known.
    """

    __tablename__ = "effect"
    __table_args__ = (
        one_of("kind", EffectKind),
        one_of("state", EffectState),
        UniqueConstraint("loop_id", "round", "step"),
        Index("ix_effect_state", "state"),
    )
    key: str = Field(primary_key=True)
    loop_id: str = Field(foreign_key="loop.id")
    round: int
    step: str
    kind: str
    state: str = EffectState.INTENDED
    spec: dict[str, Any] = json()
    tries: int = 0
    intended_at: datetime = instant()
    receipt_at: datetime | None = instant(nullable=True)
    receipt: dict[str, Any] = json()
    settled_by: str | None = None
    mark: str = Field(default="", index=True)


class OutboxRow(SQLModel, table=True):
    """What Temporal has yet to be told: to start a loop's round, or to take an act.

    `again`: the loop's workflow has run before, so a closed run of the same id is no duplicate.
    `not_before`: the start is deferred until then.
    """

    __tablename__ = "outbox"
    __table_args__ = (
        one_of("kind", ("start", "act")),
        one_of("state", ("pending", "started", "refused")),
        Index("ix_outbox_state", "state", "at"),
        Index("ix_outbox_loop", "loop_id", "state", "kind", "at"),
    )
    id: str = Field(primary_key=True)
    kind: str
    loop_id: str = Field(foreign_key="loop.id")
    round: int = 1
    command_id: str | None = Field(default=None, foreign_key="command.id")
    state: str = "pending"
    again: bool = False
    tries: int = 0
    at: datetime = instant()
    not_before: datetime | None = instant(nullable=True)
    next_try_at: datetime | None = instant(nullable=True)
    done_at: datetime | None = instant(nullable=True)
    problem: str | None = None


class LedgerEvent(SQLModel, table=True):
    """One event of one chain. Never updated, never deleted: triggers refuse it.

    `payload` is canonical JSON (RFC 8785), `commitments` maps each personal field to
    sha256(salt ‖ value); `hash` covers everything before it. No rowid on SQLite: INSERT OR REPLACE
    could otherwise reach a row by it.
    """

    __tablename__ = "ledger_event"
    __table_args__ = ({"sqlite_with_rowid": False},)
    chain: str = Field(primary_key=True)
    seq: int = Field(primary_key=True)
    type: str
    at: datetime = instant(index=True)
    recorded_at: datetime = instant()
    actor: str
    payload: str = Field(sa_column=Column(Text(), nullable=False))
    commitments: str = Field(sa_column=Column(Text(), nullable=False))
    previous: str
    hash: str
