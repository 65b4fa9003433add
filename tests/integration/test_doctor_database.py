"""What the doctor reads in the database, on each kind."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from sqlmodel import delete

from boucle.engine import outbox
from boucle.engine.database import Database
from boucle.engine.effects import intend
from boucle.engine.tables import LoopRow, OutboxRow, QuarantineRow
from boucle.local import database_checks
from boucle.local.doctor import examine, read_open_loops
from boucle.local.findings import Finding, is_sound
from boucle.model import EffectKind
from boucle.settings_file import parse_settings
from tests.integration.opening import AT, open_loop


def named(findings: list[Finding]) -> dict[str, Finding]:
    return {finding.check: finding for finding in findings}


def test_accounts_that_agree_and_accounts_that_do_not(database: Database) -> None:
    with database.session() as session:
        open_loop(session)
        (good,) = database_checks.check_counts(session)
        session.exec(delete(OutboxRow))
        session.exec(delete(LoopRow))
        (bad,) = database_checks.check_counts(session)
    assert (good.verdict, bad.verdict) == ("ok", "problem")
    assert good.text.startswith("1 revision = 1 decision, 1 starting decision = 1 loop")
    assert "1 starting decision and 0 loops" in bad.text


def test_what_waits_for_temporal_is_counted_with_its_age(database: Database) -> None:
    with database.session() as session:
        loop = open_loop(session)
        (waiting,) = database_checks.check_outbox(session, AT + timedelta(seconds=90))
        outbox.mark_started(session, f"{loop.id}/1", AT)
        (idle,) = database_checks.check_outbox(session, AT)
    assert (waiting.verdict, idle.verdict) == ("attention", "ok")
    assert waiting.text == "1 start and 0 acts wait for Temporal, the oldest for 90 s"


def test_an_unconfirmed_effect_waits_for_a_person(database: Database) -> None:
    with database.session() as session:
        loop = open_loop(session)
        assert len(database_checks.check_unconfirmed(session)) == 1
        for _ in range(2):
            intend(
                session,
                loop_id=loop.id,
                round_=1,
                step="apology",
                kind=EffectKind.CUSTOMER,
                spec={"template": "apology"},
                at=AT,
            )
        assert database_checks.check_unconfirmed(session) == []
        found = named(database_checks.check_findings(session, AT))
    assert found["unconfirmed"].verdict == "attention"
    assert found["unconfirmed"].text == f"1 effects that a person has to settle: {loop.id}/1/apology"
    assert found["unconfirmed"].next == "boucle unconfirmed list"


def test_a_full_quarantine_waits_for_a_person(database: Database) -> None:
    with database.session() as session:
        for number in range(2):
            row = QuarantineRow(
                id=f"q{number}",
                source="survey",
                source_id=f"r{number}",
                content_digest=f"d{number}",
                payload="{}",
                owner="ops",
                at=AT,
                due_at=AT + timedelta(days=number),
            )
            session.add(row)
        session.flush()
        (found,) = database_checks.check_quarantine(session, AT + timedelta(hours=1))
    assert (found.verdict, found.text) == ("attention", "2 responses wait in quarantine, 1 overdue")


def test_open_loops_are_read_with_those_that_temporal_has_yet_to_be_told(database: Database) -> None:
    with database.session() as session:
        told, untold = open_loop(session, "r1"), open_loop(session, "r2")
        outbox.mark_started(session, f"{told.id}/1", AT)
        session.commit()
    loops = read_open_loops(database)
    assert loops.ids == {told.id, untold.id}
    assert loops.untold == {untold.id}


def test_a_database_without_its_tables_is_named(
    empty_database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BOUCLE_DATABASE_URL", empty_database_url)
    settings, mistakes = parse_settings("", tmp_path)
    assert settings is not None, mistakes
    Database(empty_database_url).dispose()
    if empty_database_url.startswith("sqlite"):
        (tmp_path / "empty.db").touch()
    found = named(examine(settings, AT))
    assert not is_sound(list(found.values()))
    assert found["database"].text.endswith("is not migrated")
    assert found["database"].next == "boucle up"


def test_a_workspace_without_a_database_is_left_without_one(tmp_path: Path) -> None:
    settings, mistakes = parse_settings("", tmp_path)
    assert settings is not None, mistakes
    found = named(examine(settings, AT))
    assert found["database"].text == "there is none yet"
    assert list(tmp_path.iterdir()) == []


def test_a_database_that_cannot_be_reached_does_not_end_the_examination(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BOUCLE_DATABASE_URL", "postgresql://nobody@127.0.0.1:1/nothing")
    settings, mistakes = parse_settings("", tmp_path)
    assert settings is not None, mistakes
    found = named(examine(settings, AT))
    assert found["database"].verdict == "problem"
    assert {"running", "mail"} <= set(found)


def test_a_text_that_was_edited_into_nonsense_is_found_before_it_is_needed(tmp_path: Path) -> None:
    settings, mistakes = parse_settings("", tmp_path)
    assert settings is not None, mistakes
    (tmp_path / "templates").mkdir()
    text = tmp_path / "templates" / "apology.en.txt"
    text.write_text("Subject: Sorry\n\nDear {{ contact.nam }}\n")
    found = named(examine(settings, AT))["texts"]
    assert (found.verdict, found.next) == ("problem", "boucle rules check")
    assert "1 mistake" in found.text
    assert "templates/apology.en.txt:3" in found.text
    text.write_text("Subject: Sorry\n\nDear {{ contact.name }}\n")
    assert named(examine(settings, AT))["texts"].verdict == "ok"
