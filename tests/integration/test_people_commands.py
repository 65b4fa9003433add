"""`boucle people`, `tasks`, and `cases next`, `assign`, `ask`: what they print, and their exit codes."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from boucle.commands.output import now
from boucle.decision import Decision
from boucle.engine import cases, commands, loops
from boucle.engine.assignment import Candidate, Roster, give
from boucle.engine.database import Database
from boucle.engine.ledger import history, person_chain
from boucle.engine.tables import DecisionRow
from boucle.engine.verification import verify
from boucle.model import ActKind, ClockKind, Duration
from tests.integration.command_line import Call, ask
from tests.integration.opening import AT, act, open_loop

SETTINGS = """
[people.anna]
name = "Anna"
email = "anna@example.com"
languages = ["fr"]
skills = ["billing"]
capacity = 30

[people.bruno]
name = "Bruno"
email = "bruno@example.com"
timezone = "Europe/Berlin"
absences = [{from = 2026-01-01, until = 2026-01-31, stand_in = "anna"}]

[people.lea]
name = "Lea"
email = "lea@example.com"

[people.max]
name = "Max"
email = "max@example.com"
role = "admin"

[people.aude]
name = "Aude"
email = "aude@example.com"
role = "auditor"

[teams.care]
name = "Care"
lead = "lea"
members = ["anna", "bruno"]
"""


DECISION = Decision(
    at=AT, bundle="b" * 64, responded_at=AT, rule_set="after-delivery", facts={}, facts_digest="d",
    derived=(), unknown=(), rules={}, outcome="starts",
)  # fmt: skip


pytestmark = pytest.mark.usefixtures("folder")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A workspace with people, the present folder, and three free cases, the later ones due later."""
    (tmp_path / "boucle.toml").write_text(SETTINGS, "utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("BOUCLE_ACTOR", raising=False)
    (tmp_path / ".boucle").mkdir()
    database = Database(f"sqlite:///{tmp_path}/.boucle/boucle.db")
    database.migrate()
    with database.session() as session:
        for number, (team, skill) in enumerate((("other", None), ("care", "law"), ("care", "billing"))):
            at = now() + timedelta(hours=number)
            loop = open_loop(session, f"r{number}", at=at)
            session.get_one(DecisionRow, loop.decision_id).record = DECISION.model_dump_json()
            clocks = ((ClockKind.CLOSE, Duration.parse("48h")),)
            loops.advance(session, loop.id, stage="working", at=at, clocks=clocks)
            cases.open_case(session, loop.id, team=team, severity="high", at=at, skill=skill)
        session.commit()
    database.dispose()
    return tmp_path


def apply_all(folder: Path) -> None:
    """As the worker would, were it there."""
    database = Database(f"sqlite:///{folder}/.boucle/boucle.db")
    with database.session() as session:
        for loop in loops.list_loops(session):
            for row in commands.list_commands(session, loop.id):
                commands.apply(session, row.id, row.at)
        assert verify(session).whole
        session.commit()
    database.dispose()


# -- people --------------------------------------------------------------------------------------


def test_people_are_listed_with_their_role_teams_and_load(call: Call) -> None:
    assert call("people", "list").out == (
        "PERSON  ROLE     TEAMS  CASES    AWAY\n"
        "anna    csm      care   0 of 30\n"
        "bruno   csm      care   0\n"
        "lea     lead     care   0\n"
        "max     admin           0\n"
        "aude    auditor         0\n"
    )


def test_who_is_away_stands_in_the_lists_until_they_are_back(call: Call, folder: Path) -> None:
    said = call("people", "absent", "anna", "--stand-in", "bruno", "--as", "lea")
    assert said.out.endswith("until further notice; bruno stands in\nno open cases\n")
    (anna, *_) = ask(call, "people", "list")
    assert (anna["absent"], anna["absent_until"], anna["stand_in"]) == (True, None, "bruno")
    assert "until further notice, bruno stands in" in call("people", "list").out
    assert call("people", "back", "anna", "--as", "anna").out == "anna is back\n"
    assert not ask(call, "people", "list")[0]["absent"]
    again = call("people", "back", "anna", "--as", "anna")
    assert (again.code, again.err) == (1, "boucle: 'anna' is not away\n")
    database = Database(f"sqlite:///{folder}/.boucle/boucle.db")
    with database.reading() as session:
        told = [(event.type, event.actor) for event in history(session, person_chain("anna"))]
        assert told == [("person.absent", "lea"), ("person.back", "anna")]
        assert verify(session).whole
    database.dispose()


def test_both_days_of_an_absence_are_days_off_where_the_person_is(call: Call) -> None:
    said = call(
        "people", "absent", "bruno", "--from", "2027-08-03", "--until", "2027-08-14", "--as", "bruno",
        "--format", "json",
    ).json  # fmt: skip
    assert (said["begins_at"], said["ends_at"]) == ("2027-08-02T22:00:00Z", "2027-08-14T22:00:00Z")
    (absence,) = ask(call, "people", "show", "bruno")["absences"]
    assert (absence["until"], absence["said_by"]) == ("2027-08-14T22:00:00Z", "command")


def test_who_is_away_by_the_file_comes_back_by_the_file(call: Call, folder: Path) -> None:
    settings = folder / "boucle.toml"
    settings.write_text(settings.read_text("utf-8").replace("until = 2026-01-31, ", ""), "utf-8")
    said = call("people", "back", "bruno", "--as", "bruno")
    assert (said.code, said.err) == (
        1,
        "boucle: boucle.toml says that 'bruno' is away: change people.bruno.absences there\n",
    )


def test_a_person_is_shown_with_their_cases_by_team_and_severity(call: Call, folder: Path) -> None:
    call("cases", "next", "--as", "anna")
    apply_all(folder)
    shown = ask(call, "people", "show", "anna")
    assert shown["cases_by"] == [{"team": "care", "severity": "high", "cases": 1}]
    text = call("people", "show", "anna").out
    assert "cases     1 of 30" in text
    assert "care  high" in text


def test_the_open_cases_of_somebody_who_is_away_stay_theirs_or_are_handed_over_each_by_an_act(
    call: Call, folder: Path
) -> None:
    loop = ask(call, "cases", "next", "--as", "anna")["loop"][:10]
    apply_all(folder)
    said = call("people", "absent", "anna", "--stand-in", "bruno", "--as", "lea")
    assert said.out.endswith("1 open case(s) stay theirs; 'boucle cases assign' gives one on\n")
    said = call("people", "absent", "anna", "--stand-in", "bruno", "--hand-over", "--as", "lea")
    assert said.out.endswith("1 open case(s) go to bruno\n")
    apply_all(folder)
    assert ask(call, "cases", "show", loop)["owner"] == "bruno"
    assert "lea: assigned to bruno\n      “anna is away.”" in call("loops", "show", loop).out


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (("people", "absent", "anna", "--hand-over", "--as", "lea"), 2, "--hand-over needs --stand-in"),
        (
            (
                "people",
                "absent",
                "anna",
                "--from",
                "2099-01-01",
                "--stand-in",
                "lea",
                "--hand-over",
                "--as",
                "lea",
            ),
            2,
            "'anna' is still there; hand their cases over on the first day",
        ),
        (("people", "show", "zoe"), 1, "no person 'zoe'; there are: anna, bruno, lea, max, aude"),
        (("people", "absent", "anna", "--stand-in", "zoe", "--as", "lea"), 1, "no person 'zoe'"),
        (("people", "absent", "anna", "--stand-in", "anna", "--as", "lea"), 2, "stand in for themselves"),
        (("people", "absent", "anna", "--from", "tomorrow", "--as", "lea"), 2, "write days such as"),
        (
            ("people", "absent", "anna", "--from", "2027-08-14", "--until", "2027-08-03", "--as", "lea"),
            2,
            "an absence from 2027-08-14 cannot end before it, on 2027-08-03",
        ),
        (("people", "absent", "anna", "--as", "zoe"), 4, "nobody is called 'zoe' here"),
        (("people", "absent", "anna", "--as", "aude"), 4, "'aude' is an auditor, who reads and changes"),
        (("cases", "next", "--as", "max"), 1, "'max' is in no team; list them in teams.<id>.members"),
        (("cases", "next", "--as", "aude"), 4, "'aude' is an auditor, who reads and changes nothing"),
        (("cases", "assign", "zz", "aude", "--as", "lea"), 4, "'aude' is an auditor, who reads and changes"),
        (("cases", "assign", "zz", "zoe", "--as", "lea"), 1, "no person 'zoe'; there are: anna"),
        (("people", "absent", "anna", "--stand-in", "aude", "--as", "lea"), 4, "'aude' is an auditor"),
        (("cases", "ask", "zz", "aude", "Why?", "--by", "2h", "--as", "lea"), 4, "'aude' is an auditor"),
        (("tasks", "finish", "zz", "--as", "anna"), 1, "no open task 'zz'"),
        (("tasks", "list", "--owner", "zoe"), 1, "no person 'zoe'"),
    ],
)
def test_what_cannot_be_is_told_with_its_exit_code(
    call: Call, arguments: tuple[str, ...], code: int, says: str
) -> None:
    said = call(*arguments)
    assert (said.code, said.out) == (code, "")
    assert says in said.err


# -- taking, giving, asking ----------------------------------------------------------------------


def test_the_next_case_is_taken_and_then_there_is_none_left_for_that_person(call: Call) -> None:
    taken = ask(call, "cases", "next", "--as", "anna")
    assert taken["state"] == "recorded"
    assert ask(call, "cases", "show", taken["loop"][:10])["skill"] == "billing"
    none = call("cases", "next", "--as", "anna")
    assert (none.code, none.out) == (1, "")
    assert none.err == "nothing to take: no free case of care asks for what you can\n"


def test_a_case_that_is_taken_is_shown_at_once_with_what_it_asks_for(call: Call) -> None:
    shown = call("cases", "next", "--as", "anna").out
    assert shown.splitlines()[0].endswith(": recorded, will be applied")
    assert "case      high, team care, needs billing, owner nobody" in shown


def test_a_case_is_given_on_with_a_reason_that_the_history_tells(call: Call, folder: Path) -> None:
    loop = ask(call, "cases", "next", "--as", "anna")["loop"][:10]
    apply_all(folder)
    refused = call("cases", "assign", loop, "bruno", "--as", "lea")
    assert (refused.code, refused.err) == (1, "boucle: taking a case from somebody needs a reason\n")
    call("cases", "assign", loop, "bruno", "--reason", "Anna is ill.", "--as", "lea")
    apply_all(folder)
    shown = call("loops", "show", loop).out
    assert "lea: assigned to bruno\n      “Anna is ill.”" in shown
    assert ask(call, "cases", "show", loop)["owner"] == "bruno"


def test_a_colleague_is_asked_and_says_what_came_of_it(call: Call, folder: Path) -> None:
    loop = ask(call, "cases", "next", "--as", "anna")["loop"][:10]
    apply_all(folder)
    call("cases", "ask", loop, "bruno", "Which invoice is it?", "--by", "2 days", "--as", "anna")
    apply_all(folder)
    (task,) = ask(call, "tasks", "list", "--owner", "bruno")
    assert (task["text"], task["asked_by"], task["state"]) == ("Which invoice is it?", "anna", "open")
    listed = call("tasks", "list").out
    assert "bruno  anna" in listed
    assert "Which invoice is it?" in listed
    call("tasks", "finish", task["id"][:6], "--text", "Number 7.", "--as", "bruno")
    apply_all(folder)
    assert call("tasks", "list").out == "no tasks\n"
    shown = call("cases", "show", loop).out
    assert "bruno: done what was asked for" in shown
    assert "“Number 7.”" in shown
    assert len(ask(call, "cases", "show", loop)["tasks"]) == 1


def test_the_history_says_why_nobody_was_given_a_case_or_somebody(folder: Path, call: Call) -> None:
    database = Database(f"sqlite:///{folder}/.boucle/boucle.db")
    with database.session() as session:
        first, *_ = [case for case, _ in cases.list_cases(session, team="care")]
        loop = loops.lock_loop(session, first.loop_id)
        roster = Roster({"anna": Candidate("anna")}, {"care": ("anna",)}, {"care": "lea"})
        give(session, loop, first, roster, at=now(), how="first")
        session.commit()
        act(session, loop.id, ActKind.CLAIM, actor="anna", at=now())
        session.commit()
    database.dispose()
    shown = call("loops", "show", first.loop_id[:10]).out
    assert "waits in the queue of team care: nobody there has the skill" in shown
