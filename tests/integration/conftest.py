"""What tests on a real database share: a workspace compiled from YAML that the test shows."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

import pytest
from pydantic import BaseModel

from boucle.engine.clock import weekdays_9_to_18
from boucle.engine.intake import IntakeTerms
from boucle.engine.loops import LoopDefaults
from boucle.engine.quarantine import QuarantineTerms
from boucle.rules.bundle import Bundle
from boucle.rules.compiler import compile_workspace
from boucle.rules.workspace import load

Compile = Callable[..., Bundle]


class Play(BaseModel):
    """The parameters of every play in these tests."""

    team: str = "csm"


@pytest.fixture
def compiled() -> Compile:
    """Compile facts and rules; `policy` has no age limit unless it is given."""

    def compile_texts(
        facts: str, rules: str, policy: str = "boucle: policy/v1\nmax_age: 14 days\n"
    ) -> Bundle:
        texts = {"facts.yaml": facts, "policy.yaml": policy, "rules/nps.yaml": rules}
        plays = {"csm_case": Play, "apologize_with_offer": Play, "escalate": Play}
        workspace, mistakes = load(texts, plays, {}, today=date(2026, 1, 1))
        assert workspace is not None, [f"{one.place}: {one.message}" for one in mistakes]
        return compile_workspace(workspace)

    return compile_texts


@pytest.fixture
def terms() -> IntakeTerms:
    """English by default, Paris office hours, quarantine for two days."""
    return IntakeTerms(
        LoopDefaults("en", weekdays_9_to_18("Europe/Paris")), QuarantineTerms("ops", timedelta(days=2))
    )
