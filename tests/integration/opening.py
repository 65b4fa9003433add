"""A loop as intake opens it, for the tests of what comes after."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlmodel import Session

from boucle.engine import commands, ledger, loops, privacy
from boucle.engine.loops import Scale
from boucle.engine.tables import (
    BundleRow,
    Contact,
    DecisionRow,
    LoopRow,
    ReservationRow,
    ResponseRow,
    Revision,
)
from boucle.model import ActKind, Plan
from boucle.standing import ActOutcome
from tests.calendars import weekdays_9_to_18

AT = datetime(2026, 3, 3, 9, tzinfo=UTC)
"""A Tuesday, ten o'clock in Paris."""

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)

VOUCHERS = "budgets/vouchers"


def open_loop(
    session: Session,
    response: str = "response-1",
    *,
    email: str | None = "ada@example.org",
    at: datetime = AT,
) -> LoopRow:
    """A loop of the play `csm_case` for a contact with an address; without one, an anonymous loop."""
    contact = f"contact-{response}" if email else None
    if contact:
        session.add(Contact(id=contact, source="s", key=contact, first_seen_at=at, updated_at=at))
        privacy.store(session, contact, privacy.CONTACT, {"name": "Ada", "email": email or ""})
    if session.get(BundleRow, "b" * 64) is None:
        session.add(BundleRow(digest="b" * 64, body="{}", first_used_at=at))
    row = ResponseRow(
        id=response, source="s", source_id=response, contact_id=contact, responded_at=at, accepted_at=at,
        chain="intake/u1",
    )  # fmt: skip
    session.flush()
    session.add(row)
    session.flush()
    revision = Revision(
        response_id=response, number=1, content_digest="c", accepted_at=at, chain="intake/u1", seq=1
    )
    session.add(revision)
    decision = DecisionRow(
        id=f"decision-{response}", response_id=response, revision=1, at=at, bundle="b" * 64,
        outcome="starts", record="{}",
    )  # fmt: skip
    session.add(decision)
    session.flush()
    return loops.open_loop(
        session,
        decision_id=decision.id,
        response=row,
        plan=plan(),
        language="fr",
        first_score=3,
        calendar=weekdays_9_to_18("Europe/Paris"),
        intake_chain=ledger.intake_chain("u1"),
        intake_seq=1,
        at=at,
        scale=Scale("nps", 0, 10),
    )


def plan() -> Plan:
    return Plan(
        rule_set="after-delivery", rule="low-score", rule_digest="d" * 64, bundle="b" * 64, play="csm_case",
        timezone="Europe/Paris",
    )  # fmt: skip


def act(
    session: Session,
    loop_id: str,
    kind: ActKind,
    *,
    actor: str = "ada",
    at: datetime = AT,
    text: str | None = None,
    **details: Any,
) -> ActOutcome:
    """Record an act and apply it at once, as with a worker at hand."""
    command = commands.record(
        session, loop_id=loop_id, kind=kind, actor=actor, at=at, recorded_at=at, details=details, text=text
    )
    return commands.apply(session, command.id, at)


def reserve(session: Session, loop: LoopRow, minor: int = 1500, state: str = "held") -> None:
    """Money of this month's budget for vouchers is kept for the decision that opened the loop."""
    session.get_one(DecisionRow, loop.decision_id).reserves = 1
    session.add(
        ReservationRow(
            decision_id=loop.decision_id, gate=VOUCHERS, period="2026-03-01", currency="EUR",
            minor=minor, at=AT, state=state,
        )
    )  # fmt: skip
    session.flush()


def reserved(session: Session, loop: LoopRow) -> str:
    """The state of what was reserved."""
    return session.get_one(ReservationRow, (loop.decision_id, VOUCHERS), populate_existing=True).state


def event_types(session: Session, loop_id: str) -> list[str]:
    return [event.type for event in ledger.history(session, ledger.loop_chain(loop_id))]
