"""Who is told when: levels of the ladder fire once each, in order, and stop with what they are about."""

from __future__ import annotations

from datetime import datetime, timedelta

from pydantic import JsonValue
from sqlmodel import Session, select

from boucle.engine import cases, clocks, loops, notices, waits
from boucle.engine.assignment import Candidate, Roster
from boucle.engine.climbing import climb
from boucle.engine.ladder import Again, list_rungs
from boucle.engine.standing import get_standing
from boucle.engine.tables import EffectRow, LoopRow
from boucle.engine.work_tables import CaseRow
from boucle.model import ActKind, ClockKind, Closure, Duration, LoopState
from boucle.workflows.csm_case_params import CsmCaseParams
from tests.integration.opening import AT, DAY, HOUR, act, event_types, open_loop

ROSTER = Roster(
    people={name: Candidate(name) for name in ("ada", "bob", "lea")},
    members={"care": ("ada", "bob")},
    leads={"care": "lea"},
)
QUIET: dict[str, JsonValue] = {"remind_silent_after": [], "silent_after": "none"}


def open_case(session: Session, **given: JsonValue) -> LoopRow:
    """A loop at work since Tuesday, ten in Paris: its case is Ada's, its clocks run."""
    params = CsmCaseParams.model_validate({"team": "care", "close_within": "5 days", **given})
    loop = open_loop(session)
    case = cases.open_case(session, loop.id, team="care", severity="medium", at=AT)
    case.terms = params.terms.model_dump(mode="json")
    cases.assign(session, loop.id, owner="ada", by="boucle", at=AT)
    within = [
        (ClockKind.FIRST_CONTACT, params.first_contact_within),
        (ClockKind.CLOSE, params.close_within),
    ]
    loops.advance(session, loop.id, stage="working", at=AT, clocks=within)
    return loop


def case_of(session: Session, loop: LoopRow) -> CaseRow:
    return session.get_one(CaseRow, (loop.id, loop.round), populate_existing=True)


def play_until(session: Session, loop: LoopRow, end: datetime) -> list[str]:
    """As a play does: each time at the instant that the standing names; what was done, and how late."""
    done: list[str] = []
    while (case := get_standing(session, loop.id).case) and case.next_at and case.next_at <= end:
        done.append(f"{case.next_name} {(case.next_at - AT) / HOUR:g}h")
        climb(session, loop.id, ROSTER, case.next_at)
    return done


def told(session: Session, loop: LoopRow) -> dict[str, str]:
    """Who is to be told, by step."""
    rows = session.exec(select(EffectRow).where(EffectRow.loop_id == loop.id).order_by(EffectRow.step)).all()
    return {row.step: row.spec["to"] for row in rows}


def test_every_reminder_and_every_miss_fires_once_at_its_instant(session: Session) -> None:
    loop = open_case(session, remind_before=["24h", "12h", "4h"], **QUIET)
    assert play_until(session, loop, AT + 40 * DAY) == [
        "reminder-first_contact-24h 24h",
        "reminder-first_contact-12h 36h",
        "reminder-first_contact-4h 44h",
        "first_contact due 48h",
        "reminder-close-24h 96h",
        "reminder-close-12h 108h",
        "reminder-close-4h 116h",
        "close due 120h",
    ]
    before = told(session, loop)
    assert len(before) == 8
    climb(session, loop.id, ROSTER, AT + 41 * DAY)
    assert told(session, loop) == before
    assert event_types(session, loop.id).count("case.escalated") == 1


def test_what_a_stopped_worker_left_undone_is_done_at_once_in_order(session: Session) -> None:
    loop = open_case(session, remind_before=["24h", "4h"], **QUIET)
    climb(session, loop.id, ROSTER, AT + 60 * DAY)
    untold = [row.step for row in notices.list_untold(session, loop)]
    assert [step for step in untold if "first" in step] == [
        "staff-reminder-first_contact-24h",
        "staff-reminder-first_contact-4h",
        "staff-missed-first_contact",
    ]
    assert list_rungs(session, loop, case_of(session, loop)) == []


def test_levels_of_a_clock_stop_when_it_is_met_and_others_go_on(session: Session) -> None:
    ladder: JsonValue = [
        {"when": "first_contact missed", "tell": "lead"},
        {"when": "12h after first_contact", "tell": "bob"},
        {"when": "60h after opening", "tell": ["owner", "lead"]},
    ]
    loop = open_case(session, ladder=ladder, remind_before=[], **QUIET)
    act(session, loop.id, ActKind.ATTEMPT, actor="ada", at=AT + HOUR, channel="phone", result="reached")
    assert play_until(session, loop, AT + 4 * DAY) == ["standing-60h 60h"]
    assert told(session, loop) == {"staff-standing-60h": "owner", "staff-standing-60h-2": "lead"}


def test_a_late_contact_ends_what_follows_a_miss(session: Session) -> None:
    ladder: JsonValue = [
        {"when": "1h after first_contact", "tell": "owner"},
        {"when": "9h after first_contact", "tell": "lead", "team": "care"},
    ]
    loop = open_case(session, ladder=ladder, remind_before=[], **QUIET)
    assert play_until(session, loop, AT + 50 * HOUR) == ["first_contact due 48h", "late-first_contact-1h 49h"]
    late = AT + 51 * HOUR
    act(session, loop.id, ActKind.ATTEMPT, actor="ada", at=late, channel="phone", result="reached")
    assert play_until(session, loop, AT + 4 * DAY) == []


def test_levels_count_the_team_s_working_time(session: Session) -> None:
    """Opened on Tuesday at ten; closing is due a week later at ten, on Sunday nobody works."""
    ladder: JsonValue = [
        {"when": "4 business hours before close", "tell": "owner"},
        {"when": "1 business day after opening", "tell": "bob"},
        {"when": "10 business hours after opening", "tell": "lead"},
    ]
    given: dict[str, JsonValue] = {"close_within": "5 business days", "first_contact_within": "30 days"}
    loop = open_case(session, ladder=ladder, remind_before=[], **given, **QUIET)
    assert play_until(session, loop, AT + 6 * DAY + 23 * HOUR) == [
        "standing-1bd 24h",
        "standing-10bh 25h",
        "reminder-close-4bh 149h",  # Monday at three: three hours until six, one on Tuesday from nine
    ]


def test_nothing_fires_after_closing_nor_of_a_clock_that_stands_still(session: Session) -> None:
    given: dict[str, JsonValue] = {"close_within": "2 business days", "first_contact_within": "9 days"}
    loop = open_case(session, **given, **QUIET)
    waits.begin_wait(session, loop, until=AT + 8 * DAY, at=AT + HOUR)
    assert play_until(session, loop, AT + 7 * DAY) == []
    loops.close(session, loop.id, closure=Closure.FALSE_ALARM, by="ada", at=AT + 7 * DAY)
    climb(session, loop.id, ROSTER, AT + 40 * DAY)
    assert (loop.state, told(session, loop)) == (LoopState.CLOSED, {})


def test_a_moment_before_the_clock_began_is_none(session: Session) -> None:
    loop = open_case(session, first_contact_within="3h", close_within="2h", **QUIET)
    assert play_until(session, loop, AT + DAY) == ["close due 2h", "first_contact due 3h"]


# -- a silent owner -------------------------------------------------------------------------------

SILENCE: dict[str, JsonValue] = {
    "first_contact_within": "90 days",
    "close_within": "90 days",
    "remind_silent_after": ["1 business days", "2 business days"],
    "silent_after": "3 business days",
}


def next_at(session: Session, loop: LoopRow) -> datetime:
    rungs = list_rungs(session, loop, case_of(session, loop))
    return next(rung.at for rung in rungs if not isinstance(rung, Again))


def kinds(session: Session, loop: LoopRow) -> list[tuple[str, str]]:
    return [(notices.kind_of(step), to) for step, to in told(session, loop).items()]


def test_a_silent_owner_is_reminded_at_each_step_then_the_lead_may_claim(session: Session) -> None:
    loop = open_case(session, **SILENCE)
    assert [name.rpartition(" ")[2] for name in play_until(session, loop, AT + 30 * DAY)] == [
        "24h",
        "48h",
        "72h",
    ]
    assert kinds(session, loop) == [("silence", "lead"), ("silent", "owner"), ("silent", "owner")]
    assert case_of(session, loop).escalated_to == "lea"
    assert cases.claim(session, loop.id, actor="lea", at=AT + 31 * DAY).owner == "lea"


def test_the_case_of_a_silent_owner_goes_to_somebody_else(session: Session) -> None:
    loop = open_case(session, **SILENCE, if_silent="reassign")
    play_until(session, loop, AT + 3 * DAY)
    case = case_of(session, loop)
    assert (case.owner, case.watched_from) == ("bob", AT + 3 * DAY)
    assert {("reassigned", "person:ada"), ("assigned", "person:bob")} <= set(kinds(session, loop))
    assert case.escalated_to is None
    (first, *_) = list_rungs(session, loop, case)
    assert first.at == AT + 6 * DAY  # Friday at ten, a working day later: Monday


def test_a_case_that_everybody_was_silent_on_goes_to_the_lead_and_not_round(session: Session) -> None:
    loop = open_case(session, **SILENCE, if_silent="reassign")
    play_until(session, loop, AT + 30 * DAY)
    case = case_of(session, loop)
    assert (case.owner, case.escalated_to) == ("bob", "lea")
    taken = [to for kind, to in kinds(session, loop) if kind == "reassigned"]
    assert taken == ["person:ada"]


def test_where_nobody_else_is_there_the_case_of_a_silent_owner_goes_to_the_lead(session: Session) -> None:
    loop = open_case(session, **SILENCE, if_silent="reassign")
    alone = Roster(people={"ada": Candidate("ada")}, members={"care": ("ada",)}, leads={"care": "lea"})
    climb(session, loop.id, alone, AT + 30 * DAY)
    assert case_of(session, loop).escalated_to == "lea"
    assert ("silence", "lead") in kinds(session, loop)


def test_any_sign_of_the_owner_begins_the_silence_anew(session: Session) -> None:
    loop = open_case(session, **SILENCE)
    play_until(session, loop, AT + 2 * DAY)
    act(session, loop.id, ActKind.NOTE, actor="bob", at=AT + 2 * DAY, text="Not mine.")
    act(session, loop.id, ActKind.NOTE, actor="ada", at=AT + 2 * DAY + HOUR, text="Waiting for the shop.")
    first = list_rungs(session, loop, case_of(session, loop))[0]
    assert first.at == AT + 3 * DAY + HOUR
    assert len(kinds(session, loop)) == 2


def test_who_waits_has_put_it_aside_or_has_a_date_is_not_silent(session: Session) -> None:
    loop = open_case(session, **SILENCE)
    case = case_of(session, loop)
    assert next_at(session, loop) == AT + DAY
    waits.begin_wait(session, loop, until=AT + 9 * DAY, at=AT)
    assert next_at(session, loop) > AT + 80 * DAY
    waits.wake(session, loop, AT + 9 * DAY)
    assert next_at(session, loop) == AT + 10 * DAY
    waits.snooze(session, loop, until=AT + 13 * DAY)
    assert next_at(session, loop) == AT + 14 * DAY
    waits.wake(session, loop, AT + 13 * DAY)
    assert next_at(session, loop) == AT + 14 * DAY
    case.next_try_at = AT + 15 * DAY
    assert next_at(session, loop) == AT + 16 * DAY


def test_a_case_without_an_owner_is_not_silent(session: Session) -> None:
    loop = open_case(session, **SILENCE)
    case_of(session, loop).owner = None
    assert next_at(session, loop) > AT + 80 * DAY


def test_a_standing_names_the_next_instant_of_what_lists_and_reports_count(session: Session) -> None:
    loop = open_case(session, **QUIET)
    standing = get_standing(session, loop.id)
    assert standing.case is not None
    assert standing.case.next_at == clocks.running_clocks(session, loop)[0].due - 4 * HOUR
    assert standing.case.next_name == f"reminder-first_contact-{Duration.parse('4h')}"
    assert standing.case.next_at - AT < timedelta(hours=48)
