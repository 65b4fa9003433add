"""`boucle rules check` on a workspace whose files are sound: what is shown, and the exit code."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path

import pytest

from tests.e2e.test_check_speed import programme
from tests.integration.command_line import Call


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A sound programme of ten rules."""
    return programme(tmp_path / "shop", 10)


@pytest.fixture
def check(folder: Path, call: Call) -> Call:
    """Run `boucle rules check` in it."""
    return partial(call, "rules", "check", str(folder))


def change(folder: Path, old: str, new: str) -> None:
    path = folder / "rules/nps.yaml"
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new), "utf-8")


def test_notes_are_counted_and_shown_when_asked_for(check: Call) -> None:
    code, out, err = check()
    assert (code, out) == (0, "")
    assert err.startswith("10 rule(s) in 1 rule set(s): no errors; ")
    assert err.endswith(" note(s), shown with --info\n")
    code, out, err = check("--info", "--format", "concise")
    assert code == 0
    assert all(": info[B30" in line for line in out.splitlines())
    assert err == "10 rule(s) in 1 rule set(s): no errors\n"


@pytest.mark.parametrize("format_", ["json", "sarif"])
def test_notes_are_always_in_what_machines_read(check: Call, format_: str) -> None:
    code, out, _ = check("--format", format_)
    assert code == 0
    assert json.loads(out)
    assert '"B303"' in out


def test_a_warning_is_shown_and_keeps_nothing_from_being_used(check: Call, folder: Path) -> None:
    change(folder, "when: nps in 0..10", "when: detractor")
    code, out, _ = check("--format", "concise")
    assert code == 0
    assert "rules/nps.yaml:1:1: warning[B304]" in out


def test_an_error_of_the_rules_is_an_error_of_the_command(check: Call, folder: Path) -> None:
    change(folder, "promoter and", "detractor and promoter and")
    code, out, err = check("--format", "json")
    assert code == 1
    assert {found["code"] for found in json.loads(out) if found["severity"] == "error"} == {"B302"}
    assert err == "2 error(s)\n"


def test_an_error_of_the_files_is_told_alone(check: Call, folder: Path) -> None:
    change(folder, "promoter and", "detractor and promotr and")
    code, out, _ = check("--format", "json")
    assert code == 1
    assert {found["code"] for found in json.loads(out)} == {"B011"}


def test_what_could_not_be_looked_at_is_said(check: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("boucle.rules.analysis.grid.MOST_OF_ONE", 5)
    code, out, err = check()
    assert (code, out) == (0, "")
    assert "too many cases to look at all of them in 'nps'" in err
