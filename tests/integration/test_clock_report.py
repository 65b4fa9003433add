"""How the clocks were kept: counted by team and owner, waits that are not over not dropped."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime, timedelta

from sqlmodel import Session

from boucle.commands.clock_reporting import _csv
from boucle.engine import cases, loops
from boucle.engine.clock_report import ClockLine, ClockReport, ContactLine, report_clocks
from boucle.engine.clock_views import view_clocks
from boucle.engine.clocks import restart_clock, running_clocks
from boucle.engine.reports import figures
from boucle.engine.standing import get_standing
from boucle.engine.tables import LoopRow
from boucle.model import ActKind, ClockKind, ClockState, Closure, Duration, LoopState
from tests.integration.opening import AT, DAY, HOUR, act, open_loop

FIRST = (ClockKind.FIRST_CONTACT, Duration.parse("24h"))
CLOSE = (ClockKind.CLOSE, Duration.parse("10 business hours"))
"""On a calendar of Paris from 9 to 18; opened on a Tuesday at 10, due on Wednesday at 11."""

STATES = (
    ClockState.MET, ClockState.MISSED, ClockState.RUNNING, ClockState.PAUSED, ClockState.STOPPED,
)  # fmt: skip


def case(
    session: Session, name: str, *, team: str = "csm", owner: str | None = "ada", at: datetime = AT
) -> LoopRow:
    loop = open_loop(session, name, at=at)
    cases.open_case(session, loop.id, team=team, severity="medium", at=at)
    if owner:
        cases.assign(session, loop.id, owner=owner, by="boucle", at=at)
    loops.advance(session, loop.id, stage="working", at=at, clocks=[FIRST, CLOSE])
    return loop


def reach(session: Session, loop: LoopRow, hours: float, *, actor: str = "ada") -> None:
    at = loop.opened_at + hours * HOUR
    act(session, loop.id, ActKind.ATTEMPT, actor=actor, at=at, channel="phone", result="reached")


def line(found: ClockReport, of: str, name: str, clock: ClockKind) -> ClockLine:
    return next(one for one in found.clocks if (one.of, one.name, one.clock) == (of, name, clock))


def times(found: ClockReport, of: str = "all", name: str = "") -> ContactLine:
    return next(one for one in found.first_contact if (one.of, one.name) == (of, name))


def counts(one: ClockLine) -> tuple[int, int, int, int, int]:
    return one.met, one.breached, one.running, one.paused, one.stopped


def test_a_report_on_nothing_divides_by_nothing(session: Session) -> None:
    found = report_clocks(session, at=AT)
    assert (found.clocks, found.first_contact) == ((), ())


def test_met_and_breached_are_counted_overall_by_team_and_by_owner(session: Session) -> None:
    reach(session, case(session, "r1"), 2)
    reach(session, case(session, "r2"), 30)
    reach(session, case(session, "r3", owner="bob"), 3, actor="bob")
    case(session, "r4", team="care", owner=None)
    found = report_clocks(session, at=AT + 2 * HOUR)
    everybody = line(found, "all", "", ClockKind.FIRST_CONTACT)
    assert (counts(everybody), everybody.met_percent) == ((2, 1, 1, 0, 0), 200 / 3)
    assert counts(line(found, "owner", "ada", ClockKind.FIRST_CONTACT)) == (1, 1, 0, 0, 0)
    assert line(found, "owner", "bob", ClockKind.FIRST_CONTACT).met_percent == 100
    assert counts(line(found, "owner", "", ClockKind.FIRST_CONTACT)) == (0, 0, 1, 0, 0)
    assert line(found, "team", "care", ClockKind.FIRST_CONTACT).met_percent is None
    assert counts(line(found, "all", "", ClockKind.CLOSE)) == (0, 0, 4, 0, 0)


def test_a_clock_is_breached_from_its_due_time_on_whether_anybody_noticed_or_not(session: Session) -> None:
    case(session, "r1")
    due = AT + 25 * HOUR
    on_time = report_clocks(session, at=due)
    late = report_clocks(session, at=due + timedelta(seconds=1))
    assert counts(line(on_time, "all", "", ClockKind.CLOSE)) == (0, 0, 1, 0, 0)
    assert counts(line(late, "all", "", ClockKind.CLOSE)) == (0, 1, 0, 0, 0)


def test_a_clock_counts_for_who_owned_the_case_when_it_ended(session: Session) -> None:
    loop = case(session, "r1")
    loops.miss_clock(session, loop.id, ClockKind.FIRST_CONTACT, AT + DAY)
    cases.assign(session, loop.id, owner="bob", by="lea", at=AT + DAY)
    found = report_clocks(session, at=AT + DAY)
    assert counts(line(found, "owner", "ada", ClockKind.FIRST_CONTACT)) == (0, 1, 0, 0, 0)
    assert counts(line(found, "owner", "bob", ClockKind.CLOSE)) == (0, 0, 1, 0, 0)


def test_promises_are_clocks_of_their_own(session: Session) -> None:
    loop = case(session, "r1")
    for hours in (3, 4):
        act(session, loop.id, ActKind.PROMISE, due=AT + hours * HOUR, text="A call.")
    act(session, loop.id, ActKind.KEEP, at=AT + HOUR, commitment=1)
    found = report_clocks(session, at=AT + 5 * HOUR)
    assert counts(line(found, "owner", "ada", ClockKind.COMMITMENT)) == (1, 1, 0, 0, 0)


def test_only_loops_opened_in_the_period_count(session: Session) -> None:
    case(session, "r1")
    case(session, "r2", at=AT + DAY)
    later = report_clocks(session, at=AT + DAY, since=AT + DAY)
    earlier = report_clocks(session, at=AT + DAY, until=AT + DAY)
    assert line(later, "all", "", ClockKind.CLOSE).running == 1
    assert times(earlier).waiting == 1


def test_the_median_to_first_contact_counts_cases_that_still_wait(session: Session) -> None:
    for number, hours in enumerate((1, 2, 3)):
        reach(session, case(session, f"r{number}"), hours)
    dropped = times(report_clocks(session, at=AT + 10 * DAY))
    assert (dropped.median_hours, dropped.p90_hours) == (2, 3)
    for number in range(3, 7):
        case(session, f"r{number}")
    found = times(report_clocks(session, at=AT + 10 * DAY))
    assert (found.contacted, found.waiting) == (3, 4)
    assert (found.median_hours, found.p90_hours) == (None, None)


def test_a_case_closed_without_contact_is_known_to_have_taken_that_long(session: Session) -> None:
    reach(session, case(session, "r1"), 6)
    closed = case(session, "r2")
    loops.close(session, closed.id, closure=Closure.FALSE_ALARM, by="ada", at=AT + 2 * HOUR)
    found = times(report_clocks(session, at=AT + DAY))
    assert (found.contacted, found.waiting, found.median_hours) == (1, 1, 6)


def test_working_hours_to_first_contact_leave_out_nights(session: Session) -> None:
    reach(session, case(session, "r1"), 26)  # Wednesday at noon: 8 hours on Tuesday and 3
    found = times(report_clocks(session, at=AT + 2 * DAY))
    assert (found.median_hours, found.median_working_hours) == (26, 11)


def test_working_hours_to_first_contact_leave_out_pauses(session: Session) -> None:
    loop = open_loop(session)
    cases.open_case(session, loop.id, team="csm", severity="medium", at=AT)
    first = (ClockKind.FIRST_CONTACT, Duration.parse("10 business hours"))
    loops.advance(session, loop.id, stage="working", at=AT, clocks=[first])
    act(session, loop.id, ActKind.WAIT, at=AT + HOUR)
    waiting = times(report_clocks(session, at=AT + 5 * HOUR))
    assert waiting.waiting == 1
    act(session, loop.id, ActKind.RESUME, at=AT + 3 * HOUR)
    reach(session, loop, 4)
    found = times(report_clocks(session, at=AT + DAY), "owner")
    assert (found.median_hours, found.median_working_hours) == (4, 2)


def test_a_clock_that_began_anew_counts_the_next_contact(session: Session) -> None:
    loop = case(session, "r1")
    reach(session, loop, 2)
    restart_clock(session, loop, FIRST[0], FIRST[1], None, AT + 5 * HOUR)
    assert times(report_clocks(session, at=AT + 6 * HOUR)).waiting == 1
    reach(session, loop, 8)
    found = times(report_clocks(session, at=AT + DAY))
    assert (found.contacted, found.median_hours) == (1, 3)


def test_lists_pages_plays_and_reports_tell_one_and_the_same_due_time(session: Session) -> None:
    """Also while the clocks stand still, after they went on, and when one has run out unnoticed."""
    loop = case(session, "r1")
    agree(session, loop, AT)
    act(session, loop.id, ActKind.PROMISE, at=AT, due=AT + 30 * HOUR, text="A call.")
    agree(session, loop, AT)
    act(session, loop.id, ActKind.WAIT, at=AT + HOUR)
    agree(session, loop, AT + HOUR)
    assert report_clocks(session, at=AT + HOUR).clocks[1].paused == 1
    act(session, loop.id, ActKind.RESUME, at=AT + 20 * HOUR)
    agree(session, loop, AT + 20 * HOUR)
    agree(session, loop, AT + 9 * DAY)
    loops.miss_clock(session, loop.id, ClockKind.FIRST_CONTACT, AT + 9 * DAY)
    agree(session, loop, AT + 9 * DAY)
    act(session, loop.id, ActKind.CLOSE, at=AT + 9 * DAY, closure="false_alarm")
    agree(session, loop, AT + 9 * DAY)


def agree(session: Session, loop: LoopRow, at: datetime) -> None:
    going = {(clock.name, clock.due) for clock in running_clocks(session, loop)}
    views = view_clocks(session, loop, at)
    shown = {(view.clock, view.due_at) for view in views if view.ended_at is None and view.due_at}
    assert shown == going == {(clock.name, clock.due) for clock in get_standing(session, loop.id).clocks}
    assert loop.next_due == min((due for _, due in going), default=None)
    assert loop.next_due == cases.list_cases(session, state=LoopState(loop.state))[0][1].next_due
    counted = {one.clock: counts(one) for one in report_clocks(session, at=at).clocks if one.of == "all"}
    whole = {one.kind: one for one in figures(session, zone="UTC", at=at).clocks}
    for kind, states in counted.items():
        of_kind = [view.state for view in views if view.kind == kind]
        assert states == tuple(of_kind.count(state) for state in STATES)
        if kind != ClockKind.COMMITMENT:
            one = whole[kind]
            assert states == (one.met, one.missed, one.running, one.paused, one.stopped)


def test_a_spreadsheet_cannot_be_made_to_run_a_name(session: Session) -> None:
    for number, team in enumerate(('=HYPERLINK("http://x")', "+1", "-1", "@SUM(A1)", "\tcare", "csm, Nord")):
        case(session, f"r{number}", team=team)
    text = _csv(report_clocks(session, at=AT.astimezone(UTC)))
    rows = list(csv.DictReader(io.StringIO(text, newline="")))
    teams = {row["name"] for row in rows if row["of"] == "team"}
    assert teams == {'\'=HYPERLINK("http://x")', "'+1", "'-1", "'@SUM(A1)", "'\tcare", "csm, Nord"}
    assert {row["running"] for row in rows if row["of"] == "team"} == {"1"}
