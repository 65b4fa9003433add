"""`boucle.toml` is read strictly: every mistake at once, each with its line."""

from __future__ import annotations

import os
import random
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from boucle import settings_file
from boucle.engine.absences import Absence
from boucle.errors import Mistake
from boucle.model import Money, Role
from boucle.settings import Settings
from boucle.settings_file import describe_settings, locate, parse_settings
from boucle.worker.directory import make_directory

HERE = Path("/workspace")
REFERENCE = (Path(__file__).parents[2] / "docs/settings.md").read_text("utf-8")


@pytest.fixture(autouse=True)
def _own_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.startswith(("BOUCLE_", "TEMPORAL_")):
            monkeypatch.delenv(name)


def read(text: str) -> Settings:
    settings, mistakes = parse_settings(text, HERE)
    assert mistakes == []
    assert settings is not None
    return settings


def said(text: str) -> list[str]:
    settings, mistakes = parse_settings(text, HERE)
    assert settings is None
    return [f"{mistake.place} {mistake.code} {mistake.message}" for mistake in mistakes]


def test_an_empty_file_has_every_default() -> None:
    settings = read("")
    assert settings.language == "en"
    assert settings.database == "sqlite:////workspace/.boucle/boucle.db"
    assert settings.mailbox_folder == HERE / ".boucle/mailbox"
    assert str(settings.quarantine.within) == "2 days"
    assert settings.temporal_address is None


def test_every_mistake_is_told_at_once_each_with_its_line() -> None:
    text = """langage = "fr"
timezone = "Europe/Pari"

[smtp]
hots = "mail"
port = "abc"

[people.anna]
name = "Anna"
email = "anna"
"""
    assert said(text) == [
        "boucle.toml:1:1 S002 unknown setting 'langage'; did you mean 'language'?",
        "boucle.toml:2:1 S003 'timezone': 'Europe/Pari' is not a time zone; write one such as Europe/Paris",
        "boucle.toml:4:2 S003 'smtp.host': is required",
        "boucle.toml:5:1 S002 unknown setting 'smtp.hots'; did you mean 'host'?",
        "boucle.toml:6:1 S003 'smtp.port': must be a whole number",
        "boucle.toml:10:1 S003 'people.anna.email': must be an e-mail address",
    ]


def test_broken_toml_is_told_with_its_place() -> None:
    assert said('company = "x"\nlanguage =\n') == ["boucle.toml:2:11 S001 not a TOML file: Invalid value"]


def test_teams_and_quarantine_name_people_who_exist() -> None:
    text = """[teams.csm]
name = "Customer success"
lead = "bob"
members = ["zoe"]
[quarantine]
owner = "nobody"
"""
    assert said(text) == [
        "boucle.toml:3:1 S004 'teams.csm.lead': nobody is called 'bob'",
        "boucle.toml:4:1 S004 'teams.csm.members': nobody is called 'zoe'",
        "boucle.toml:6:1 S004 'quarantine.owner': nobody is called 'nobody'",
    ]


def test_teams_and_the_workspace_name_calendars_that_exist() -> None:
    text = """calendar = "paris"
[calendars.lyon]
mon = ["9-12"]
fry = []
closed = ["someday"]
[calendars.lyon.holidays]
country = "XX"
"""
    not_worked = "'9-12' is not working time; write 09:00-12:30, or 22:00-06:00 for a night"
    assert said(text) == [
        f"boucle.toml:3:1 S003 'calendars.lyon.mon.0': {not_worked}",
        "boucle.toml:4:1 S002 unknown setting 'calendars.lyon.fry'; did you mean 'fri'?",
        "boucle.toml:5:1 S003 'calendars.lyon.closed.0': must be a day, such as 2026-12-24",
        "boucle.toml:6:2 S003 'calendars.lyon.holidays': no holidays are known of 'XX'; write FR, say",
    ]
    unknown = """calendar = "paris"
[people.anna]
name = "Anna"
email = "anna@example.com"
[teams.csm]
name = "Customer success"
lead = "anna"
calendar = "rome"
[calendars.lyon]
holidays = "FR"
"""
    assert said(unknown) == [
        "boucle.toml:1:1 S006 'calendar': no calendar is called 'paris'",
        "boucle.toml:8:1 S006 'teams.csm.calendar': no calendar is called 'rome'",
    ]


def test_a_team_works_by_its_own_calendar_else_by_the_workspace_s() -> None:
    teams = """
[people.anna]
name = "Anna"
email = "anna@example.com"
[teams.here]
name = "Here"
lead = "anna"
[teams.there]
name = "There"
lead = "anna"
calendar = "nights"
[calendars.nights]
timezone = "Asia/Kolkata"
mon = ["22:00-06:00"]
[calendars.french]
holidays = "FR"
"""
    zone = 'timezone = "Europe/Paris"\n'
    settings = read(zone + 'calendar = "french"\n' + teams)
    found = {team: settings.make_calendar(2026, team) for team in ("here", "there", "gone")}
    assert {team: calendar.name for team, calendar in found.items()} == {
        "here": "french", "there": "nights", "gone": "french",
    }  # fmt: skip
    assert (found["here"].timezone, found["there"].timezone) == ("Europe/Paris", "Asia/Kolkata")
    assert {day.year for day in found["here"].holidays} == {2026, 2027, 2028}
    assert read(zone + teams).make_calendar(2026, "here").name == "weekdays 9-18"


def test_a_secret_is_never_repeated(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BOUCLE_SMTP__PASSWORD", "hunter2")
    settings = read('[smtp]\nhost = "mail.example.com"\n')
    assert settings.smtp is not None
    assert settings.smtp.password is not None
    assert settings.smtp.password.get_secret_value() == "hunter2"
    assert "hunter2" not in repr(settings)
    assert not any("hunter2" in line for line in said('database_url = "hunter2"\n'))


def test_the_environment_wins_over_the_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BOUCLE_LANGUAGE", "fr")
    monkeypatch.setenv("BOUCLE_SMTP__PORT", "25")
    settings = read('language = "en"\n[smtp]\nhost = "mail.example.com"\nport = 587\n')
    assert settings.language == "fr"
    assert settings.smtp is not None
    assert (settings.smtp.host, settings.smtp.port) == ("mail.example.com", 25)


def test_a_wrong_variable_is_told_as_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BOUCLE_LANGUAGE", "french")
    assert said("") == [
        "environment:1:1 S003 'BOUCLE_LANGUAGE': must be a language of two letters, such as en or fr"
    ]


def test_temporals_own_variables_are_honoured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEMPORAL_ADDRESS", "theirs:7233")
    assert read('temporal_address = "file:7233"').temporal_address == "theirs:7233"
    monkeypatch.setenv("BOUCLE_TEMPORAL_ADDRESS", "ours:7233")
    assert read("").temporal_address == "ours:7233"


@pytest.mark.parametrize(
    ("text", "line", "column"),
    [
        ("[people.anna]\nemail = 1", 2, 1),
        ("[people]\nanna = {email = 1}", 2, 1),
        ("people.anna.email = 1", 1, 1),
        ('[people."anna"]\n  email = 1', 2, 3),
        ("", 1, 1),
    ],
)
def test_a_setting_is_found_however_it_is_written(text: str, line: int, column: int) -> None:
    place = locate(text, ("people", "anna", "email"))
    assert (place.line, place.column) == (line, column)


@pytest.mark.parametrize(
    ("url", "database"),
    [
        ("sqlite:////var/lib/boucle.db", "sqlite:////var/lib/boucle.db"),
        ("sqlite:///shop.db", "sqlite:////workspace/shop.db"),
        ("postgresql://boucle@db/boucle", "postgresql://boucle@db/boucle"),
    ],
)
def test_a_relative_database_file_lies_in_the_workspace(url: str, database: str) -> None:
    assert read(f'database_url = "{url}"').database == database


def test_quarantine_has_no_working_time() -> None:
    (mistake,) = said('[quarantine]\nwithin = "2 business days"\n')
    assert mistake.startswith("boucle.toml:2:1 S003 'quarantine.within': '2 business days' is working time")


GOOD = """company = "Maison Exemple"
timezone = "Europe/Paris"
sender = "Maison Exemple <care@example.com>"

[smtp]
host = "mail.example.com"
port = 25
starttls = true

[quarantine]
owner = "csm"
within = "2 days"

[people.anna]
name = "Anna Petit"
email = "anna@example.com"

[teams.csm]
name = "Customer success"
lead = "anna"
members = ["anna"]
"""
PIECES = ["=", "[", "]", "{", '"', "'", "\n", ".", "-1", "1.5", "true", "{}", "\0", "é", "#", "2020-01-01",
          "[[people]]", "people = 3\n", "smtp = 'x'\n", "teams = [1]\n", "language = 3\n", '"""']  # fmt: skip


@pytest.mark.parametrize("part", range(4))
def test_whatever_stands_in_the_file_is_told_and_never_raised(part: int) -> None:
    dice = random.Random(part)  # noqa: S311 not a secret: the same mutations each time
    for _ in range(500):
        text = GOOD
        for _ in range(dice.choice([1, 1, 2, 3])):
            at = dice.randrange(len(text))
            cut = dice.choice([0, 0, dice.randrange(1, 30)])
            text = text[:at] + (dice.choice(PIECES) if not cut else "") + text[at + cut :]
        settings, mistakes = parse_settings(text, HERE)
        assert (settings is None) == bool(mistakes)
        lines = text.count("\n") + 1
        assert all(mistake.message and 1 <= mistake.place.line <= lines for mistake in mistakes)


def test_a_role_s_limit_is_one_amount_a_currency() -> None:
    settings = read(
        """
[people.anna]
name = "Anna"
email = "anna@example.com"
[people.lea]
name = "Lea"
email = "lea@example.com"
[people.otto]
name = "Otto"
email = "otto@example.com"
role = "cx_ops"
[teams.csm]
name = "CSM"
lead = "lea"
members = ["anna"]
[offers.limits]
csm = "50.00 EUR"
lead = ["200.00 EUR", "220.00 USD"]
"""
    )
    euros, dollars = Money.parse("60.00 EUR"), Money.parse("220.00 USD")
    anna, lea, otto = (settings.authority_of(person) for person in ("anna", "lea", "otto"))
    assert [one.role for one in (anna, lea, otto)] == [Role.CSM, Role.LEAD, Role.CX_OPS]
    assert [one.covers(euros) for one in (anna, lea, otto)] == [False, True, False]
    assert [one.covers(dollars) for one in (anna, lea, otto)] == [False, True, False]
    assert [one.covers(None) for one in (anna, lea, otto)] == [True, True, True]
    assert [one.approves(None) for one in (anna, lea, otto)] == [False, True, True]


def test_a_lead_without_a_limit_grants_any_amount_and_a_csm_none() -> None:
    limits = read("").offers
    assert limits.authority(Role.LEAD).covers(Money.parse("9999.00 EUR"))
    assert not limits.authority(Role.CSM).covers(Money.parse("0.01 EUR"))


@pytest.mark.parametrize("limit", ['"50 euros"', "50", '["1.00 EUR", "x"]'])
def test_a_limit_that_is_no_amount_is_a_mistake_with_its_line(limit: str) -> None:
    _, mistakes = parse_settings(f"[offers.limits]\ncsm = {limit}\n", Path())
    assert [(mistake.code, mistake.place.line) for mistake in mistakes] == [("S003", 2)]


def test_every_setting_has_one_line_of_doc_and_stands_in_the_reference() -> None:
    for setting in describe_settings():
        assert setting.doc.endswith(".")
        assert f"| `{setting.key}` | {setting.default} | {setting.doc} |" in REFERENCE


def test_every_mistake_stands_in_the_reference() -> None:
    kinds = [kind for kind in vars(settings_file).values() if isinstance(kind, type)]
    codes = {kind.code for kind in kinds if issubclass(kind, Mistake) and kind is not Mistake}
    assert set(re.findall(r"^\| `(S\d+)` \|", REFERENCE, re.MULTILINE)) == codes


def test_absences_end_after_they_begin_and_stand_ins_exist_and_make_no_circle() -> None:
    text = """[people.anna]
name = "Anna"
email = "anna@example.com"
role = "boss"
skills = ["Bill ing"]
languages = ["english"]
capacity = -1
absences = [{from = 2026-08-14, until = 2026-08-03}, {until = 2026-09-01}]
"""
    roles = "Input should be 'csm', 'lead', 'cx_ops', 'auditor', 'viewer' or 'admin'"
    wrong_way = "an absence from 2026-08-14 cannot end before it, on 2026-08-03"
    assert said(text) == [
        f"boucle.toml:4:1 S003 'people.anna.role': {roles}",
        "boucle.toml:5:1 S003 'people.anna.skills.0': must be words of small letters, such as billing",
        "boucle.toml:6:1 S003 'people.anna.languages.0': must be languages of two letters, such as en or fr",
        "boucle.toml:7:1 S003 'people.anna.capacity': Input should be greater than or equal to 0",
        f"boucle.toml:8:1 S003 'people.anna.absences.0': {wrong_way}",
        "boucle.toml:8:1 S003 'people.anna.absences.1.from': is required",
    ]
    circle = """[people.anna]
name = "Anna"
email = "anna@example.com"
absences = [{from = 2026-08-03, until = 2026-08-14, stand_in = "bob"}]
[people.bob]
name = "Bob"
email = "bob@example.com"
absences = [{from = 2026-08-10, stand_in = "anna"}, {from = 2026-09-20, stand_in = "zoe"}]
[people.cleo]
name = "Cleo"
email = "cleo@example.com"
absences = [{from = 2026-08-10, stand_in = "cleo"}]
"""
    each_other = "on 2026-08-10 they stand in for each other: bob → anna → bob"
    assert said(circle) == [
        "boucle.toml:8:1 S004 'people.bob.absences': nobody is called 'zoe'",
        f"boucle.toml:8:1 S007 'people.bob.absences': {each_other}",
        "boucle.toml:12:1 S007 'people.cleo.absences': 'cleo' cannot stand in for themselves",
    ]


def test_people_who_are_away_one_after_the_other_can_stand_in_for_each_other() -> None:
    settings = read("""[people.anna]
name = "Anna"
email = "anna@example.com"
timezone = "America/New_York"
absences = [{from = 2026-08-03, until = 2026-08-07, stand_in = "bob"}]
[people.bob]
name = "Bob"
email = "bob@example.com"
absences = [{from = 2026-08-08, stand_in = "anna"}]
""")
    directory = make_directory(settings)
    (anna,) = directory.people["anna"].absences
    assert anna == Absence(
        "anna",
        datetime(2026, 8, 3, 4, tzinfo=UTC),
        datetime(2026, 8, 8, 4, tzinfo=UTC),
        "bob",
    )
    (bob,) = directory.people["bob"].absences
    assert (bob.begins_at, bob.ends_at) == (datetime(2026, 8, 8, tzinfo=UTC), None)
