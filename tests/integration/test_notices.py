"""Colleagues are told in order, in their own working time, of what still matters."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

import pytest
from sqlmodel import Session

from boucle.activities.calls import Tell, Told
from boucle.activities.letters import Letterhead
from boucle.activities.mail import MailRefusedError, NotSentError
from boucle.activities.notices import NoticeActivities
from boucle.activities.people import Colleague, Directory, Team
from boucle.activities.posting import Post
from boucle.activities.templates import Templates
from boucle.engine import cases, loops, notices
from boucle.engine.absences import Absence, record_absence
from boucle.engine.database import Database
from boucle.engine.tables import EffectRow, LoopRow
from boucle.engine.work_tables import CaseRow
from boucle.model import ClockKind, Closure, Duration, EffectState, Plan
from tests.calendars import weekdays_9_to_18
from tests.integration.opening import AT, DAY, HOUR, open_loop

DIRECTORY = Directory(
    people={
        "ada": Colleague("Ada", "ada@firm.example", "en", "Europe/Paris"),
        "bob": Colleague("Bob", "bob@firm.example", "fr", "America/New_York", works_in="America/New_York"),
        "lea": Colleague("Léa", "lea@firm.example", "fr", "Europe/Paris"),
    },
    teams={"care": Team("Care", "lea", ("ada", "bob"))},
)
NIGHT = datetime(2026, 3, 3, 22, tzinfo=UTC)
MORNING = datetime(2026, 3, 4, 8, tzinfo=UTC)
"""Nine o'clock in Paris."""


class Postman:
    """Takes mails, or refuses those to an address."""

    def __init__(self) -> None:
        self.taken: list[EmailMessage] = []
        self.away: set[str] = set()
        self.unknown: set[str] = set()

    def send(self, message: EmailMessage, recipient: str) -> None:
        if recipient in self.away:
            raise NotSentError("the recipient", 450)
        if recipient in self.unknown:
            raise MailRefusedError(550)
        self.taken.append(message_from_bytes(message.as_bytes(), policy=policy.default))

    @property
    def told(self) -> list[str]:
        """The step and the address of each mail, in order."""
        return [
            f"{mail['X-Boucle-Effect'].split('/')[2]} {mail['To'].addresses[0].username}"
            for mail in self.taken
        ]


@pytest.fixture
def postman() -> Postman:
    return Postman()


@pytest.fixture
def staff(database: Database, postman: Postman, tmp_path: Path) -> NoticeActivities:
    (tmp_path / "hurry.en.txt").write_text(
        "Subject: Hurry: {{ case.clock }}\n\nDue {{ case.due }}, {{ score }}.\n"
    )
    head = Letterhead("Firm", "Firm <hello@firm.example>", "firm.example")
    return NoticeActivities(Post(database, postman), DIRECTORY, head, Templates(tmp_path, "en"))


@pytest.fixture
def loop(session: Session) -> LoopRow:
    """Ada's case, opened on Tuesday at ten in Paris; first contact is due on Thursday at ten."""
    loop = open_loop(session)
    cases.open_case(session, loop.id, team="care", severity="medium", at=AT)
    cases.assign(session, loop.id, owner="ada", by="boucle", at=AT)
    within = [(ClockKind.FIRST_CONTACT, Duration.parse("48h")), (ClockKind.CLOSE, Duration.parse("5 days"))]
    loops.advance(session, loop.id, stage="working", at=AT, clocks=within)
    session.commit()
    return loop


def note(session: Session, loop: LoopRow, *steps: str, at: datetime = NIGHT, to: str = notices.OWNER) -> None:
    for number, step in enumerate(steps):
        notices.write_down(session, loop, step, at + timedelta(seconds=number), to=to)
    session.commit()


def tell(staff: NoticeActivities, loop: LoopRow, at: datetime) -> Told:
    return staff.notify_staff(Tell(loop=loop.id, round=1, at=at))


def test_what_fell_due_in_a_night_is_told_in_the_morning_in_order(
    session: Session, loop: LoopRow, staff: NoticeActivities, postman: Postman
) -> None:
    steps = ["staff-silent-1d-x", "staff-reminder-first_contact-24h", "staff-missed-close"]
    note(session, loop, *steps)
    asleep = tell(staff, loop, NIGHT)
    assert (dict(asleep.later), postman.told) == (dict.fromkeys(steps, MORNING), [])
    awake = tell(staff, loop, MORNING)
    assert dict(awake.states) == dict.fromkeys(steps, EffectState.DONE)
    assert postman.told == [f"{step} ada" for step in steps]
    assert tell(staff, loop, MORNING) == Told()


@pytest.mark.parametrize(
    ("severity", "waits"), [("low", True), ("medium", True), ("high", False), ("critical", False)]
)
def test_only_a_severe_case_wakes_anybody(
    session: Session, loop: LoopRow, staff: NoticeActivities, postman: Postman, severity: str, waits: bool
) -> None:
    session.get_one(CaseRow, (loop.id, 1)).severity = severity
    note(session, loop, "staff-assigned-first")
    assert bool(tell(staff, loop, NIGHT).later) == waits
    assert len(postman.taken) == (not waits)


def test_a_weekend_and_a_holiday_are_no_working_time(
    session: Session, loop: LoopRow, staff: NoticeActivities
) -> None:
    friday, monday = datetime(2026, 4, 3, 17, tzinfo=UTC), date(2026, 4, 6)
    calendar = weekdays_9_to_18("Europe/Paris").model_copy(update={"holidays": (monday,)})
    plan = Plan.model_validate_json(loop.plan).model_copy(update={"calendar": calendar})
    loop.plan = plan.model_dump_json()
    session.add(loop)
    note(session, loop, "staff-reminder-close-4h", at=friday)
    assert set(tell(staff, loop, friday).later.values()) == {datetime(2026, 4, 7, 7, tzinfo=UTC)}


def test_everybody_works_on_their_own_wall_clock(
    session: Session, loop: LoopRow, staff: NoticeActivities, postman: Postman
) -> None:
    note(session, loop, "staff-task-late-x", "staff-note-1", to=notices.person("bob"))
    note(session, loop, "staff-note-2")
    told = tell(staff, loop, MORNING)
    assert postman.told == ["staff-note-2 ada"]
    assert told.later["staff-note-1"] == datetime(2026, 3, 4, 14, tzinfo=UTC)


def test_what_has_lost_its_point_by_the_morning_is_dropped(
    session: Session, loop: LoopRow, staff: NoticeActivities, postman: Postman
) -> None:
    note(session, loop, "staff-reminder-first_contact-4h", "staff-reminder-close-4h", "staff-assigned-first")
    loops.end_clock(session, loops.lock_loop(session, loop.id), ClockKind.FIRST_CONTACT, NIGHT + HOUR)
    cases.assign(session, loop.id, owner="lea", by="boucle", at=NIGHT + HOUR)
    note(session, loop, "staff-assigned-second", at=NIGHT + HOUR)
    states = tell(staff, loop, MORNING).states
    assert [step for step, state in states.items() if state == EffectState.REFUSED] == [
        "staff-reminder-first_contact-4h",
        "staff-assigned-first",
    ]
    assert postman.told == ["staff-reminder-close-4h lea", "staff-assigned-second lea"]


def test_a_closed_loop_tells_nothing_but_its_last_news(
    session: Session, loop: LoopRow, staff: NoticeActivities, postman: Postman
) -> None:
    note(session, loop, "staff-reminder-close-4h", "staff-answered-1")
    loops.close(session, loop.id, closure=Closure.RECOVERED, by="ada", at=NIGHT)
    session.commit()
    tell(staff, loop, MORNING)
    assert postman.told == ["staff-answered-1 ada"]


def test_each_member_of_a_team_is_told_in_their_language(
    session: Session, loop: LoopRow, staff: NoticeActivities, postman: Postman
) -> None:
    note(session, loop, "staff-notify-1", to=notices.team("care"))
    states = tell(staff, loop, datetime(2026, 3, 4, 16, tzinfo=UTC)).states
    assert list(states) == ["staff-notify-1", "staff-notify-1-ada", "staff-notify-1-bob"]
    assert [mail["Subject"][:7] for mail in postman.taken] == ["For you", "Pour in"]


def test_who_is_away_has_a_stand_in(
    session: Session, loop: LoopRow, staff: NoticeActivities, postman: Postman
) -> None:
    record_absence(session, Absence("ada", AT, AT + 9 * DAY, stand_in="lea"), by="lea", at=AT)
    note(session, loop, "staff-silent-1d-x")
    tell(staff, loop, MORNING)
    assert postman.told == ["staff-silent-1d-x lea"]


def test_a_message_of_the_workspace_is_told_instead_of_our_words(
    session: Session, loop: LoopRow, staff: NoticeActivities, postman: Postman
) -> None:
    notices.write_down(session, loop, "staff-reminder-first_contact-2h", AT, template="hurry")
    session.commit()
    tell(staff, loop, AT)
    (mail,) = postman.taken
    assert mail["Subject"] == "Hurry: first contact"
    assert mail.get_content().strip() == "Due 5 March 2026, 10:00 (CET), 3."


def test_an_answer_is_told_with_the_first_score_and_in_words_of_the_reader(
    session: Session, loop: LoopRow, staff: NoticeActivities, postman: Postman
) -> None:
    values = {"before": 3, "after": 8}
    notices.write_down(session, loop, "staff-answered-x", AT, to=notices.LEAD, values=values)
    notices.write_down(session, loop, "staff-raised-x", AT, values={"before": "low"})
    session.commit()
    tell(staff, loop, AT)
    assert [mail["Subject"].partition(loop.id[:12])[0] for mail in postman.taken] == [
        "3 → 8 : ",
        "More severe: medium, ",
    ]
    assert "low has become medium" in postman.taken[1].get_content()


def test_one_who_cannot_be_told_holds_up_nobody_else(
    session: Session, loop: LoopRow, staff: NoticeActivities, postman: Postman
) -> None:
    postman.away.add("ada@firm.example")
    note(session, loop, "staff-note-1")
    note(session, loop, "staff-missed-close", to=notices.LEAD)
    note(session, loop, "staff-note-2", to=notices.person("nobody-we-know"))
    with pytest.raises(NotSentError):
        tell(staff, loop, MORNING)
    assert postman.told == ["staff-missed-close lea"]
    postman.away.clear()
    assert tell(staff, loop, MORNING).states == {"staff-note-1": EffectState.DONE}
    session.expire_all()
    assert session.get_one(EffectRow, f"{loop.id}/1/staff-note-2").receipt == {"code": "no_address"}


def test_a_step_that_was_written_down_is_told_once_however_often(
    session: Session, loop: LoopRow, staff: NoticeActivities, postman: Postman
) -> None:
    for _ in range(3):
        note(session, loop, "staff-note-1", at=AT)
        tell(staff, loop, AT)
    assert postman.told == ["staff-note-1 ada"]
