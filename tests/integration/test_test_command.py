"""`boucle rules test` in a folder: what goes to stdout and stderr, and the exit code."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from tests.integration.command_line import Call

FILES = {
    "boucle.toml": """\
[people.lea]
name = "Lea"
email = "lea@example.com"
[teams.csm]
name = "CSM"
lead = "lea"
members = ["lea"]
""",
    "facts.yaml": """\
boucle: facts/v1
facts:
  nps: {score: nps}
  customer.segment: {type: enum, values: [key, standard], unlisted: unknown}
""",
    "policy.yaml": "boucle: policy/v1\nmax_age: 14 days\n",
    "rules/nps.yaml": """\
boucle: rules/v1
ruleset: nps
rules:
  - id: call
    when: nps < 7 and customer.segment == "key"
    start: csm_case
    with: {team: csm}
undecided: record
""",
    "tests/nps.yaml": """\
boucle: rule-tests/v1
ruleset: nps
defaults:
  now: "2026-03-10T09:00:00Z"
  facts:
    customer.segment: key
tests:
  - name: a key account that is unhappy is called
    facts: {nps: 5}
    expect: {rule: call}
""",
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for path, text in FILES.items():
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_text(text, "utf-8")
    return tmp_path


@pytest.fixture
def test(folder: Path, call: Call) -> Call:
    """Run `boucle rules test` in it."""
    return partial(call, "rules", "test", str(folder))


def test_tests_that_pass_say_nothing_but_how_many(test: Call) -> None:
    assert test() == (0, "", "1 test(s): 1 passed, 0 failed\n")


def test_a_test_that_fails_is_an_answer_of_no(test: Call, folder: Path) -> None:
    path = folder / "tests/nps.yaml"
    path.write_text(path.read_text("utf-8").replace("rule: call", "rule: null"), "utf-8")
    code, out, err = test()
    assert code == 1
    assert out.startswith("tests/nps.yaml:8:5: FAILED a key account that is unhappy is called\n")
    assert err == "1 test(s): 0 passed, 1 failed\n"
    assert test("--mutate")[2].endswith("mutants are tried once there are tests and all of them pass\n")


def test_a_mistake_in_a_test_is_a_mistake_in_a_file(test: Call, folder: Path) -> None:
    path = folder / "tests/nps.yaml"
    path.write_text(path.read_text("utf-8").replace("rule: call", "rule: cal"), "utf-8")
    code, out, err = test()
    assert (code, out) == (2, "")
    assert "tests/nps.yaml:10:20: error[B130] unknown rule 'cal'; did you mean 'call'?" in err


def test_without_tests_the_first_ones_are_suggested(test: Call, folder: Path) -> None:
    (folder / "tests/nps.yaml").write_text("", "utf-8")
    assert test() == (1, "", "no tests; --suggest writes the first ones\n")
    code, out, _ = test("--suggest")
    assert code == 0
    (folder / "tests/nps.yaml").write_text(out, "utf-8")
    code, out, _ = test("--coverage", "--strict")
    assert (code, out.split(" (")[0]) == (0, "rule set nps: 100 %")


def test_what_is_suggested_can_be_appended_until_nothing_is_missing_and_nothing_survives(
    test: Call, folder: Path
) -> None:
    assert test("--coverage")[0] == 0
    code, out, _ = test("--coverage", "--strict")
    assert code == 1
    assert "no test in which rule call: nps < 7 is false" in out
    path = folder / "tests/nps.yaml"
    for _ in "12":
        path.write_text(path.read_text("utf-8") + test("--suggest", "--mutate")[1], "utf-8")
    code, out, err = test("--strict", "--mutate")
    assert code == 0, out + err
    assert "mutants fail a test" in out
    assert test("--suggest")[1] == ""


def test_survivors_are_an_answer_of_no(test: Call) -> None:
    code, out, _ = test("--mutate", "--format", "json")
    assert code == 1
    (mutants,) = json.loads(out)["mutants"]
    assert "`nps < 7` becomes `nps <= 7`" in [one["change"] for one in mutants["survivors"]]


def test_build_systems_get_junit_with_what_is_missing_and_what_survives(test: Call) -> None:
    _, out, _ = test("--mutate", "--coverage", "--format", "junit")
    suites = {suite.get("name"): suite for suite in ET.fromstring(out)}  # noqa: S314 # written by ourselves
    assert set(suites) == {"tests/nps.yaml", "coverage of nps", "mutants of nps"}
    assert suites["tests/nps.yaml"].attrib["failures"] == "0"
    assert int(suites["mutants of nps"].attrib["failures"]) > 0


def test_json_says_what_is_missing(test: Call) -> None:
    told = json.loads(test("--coverage", "--format", "json")[1])
    assert told["coverage"][0]["percent"] < 100
    assert {one["kind"] for one in told["coverage"][0]["missing"]} == {"outcome", "truth", "boundary"}


def test_files_that_cannot_be_used_are_named(test: Call, folder: Path) -> None:
    (folder / "facts.yaml").write_text("boucle: facts/v1\n", "utf-8")
    code, _, err = test()
    assert code == 2
    assert "facts.yaml:1:1: error[B031]" in err
