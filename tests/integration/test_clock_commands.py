"""`boucle cases snooze|wait|resume|promise|keep` and `boucle clocks`, on a real workspace."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
from sqlmodel import select

from boucle.commands.output import now
from boucle.engine import cases, commands, loops
from boucle.engine.database import Database
from boucle.engine.tables import CommandRow
from boucle.model import ClockKind, Duration
from tests.integration.command_line import Call

CLOCKS = (
    (ClockKind.FIRST_CONTACT, Duration.parse("48h")),
    (ClockKind.CLOSE, Duration.parse("5 business days")),
)


@dataclass(frozen=True)
class Desk:
    """A workspace with one case that is worked, and somebody who types commands at it."""

    database: Database
    loop: str
    call: Call

    def act(self, verb: str, *arguments: str) -> None:
        """An act, recorded by the command and applied as its play would."""
        code, out, err = self.call("cases", verb, self.loop, *arguments, "--as", "anna")
        assert (code, out) == (0, "recorded, will be applied\n"), err
        with self.database.session() as session:
            for command in session.exec(select(CommandRow).where(CommandRow.state == "recorded")).all():
                assert commands.apply(session, command.id, now()).applied
            session.commit()

    def shown(self) -> list[str]:
        """The lines on clocks, promises and waits of `cases show`, without their dates."""
        _, out, _ = self.call("cases", "show", self.loop)
        words = ("clock ", "promise ", "waiting ", "aside ")
        return [" ".join(line.split(",")[0].split()) for line in out.splitlines() if line.startswith(words)]

    def inbox(self, *arguments: str) -> int:
        return len(json.loads(self.call("cases", "list", *arguments, "--format", "json")[1]))


@pytest.fixture
def desk(folder: Path, call: Call) -> Desk:
    assert call("import", "responses.csv", "--map", "map.yaml").code == 0
    database = Database(f"sqlite:///{folder}/.boucle/boucle.db")
    with database.session() as session:
        (loop,) = loops.list_loops(session, play="escalate")
        cases.open_case(session, loop.id, team="csm", severity="high", at=now())
        cases.assign(session, loop.id, owner="anna", by="boucle", at=now())
        loops.advance(session, loop.id, stage="working", at=now(), clocks=CLOCKS)
        session.commit()
        named = loop.id
    return Desk(database, named, call)


def test_a_case_that_waits_shows_its_paused_clock_and_until_when(desk: Desk) -> None:
    desk.act("wait", "--until", "4 business hours", "--text", "She sends the invoice.")
    assert [line.partition(" since")[0] for line in desk.shown()] == [
        "clock first_contact: in 1 d 23 h",
        "clock close: paused",
        "waiting for the customer",
    ]
    assert "waits" in desk.call("cases", "list")[1]
    desk.act("resume")
    assert [line.split(":")[0] for line in desk.shown()] == ["clock first_contact", "clock close"]


def test_a_case_put_aside_is_not_in_the_inbox_until_it_is_taken_up(desk: Desk) -> None:
    desk.act("snooze", "--until", (now() + timedelta(days=2)).isoformat())
    assert (desk.inbox(), desk.inbox("--aside")) == (0, 1)
    desk.act("resume")
    assert (desk.inbox(), desk.inbox("--aside")) == (1, 1)


def test_a_promise_is_shown_with_its_words_until_it_is_kept_or_broken(desk: Desk) -> None:
    desk.act("promise", "A new invoice", "--by", "3h")
    desk.act("promise", "A call from the director", "--by", "30h")
    assert "promise 1: in 2 h 59 min" in desk.shown()
    assert "by anna “A new invoice”" in desk.call("cases", "show", desk.loop)[1]
    desk.act("keep", "1")
    desk.act("keep", "2", "--broken", "--text", "He is ill.")
    assert {"promise 1: kept", "promise 2: broken"} <= set(desk.shown())


def test_a_promise_for_a_day_has_all_of_that_day(desk: Desk) -> None:
    tomorrow = (now() + timedelta(days=1)).astimezone().date()
    desk.act("promise", "A call", "--by", f"{tomorrow}")
    assert f"due {tomorrow} 23:59" in desk.call("cases", "show", desk.loop)[1]


@pytest.mark.parametrize("when", ["soon", "0h", "2020-01-01", "2 business weeks"])
def test_what_is_no_time_to_come_is_refused(desk: Desk, when: str) -> None:
    code, out, err = desk.call("cases", "snooze", desk.loop, "--until", when, "--as", "anna")
    assert (code != 0, out) == (True, "")
    assert when in err


def test_the_report_of_clocks_is_text_json_and_a_spreadsheet(desk: Desk) -> None:
    desk.act("promise", "A new invoice", "--by", "3h")
    desk.act("keep", "1")
    desk.act("attempt", "--channel", "phone", "--result", "reached")
    text = desk.call("clocks")[1]
    assert "team csm  first_contact" in text
    assert "time to first contact" in text
    found = json.loads(desk.call("clocks", "--format", "json")[1])
    assert {(one["of"], one["name"]) for one in found["clocks"]} == {
        ("all", ""), ("team", "csm"), ("owner", "anna"),
    }  # fmt: skip
    rows = list(csv.DictReader(io.StringIO(desk.call("clocks", "--format", "csv")[1])))
    assert [(row["clock"], row["met"], row["running"], row["contacted"]) for row in rows[:3]] == [
        ("first_contact", "1", "0", "1"),
        ("close", "0", "1", ""),
        ("commitment", "1", "0", ""),
    ]
    empty = json.loads(desk.call("clocks", "--until", "2020-01-01", "--format", "json")[1])
    assert (empty["clocks"], desk.call("clocks", "--until", "2020-01-01")[1]) == ([], "no clocks\n")
