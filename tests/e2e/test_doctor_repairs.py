"""What the doctor finds in a running product, and that the command it names mends it."""

from __future__ import annotations

import asyncio
from typing import Any

from temporalio.client import Client

from tests.e2e.product import Product, wait_for

SETTLED_WITHIN = 90.0


def findings(made: Product) -> dict[str, dict[str, Any]]:
    """Whatever the exit code says."""
    told = made.call_here("doctor", "--format", "json")
    return {found["check"]: found for found in made.read(told.stdout)}


async def end_badly(address: str, loop: str) -> None:
    client = await Client.connect(address)
    await client.get_workflow_handle(loop).terminate("by hand")


async def start_unknown_play(address: str) -> None:
    client = await Client.connect(address)
    await client.start_workflow("no_such_play", id="stuck-loop", task_queue="boucle")


def test_a_workflow_that_was_ended_by_hand_is_found_and_rebuilt(made: Product) -> None:
    address = made.start_up().temporal_address
    made.run("import", "responses.csv", "--map", "map.yaml")
    wait_for(lambda: findings(made)["outbox"]["verdict"] == "ok", "the starts", SETTLED_WITHIN)
    ((loop,),) = made.query("SELECT id FROM loop WHERE play = 'escalate'")
    asyncio.run(end_badly(address, loop))

    ended = wait_for(lambda: _problem(made, "ended"), "the doctor to see it", 30)
    assert ended["text"] == f"1 workflow that ended though the loop is open: {loop}"
    assert ended["next"] == "boucle loops rebuild"
    assert made.call("doctor").returncode == 1
    made.run("loops", "rebuild")
    wait_for(lambda: made.call_here("doctor").returncode == 0, "all to be well", SETTLED_WITHIN)
    assert made.call("doctor").returncode == 0
    assert findings(made)["ended"]["verdict"] == "ok"


def test_a_workflow_that_cannot_go_on_is_found(made: Product) -> None:
    address = made.start_up().temporal_address
    wait_for(lambda: findings(made)["worker"]["verdict"] == "ok", "a worker", SETTLED_WITHIN)
    asyncio.run(start_unknown_play(address))
    stuck = wait_for(lambda: _problem(made, "stuck"), "the doctor to see it", SETTLED_WITHIN)
    assert stuck["text"] == "1 workflow whose play fails each time it is run: stuck-loop"
    assert findings(made)["workflows"]["text"].endswith("running though closed: stuck-loop")


def _problem(made: Product, check: str) -> dict[str, Any] | None:
    found = findings(made)[check]
    return found if found["verdict"] == "problem" else None
