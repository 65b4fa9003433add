"""`boucle up` as a process: who may run, how it stops, what the doctor says of it."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from pathlib import Path

import pytest
from temporalio.api.operatorservice.v1 import ListSearchAttributesRequest
from temporalio.client import Client

from boucle.local.address import find_running, read_address
from boucle.local.temporal_view import view
from tests.e2e.processes import gone, kill_and_wait, listening, wait_until_gone
from tests.e2e.product import Product, product, wait_for

STOPPED_WITHIN = 45.0
"""Seconds: the worker's grace, and the server's."""


def verdicts(made: Product) -> dict[str, str]:
    told = made.call_here("doctor", "--format", "json")
    return {found["check"]: found["verdict"] for found in made.read(told.stdout)}


def test_it_says_what_runs_and_the_doctor_finds_all_well(made: Product) -> None:
    running = made.start_up()
    wait_for(lambda: "Ctrl-C stops it" in made.printed("up"), "the announcement", 10)
    assert running.temporal_address in made.printed("up")
    assert set(wait_for(lambda: _worker_polls(made) and verdicts(made), "a worker", 30).values()) == {"ok"}
    assert made.call("doctor").returncode == 0
    assert {address for address, _ in listening(running.pid)} <= {"127.0.0.1"}
    assert (made.data / "up.log").stat().st_mode & 0o077 == 0


def _worker_polls(made: Product) -> bool:
    return '"no worker asks for work"' not in made.call_here("doctor", "--format", "json").stdout


def test_a_second_one_is_refused_and_told_who_runs(made: Product) -> None:
    running = made.start_up()
    second = made.call("up")
    assert second.returncode == 1
    assert f"process {running.pid} has run since" in second.stderr
    assert find_running(made.data) == running


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_stops_cleanly_in_bounded_time(made: Product, number: signal.Signals) -> None:
    running = made.start_up()
    assert running.server_pid is not None
    began = time.monotonic()
    os.kill(running.pid, number)
    wait_until_gone(running.pid, STOPPED_WITHIN)
    assert time.monotonic() - began < STOPPED_WITHIN
    assert made.started[-1].wait() == 0
    assert gone(running.server_pid)
    assert read_address(made.data) is None


def test_after_a_kill_the_address_is_stale_and_the_next_one_runs_at_the_same_place(made: Product) -> None:
    first = made.start_up()
    assert first.server_pid is not None
    kill_and_wait(first.pid)
    wait_until_gone(first.server_pid)
    assert read_address(made.data) == first
    wait_for(lambda: find_running(made.data) is None, "its last thread to let go of the lock", 5)
    assert made.call("worker").returncode == 3
    second = made.start_up()
    assert second.pid != first.pid
    assert second.temporal_address == first.temporal_address


def test_a_killed_server_is_replaced_and_found(made: Product) -> None:
    first = made.start_up()
    assert first.server_pid is not None
    kill_and_wait(first.server_pid)
    second = wait_for(
        lambda: (now := find_running(made.data)) and now.server_pid != first.server_pid and now, "it", 30
    )
    assert (second.pid, second.temporal_address) == (first.pid, first.temporal_address)
    wait_for(lambda: set(verdicts(made).values()) == {"ok"}, "all to be well", 60)


def test_search_attributes_and_retention_are_set_on_a_file_that_exists(made: Product) -> None:
    """The server itself ignores both for a file that it has made before."""

    async def look(address: str) -> tuple[set[str], int]:
        client = await Client.connect(address)
        listed = await client.operator_service.list_search_attributes(
            ListSearchAttributesRequest(namespace="default")
        )
        return set(listed.custom_attributes), (await view(client, "boucle")).retention.days

    for _ in range(2):
        running = made.start_up()
        wait_for(lambda: verdicts(made)["worker"] == "ok", "a worker", 30)
        attributes, days = asyncio.run(look(running.temporal_address))
        assert {"BoucleCustomer", "BoucleDue", "BoucleStage"} <= attributes
        assert days == 90
        assert made.stop(running.pid) == 0


def test_a_server_of_ones_own_is_used_and_none_started(made: Product, tmp_path: Path) -> None:
    own = made.start_up()
    Product(tmp_path).run("init", str(tmp_path / "other"))
    settings = {"TEMPORAL_ADDRESS": own.temporal_address, "BOUCLE_TASK_QUEUE": "other"}
    with product(tmp_path / "other", settings) as other:
        running = other.start_up()
        assert running.server_pid is None
        assert running.temporal_address == own.temporal_address
        wait_for(lambda: verdicts(other)["worker"] == "ok", "a worker", 30)
        assert not list(other.data.glob("temporal.*"))


def test_the_doctor_names_what_is_down_and_what_to_try(made: Product) -> None:
    told = made.call("doctor")
    assert told.returncode == 0
    assert "nothing runs here: what is recorded waits  → boucle up" in told.stdout
    made.settings = {
        "TEMPORAL_ADDRESS": "127.0.0.1:1",
        "BOUCLE_SMTP__HOST": "127.0.0.1",
        "BOUCLE_SMTP__PORT": "1",
    }
    told = made.call("doctor")
    assert told.returncode == 1
    assert "no Temporal server answers at 127.0.0.1:1" in told.stdout
    assert "the mail server 127.0.0.1:1 does not take us: ConnectionRefusedError" in told.stdout
