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
    _case()
    _clock()
    _offer()
    _attempt()
    _commitment()


def _case() -> None:
    op.create_table(
        "case",
        sa.Column("loop_id", sa.String(), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("team", sa.String(), nullable=False),
        sa.Column("owner", sa.String(), nullable=True),
        sa.Column("severity", sa.String(), nullable=False),
        sa.Column("escalated_to", sa.String(), nullable=True),
        sa.Column("opened_at", Instant(), nullable=False),
        sa.Column("claimed_at", Instant(), nullable=True),
        sa.Column("first_contact_at", Instant(), nullable=True),
        sa.Column("snoozed_until", Instant(), nullable=True),
        sa.Column("waiting_until", Instant(), nullable=True),
        sa.Column("root_cause", sa.String(), nullable=True),
        sa.Column("root_cause_detail", sa.String(), nullable=True),
        sa.Column("systemic", sa.Boolean(), nullable=True),
        sa.CheckConstraint(
            "root_cause IS NULL OR root_cause IN ('people', 'process', 'product', 'policy', 'price')",
            name=op.f("ck_case_root_cause"),
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
            "kind IN ('first_contact', 'close', 'follow_up', 'answer', 'commitment')",
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
        sa.Column("value_minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(), nullable=False),
        sa.Column("granted_at", Instant(), nullable=False),
        sa.Column("valid_until", Instant(), nullable=False),
        sa.CheckConstraint("value_minor >= 0", name=op.f("ck_offer_value")),
        sa.ForeignKeyConstraint(["loop_id"], ["loop.id"], name=op.f("fk_offer_loop_id")),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_offer")),
        sa.UniqueConstraint("loop_id", name=op.f("uq_offer_loop_id")),
    )


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
