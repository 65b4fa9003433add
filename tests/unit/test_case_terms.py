from __future__ import annotations

from datetime import datetime, timedelta
from itertools import pairwise

import pytest
from pydantic import JsonValue, ValidationError

from boucle.engine.clock import due, weekdays_9_to_18
from boucle.engine.ladder import ahead
from boucle.model import Duration
from boucle.rules.declarations.named_params import named_params
from boucle.terms import Moment
from boucle.workflows.csm_case_params import CsmCaseParams

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
