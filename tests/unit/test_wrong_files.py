"""One wrong file for each mistake, named by it, and every message in one reviewed snapshot.

`REWRITE_MESSAGES=1 pytest tests/unit/test_wrong_files.py` writes the snapshot anew; review its diff.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from boucle.errors import Mistake
from boucle.rules.analysis.findings import find_all
from boucle.rules.compiler import compile_workspace
from boucle.rules.report import render
from tests.unit.small_map import find_mistakes, find_mistakes_of_customers
from tests.unit.small_workspace import FILES, TODAY, read, with_file

WRONG = Path(__file__).parent / "wrong"
SNAPSHOT = WRONG / "messages.txt"

BESIDE = """\
boucle: rules/v1
ruleset: csat
only_when: csat.delivery in 1..5
rules:
  - id: call
    when: csat.delivery in 1..2
    start: csm_case
    with: {team: csm}
undecided: record
otherwise:
  - {code: content, when: csat.delivery in 3..5, text: Nothing for them}
"""
"""A good rule set beside that of a file whose fault is between two."""

Reader = Callable[[str], tuple[list[Mistake], dict[str, str]]]


def _as(kind: str) -> Reader:
    def read_as(text: str) -> tuple[list[Mistake], dict[str, str]]:
        texts = with_file(kind, text)
        return read(texts)[1], texts

    return read_as


def _as_map(text: str) -> tuple[list[Mistake], dict[str, str]]:
    return find_mistakes(text), {"map.yaml": text}


def _as_customers(text: str) -> tuple[list[Mistake], dict[str, str]]:
    return find_mistakes_of_customers(text), {"map.yaml": text}


def _as_sound(text: str, **more: str) -> tuple[list[Mistake], dict[str, str]]:
    """What the rules of sound files make of one another."""
    texts = {**with_file("rules", text), **{f"rules/{name}.yaml": other for name, other in more.items()}}
    workspace, mistakes = read(texts)
    assert workspace is not None
    found = find_all(workspace, compile_workspace(workspace), TODAY).mistakes
    return [*mistakes, *found], texts


READERS: Mapping[str, Reader] = {
    **{kind: _as(kind) for kind in FILES},
    "map": _as_map,
    "customers": _as_customers,
    "finding": _as_sound,
    "sets": lambda text: _as_sound(text, csat=BESIDE),
}
"""How a wrong file is read, by the first part of its name; other kinds of files add theirs here."""


def _wrong_files() -> list[Path]:
    return sorted(WRONG.glob("*.bad.yaml"))


def _read_wrong(path: Path) -> tuple[list[Mistake], dict[str, str]]:
    text = path.read_bytes().decode("utf-8", "surrogateescape")
    return READERS[path.name.partition(".")[0]](text)


def test_every_message_is_as_reviewed() -> None:
    shown = "\n".join(f"== {path.name}\n{render(*_read_wrong(path))}\n" for path in _wrong_files())
    if os.environ.get("REWRITE_MESSAGES"):
        SNAPSHOT.write_text(shown, encoding="utf-8")
    assert shown == SNAPSHOT.read_text(encoding="utf-8")


@pytest.mark.parametrize("path", _wrong_files(), ids=lambda path: path.name.removesuffix(".bad.yaml"))
def test_one_wrong_file_holds_one_mistake(path: Path) -> None:
    mistakes, _texts = _read_wrong(path)
    assert len(mistakes) == 1, [mistake.message for mistake in mistakes]


def test_there_are_wrong_files_of_each_kind() -> None:
    assert {path.name.partition(".")[0] for path in _wrong_files()} == READERS.keys()
    assert len(_wrong_files()) >= 30
