"""No personal data, and no free text, in any Temporal history."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from pydantic import JsonValue
from sqlalchemy import text

from boucle.model import ActKind, EffectState
from tests.workflows.history_text import plain_text, read_histories
from tests.workflows.world import AMELIE, World, eventually, eventually_told

CASE: dict[str, JsonValue] = {"team": "csm", "acknowledge": "we-call-you"}
SECRETS = (
    *("Amélie", "Dupont", "amelie.dupont", "kunde.example", "6 12 34 56 78"),
    *("Zucchini", "Rutabaga", "Topinambour"),  # of the note, the attempt, the closing
    *("carla@firm.example", "lea@firm.example", "Customer success"),
)


async def everything_said(world: World, loop: str) -> str:
    histories = await eventually_told(lambda: read_histories(world.env.client, loop), 20)  # lists lag
    return "\n".join(plain_text(history) for history in histories)


async def eventually_said(world: World, loop: str, words: str) -> str:
    """All that is said, once these words are: a failure is told when it is not soon over."""

    async def listen() -> str:
        said = await everything_said(world, loop)
        return said if words in said else ""

    return await eventually_told(listen, 20)


def secrets_in(said: str) -> list[str]:
    return [secret for secret in SECRETS if secret.casefold() in said.casefold()]


@contextmanager
def failing_attempts(world: World) -> Iterator[None]:
    """The database refuses attempts, and its error quotes everything."""
    with world.database.session() as session:
        session.execute(
            text(
                "CREATE TRIGGER strike BEFORE INSERT ON attempt "
                f"BEGIN SELECT RAISE(ABORT, 'no room for {AMELIE.email}'); END"
            )
        )
        session.commit()
    yield
    with world.database.session() as session:
        session.execute(text("DROP TRIGGER strike"))
        session.commit()


async def test_acts_with_text_and_a_database_error_leave_nothing_personal(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    loop = world.open_loop("csm_case", CASE)
    await world.has_effect(loop, "acknowledge")
    await world.act(loop, ActKind.NOTE, text="Zucchini, says Amélie Dupont.")
    with failing_attempts(world):
        attempt = asyncio.create_task(
            world.act(loop, ActKind.ATTEMPT, channel="phone", result="reached", text="Rutabaga.")
        )
        said = await eventually_said(world, loop, "IntegrityError, error id")
        assert "no room" in caplog.text
        assert secrets_in(said) == []
    assert (await attempt).state == "applied"
    await world.act(loop, ActKind.CLOSE, closure="recovered", root_cause="price", text="Topinambour.")
    await world.closed(loop)
    said = await everything_said(world, loop)
    assert secrets_in(said) == []
    assert "/boucle/" not in said


async def test_a_refusal_that_names_the_address_leaves_nothing_personal(world: World) -> None:
    world.mails.unknown_addresses.add("amelie.dupont@kunde.example")
    world.mails.busy = 1
    loop = world.open_loop("csm_case", CASE)
    await world.has_effect(loop, "acknowledge", EffectState.REFUSED)
    await world.has_effect(loop, "staff-assigned-first")
    said = await everything_said(world, loop)
    assert "NotSentError, error id" in said
    assert secrets_in(said) == []


async def test_a_template_that_fails_says_so_in_the_log_alone(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    loop = world.open_loop("apologize_with_offer", {"template": "no-such", "offer": "none"})
    await eventually(lambda: "template 'no-such'" in caplog.text or None)
    said = await everything_said(world, loop)
    assert "no such file" not in said
    assert secrets_in(said) == []


def test_the_scan_finds_what_is_hidden_in_a_payload() -> None:
    history = '{"events": [{"input": {"payloads": [{"data": "IkFtw6lsaWUi"}]}}]}'
    assert secrets_in(plain_text(history)) == ["Amélie"]
