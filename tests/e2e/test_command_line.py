"""The command line as its users run it, process by process."""

from __future__ import annotations

import csv
import os
import resource
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.product import Product, product, wait_for

IMPORT = ("import", "responses.csv", "--map", "map.yaml")


@pytest.fixture
def shop(tmp_path: Path, database_url: str) -> Iterator[Product]:
    """A workspace fresh from `boucle init`, on each kind of database."""
    yield from _made(tmp_path / "shop", {"BOUCLE_DATABASE_URL": database_url})


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Product]:
    """The same on the embedded database, which the first command that needs it makes."""
    yield from _made(tmp_path / "desk", {})


def _made(folder: Path, settings: dict[str, str]) -> Iterator[Product]:
    folder.mkdir()
    with product(folder, settings) as made:
        made.run("init")
        yield made


def test_from_init_to_a_verified_ledger(shop: Product) -> None:
    sample = shop.workspace / "responses.csv"
    assert shop.run("rules", "check") == ""
    tried = shop.ask(*IMPORT, "--dry-run")
    brought = shop.ask(*IMPORT)
    assert brought == {**tried, "rejects": None}
    assert (brought["new"], brought["outcomes"]) == (12, {"starts": 6, "nothing": 6})
    assert len(shop.ask("loops", "list")) == 6
    sample.write_text(
        sample.read_text("utf-8").replace("+01:00,3,2,delivery", "+01:00,9,2,delivery"), "utf-8"
    )
    again = shop.ask(*IMPORT)
    assert (again["new"], again["duplicate"], again["revision"], again["loops"]) == (0, 11, 1, [])
    explained = shop.ask("explain", "r-001")
    assert (explained["revision"], explained["decision"]["winner"]) == (2, "key-account-case")
    assert shop.ask("report")["responses"] == 12
    assert shop.ask("audit", "verify")["whole"]


def test_an_act_waits_where_nothing_runs_and_is_done_where_it_does(desk: Product) -> None:
    desk.run(*IMPORT)
    apology, *_ = [loop for loop in desk.ask("loops", "list") if loop["rule"] == "detractor-apology"]
    assert desk.run("cases", "note", apology["loop"], "Rings twice", "--as", "anna").startswith("recorded")
    running = desk.start_up()
    show = ("loops", "show", apology["loop"])
    wait_for(lambda: "Rings twice" in desk.run_here(*show), "the note", 60)
    assert "Rings twice" in desk.run(*show)
    case = wait_for(lambda: _csm_cases(desk), "a case", 60)[0]["loop"]
    phone = ("--channel", "phone", "--as", "anna")
    assert desk.run("cases", "attempt", case, *phone, "--result", "reached", "--text", "Sad") == "done\n"
    closed = ("cases", "close", case, "--closure", "recovered", "--as", "ben")
    refused = desk.call(*closed)
    assert refused.returncode == 1
    assert "closing this case needs a root cause" in refused.stderr
    assert desk.run(*closed, "--root-cause", "process", "--systemic", "--text", "Called, mended.") == "done\n"
    shown = desk.ask("cases", "show", case)
    assert (shown["closure"], shown["closed_by"], shown["systemic"]) == ("recovered", "ben", True)
    assert desk.stop(running.pid) == 0


def _csm_cases(desk: Product) -> list[Any]:
    return [case for case in desk.ask_here("cases", "list") if case["team"] == "csm" and case["owner"]]


def test_an_interrupted_import_is_run_again_and_nothing_is_lost_or_doubled(desk: Product) -> None:
    count = 2000
    at = datetime.now(UTC).isoformat(timespec="seconds")
    with (desk.workspace / "many.csv").open("w", encoding="utf-8", newline="") as file:
        head = (desk.workspace / "responses.csv").read_text("utf-8").splitlines()[0].split(",")
        rows = [[f"m-{number}", at, str(number % 11), *[""] * (len(head) - 3)] for number in range(count)]
        csv.writer(file).writerows([head, *rows])
    desk.run("loops", "list")
    process = desk.start("import", "many.csv", "--map", "map.yaml")
    wait_for(lambda: desk.query("SELECT 1 FROM response LIMIT 1"), "the first responses", 60)
    os.kill(process.pid, signal.SIGINT)
    assert process.wait(60) == 130
    accepted = desk.ask("report")["responses"]
    assert 0 < accepted < count
    again = desk.ask("import", "many.csv", "--map", "map.yaml")
    assert (again["new"], again["duplicate"]) == (count - accepted, accepted)


def test_an_unreachable_database_is_exit_3_and_its_password_is_not_shown(tmp_path: Path) -> None:
    url = "postgresql://boucle:hunter2@127.0.0.1:1/boucle"
    with product(tmp_path, {"BOUCLE_DATABASE_URL": url, "BOUCLE_DEBUG": "0"}) as made:
        made.run("init")
        done = made.call("loops", "list")
    assert (done.returncode, done.stdout) == (3, "")
    assert "cannot be reached" in done.stderr
    assert "hunter2" not in done.stderr


def test_an_unexpected_error_is_one_line_and_a_report_that_only_its_owner_reads(tmp_path: Path) -> None:
    reports = tmp_path / "reports"
    reports.mkdir()
    with product(tmp_path, {"BOUCLE_DEBUG": "0", "TMPDIR": str(reports)}) as made:
        made.run("init", "shop")
        made.run("loops", "list", "--workspace", "shop")
        with closing(sqlite3.connect(tmp_path / "shop/.boucle/boucle.db")) as database:
            database.execute("DROP TABLE loop")
        done = made.call("loops", "list", "--workspace", "shop")
    assert done.returncode == 70
    (report,) = reports.glob("boucle-report-*.txt")
    assert done.stderr == f"boucle: unexpected OperationalError; details are in {report}\n"
    assert "Traceback" in report.read_text("utf-8")
    assert report.stat().st_mode & 0o077 == 0


def test_a_reader_that_goes_away_is_no_error(desk: Product) -> None:
    listing = f"{sys.executable} -m boucle.cli --help | head -1"
    done = subprocess.run(
        ["/bin/sh", "-c", listing], capture_output=True, text=True, check=False, cwd=desk.workspace
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_the_version_costs_at_most_150_milliseconds() -> None:
    """Of processor time: what else runs on the machine does not count."""
    spent = []
    for _ in range(8):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        done = subprocess.run(
            [sys.executable, "-m", "boucle.cli", "--version"], capture_output=True, text=True, check=True
        )
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        spent.append(after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime)
        assert done.stdout.startswith("boucle ")
    assert min(spent) <= 0.150
