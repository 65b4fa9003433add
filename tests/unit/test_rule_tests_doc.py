"""docs/rule-tests.md names every key, and its examples are tests that pass."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from boucle.commands import testing
from boucle.rules.testing import reader
from boucle.rules.testing.expectation import EXPECT_KEYS
from boucle.rules.testing.results import render_text
from tests.unit.tested_programme import run, said

DOC = (Path(__file__).parents[2] / "docs" / "rule-tests.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"^```yaml (?:tests|file)\n(.*?)^```", DOC, re.DOTALL | re.MULTILINE)
OUTPUT = re.findall(r"^```text output\n(.*?)^```", DOC, re.DOTALL | re.MULTILINE)


def _first_name(example: str) -> str:
    found = re.search(r"name: (.*)", example)
    assert found is not None
    return found[1]


@pytest.mark.parametrize("example", EXAMPLES, ids=_first_name)
def test_an_example_is_a_test_that_passes(example: str) -> None:
    _, results = run(example)
    assert results
    assert {name: keys for name, keys in said(results).items() if keys} == {}


def test_there_is_an_example_of_every_key_of_expect() -> None:
    assert {
        key for key in EXPECT_KEYS if not any(re.search(rf"\b{key}\b", text) for text in EXAMPLES)
    } == set()


def test_every_key_and_option_is_named() -> None:
    named = set(re.findall(r"[\w-]+", " ".join(re.findall(r"`([^`\n]+)`", DOC))))
    keys = {*reader._SINGLE, *reader._TABLE, *reader._STEPPED, *reader._STEP, *reader._DEFAULTS, *EXPECT_KEYS}
    assert keys - named == set()
    options = set(re.findall(r'typer\.Option\("--(\w+)"', Path(testing.__file__).read_text(encoding="utf-8")))
    assert {f"--{option}" for option in options} - named == set()


def test_the_failure_is_printed_as_the_page_shows_it() -> None:
    failing = (
        "  - name: a key account is called\n    facts: {nps: 5}\n    expect:\n      rule: key-account-case\n"
    )
    bundle, results = run(f"tests:\n{failing}")
    assert render_text(bundle, results).startswith(OUTPUT[0].rstrip("\n"))
