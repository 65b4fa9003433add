"""Which team's working time a plan counts by: its own, that of its case, or of its first step with a case."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from pydantic import JsonValue

from boucle.engine.loops import LoopDefaults
from boucle.model import Calendar, Plan

DEFAULTS = LoopDefaults(
    "en",
    Calendar(name="usual", timezone="UTC", week=()),
    {"key": Calendar(name="key", timezone="UTC", week=())},
)
MESSAGE: JsonValue = {"id": "sorry", "message": "apology"}
CASE: JsonValue = {"id": "call", "case": {"team": "key"}}
OTHER: JsonValue = {"id": "other", "case": {"team": "csm"}}


@pytest.mark.parametrize(
    ("params", "calendar"),
    [
        ({"team": "key"}, "key"),
        ({"team": "csm"}, "usual"),
        ({"template": "thanks"}, "usual"),
        ({"case": {"team": "key"}}, "key"),
        ({"case": None}, "usual"),
        ({"team": None, "steps": [MESSAGE, CASE, OTHER]}, "key"),
        ({"team": None, "steps": [MESSAGE, OTHER, CASE]}, "usual"),
        ({"team": "csm", "steps": [CASE]}, "usual"),
        ({"steps": [MESSAGE]}, "usual"),
    ],
)
def test_the_calendar_is_that_of_the_team_that_the_plan_names(
    params: Mapping[str, JsonValue], calendar: str
) -> None:
    plan = Plan(rule_set="nps", rule="r", rule_digest="0", bundle="b", play="p", params=params)
    assert DEFAULTS.find_calendar(plan).name == calendar
