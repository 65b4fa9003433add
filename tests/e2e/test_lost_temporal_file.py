"""The embedded Temporal file can be lost: the database holds all that a loop needs to go on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tests.e2e.product import Product, wait_for

SETTLED_WITHIN = 90.0


def standings(made: Product) -> dict[str, Any]:
    """Where every loop stands, with its clocks, and its case with owner and attempts."""
    found = {}
    for loop in made.ask_here("loops", "list"):
        show = "loops" if loop["play"] == "apologize_with_offer" else "cases"
        details = made.ask_here(show, "show", loop["loop"])
        details.pop("timeline", None)
        found[loop["loop"]] = details
    return found


def is_settled(made: Product) -> bool:
    """Every play waits for somebody: its first message is out, its case is open."""
    stages = {stage for (stage,) in made.query("SELECT stage FROM loop")}
    pending = made.query("SELECT id FROM outbox WHERE state = 'pending'")
    return stages == {"apologized", "working"} and not pending


def mails(made: Product) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in (made.data / "mailbox").glob("*.eml")}


def work_a_case(made: Product, case: str) -> None:
    made.run("cases", "claim", case, "--as", "claire")
    logged = ("--channel", "phone", "--result", "no_reply", "--at", "2026-01-05T10:00+01:00")
    made.run("cases", "attempt", case, *logged, "--as", "claire", "--text", "Nobody picked up.")
    made.run("cases", "note", case, "Call after lunch.", "--as", "claire")


def close(made: Product, loop: Mapping[str, Any]) -> None:
    if loop["play"] == "apologize_with_offer":
        made.run_here("loops", "answer", loop["loop"], "9", "--as", "anna")
    else:
        closing = ("--closure", "recovered", "--root-cause", "process")
        made.run_here(
            "cases", "attempt", loop["loop"], "--channel", "phone", "--result", "reached", "--as", "claire"
        )
        made.run_here("cases", "close", loop["loop"], *closing, "--text", "Called, mended.", "--as", "claire")


def test_every_loop_stands_where_it_stood_and_can_be_closed(made: Product) -> None:
    running = made.start_up()
    made.run("import", "responses.csv", "--map", "map.yaml")
    wait_for(lambda: is_settled(made), "every play to wait for somebody", SETTLED_WITHIN)
    (case,) = [loop["loop"] for loop in made.ask("loops", "list") if loop["play"] == "escalate"]
    work_a_case(made, case)
    before, sent = standings(made), mails(made)
    assert before[case]["attempts"][0]["result"] == "no_reply"
    made.stop(running.pid)
    for part in made.data.glob("temporal.db*"):
        part.unlink()

    made.start_up()
    wait_for(lambda: is_settled(made), "every loop to be started again", SETTLED_WITHIN)
    findings = {found["check"]: found for found in made.ask("doctor")}
    assert findings["workflows"]["verdict"] == "ok", findings
    assert f"{len(before)} open loops run as workflows" in findings["workflows"]["text"]
    assert standings(made) == before
    assert mails(made) == sent

    for loop in before.values():
        close(made, loop)
    assert {loop["state"] for loop in made.ask("loops", "list")} == {"closed"}
    assert mails(made) == sent
    assert made.call("audit", "verify").returncode == 0
    wait_for(lambda: no_workflow_is_left(made), "the workflows to end", SETTLED_WITHIN)


def no_workflow_is_left(made: Product) -> bool:
    told = made.call_here("doctor", "--format", "json")
    findings = {found["check"]: found for found in made.read(told.stdout)}
    return findings["workflows"]["text"].startswith("0 open loops") and {
        found["verdict"] for found in findings.values()
    } == {"ok"}


def test_what_is_recorded_while_nothing_runs_is_done_afterwards(made: Product) -> None:
    made.run("import", "responses.csv", "--map", "map.yaml")
    findings = {found["check"]: found for found in made.ask("doctor")}
    assert findings["outbox"]["verdict"] == "attention"
    assert "wait for Temporal" in findings["outbox"]["text"]
    assert findings["running"]["next"] == "boucle up"
    made.start_up()
    wait_for(lambda: is_settled(made), "every play to wait for somebody", SETTLED_WITHIN)
