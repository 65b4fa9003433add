"""The first tables."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from boucle.engine import ledger_triggers
from boucle.engine.columns import Instant

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create every table, in the order of their references."""
    _budget()
    _bundle()
    _customer()
    _import_run()
    _ledger_event()
    _personal()
    _quarantine()
    _activation()
    _contact()
    _response()
    _decision()
    _revision()
    _score()
    _exposure()
    _loop()
    _observation()
    _reservation()
    _command()
    _effect()
    _outbox()
    ledger_triggers.install(op.get_bind())


def _budget() -> None:
    op.create_table(
        "budget",
        sa.Column("id", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_budget")),
    )


def _bundle() -> None:
    op.create_table(
        "bundle",
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("sources", sa.JSON(), nullable=False),
        sa.Column("first_used_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_bundle")),
    )


def _customer() -> None:
    op.create_table(
        "customer",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.Column("sources", sa.JSON(), nullable=False),
        sa.Column("tags", sa.JSON(), nullable=False),
        sa.Column("first_seen_at", Instant(), nullable=False),
        sa.Column("updated_at", Instant(), nullable=False),
        sa.Column("merged_into", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(["merged_into"], ["customer.id"], name=op.f("fk_customer_merged_into")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_customer")),
        sa.UniqueConstraint("source", "key", name=op.f("uq_customer_source_key")),
    )
    op.create_index(op.f("ix_customer_merged_into"), "customer", ["merged_into"], unique=False)


def _import_run() -> None:
    op.create_table(
        "import_run",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("file", sa.String(), nullable=False),
        sa.Column("file_digest", sa.String(), nullable=False),
        sa.Column("map_digest", sa.String(), nullable=False),
        sa.Column("mode", sa.String(), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("started_at", Instant(), nullable=False),
        sa.Column("ended_at", Instant(), nullable=True),
        sa.Column("counts", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_import_run")),
    )


def _ledger_event() -> None:
    op.create_table(
        "ledger_event",
        sa.Column("chain", sa.String(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("type", sa.String(), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("recorded_at", Instant(), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("payload", sa.Text(), nullable=False),
        sa.Column("commitments", sa.Text(), nullable=False),
        sa.Column("previous", sa.String(), nullable=False),
        sa.Column("hash", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("chain", "seq", name=op.f("pk_ledger_event")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_ledger_event_at"), "ledger_event", ["at"], unique=False)


def _personal() -> None:
    op.create_table(
        "personal",
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("scope", sa.String(), nullable=False),
        sa.Column("field", sa.String(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("salt", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("subject", "scope", "field", name=op.f("pk_personal")),
    )
    op.create_index(op.f("ix_personal_scope"), "personal", ["scope"], unique=False)


def _quarantine() -> None:
    op.create_table(
        "quarantine",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("source_id", sa.String(), nullable=False),
        sa.Column("content_digest", sa.String(), nullable=False),
        sa.Column("reasons", sa.JSON(), nullable=False),
        sa.Column("origin", sa.String(), nullable=True),
        sa.Column("payload", sa.Text(), nullable=False),
        sa.Column("owner", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("mode", sa.String(), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("due_at", Instant(), nullable=False),
        sa.CheckConstraint("mode IN ('act', 'record_only', 'act_on_old')", name=op.f("ck_quarantine_mode")),
        sa.CheckConstraint("state IN ('waiting', 'decided', 'dropped')", name=op.f("ck_quarantine_state")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_quarantine")),
        sa.UniqueConstraint(
            "source",
            "source_id",
            "content_digest",
            name=op.f("uq_quarantine_source_source_id_content_digest"),
        ),
    )


def _activation() -> None:
    op.create_table(
        "activation",
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("bundle", sa.String(), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("previous", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(["bundle"], ["bundle.digest"], name=op.f("fk_activation_bundle")),
        sa.ForeignKeyConstraint(["previous"], ["bundle.digest"], name=op.f("fk_activation_previous")),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_activation")),
    )


def _contact() -> None:
    op.create_table(
        "contact",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("customer_id", sa.String(), nullable=True),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.Column("sources", sa.JSON(), nullable=False),
        sa.Column("first_seen_at", Instant(), nullable=False),
        sa.Column("updated_at", Instant(), nullable=False),
        sa.Column("merged_into", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name=op.f("fk_contact_customer_id")),
        sa.ForeignKeyConstraint(["merged_into"], ["contact.id"], name=op.f("fk_contact_merged_into")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contact")),
        sa.UniqueConstraint("source", "key", name=op.f("uq_contact_source_key")),
    )
    op.create_index(op.f("ix_contact_customer_id"), "contact", ["customer_id"], unique=False)
    op.create_index(op.f("ix_contact_merged_into"), "contact", ["merged_into"], unique=False)


def _response() -> None:
    op.create_table(
        "response",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("source_id", sa.String(), nullable=False),
        sa.Column("customer_id", sa.String(), nullable=True),
        sa.Column("contact_id", sa.String(), nullable=True),
        sa.Column("responded_at", Instant(), nullable=False),
        sa.Column("accepted_at", Instant(), nullable=False),
        sa.Column("dating", sa.String(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("chain", sa.String(), nullable=False),
        sa.CheckConstraint("dating IN ('given', 'ambiguous', 'stated')", name=op.f("ck_response_dating")),
        sa.ForeignKeyConstraint(["contact_id"], ["contact.id"], name=op.f("fk_response_contact_id")),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name=op.f("fk_response_customer_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_response")),
        sa.UniqueConstraint("source", "source_id", name=op.f("uq_response_source_source_id")),
    )
    op.create_index("ix_response_contact_time", "response", ["contact_id", "responded_at"], unique=False)
    op.create_index("ix_response_customer_time", "response", ["customer_id", "responded_at"], unique=False)
    op.create_index(op.f("ix_response_responded_at"), "response", ["responded_at"], unique=False)


def _decision() -> None:
    op.create_table(
        "decision",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("response_id", sa.String(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("bundle", sa.String(), nullable=False),
        sa.Column("outcome", sa.String(), nullable=False),
        sa.Column("rule_set", sa.String(), nullable=True),
        sa.Column("winner", sa.String(), nullable=True),
        sa.Column("blocked_by", sa.String(), nullable=True),
        sa.Column("reason", sa.String(), nullable=True),
        sa.Column("loop_id", sa.String(), nullable=True),
        sa.Column("deferred_until", Instant(), nullable=True),
        sa.Column("deferred_by", sa.String(), nullable=True),
        sa.Column("reserves", sa.Integer(), nullable=False),
        sa.Column("record", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "outcome IN ('starts', 'joined', 'blocked', 'nothing', 'kept')", name=op.f("ck_decision_outcome")
        ),
        sa.ForeignKeyConstraint(["bundle"], ["bundle.digest"], name=op.f("fk_decision_bundle")),
        sa.ForeignKeyConstraint(["response_id"], ["response.id"], name=op.f("fk_decision_response_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_decision")),
        sa.UniqueConstraint("response_id", "revision", name=op.f("uq_decision_response_id_revision")),
    )
    op.create_index(op.f("ix_decision_at"), "decision", ["at"], unique=False)
    op.create_index(op.f("ix_decision_loop_id"), "decision", ["loop_id"], unique=False)


def _revision() -> None:
    op.create_table(
        "revision",
        sa.Column("response_id", sa.String(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("content_digest", sa.String(), nullable=False),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.Column("accepted_at", Instant(), nullable=False),
        sa.Column("chain", sa.String(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["response_id"], ["response.id"], name=op.f("fk_revision_response_id")),
        sa.PrimaryKeyConstraint("response_id", "number", name=op.f("pk_revision")),
    )


def _score() -> None:
    op.create_table(
        "score",
        sa.Column("response_id", sa.String(), nullable=False),
        sa.Column("fact", sa.String(), nullable=False),
        sa.Column("metric", sa.String(), nullable=False),
        sa.Column("value", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["response_id"], ["response.id"], name=op.f("fk_score_response_id")),
        sa.PrimaryKeyConstraint("response_id", "fact", name=op.f("pk_score")),
    )
    op.create_index("ix_score_fact_value", "score", ["fact", "value"], unique=False)


def _exposure() -> None:
    op.create_table(
        "exposure",
        sa.Column("decision_id", sa.String(), nullable=False),
        sa.Column("holdout", sa.String(), nullable=False),
        sa.Column("contact_id", sa.String(), nullable=False),
        sa.Column("arm", sa.String(), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.CheckConstraint("arm IN ('treated', 'held_out')", name=op.f("ck_exposure_arm")),
        sa.ForeignKeyConstraint(["contact_id"], ["contact.id"], name=op.f("fk_exposure_contact_id")),
        sa.ForeignKeyConstraint(["decision_id"], ["decision.id"], name=op.f("fk_exposure_decision_id")),
        sa.PrimaryKeyConstraint("decision_id", "holdout", name=op.f("pk_exposure")),
    )
    op.create_index(op.f("ix_exposure_contact_id"), "exposure", ["contact_id"], unique=False)
    op.create_index("ix_exposure_holdout", "exposure", ["holdout", "arm"], unique=False)


def _loop() -> None:
    op.create_table(
        "loop",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("response_id", sa.String(), nullable=False),
        sa.Column("decision_id", sa.String(), nullable=False),
        sa.Column("customer_id", sa.String(), nullable=True),
        sa.Column("contact_id", sa.String(), nullable=True),
        sa.Column("rule_set", sa.String(), nullable=False),
        sa.Column("rule", sa.String(), nullable=False),
        sa.Column("play", sa.String(), nullable=False),
        sa.Column("plan", sa.Text(), nullable=False),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("first_score", sa.Integer(), nullable=True),
        sa.Column("metric", sa.String(), nullable=True),
        sa.Column("scale_low", sa.Integer(), nullable=True),
        sa.Column("scale_high", sa.Integer(), nullable=True),
        sa.Column("answer", sa.Integer(), nullable=True),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("stage", sa.String(), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("opened_at", Instant(), nullable=False),
        sa.Column("round_opened_at", Instant(), nullable=False),
        sa.Column("deferred_until", Instant(), nullable=True),
        sa.Column("least_severity", sa.String(), nullable=True),
        sa.Column("reopened_for", sa.String(), nullable=True),
        sa.Column("next_due", Instant(), nullable=True),
        sa.Column("closed_at", Instant(), nullable=True),
        sa.Column("closure", sa.String(), nullable=True),
        sa.Column("closed_by", sa.String(), nullable=True),
        sa.Column("merged_into", sa.String(), nullable=True),
        sa.CheckConstraint(
            "(state = 'closed') = (closure IS NOT NULL)", name=op.f("ck_loop_closed_has_closure")
        ),
        sa.CheckConstraint(
            "closure IS NULL OR closure IN ('recovered', 'not_recovered', 'unreachable', "
            "'no_answer', 'declined', 'false_alarm', 'withdrawn', 'completed')",
            name=op.f("ck_loop_closure"),
        ),
        sa.CheckConstraint(
            "least_severity IN ('low', 'medium', 'high', 'critical')", name=op.f("ck_loop_least_severity")
        ),
        sa.CheckConstraint("state IN ('open', 'in_progress', 'closed')", name=op.f("ck_loop_state")),
        sa.CheckConstraint("round >= 1", name=op.f("ck_loop_round")),
        sa.ForeignKeyConstraint(["contact_id"], ["contact.id"], name=op.f("fk_loop_contact_id")),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name=op.f("fk_loop_customer_id")),
        sa.ForeignKeyConstraint(["decision_id"], ["decision.id"], name=op.f("fk_loop_decision_id")),
        sa.ForeignKeyConstraint(["merged_into"], ["loop.id"], name=op.f("fk_loop_merged_into")),
        sa.ForeignKeyConstraint(["response_id"], ["response.id"], name=op.f("fk_loop_response_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_loop")),
    )
    op.create_index(op.f("ix_loop_contact_id"), "loop", ["contact_id"], unique=False)
    op.create_index(op.f("ix_loop_customer_id"), "loop", ["customer_id"], unique=False)
    op.create_index(op.f("ix_loop_merged_into"), "loop", ["merged_into"], unique=False)
    op.create_index(op.f("ix_loop_opened_at"), "loop", ["opened_at"], unique=False)
    op.create_index(op.f("ix_loop_response_id"), "loop", ["response_id"], unique=False)
    op.create_index("ix_loop_state_due", "loop", ["state", "next_due"], unique=False)


def _observation() -> None:
    op.create_table(
        "observation",
        sa.Column("decision_id", sa.String(), nullable=False),
        sa.Column("rule", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["decision_id"], ["decision.id"], name=op.f("fk_observation_decision_id")),
        sa.PrimaryKeyConstraint("decision_id", "rule", name=op.f("pk_observation")),
    )


def _reservation() -> None:
    op.create_table(
        "reservation",
        sa.Column("decision_id", sa.String(), nullable=False),
        sa.Column("gate", sa.String(), nullable=False),
        sa.Column("party_kind", sa.String(), nullable=True),
        sa.Column("party", sa.String(), nullable=True),
        sa.Column("period", sa.String(), nullable=True),
        sa.Column("minor", sa.BigInteger(), nullable=True),
        sa.Column("currency", sa.String(), nullable=True),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("ended_at", Instant(), nullable=True),
        sa.Column("problem", sa.String(), nullable=True),
        sa.CheckConstraint("party_kind IN ('contact', 'customer')", name=op.f("ck_reservation_party_kind")),
        sa.CheckConstraint("state IN ('held', 'used', 'released')", name=op.f("ck_reservation_state")),
        sa.CheckConstraint("minor >= 0", name=op.f("ck_reservation_minor")),
        sa.ForeignKeyConstraint(["decision_id"], ["decision.id"], name=op.f("fk_reservation_decision_id")),
        sa.PrimaryKeyConstraint("decision_id", "gate", name=op.f("pk_reservation")),
    )
    op.create_index("ix_reservation_gate", "reservation", ["gate", "at"], unique=False)
    op.create_index("ix_reservation_party", "reservation", ["party", "at"], unique=False)


def _command() -> None:
    op.create_table(
        "command",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("loop_id", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("recorded_at", Instant(), nullable=False),
        sa.Column("details", sa.JSON(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=True),
        sa.Column("applied_at", Instant(), nullable=True),
        sa.CheckConstraint(
            "kind IN ('claim', 'assign', 'attempt', 'note', 'snooze', 'wait', 'resume', "
            "'promise', 'keep', 'ask', 'finish', 'grant', 'cancel', 'approve', 'refuse', "
            "'redeem', 'answer', 'reply', 'join', 'refer', 'testify', 'settle', 'close', "
            "'withdraw', 'merge', 'reopen')",
            name=op.f("ck_command_kind"),
        ),
        sa.CheckConstraint("state IN ('recorded', 'applied', 'refused')", name=op.f("ck_command_state")),
        sa.ForeignKeyConstraint(["loop_id"], ["loop.id"], name=op.f("fk_command_loop_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_command")),
    )
    op.create_index("ix_command_loop", "command", ["loop_id"], unique=False)


def _effect() -> None:
    op.create_table(
        "effect",
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("loop_id", sa.String(), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("step", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("spec", sa.JSON(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("intended_at", Instant(), nullable=False),
        sa.Column("receipt_at", Instant(), nullable=True),
        sa.Column("receipt", sa.JSON(), nullable=False),
        sa.Column("settled_by", sa.String(), nullable=True),
        sa.Column("mark", sa.String(), nullable=False),
        sa.CheckConstraint("kind IN ('customer', 'offer', 'staff')", name=op.f("ck_effect_kind")),
        sa.CheckConstraint(
            "state IN ('intended', 'done', 'unconfirmed', 'refused', 'released', "
            "'settled_sent', 'settled_not_sent')",
            name=op.f("ck_effect_state"),
        ),
        sa.ForeignKeyConstraint(["loop_id"], ["loop.id"], name=op.f("fk_effect_loop_id")),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_effect")),
        sa.UniqueConstraint("loop_id", "round", "step", name=op.f("uq_effect_loop_id_round_step")),
    )
    op.create_index(op.f("ix_effect_mark"), "effect", ["mark"], unique=False)
    op.create_index("ix_effect_state", "effect", ["state"], unique=False)


def _outbox() -> None:
    op.create_table(
        "outbox",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("loop_id", sa.String(), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("command_id", sa.String(), nullable=True),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("again", sa.Boolean(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("not_before", Instant(), nullable=True),
        sa.Column("next_try_at", Instant(), nullable=True),
        sa.Column("done_at", Instant(), nullable=True),
        sa.Column("problem", sa.String(), nullable=True),
        sa.CheckConstraint("kind IN ('start', 'act')", name=op.f("ck_outbox_kind")),
        sa.CheckConstraint("state IN ('pending', 'started', 'refused')", name=op.f("ck_outbox_state")),
        sa.ForeignKeyConstraint(["command_id"], ["command.id"], name=op.f("fk_outbox_command_id")),
        sa.ForeignKeyConstraint(["loop_id"], ["loop.id"], name=op.f("fk_outbox_loop_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox")),
    )
    op.create_index("ix_outbox_loop", "outbox", ["loop_id", "state", "kind", "at"], unique=False)
    op.create_index("ix_outbox_state", "outbox", ["state", "at"], unique=False)
