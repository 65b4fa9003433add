"""Run with the package and boucle installed: `pytest`."""

from __future__ import annotations

import pytest
from pydantic import ValidationError
from thank_you_play.params import ThankYouParams

from boucle.worker.installed_workflows import load_workflows
from boucle.worker.own_plays import find_own_plays


def test_boucle_finds_the_play_and_its_sandbox_takes_it() -> None:
    assert "thank_you" in find_own_plays().plays
    assert [str(one) for one in load_workflows().unusable] == []
    assert "thank_you" in load_workflows().workflows


def test_the_parameters_of_a_rule_are_checked() -> None:
    assert str(ThankYouParams.model_validate({"template": "thanks"}).open_for) == "7 days"
    with pytest.raises(ValidationError):
        ThankYouParams.model_validate({"template": "thanks", "open_for": "soon"})
