"""`boucle rules check` on a workspace whose files are sound: what is shown, and the exit code."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from boucle.commands import failures
from boucle.registry import make_app
from tests.e2e.test_check_speed import programme

Said = tuple[int, str, str]
Check = Callable[..., Said]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A sound programme of ten rules."""
    return programme(tmp_path / "shop", 10)


@pytest.fixture
def check(folder: Path, capsys: pytest.CaptureFixture[str]) -> Check:
    """Run `boucle rules check` in it."""

    def run(*options: str) -> Said:
        code = failures.run(lambda: make_app()(["rules", "check", str(folder), *options]))
        printed = capsys.readouterr()
        return code, printed.out, printed.err

    return run


def change(folder: Path, old: str, new: str) -> None:
    path = folder / "rules/nps.yaml"
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new), "utf-8")


def test_notes_are_counted_and_shown_when_asked_for(check: Check) -> None:
    code, out, err = check()
    assert (code, out) == (0, "")
    assert err.startswith("10 rule(s) in 1 rule set(s): no errors; ")
    assert err.endswith(" note(s), shown with --info\n")
    code, out, err = check("--info", "--format", "concise")
    assert code == 0
    assert all(": info[B30" in line for line in out.splitlines())
    assert err == "10 rule(s) in 1 rule set(s): no errors\n"


@pytest.mark.parametrize("format_", ["json", "sarif"])
def test_notes_are_always_in_what_machines_read(check: Check, format_: str) -> None:
    code, out, _ = check("--format", format_)
    assert code == 0
    assert json.loads(out)
    assert '"B303"' in out


def test_a_warning_is_shown_and_keeps_nothing_from_being_used(check: Check, folder: Path) -> None:
    change(folder, "when: nps in 0..10", "when: detractor")
    code, out, _ = check("--format", "concise")
    assert code == 0
    assert "rules/nps.yaml:1:1: warning[B304]" in out


def test_an_error_of_the_rules_is_an_error_of_the_command(check: Check, folder: Path) -> None:
    change(folder, "promoter and", "detractor and promoter and")
    code, out, err = check("--format", "json")
    assert code == 1
    assert {found["code"] for found in json.loads(out) if found["severity"] == "error"} == {"B302"}
    assert err == "2 error(s)\n"


def test_an_error_of_the_files_is_told_alone(check: Check, folder: Path) -> None:
    change(folder, "promoter and", "detractor and promotr and")
    code, out, _ = check("--format", "json")
    assert code == 1
    assert {found["code"] for found in json.loads(out)} == {"B011"}


def test_what_could_not_be_looked_at_is_said(check: Check, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("boucle.rules.analysis.grid.MOST_OF_ONE", 5)
    code, out, err = check()
    assert (code, out) == (0, "")
    assert "too many cases to look at all of them in 'nps'" in err
