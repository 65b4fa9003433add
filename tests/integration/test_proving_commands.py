"""`rules prove` and `rules diff` in a workspace: output, exit codes, bundles by digest."""

from __future__ import annotations

import json
import shutil
from functools import partial
from pathlib import Path

import pytest

from boucle.commands.opening import get_settings, open_database
from boucle.commands.ruling import get_bundle
from boucle.engine import bundles
from tests.integration.command_line import Call
from tests.integration.opening import AT

FACTS = """\
boucle: facts/v1
facts:
  nps:
    score: nps
derived:
  history.detractors_180d:
    count: responses
    where: nps in 0..6
    within: 180d
    per: customer
"""

RULES = """\
boucle: rules/v1
ruleset: nps
rules:
  - id: repeat-detractor
    when: detractor and history.detractors_180d >= 1
    start: escalate
    with:
      team: csm
  - id: detractor-case
    when: detractor and history.detractors_180d == 0
    start: csm_case
    with:
      team: csm
undecided: record
guarantees:
  - id: every-detractor-is-taken
    whenever: detractor
    taken: true
  - id: no-score-no-action
    whenever: nps is unknown
    starts: none
"""


pytestmark = pytest.mark.usefixtures("folder")


@pytest.fixture
def folder(folder: Path) -> Path:
    """A workspace of two rules, with one guarantee that holds and one that does not."""
    (folder / "facts.yaml").write_text(FACTS, "utf-8")
    (folder / "policy.yaml").write_text("boucle: policy/v1\nmax_age: 14 days\n", "utf-8")
    (folder / "rules/nps.yaml").write_text(RULES, "utf-8")
    return folder


@pytest.fixture
def call(call: Call) -> Call:
    """Run one command of `boucle rules` in it."""
    return partial(call, "rules")


def edit(folder: Path, old: str, new: str) -> None:
    path = folder / "rules/nps.yaml"
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new), "utf-8")


# -- prove --------------------------------------------------------------------------------------


def test_a_broken_guarantee_is_exit_1_and_a_proved_one_0(call: Call) -> None:
    one = call("prove", "--as-of", "2026-03-10", "--guarantee", "no-score-no-action")
    assert (one.code, one.err) == (0, "1 of 1 guarantee(s) proved\n")
    assert one.out.startswith("PROVED  no-score-no-action  rules/nps.yaml:")
    both = call("prove", "--as-of", "2026-03-10")
    assert (both.code, both.err) == (1, "1 of 2 guarantee(s) proved\n")
    assert both.out.startswith("REFUTED  every-detractor-is-taken  rules/nps.yaml:")


def test_proofs_are_printed_as_json_too(call: Call) -> None:
    said = call("prove", "--as-of", "2026-03-10", "--format", "json")
    broken, proved = json.loads(said.out)
    assert broken["verdict"] == "REFUTED"
    assert broken["claim"].startswith("Whenever detractor: a rule takes the response")
    assert broken["witness"]["decision"]["outcome"] == "nothing"
    assert "facts:" in broken["test"]
    assert (proved["verdict"], proved["day"], proved["witness"]) == ("PROVED", "2026-03-10", None)


def test_without_a_day_it_is_today(call: Call) -> None:
    from boucle.commands.output import now  # noqa: PLC0415 the clock is asked only here

    before = now().astimezone().date()
    said = call("prove", "--guarantee", "no-score-no-action", "--format", "json")
    assert str(before) <= json.loads(said.out)[0]["day"] <= str(now().astimezone().date())


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (("--as-of", "2026-13-01"), 2, "'2026-13-01' is no day; write 2026-03-10"),
        (
            ("--guarantee", "nowhere"),
            1,
            "no guarantee 'nowhere'; there are: every-detractor-is-taken, no-score",
        ),
    ],
)
def test_what_cannot_be_asked_is_said_in_one_line(
    call: Call, arguments: tuple[str, ...], code: int, message: str
) -> None:
    said = call("prove", *arguments)
    assert said.code == code
    assert message in said.err


def test_rules_with_a_mistake_are_not_proved(call: Call, folder: Path) -> None:
    edit(folder, "whenever: detractor\n", "whenever: detracter\n")
    said = call("prove")
    assert said.code == 2
    assert "rules/nps.yaml" in said.err


# -- diff ---------------------------------------------------------------------------------------


def test_two_folders_are_compared(call: Call, folder: Path, tmp_path: Path) -> None:
    shutil.copytree(folder, tmp_path / "edited")
    same = call("diff", ".", str(tmp_path / "edited"), "--as-of", "2026-03-10")
    assert (same.code, same.err) == (0, "0 outcome(s) differ, 0 other change(s)\n")
    edit(tmp_path / "edited", "history.detractors_180d >= 1", "history.detractors_180d >= 2")
    said = call("diff", ".", str(tmp_path / "edited"), "--as-of", "2026-03-10")
    assert said.code == 1
    assert "  repeat-detractor: narrower\n    no longer: " in said.out


def test_a_guarantee_that_is_gone_new_or_weaker_is_a_change_between_folders(
    call: Call, folder: Path, tmp_path: Path
) -> None:
    shutil.copytree(folder, tmp_path / "edited")
    edit(tmp_path / "edited", "whenever: detractor\n", "whenever: nps in 0..3\n")
    edit(tmp_path / "edited", "id: no-score-no-action", "id: silence")
    said = call("diff", ".", str(tmp_path / "edited"), "--as-of", "2026-03-10")
    assert (said.code, said.err) == (1, "0 outcome(s) differ, 3 other change(s)\n")
    gated, silent = (
        "a rule takes the response; a gate may still hold it back.",
        "Whenever nps is unknown: nothing",
    )
    also = [
        f"every-detractor-is-taken was: Whenever detractor: {gated} It is: Whenever nps in 0..3: {gated}",
        f"no-score-no-action is gone: {silent} starts, whatever the gates say.",
        f"silence is new: {silent} starts, whatever the gates say.",
    ]
    also = [f"guarantee nps/{line}" for line in also]
    assert said.out.partition("also\n")[2].splitlines() == [f"  {line}" for line in also]
    as_json = json.loads(
        call("diff", ".", str(tmp_path / "edited"), "--as-of", "2026-03-10", "--format", "json").out
    )
    assert as_json["changes"] == also
    assert as_json["guarantees_compared"] is True


def test_a_bundle_of_the_database_is_named_by_the_beginning_of_its_digest(call: Call, folder: Path) -> None:
    settings = get_settings(folder)
    bundle, database = get_bundle(settings), open_database(settings)
    with database.session() as session:
        bundles.store(session, bundle, AT)
        session.commit()
    database.dispose()
    edit(folder, "history.detractors_180d >= 1", "history.detractors_180d >= 2")
    said = call("diff", bundle.digest[:10], ".", "--format", "json")
    assert said.code == 1
    found = json.loads(said.out)
    assert found["old"] == bundle.digest
    assert found["guarantees_compared"] is False
    assert said.err.splitlines()[0] == "guarantees are no part of a bundle, and were not compared"
    changed = {one["outcome"]: one["kind"] for one in found["outcomes"] if one["kind"] != "equivalent"}
    assert changed["repeat-detractor"] == "narrower"
    assert call("diff", "nowhere", ".").code == 1
