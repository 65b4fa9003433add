"""Who gets a case, and why: the whole rule, without a database."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import pytest

from boucle.activities.people import Colleague, Directory, Team
from boucle.engine.absences import Absence, find_absence, find_present
from boucle.engine.assignment import Candidate, Choice, Roster, Wanted, choose
from boucle.model import AssignReason, Role

AT = datetime(2026, 8, 5, 9, tzinfo=UTC)
DAY = timedelta(days=1)

PEOPLE = (
    Candidate("anna", "anna@firm.example", languages=frozenset({"fr", "en"}), capacity=2),
    Candidate("bruno", "Bruno@firm.example", skills=frozenset({"billing"}), languages=frozenset({"de"})),
    Candidate("cleo", "cleo@firm.example", skills=frozenset({"billing"})),
    Candidate("lea", "lea@firm.example"),
)
ROSTER = Roster(
    people={one.id: one for one in PEOPLE},
    members={"csm": ("anna", "bruno", "cleo"), "small": ()},
    leads={"csm": "lea", "small": "lea"},
)


def away(person: str, stand_in: str | None = None, since: datetime = AT - DAY) -> Absence:
    return Absence(person, since, AT + DAY, stand_in)


def chosen(
    *absences: Absence,
    team: str = "csm",
    language: str = "fr",
    skill: str | None = None,
    account_owner: str | None = None,
    to_lead: bool = False,
    but: frozenset[str] = frozenset(),
    loads: Mapping[str, int] | None = None,
) -> Choice:
    wanted = Wanted(team, language, skill=skill, account_owner=account_owner, to_lead=to_lead, but=but)
    return choose(wanted, ROSTER, absences, loads or {}, AT)


def test_the_least_loaded_of_those_who_can_gets_it_and_of_equals_the_first_named() -> None:
    assert chosen() == Choice("anna", AssignReason.LEAST_LOADED)
    assert chosen(loads={"anna": 1}).owner == "cleo"
    assert chosen(language="de").owner == "bruno"
    assert chosen(language="de", loads={"bruno": 1}).owner == "cleo"


def test_an_account_owner_gets_it_by_id_or_address_whatever_their_load_team_or_skill() -> None:
    for name in ("lea", "LEA@firm.example"):
        choice = chosen(account_owner=name, skill="billing", loads={"lea": 99})
        assert choice == Choice("lea", AssignReason.ACCOUNT_OWNER)
    assert chosen(account_owner="somebody who has left") == Choice("anna", AssignReason.LEAST_LOADED)


def test_who_had_the_case_before_gets_it_again_unless_they_have_left_or_are_away() -> None:
    for before, owner in (("bruno", "bruno"), ("somebody who has left", "lea")):
        wanted = Wanted("csm", "fr", account_owner="lea", previous_owner=before)
        assert choose(wanted, ROSTER, (), {}, AT).owner == owner
    wanted = Wanted("csm", "fr", account_owner="lea", previous_owner="bruno")
    assert choose(wanted, ROSTER, [away("bruno")], {}, AT).owner == "lea"


def test_only_who_has_the_skill_gets_it() -> None:
    assert chosen(skill="billing").owner == "cleo"
    assert chosen(skill="law") == Choice(None, AssignReason.NO_SKILL)


def test_only_who_speaks_the_language_gets_it_and_who_names_none_speaks_every_one() -> None:
    assert chosen(language="sv").owner == "cleo"
    assert chosen(away("cleo"), language="sv") == Choice(None, AssignReason.NO_LANGUAGE)


def test_nobody_is_given_more_than_their_capacity() -> None:
    assert chosen(language="en", loads={"anna": 1, "cleo": 5}).owner == "anna"
    assert chosen(language="en", loads={"anna": 2, "cleo": 5}).owner == "cleo"
    full = chosen(away("cleo"), language="en", loads={"anna": 2})
    assert full == Choice(None, AssignReason.NO_CAPACITY)


def test_who_is_away_is_replaced_by_the_stand_in_or_left_out() -> None:
    assert chosen(away("anna", "lea"), loads={"cleo": 1}) == Choice("lea", AssignReason.STAND_IN, "anna")
    assert chosen(away("anna")).owner == "cleo"
    assert chosen(away("anna"), away("bruno"), away("cleo")) == Choice(None, AssignReason.ALL_ABSENT)
    assert chosen(away("anna", "cleo")) == Choice("cleo", AssignReason.LEAST_LOADED)


def test_a_stand_in_for_an_absent_account_owner() -> None:
    assert chosen(away("bruno", "lea"), account_owner="bruno") == Choice(
        "lea", AssignReason.STAND_IN, "bruno"
    )
    assert chosen(away("bruno"), account_owner="bruno") == Choice("anna", AssignReason.LEAST_LOADED)


def test_a_stand_in_who_is_away_too_has_a_stand_in_of_their_own_and_no_circle_is_followed_for_ever() -> None:
    far = chosen(away("bruno", "cleo"), away("cleo", "lea"), account_owner="bruno")
    assert far == Choice("lea", AssignReason.STAND_IN, "bruno")
    circle = (away("bruno", "cleo"), away("cleo", "bruno"))
    assert find_present(circle, "bruno", AT) is None
    assert chosen(*circle, account_owner="bruno").owner == "anna"


def test_the_lead_gets_what_is_escalated_and_what_a_team_without_members_works() -> None:
    assert chosen(to_lead=True, account_owner="anna") == Choice("lea", AssignReason.LEAD)
    assert chosen(team="small") == Choice("lea", AssignReason.LEAD)
    assert chosen(away("lea", "cleo"), to_lead=True) == Choice("cleo", AssignReason.STAND_IN, "lea")
    assert chosen(away("lea"), to_lead=True) == Choice("anna", AssignReason.LEAST_LOADED)
    assert chosen(team="gone") == Choice(None, AssignReason.ALL_ABSENT)


def test_who_is_not_to_get_it_does_not() -> None:
    assert chosen(but=frozenset({"anna"})).owner == "cleo"
    assert chosen(but=frozenset({"anna"}), account_owner="anna").owner == "cleo"


def test_an_absence_lasts_up_to_its_end_and_of_several_the_last_begun_counts() -> None:
    holiday, illness = away("anna", "bruno"), away("anna", "cleo", since=AT)
    assert find_absence([illness, holiday], "anna", AT) == illness
    assert find_absence([holiday], "anna", holiday.begins_at) == holiday
    assert find_absence([holiday], "anna", AT + DAY) is None
    assert find_absence([Absence("anna", AT)], "anna", AT + 1000 * DAY) is not None


@pytest.mark.parametrize(
    ("person", "role"), [("anna", Role.CSM), ("lea", Role.LEAD), ("max", Role.ADMIN), ("zoe", None)]
)
def test_whoever_leads_a_team_is_a_lead_and_no_less_than_their_own_role(
    person: str, role: Role | None
) -> None:
    directory = Directory(
        people={
            "anna": Colleague("Anna", "a@firm.example", "fr", "UTC"),
            "lea": Colleague("Léa", "l@firm.example", "fr", "UTC"),
            "max": Colleague("Max", "m@firm.example", "fr", "UTC", role=Role.ADMIN),
        },
        teams={"one": Team("One", "lea", ("anna",)), "two": Team("Two", "max", ("anna", "lea"))},
    )
    assert directory.role_of(person) == role
    assert directory.list_teams("lea") == ("one", "two")
