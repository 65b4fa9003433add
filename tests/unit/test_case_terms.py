from __future__ import annotations

from datetime import datetime, timedelta
from itertools import pairwise

import pytest
from pydantic import JsonValue, ValidationError

from boucle.engine.clock import due
from boucle.engine.ladder import ahead
from boucle.model import Duration
from boucle.rules.declarations.named_params import named_params
from boucle.rules.workspace import load
from boucle.terms import Moment
from boucle.workflows.csm_case_params import CsmCaseParams
from tests.calendars import weekdays_9_to_18
from tests.unit.small_workspace import KNOWN, PLAYS, TODAY, with_file

PARIS = weekdays_9_to_18("Europe/Paris")


def params(**given: JsonValue) -> CsmCaseParams:
    return CsmCaseParams.model_validate({"team": "csm", **given})


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("2h before first_contact", "reminder-first_contact-2h"),
        ("1 business days before close", "reminder-close-1bd"),
        ("close missed", "missed-close"),
        ("30m after first_contact", "late-first_contact-30m"),
        ("2 weeks after opening", "standing-2w"),
    ],
)
def test_a_moment_is_written_as_people_say_it_and_has_a_name_of_its_own(text: str, name: str) -> None:
    moment = Moment.parse(text)
    assert (str(moment), moment.name) == (text, name)
    assert Moment.model_validate(moment.model_dump(mode="json")) == moment


@pytest.mark.parametrize(
    "text", ["noon", "2h before opening", "0h before close", "2h", "answer missed", "2 moons before close"]
)
def test_what_is_no_moment_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"write|duration"):
        Moment.parse(text)


def test_the_usual_ladder_reminds_the_owner_and_tells_the_lead_of_a_miss() -> None:
    told = {level.when.name: level.tell for level in params(remind_before=["24h", "4h"]).terms.ladder}
    assert told == {
        "reminder-first_contact-24h": ("owner",),
        "reminder-close-24h": ("owner",),
        "reminder-first_contact-4h": ("owner",),
        "reminder-close-4h": ("owner",),
        "missed-first_contact": ("lead",),
        "missed-close": ("lead",),
    }


def test_a_level_names_people_teams_and_a_message_of_the_workspace() -> None:
    level: JsonValue = {
        "when": "4h after opening",
        "tell": ["lead", "anna"],
        "team": "product",
        "message": "look-at-this",
    }
    read = params(ladder=[level, {"when": "close missed", "tell": "owner"}])
    first, second = read.terms.ladder[2:]
    assert (first.tell, first.template) == (("lead", "person:anna", "team:product"), "look-at-this")
    assert second.tell == ("owner",)
    assert [(kind, name) for _, kind, name in named_params(read)] == [
        ("team", "csm"),
        ("person", "anna"),
        ("team", "product"),
        ("template", "look-at-this"),
    ]
    assert CsmCaseParams.model_validate(read.model_dump(mode="json")) == read


def test_two_levels_at_one_moment_are_one_mistake_and_so_is_one_that_tells_nobody() -> None:
    with pytest.raises(ValidationError, match="'4h before close' comes twice"):
        params(ladder=[{"when": "4h before close", "tell": "lead"}])
    with pytest.raises(ValidationError, match="'close missed' tells nobody"):
        params(ladder=[{"when": "close missed"}])


def test_silence_is_stated_or_none() -> None:
    usual = params().terms.silence
    assert (str(usual.after), usual.then) == ("3 business days", "escalate")
    assert params(silent_after="none").terms.silence.after is None


@pytest.mark.parametrize("text", ["4 business hours", "1 business days", "3 business days", "90m", "2 days"])
def test_counting_back_ends_where_counting_forth_began(text: str) -> None:
    """From the latest such instant the time is over by the end; a minute later it is not."""
    by = Duration.parse(text)
    ends = [datetime.fromisoformat(f"2026-03-{day:02}T10:17:30+01:00") for day in (2, 3, 6, 7, 9, 30)]
    begins = [ahead(end, by, PARIS) for end in ends]
    for begin, end in zip(begins, ends, strict=True):
        assert due(begin, by, PARIS) <= end < due(begin + timedelta(minutes=1), by, PARIS)
    assert all(earlier <= later for earlier, later in pairwise(begins))


RULE = """\
boucle: rules/v1
ruleset: nps
rules:
  - id: call
    when: detractor
    start: csm_case
    with:
      team: csm
      ladder:
{ladder}
undecided: record
"""


def mistakes(*ladder: str) -> list[str]:
    """What a check says of a rule with these levels, at which line and column."""
    lines = "\n".join(f"        - {level}" for level in ladder)
    texts = with_file("rules", RULE.replace("{ladder}", lines))
    known = {**KNOWN, "person": frozenset({"anna"})}
    _, found = load(texts, {**PLAYS, "csm_case": CsmCaseParams}, known, today=TODAY)
    return [f"{one.place.line}:{one.place.column} {one.message}" for one in found if one.place.line > 6]


def test_a_check_says_where_a_level_is_wrong() -> None:
    noon, nobody = mistakes("{when: noon, tell: lead}", "{when: close missed}")
    assert noon.startswith(
        "10:18 play 'csm_case': 'ladder.0.when': 'noon' is no moment of a case; write '2h b"
    )
    assert nobody.startswith(
        "11:11 play 'csm_case': 'ladder.1': 'close missed' tells nobody; write tell: owner"
    )


def test_a_check_knows_the_people_the_teams_and_the_messages_of_a_level() -> None:
    found = mistakes("{when: 2h before close, tell: [owner, boss, anna], team: care, message: hurry}")
    assert [mistake.split("; ")[0] for mistake in found] == [
        "10:49 unknown person 'boss'",
        "10:68 unknown team 'care'",
        "10:83 unknown template 'hurry'",
    ]
    assert mistakes("{when: 2h before close, tell: anna}") == []
    assert (
        "comes twice"
        in mistakes("{when: 4h before close, tell: lead}", "{when: 1h after opening, tell: lead}")[0]
    )
