"""The tables of what is done in a loop."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from boucle.engine.columns import Instant

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create every table, in the order of their references."""
    _absence()
    _approval()
    _case()
    _clock()
    _offer()
    _referral()
    _reply()
    _task()
    _attempt()
    _commitment()
    _question()
    _testimonial()


def _absence() -> None:
    op.create_table(
        "absence",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("person", sa.String(), nullable=False),
        sa.Column("begins_at", Instant(), nullable=False),
        sa.Column("ends_at", Instant(), nullable=True),
        sa.Column("stand_in", sa.String(), nullable=True),
        sa.Column("recorded_at", Instant(), nullable=False),
        sa.Column("recorded_by", sa.String(), nullable=False),
        sa.Column("ended_by", sa.String(), nullable=True),
        sa.CheckConstraint("ends_at IS NULL OR ends_at >= begins_at", name=op.f("ck_absence_order")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_absence")),
    )
    op.create_index("ix_absence_person", "absence", ["person"], unique=False)


def _approval() -> None:
    op.create_table(
        "approval",
        sa.Column("loop_id", sa.String(), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("step", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("value_minor", sa.BigInteger(), nullable=True),
        sa.Column("currency", sa.String(), nullable=True),
        sa.Column("label", sa.JSON(), nullable=False),
        sa.Column("valid_for", sa.String(), nullable=False),
        sa.Column("proposed_by", sa.String(), nullable=False),
        sa.Column("proposed_at", Instant(), nullable=False),
        sa.Column("approver", sa.String(), nullable=True),
        sa.Column("due_at", Instant(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("decided_by", sa.String(), nullable=True),
        sa.Column("decided_at", Instant(), nullable=True),
        sa.CheckConstraint(
            "kind IN ('voucher', 'credit', 'call_back', 'custom')", name=op.f("ck_approval_kind")
        ),
        sa.CheckConstraint(
            "state IN ('waiting', 'approved', 'declined', 'lapsed', 'dropped')",
            name=op.f("ck_approval_state"),
        ),
        sa.CheckConstraint("(value_minor IS NULL) = (currency IS NULL)", name=op.f("ck_approval_money")),
        sa.CheckConstraint("value_minor >= 0", name=op.f("ck_approval_value")),
        sa.ForeignKeyConstraint(["loop_id"], ["loop.id"], name=op.f("fk_approval_loop_id")),
        sa.PrimaryKeyConstraint("loop_id", "round", "step", name=op.f("pk_approval")),
    )
    op.create_index("ix_approval_state", "approval", ["state", "proposed_at"], unique=False)


def _case() -> None:
    op.create_table(
        "case",
        sa.Column("loop_id", sa.String(), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("team", sa.String(), nullable=False),
        sa.Column("owner", sa.String(), nullable=True),
        sa.Column("severity", sa.String(), nullable=False),
        sa.Column("skill", sa.String(), nullable=True),
        sa.Column("escalated_to", sa.String(), nullable=True),
        sa.Column("opened_at", Instant(), nullable=False),
        sa.Column("terms", sa.JSON(), nullable=False),
        sa.Column("watched_from", Instant(), nullable=True),
        sa.Column("claimed_at", Instant(), nullable=True),
        sa.Column("first_contact_at", Instant(), nullable=True),
        sa.Column("snoozed_until", Instant(), nullable=True),
        sa.Column("waiting_until", Instant(), nullable=True),
        sa.Column("next_try_at", Instant(), nullable=True),
        sa.Column("root_cause", sa.String(), nullable=True),
        sa.Column("root_cause_detail", sa.String(), nullable=True),
        sa.Column("systemic", sa.Boolean(), nullable=True),
        sa.Column("verify_after", sa.String(), nullable=True),
        sa.Column("claimed", sa.String(), nullable=True),
        sa.Column("concluded_at", Instant(), nullable=True),
        sa.Column("concluded_by", sa.String(), nullable=True),
        sa.Column("answer_state", sa.String(), nullable=True),
        sa.CheckConstraint(
            "answer_state IN ('answered', 'no_answer', 'declined', 'unasked')",
            name=op.f("ck_case_answer_state"),
        ),
        sa.CheckConstraint(
            "claimed IN ('recovered', 'not_recovered', 'unreachable', 'no_answer', "
            "'declined', 'false_alarm', 'withdrawn', 'completed')",
            name=op.f("ck_case_claimed"),
        ),
        sa.CheckConstraint(
            "severity IN ('low', 'medium', 'high', 'critical')", name=op.f("ck_case_severity")
        ),
        sa.ForeignKeyConstraint(["loop_id"], ["loop.id"], name=op.f("fk_case_loop_id")),
        sa.PrimaryKeyConstraint("loop_id", "round", name=op.f("pk_case")),
    )
    op.create_index("ix_case_owner", "case", ["owner"], unique=False)
    op.create_index("ix_case_team", "case", ["team"], unique=False)


def _clock() -> None:
    op.create_table(
        "clock",
        sa.Column("loop_id", sa.String(), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("started_at", Instant(), nullable=False),
        sa.Column("due_at", Instant(), nullable=False),
        sa.Column("business", sa.Boolean(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("paused_at", Instant(), nullable=True),
        sa.Column("paused_for", sa.Integer(), nullable=False),
        sa.Column("owner", sa.String(), nullable=True),
        sa.Column("ended_at", Instant(), nullable=True),
        sa.CheckConstraint(
            "kind IN ('first_contact', 'close', 'follow_up', 'answer', 'commitment', 'approval')",
            name=op.f("ck_clock_kind"),
        ),
        sa.CheckConstraint(
            "state IN ('running', 'paused', 'met', 'missed', 'stopped')", name=op.f("ck_clock_state")
        ),
        sa.ForeignKeyConstraint(["loop_id"], ["loop.id"], name=op.f("fk_clock_loop_id")),
        sa.PrimaryKeyConstraint("loop_id", "round", "kind", name=op.f("pk_clock")),
    )


def _offer() -> None:
    op.create_table(
        "offer",
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("loop_id", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("value_minor", sa.BigInteger(), nullable=True),
        sa.Column("currency", sa.String(), nullable=True),
        sa.Column("label", sa.JSON(), nullable=False),
        sa.Column("granted_by", sa.String(), nullable=False),
        sa.Column("granted_at", Instant(), nullable=False),
        sa.Column("valid_until", Instant(), nullable=False),
        sa.Column("redeemed_at", Instant(), nullable=True),
        sa.Column("cancelled_at", Instant(), nullable=True),
        sa.CheckConstraint(
            "kind IN ('voucher', 'credit', 'call_back', 'custom')", name=op.f("ck_offer_kind")
        ),
        sa.CheckConstraint("(value_minor IS NULL) = (currency IS NULL)", name=op.f("ck_offer_money")),
        sa.CheckConstraint("value_minor >= 0", name=op.f("ck_offer_value")),
        sa.ForeignKeyConstraint(["loop_id"], ["loop.id"], name=op.f("fk_offer_loop_id")),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_offer")),
        sa.UniqueConstraint("loop_id", name=op.f("uq_offer_loop_id")),
    )
    op.create_index(op.f("ix_offer_granted_at"), "offer", ["granted_at"], unique=False)


def _referral() -> None:
    op.create_table(
        "referral",
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("loop_id", sa.String(), nullable=False),
        sa.Column("invited_at", Instant(), nullable=False),
        sa.Column("made_at", Instant(), nullable=True),
        sa.Column("converted_at", Instant(), nullable=True),
        sa.ForeignKeyConstraint(["loop_id"], ["loop.id"], name=op.f("fk_referral_loop_id")),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_referral")),
        sa.UniqueConstraint("loop_id", name=op.f("uq_referral_loop_id")),
    )


def _reply() -> None:
    op.create_table(
        "reply",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("loop_id", sa.String(), nullable=True),
        sa.Column("round", sa.Integer(), nullable=True),
        sa.Column("effect", sa.String(), nullable=True),
        sa.Column("status", sa.String(), nullable=True),
        sa.Column("problem", sa.String(), nullable=True),
        sa.Column("from_contact", sa.Boolean(), nullable=True),
        sa.Column("attachments", sa.Integer(), nullable=False),
        sa.Column("written_at", Instant(), nullable=False),
        sa.Column("taken_at", Instant(), nullable=False),
        sa.Column("taken_by", sa.String(), nullable=False),
        sa.Column("done_at", Instant(), nullable=True),
        sa.Column("done_by", sa.String(), nullable=True),
        sa.CheckConstraint(
            "kind IN ('reply', 'complaint', 'auto_reply', 'bounce', 'delayed', 'notice', 'own')",
            name=op.f("ck_reply_kind"),
        ),
        sa.ForeignKeyConstraint(["loop_id"], ["loop.id"], name=op.f("fk_reply_loop_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reply")),
        sa.UniqueConstraint("digest", name=op.f("uq_reply_digest")),
    )
    op.create_index("ix_reply_loop", "reply", ["loop_id", "round"], unique=False)
    op.create_index(op.f("ix_reply_taken_at"), "reply", ["taken_at"], unique=False)


def _task() -> None:
    op.create_table(
        "task",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("loop_id", sa.String(), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("owner", sa.String(), nullable=False),
        sa.Column("asked_by", sa.String(), nullable=False),
        sa.Column("opened_at", Instant(), nullable=False),
        sa.Column("due_at", Instant(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("ended_at", Instant(), nullable=True),
        sa.Column("ended_by", sa.String(), nullable=True),
        sa.CheckConstraint("kind IN ('asked', 'reply', 'check')", name=op.f("ck_task_kind")),
        sa.CheckConstraint("state IN ('open', 'done', 'dropped')", name=op.f("ck_task_state")),
        sa.ForeignKeyConstraint(["loop_id"], ["loop.id"], name=op.f("fk_task_loop_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_task")),
    )
    op.create_index("ix_task_loop", "task", ["loop_id"], unique=False)
    op.create_index("ix_task_owner", "task", ["owner", "state"], unique=False)


def _attempt() -> None:
    op.create_table(
        "attempt",
        sa.Column("command_id", sa.String(), nullable=False),
        sa.Column("loop_id", sa.String(), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("result", sa.String(), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("happened_at", Instant(), nullable=False),
        sa.Column("recorded_at", Instant(), nullable=False),
        sa.Column("next_try_at", Instant(), nullable=True),
        sa.CheckConstraint(
            "channel IN ('phone', 'email', 'sms', 'visit', 'chat')", name=op.f("ck_attempt_channel")
        ),
        sa.CheckConstraint(
            "result IN ('reached', 'no_reply', 'left_message', 'wrong_contact', 'refused')",
            name=op.f("ck_attempt_result"),
        ),
        sa.ForeignKeyConstraint(["command_id"], ["command.id"], name=op.f("fk_attempt_command_id")),
        sa.ForeignKeyConstraint(["loop_id"], ["loop.id"], name=op.f("fk_attempt_loop_id")),
        sa.PrimaryKeyConstraint("command_id", name=op.f("pk_attempt")),
    )
    op.create_index("ix_attempt_loop", "attempt", ["loop_id"], unique=False)


def _commitment() -> None:
    op.create_table(
        "commitment",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("loop_id", sa.String(), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("promised_by", sa.String(), nullable=False),
        sa.Column("promised_at", Instant(), nullable=False),
        sa.Column("due_at", Instant(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("owner", sa.String(), nullable=True),
        sa.Column("ended_at", Instant(), nullable=True),
        sa.CheckConstraint(
            "state IN ('running', 'paused', 'met', 'missed', 'stopped')", name=op.f("ck_commitment_state")
        ),
        sa.ForeignKeyConstraint(["id"], ["command.id"], name=op.f("fk_commitment_id")),
        sa.ForeignKeyConstraint(["loop_id"], ["loop.id"], name=op.f("fk_commitment_loop_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_commitment")),
        sa.UniqueConstraint("loop_id", "number", name=op.f("uq_commitment_loop_id_number")),
    )


def _question() -> None:
    op.create_table(
        "question",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("loop_id", sa.String(), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("step", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("asked_at", Instant(), nullable=False),
        sa.Column("expires_at", Instant(), nullable=False),
        sa.Column("answered_at", Instant(), nullable=True),
        sa.Column("answered_by", sa.String(), nullable=True),
        sa.Column("score", sa.Integer(), nullable=True),
        sa.Column("has_text", sa.Boolean(), nullable=False),
        sa.Column("declined", sa.Boolean(), nullable=False),
        sa.CheckConstraint("kind IN ('score', 'open', 'invitation')", name=op.f("ck_question_kind")),
        sa.ForeignKeyConstraint(["answered_by"], ["command.id"], name=op.f("fk_question_answered_by")),
        sa.ForeignKeyConstraint(["loop_id"], ["loop.id"], name=op.f("fk_question_loop_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_question")),
        sa.UniqueConstraint("loop_id", "round", "step", name=op.f("uq_question_loop_id_round_step")),
    )


def _testimonial() -> None:
    op.create_table(
        "testimonial",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("loop_id", sa.String(), nullable=False),
        sa.Column("given_at", Instant(), nullable=False),
        sa.Column("may_publish", sa.Boolean(), nullable=False),
        sa.Column("withdrawn_at", Instant(), nullable=True),
        sa.ForeignKeyConstraint(["id"], ["command.id"], name=op.f("fk_testimonial_id")),
        sa.ForeignKeyConstraint(["loop_id"], ["loop.id"], name=op.f("fk_testimonial_loop_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_testimonial")),
    )
    op.create_index("ix_testimonial_loop", "testimonial", ["loop_id"], unique=False)
