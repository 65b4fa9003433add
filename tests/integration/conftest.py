"""What these tests share: a session on a real database, commands in a folder, rules that the test shows."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest
from pydantic import BaseModel
from sqlmodel import Session

from boucle.commands import failures
from boucle.commands.output import now
from boucle.commands.starting import copy_starter
from boucle.engine.database import Database
from boucle.engine.intake import IntakeTerms
from boucle.engine.loops import LoopDefaults
from boucle.engine.quarantine import QuarantineTerms
from boucle.registry import make_app
from boucle.rules.bundle import Bundle
from boucle.rules.compiler import compile_workspace
from boucle.rules.workspace import load
from tests.calendars import weekdays_9_to_18
from tests.integration.command_line import Call, Said

Compile = Callable[..., Bundle]


class Play(BaseModel):
    """The parameters of every play in these tests."""

    team: str = "csm"


@pytest.fixture
def session(database: Database) -> Iterator[Session]:
    """A session on a migrated database without rows, of each kind; nothing of it is committed by itself."""
    with database.session() as session:
        yield session


@pytest.fixture
def call(capsys: pytest.CaptureFixture[str]) -> Call:
    """Run one command of `boucle` in the present folder, in this process."""

    def run(*arguments: str) -> Said:
        code = failures.run(lambda: make_app()(arguments))
        printed = capsys.readouterr()
        return Said(code, printed.out, printed.err)

    return run


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A workspace as `boucle init` makes it, the present folder; its sample's dates follow the clock."""
    copy_starter("nps", tmp_path / "shop", today=now().date())
    monkeypatch.chdir(tmp_path / "shop")
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.delenv("BOUCLE_ACTOR", raising=False)
    return tmp_path / "shop"


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
