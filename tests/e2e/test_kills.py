"""Nothing accepted is lost and nothing customer-facing happens twice, whatever is killed when.

`BOUCLE_KILLS=full` runs the long form (`make kill`), `BOUCLE_KILL_SEED` repeats a run's choices.
"""

from __future__ import annotations

import asyncio
import os
import random
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from temporalio.client import Client

from boucle.local.address import get_running
from boucle.local.temporal_view import list_ids
from tests.e2e.doubts import (
    assert_every_ambush_is_unconfirmed,
    count_customer_mails,
    list_unconfirmed,
    settle_all,
)
from tests.e2e.kill_run import KillRun, Size
from tests.e2e.mail_server import MailServer, listening_mail_server
from tests.e2e.product import Product, product

SHORT = Size(
    responses=200,
    kills={"before": 1, "after": 1, "import": 1, "server": 1, "up": 1, "worker": 1},
    long_part=100,
    short_part=15,
    shuffled=False,  # an interrupted message is tried again after a minute: the other kills fill it
)
FULL = Size(
    responses=2000,
    kills={"before": 3, "after": 3, "import": 6, "server": 5, "up": 3, "worker": 3},
    long_part=200,
    short_part=25,
    shuffled=True,
)
QUIET_WITHIN = 900.0


def chosen_seed() -> int:
    given = os.environ.get("BOUCLE_KILL_SEED")
    return int(given) if given else random.SystemRandom().randrange(1_000_000)


@pytest.fixture
def run(tmp_path: Path) -> Iterator[KillRun]:
    workspace, seed = tmp_path / "workspace", chosen_seed()
    size = FULL if os.environ.get("BOUCLE_KILLS") == "full" else SHORT
    sys.stderr.write(f"\nkill test: {size.responses} responses, seed {seed}\n")
    mail = MailServer(lambda effect: not effect.rpartition("/")[2].startswith("staff-"))
    with listening_mail_server(mail) as settings:
        Product(tmp_path).run("init", str(workspace))
        with product(workspace, settings) as made:
            mail.processes = made.living
            yield KillRun(made, mail, size, random.Random(seed))  # noqa: S311 a seed repeats a run


def test_kills_lose_nothing_and_double_nothing(run: KillRun) -> None:
    run.start()
    run.run()
    again = run.import_all_again()
    assert (again["new"], again["duplicate"]) == (0, run.size.responses), again
    run.wait_until_quiet(QUIET_WITHIN)
    report(run)

    assert run.killed == run.size.kills
    assert run.cut_short or run.size == SHORT, "no import was killed halfway"
    assert run.product.count("response") == run.size.responses
    assert_accounts_agree(run)
    assert max(count_customer_mails(run.mail).values()) == 1
    assert_every_ambush_is_unconfirmed(run.product, run.mail)
    settle_all(run.product, run.mail)
    run.wait_until_quiet(QUIET_WITHIN)
    assert list_unconfirmed(run.product) == []
    assert_each_message_went_out_once(run)
    assert_accounts_agree(run)
    assert_nothing_broke(run)


def assert_accounts_agree(run: KillRun) -> None:
    """The doctor's own words, and its claim about workflows counted apart."""
    findings = {found["check"]: found for found in run.product.ask("doctor")}
    sound = ("database", "accounts", "running", "temporal", "worker", "workflows", "stuck", "ended", "outbox")
    assert {check: findings[check]["verdict"] for check in sound} == dict.fromkeys(sound, "ok"), findings
    assert run.product.call("audit", "verify").returncode == 0
    loops = {loop for (loop,) in run.product.query("SELECT id FROM loop")}
    assert asyncio.run(started_workflows(run)) == loops


async def started_workflows(run: KillRun) -> set[str]:
    client = await Client.connect(get_running(run.product.data).temporal_address)
    return set(await list_ids(client, "boucle", "StartTime > '2000-01-01T00:00:00Z'"))


def assert_each_message_went_out_once(run: KillRun) -> None:
    """Each rule of this workspace begins with one message to the customer."""
    rows = run.product.query("SELECT key, state, loop_id FROM effect WHERE kind = 'customer'")
    assert {state for _, state, _ in rows} <= {"done", "settled_sent"}
    assert count_customer_mails(run.mail) == Counter(key for key, _, _ in rows)
    assert len({loop for _, _, loop in rows}) == len(rows) == run.product.count("loop")


def assert_nothing_broke(run: KillRun) -> None:
    """No command ended in a way that nobody foresaw, whatever was killed around it."""
    for name in ("up", "worker", "import"):
        assert "unexpected" not in run.product.printed(name), run.product.printed(name)


def report(run: KillRun) -> None:
    """What the run did, for whoever reads the log."""
    staff = sum(run.mail.counts().values()) - sum(count_customer_mails(run.mail).values())
    figures: dict[str, object] = {
        "responses": run.responses,
        "loops": run.product.count("loop"),
        "kills": dict(run.killed),
        "imports killed halfway": run.cut_short,
        "mails to customers": sum(count_customer_mails(run.mail).values()),
        "mails to staff": staff,
        "unconfirmed": run.product.count("effect", "state = 'unconfirmed'"),
        "injected": len(run.mail.ambushes),
    }
    figures["seconds"] = round(time.monotonic() - run.began)
    sys.stderr.write("".join(f"  {name}: {figure}\n" for name, figure in figures.items()))
