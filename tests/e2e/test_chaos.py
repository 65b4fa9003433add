"""Whatever people do and whatever dies: every loop stands as a loop may stand, and nothing happens twice.

`BOUCLE_CHAOS=full` runs the long form, `BOUCLE_CHAOS=mid` one of a quarter of an hour;
`BOUCLE_CHAOS_SEED` repeats a run's choices.
"""

from __future__ import annotations

import os
import random
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from boucle.engine.database import Database
from tests.e2e.chaos_acts import Walk
from tests.e2e.chaos_checks import (
    find_codes,
    find_disagreement,
    find_illegal,
    find_unexplained,
)
from tests.e2e.chaos_run import LOSSES, ChaosRun, Size
from tests.e2e.chaos_workspace import make_workspace
from tests.e2e.doubts import (
    assert_every_ambush_is_unconfirmed,
    count_customer_mails,
    list_unconfirmed,
    settle_all,
)
from tests.e2e.mail_server import MailServer, listening_mail_server
from tests.e2e.product import product, wait_for

SHORT = Size(responses=27, files=1, blows={"worker": 1, "up": 1, "server": 1, "after": 1, "lost": 1})
MID = Size(
    responses=120,
    files=6,
    blows={"worker": 8, "up": 6, "server": 6, "before": 2, "after": 3, "lost": 2, "torn": 1},
)
FULL = Size(
    responses=500,
    files=20,
    blows={"worker": 70, "up": 45, "server": 55, "before": 15, "after": 15, "lost": 6, "torn": 4},
    pace=0.25,
)
SIZES = {"full": FULL, "mid": MID}
SEED_OF_SHORT = 319118
"""What runs with all tests makes the same choices each time; long runs look for what nobody has seen."""
AT_REST_WITHIN = 600.0


@pytest.fixture
def run(tmp_path: Path) -> Iterator[ChaosRun]:
    size = SIZES.get(os.environ.get("BOUCLE_CHAOS", ""), SHORT)
    drawn = SEED_OF_SHORT if size is SHORT else random.SystemRandom().randrange(1_000_000)
    seed = int(os.environ.get("BOUCLE_CHAOS_SEED", drawn))
    sys.stderr.write(f"\nchaos: {size.responses} responses, seed {seed}\n")
    make_workspace(tmp_path / "workspace")
    mail = MailServer(lambda effect: not effect.rpartition("/")[2].startswith("staff-"))
    with listening_mail_server(mail) as settings, product(tmp_path / "workspace", settings) as made:
        mail.processes = made.living
        chance = random.Random(seed)  # noqa: S311 a seed repeats a run
        database = Database(f"sqlite:///{made.data / 'boucle.db'}")
        walk = Walk(database, random.Random(seed + 1))  # noqa: S311 as above
        yield ChaosRun(made, mail, walk, size, chance)
        database.dispose()


def test_whatever_dies_every_loop_ends_in_a_legal_state(run: ChaosRun) -> None:
    began = time.monotonic()
    run.start()
    run.run()
    report(run, "acted", began)
    run.come_to_rest(AT_REST_WITHIN)
    report(run, "at rest", began)

    assert run.struck == run.size.blows
    assert min(run.progress) > 0
    assert_all_is_well(run)
    assert find_unexplained(run) == []
    assert_every_ambush_is_unconfirmed(run.product, run.mail)
    settle_all(run.product, run.mail)
    run.walk.close_all()
    wait_for(
        lambda: not run.product.count("loop", "state <> 'closed'"), "every loop to be closed", AT_REST_WITHIN
    )
    run.come_to_rest(AT_REST_WITHIN)
    assert list_unconfirmed(run.product) == []
    assert_all_is_well(run)
    report(run, "closed", began)


def assert_all_is_well(run: ChaosRun) -> None:
    assert find_illegal(run) == {}
    assert run.product.call("audit", "verify").returncode == 0
    wait_for(lambda: not find_disagreement(run), "Temporal and the database to agree", 60)
    mails = count_customer_mails(run.mail)
    assert max(mails.values(), default=0) <= 1, mails
    assert max(map(len, find_codes(run).values()), default=0) <= 1
    rows = run.product.query("SELECT key, state FROM effect WHERE kind = 'customer'")
    out = {key for key, state in rows if state in {"done", "settled_sent"}}
    assert out <= set(mails), "a message that is said to be out was never handed over"
    assert set(mails) <= {key for key, _ in rows}
    for name in ("up", "worker"):
        assert "unexpected" not in run.product.printed(name), run.product.printed(name)


def report(run: ChaosRun, when: str, began: float) -> None:
    loops = run.product.query("SELECT play, state, count(*) FROM loop GROUP BY 1, 2")
    acts = run.product.query("SELECT state, count(*) FROM command GROUP BY 1")
    unconfirmed = run.product.count("effect", "state = 'unconfirmed'")
    losses = sum(run.struck[loss] for loss in LOSSES)
    sys.stderr.write(
        f"{when} after {time.monotonic() - began:.0f} s: {loops}; acts {acts}, "
        f"refused at once {run.walk.refused.total()}; {run.struck.total() - losses} kills, "
        f"{losses} losses of Temporal's file; progress between them {sorted(run.progress)}; "
        f"mails {len(run.mail.taken)}, unconfirmed {unconfirmed}\n"
    )
