"""docs/first-rule.md and its French sister: every command is typed as shown, and prints what is shown."""

from __future__ import annotations

import io
import re
import shlex
from contextlib import chdir, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path

import pytest

from boucle.commands import failures
from boucle.registry import make_app

DOCS = Path(__file__).parents[2] / "docs"


def read_blocks(page: str) -> list[tuple[str, str]]:
    """The fenced blocks of a page, in order: what stands beside the fence, and their text."""
    text = (DOCS / page).read_text(encoding="utf-8")
    return re.findall(r"^```(\S[^\n]*)\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)


def matches(shown: str, printed: str) -> bool:
    """Whether a page shows what was printed; `…` stands for anything, alone on a line for any lines."""
    pattern = "".join(
        r"(?:.*\n)*?" if line == "…" else ".*".join(map(re.escape, line.split("…"))) + r"\s*\n"
        for line in shown.splitlines()
    )
    return re.fullmatch(pattern, printed) is not None


def type_in(command: str) -> str:
    """Run one command in the present folder: what it prints, in order."""
    program, *arguments = shlex.split(command)
    assert program == "boucle"
    printed = io.StringIO()
    with redirect_stdout(printed), redirect_stderr(printed):
        failures.run(lambda: make_app()(arguments))
    return printed.getvalue()


def _insert_above(lines: list[str], beginning: str, text: str) -> None:
    """Put the text above the first line that begins so."""
    lines.insert(next(at for at, line in enumerate(lines) if line.startswith(beginning)), text)


@dataclass
class Reader:
    """Somebody who follows a page, and where they are.

    The names of bundles must be those of the page: whoever changes a starter changes the page.
    """

    folder: Path

    def follow(self, block: str) -> None:
        """Type each command of a block; the output below it must be what is printed."""
        for command, shown in re.findall(r"^\$ (.*)\n((?:(?!\$ ).*\n)*)", block, re.MULTILINE):
            if command.startswith("cd "):
                self.folder /= command.removeprefix("cd ")
                continue
            with chdir(self.folder):
                printed = type_in(command)
            assert matches(shown, printed), f"$ {command}\n{printed}"

    def write(self, how: str, text: str) -> None:
        """Do to a file what the page says beside the fence."""
        place, _, name = how.rpartition(" ")
        file = self.folder / name
        words = place.removesuffix(" in").removesuffix(" of").split()
        lines = file.read_text(encoding="utf-8").splitlines(keepends=True) if file.exists() else []
        match words:
            case ["file"]:
                lines = [text]
            case ["line", number]:
                lines[int(number) - 1] = text
            case ["above", *_]:
                _insert_above(lines, place.removeprefix("above ").removesuffix(" in"), text)
            case ["moved", "above", *_]:
                before, found, after = "".join(lines).partition(text)
                assert found, text
                lines = (before + after).splitlines(keepends=True)
                _insert_above(lines, place.removeprefix("moved above ").removesuffix(" in"), text)
            case _:
                assert words == ["at", "the", "end"]
                lines.append(text)
        file.write_text("".join(lines), encoding="utf-8")


@pytest.mark.parametrize("page", ["first-rule.md", "fr/premiere-regle.md"])
def test_whoever_types_what_the_page_says_sees_what_the_page_shows(
    page: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("BOUCLE_ACTOR", raising=False)
    reader, typed = Reader(tmp_path), 0
    for kind, text in read_blocks(page):
        language, _, how = kind.partition(" ")
        if language == "console":
            reader.follow(text)
            typed += 1
        else:
            reader.write(how, text)
    assert typed > 10


@pytest.mark.parametrize("page", ["first-rule.md", "fr/premiere-regle.md"])
def test_a_page_names_its_three_bundles_in_full(page: str) -> None:
    shown = "".join(text for kind, text in read_blocks(page) if kind == "console")
    assert len(set(re.findall(r"\b[0-9a-f]{12}\b", shown))) == 3


def test_a_page_that_shows_something_else_is_found_out() -> None:
    assert matches("a …\n…\nz\n", "a b\nc\nd\nz\n")
    assert not matches("a …\nz\n", "a b\nc\nz\n")
    assert not matches("a\n", "b\n")
