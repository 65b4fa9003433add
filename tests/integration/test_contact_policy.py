"""How often, and in how many ways, a customer is tried before they count as unreachable; and the next try."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from sqlmodel import Session

from boucle.engine import cases, loops
from boucle.engine.standing import get_standing
from boucle.engine.tables import LoopRow
from boucle.errors import RefusedError
from boucle.model import ActKind, ClockKind, ContactPolicy, Duration, Plan
from tests.integration.opening import AT, DAY, HOUR, act, open_loop


def begin(session: Session, policy: ContactPolicy | None = None) -> LoopRow:
    """A loop with a case, opened under a contact policy, its clocks due in two and three days."""
    loop = open_loop(session)
    plan = Plan.model_validate_json(loop.plan).model_copy(update={"contact": policy})
    loop.plan = plan.model_dump_json()
    session.add(loop)
    clocks = ((ClockKind.FIRST_CONTACT, Duration.parse("48h")), (ClockKind.CLOSE, Duration.parse("72h")))
    loops.advance(session, loop.id, stage="working", at=AT, clocks=clocks)
    cases.open_case(session, loop.id, team="care", severity="medium", at=AT)
    return loop


def call(
    session: Session, loop: LoopRow, at: datetime, channel: str = "phone", again: datetime | None = None
) -> None:
    details: dict[str, Any] = {"channel": channel, "result": "no_reply"}
    details |= {"next_try_at": again} if again else {}
    act(session, loop.id, ActKind.ATTEMPT, at=at, **details)


def closes(session: Session, loop: LoopRow) -> str:
    """What is said to closing the loop as unreachable."""
    try:
        act(
            session, loop.id, ActKind.CLOSE, closure="unreachable", root_cause="product", at=AT + 9 * DAY,
            text="Nobody answers.",
        )  # fmt: skip
    except RefusedError as error:
        return error.reason
    return "closed"


def next_due(session: Session, loop: LoopRow) -> datetime | None:
    return session.get_one(LoopRow, loop.id, populate_existing=True).next_due


@pytest.mark.parametrize(
    ("policy", "calls", "verdict"),
    [
        (None, [(0, "phone"), (1, "phone")], "too_few_attempts"),
        (None, [(0, "phone"), (1, "phone"), (2, "phone")], "too_few_attempts"),
        (None, [(0, "phone"), (1, "phone"), (30, "phone")], "closed"),
        (None, [(0, "phone"), (1, "email"), (2, "phone")], "closed"),
        (ContactPolicy(attempts=1, ways=1), [(0, "phone")], "closed"),
        (ContactPolicy(attempts=4, ways=3), [(0, "phone"), (1, "email"), (2, "sms")], "too_few_attempts"),
        (
            ContactPolicy(attempts=4, ways=3),
            [(0, "phone"), (1, "email"), (2, "phone"), (3, "email")],
            "too_few_attempts",
        ),
        (
            ContactPolicy(attempts=4, ways=3),
            [(0, "phone"), (1, "email"), (2, "sms"), (3, "sms")],
            "closed",
        ),
    ],
)
def test_unreachable_takes_the_attempts_and_ways_of_the_loop_s_plan(
    session: Session, policy: ContactPolicy | None, calls: list[tuple[int, str]], verdict: str
) -> None:
    loop = begin(session, policy)
    for hours, channel in calls:
        call(session, loop, AT + hours * HOUR, channel)
    assert closes(session, loop) == verdict


def test_days_are_counted_where_the_workspace_is(session: Session) -> None:
    """22:30 and 23:30 in UTC are two days in Paris."""
    loop = begin(session)
    evening = AT.replace(hour=22, minute=30)
    for minutes in (0, 10, 60):
        call(session, loop, evening + minutes * HOUR / 60)
    assert closes(session, loop) == "closed"


def test_a_planned_next_try_is_what_is_due_next(session: Session) -> None:
    loop = begin(session)
    assert next_due(session, loop) == AT + 48 * HOUR
    call(session, loop, AT + HOUR, again=AT + 5 * HOUR)
    assert next_due(session, loop) == AT + 5 * HOUR
    standing = get_standing(session, loop.id)
    assert standing.case is not None
    assert standing.case.next_try_at == AT + 5 * HOUR
    call(session, loop, AT + 5 * HOUR)
    assert next_due(session, loop) == AT + 48 * HOUR


def test_an_attempt_written_down_later_does_not_undo_a_newer_plan(session: Session) -> None:
    loop = begin(session)
    call(session, loop, AT + 2 * HOUR, again=AT + 5 * HOUR)
    call(session, loop, AT + HOUR)
    assert next_due(session, loop) == AT + 5 * HOUR
