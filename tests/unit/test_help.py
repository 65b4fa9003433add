"""`boucle help CODE` has a page for every code that a message can carry."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from typer.testing import CliRunner

from boucle.activities.templates import TemplateMistake
from boucle.errors import Mistake
from boucle.registry import make_app
from boucle.rules.mistakes import CODES


def _every_code() -> Iterator[str]:
    """Every code of every mistake that any room of the product knows."""
    kinds: list[type[Mistake]] = Mistake.__subclasses__()
    while kinds:
        kind = kinds.pop()
        kinds += kind.__subclasses__()
        code = getattr(kind, "code", None)
        if isinstance(code, str) and kind.__module__.startswith("boucle."):
            yield code


def asked(*arguments: str) -> str:
    done = CliRunner().invoke(make_app(), ["help", *arguments])
    assert done.exit_code == 0, done.output
    return done.stdout


def test_every_code_has_a_page() -> None:
    from boucle.intake import map_mistakes  # noqa: F401, PLC0415 its classes have to exist
    from boucle.rules.testing import case_mistakes  # noqa: F401, PLC0415 the same

    listed = {line.split()[0] for line in asked().splitlines()}
    assert set(_every_code()) <= listed
    assert TemplateMistake.code in listed
    assert set(CODES) <= listed


def test_the_list_gives_the_whole_first_sentence_of_each_section() -> None:
    titles = dict(line.split("  ", 1) for line in asked().splitlines())
    assert [code for code in CODES if not titles[code].endswith(".")] == []
    assert titles["B131"] == "A value that its fact cannot have."


def test_a_page_says_what_is_wrong_and_shows_both_examples() -> None:
    page = asked("b002")
    assert page.startswith("B002\n\nA single equals sign.\n\nwrong:\n")
    assert "right:\n  when: nps == 6\n" in page
    assert "```" not in page


def test_codes_of_other_files_have_their_line() -> None:
    assert asked("M006").strip().endswith("the file has no such column")
    assert json.loads(asked("S002", "--format", "json"))["code"] == "S002"


@pytest.mark.parametrize("code", ["B999", "x", "../codes"])
def test_an_unknown_code_is_said_to_be_none(code: str) -> None:
    done = CliRunner().invoke(make_app(), ["help", code])
    assert done.exit_code != 0
