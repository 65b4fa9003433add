"""`boucle demo` from beginning to end, and its report in a real browser."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, sync_playwright

BOUCLE = str(Path(sys.executable).with_name("boucle"))
BROWSER = shutil.which("chromium") or "/usr/bin/chromium"
QUIET = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("demo") / "sillage"


@pytest.fixture(scope="module")
def played(folder: Path) -> dict[str, Any]:
    run = subprocess.run(
        [BOUCLE, "demo", "--folder", str(folder), "--format", "json"],
        capture_output=True,
        text=True,
        timeout=400,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    shown: dict[str, Any] = json.loads(run.stdout)
    return shown


def boucle(folder: Path, *words: str) -> str:
    """What the command says on its standard output."""
    run = subprocess.run([BOUCLE, *words, "-w", str(folder)], capture_output=True, text=True, check=True)
    return run.stdout


@pytest.fixture
def page(played: dict[str, Any]) -> Iterator[Page]:
    """The report, opened; a message on the console or a request elsewhere is an error."""
    wrong: list[str] = []
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=BROWSER, args=QUIET)
        page = browser.new_page(viewport={"width": 1100, "height": 900})
        page.on("console", lambda message: wrong.append(message.text))
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("request", lambda one: wrong.append(one.url) if not one.url.startswith("file:") else None)
        page.goto(Path(played["report"]).as_uri())
        yield page
        browser.close()
    assert not wrong


def test_every_loop_is_closed_in_every_way(played: dict[str, Any]) -> None:
    figures = played["figures"]
    closures = {line["closure"] for line in figures["loops"]}
    assert figures["opened"] == figures["closed"] > 0
    assert {
        *("recovered", "not_recovered", "unreachable", "no_answer", "false_alarm", "declined", "completed")
    } == closures
    plays = {line["play"] for line in figures["loops"]}
    assert {"invite_promoter", "ask_follow_up", "sequence", "apologize_with_offer", "csm_case"} <= plays


def test_flaws_of_the_file_are_accounted_for(played: dict[str, Any]) -> None:
    assert played["intake"] == {"new": 400, "duplicate": 1, "revision": 1, "quarantined": 1}
    assert played["rows_rejected"] == 2
    assert played["figures"]["decisions"]["by_gate"]["max_age"] > 0


def test_messages_go_out_once(played: dict[str, Any], folder: Path) -> None:
    done = {line["kind"]: line["count"] for line in played["figures"]["messages"] if line["state"] == "done"}
    mails = [mail.read_text() for mail in (folder / ".boucle" / "mailbox").glob("*.eml")]
    effects = [line for mail in mails for line in mail.splitlines() if line.startswith("X-Boucle-Effect: ")]
    assert len(effects) == len(set(effects)) == done["customer"] + done["staff"]


def test_the_ledger_is_verified(played: dict[str, Any]) -> None:
    assert played["ledger"]["problems"] == []
    assert played["ledger"]["events"] > 1000


def test_the_report_tells_each_loop(page: Page, played: dict[str, Any]) -> None:
    stories = page.locator("details")
    assert stories.count() == played["figures"]["opened"]
    assert page.locator("details[open] blockquote").inner_text()
    last = stories.last
    assert not last.locator("time").first.is_visible()
    last.locator("summary").click()
    assert last.locator("time").first.is_visible()


def test_a_loop_reads_as_a_story(page: Page, folder: Path, tmp_path: Path) -> None:
    """Somebody who was not there learns who said what, why it was begun, who called, and how it ended."""
    listed = boucle(
        folder, "loops", "list", "--play", "csm_case", "--closure", "recovered", "--format", "json"
    )
    loop = json.loads(listed)[0]["loop"]
    file = tmp_path / "story.html"
    assert boucle(folder, "loops", "story", loop, "--output", str(file)) == f"written: {file}\n"
    page.goto(file.as_uri())
    text = page.locator("main").inner_text()
    told = [
        "out of 10 on", "detractor", "reached the customer by phone", "The loop was closed by",
        "the customer was won back", "The cause:", "none was changed",
    ]  # fmt: skip
    assert [part for part in told if part not in text] == []
    assert "effect." not in text
    assert "staff-" not in text
    page.set_viewport_size({"width": 320, "height": 700})
    assert page.evaluate("document.documentElement.scrollWidth") <= 320


def test_the_report_fits_a_telephone(page: Page) -> None:
    page.set_viewport_size({"width": 320, "height": 700})
    assert page.evaluate("document.documentElement.scrollWidth") <= 320


def test_another_folder_is_not_replaced(tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("mine")
    run = subprocess.run(
        [BOUCLE, "demo", "--folder", str(tmp_path)], capture_output=True, text=True, check=False
    )
    assert run.returncode == 1
    assert "holds something else" in run.stderr
    assert (tmp_path / "letter.txt").read_text() == "mine"
