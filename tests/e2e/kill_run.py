"""Kills processes of a running product at random instants while responses come in."""

from __future__ import annotations

import csv
import random
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Literal

from boucle.local.address import Running, get_running
from tests.e2e.mail_server import MailServer
from tests.e2e.processes import kill_and_wait
from tests.e2e.product import Product, wait_for

Kind = Literal["import", "server", "up", "worker", "before", "after"]
"""What is killed: the import, the Temporal server, `boucle up` (a worker and the server), one more
worker; or whoever hands over a mail, before or after the mail server has taken it."""

COLUMNS = (
    "id answered_at nps delivery touchpoint channel comment customer contact name email language role "
    "segment arr tags follow_up marketing"
).split()
PATIENCE = 60.0
MEALS = 6


@dataclass(frozen=True)
class Size:
    """How much comes in, and what is killed how often. Parts are the files that responses come in.

    Not shuffled, the kills come in the order given.
    """

    responses: int
    kills: Mapping[Kind, int]
    long_part: int
    short_part: int
    shuffled: bool


def respond(number: int, chance: random.Random) -> list[str]:
    """One response of one customer of its own; three of four are detractors."""
    at = datetime.now(UTC) - timedelta(hours=chance.randint(1, 48))
    score = chance.choice([0, 1, 2, 3, 4, 5, 6, 6, 3, 7, 9, 10])
    segment = chance.choice(["standard", "standard", "standard", "key", "trial"])
    return [
        *(f"r-{number:05}", at.isoformat(timespec="seconds"), str(score), "", "support", "email", "Non."),
        *(f"acc-{number}", f"p-{number}", f"Person {number}", f"p{number}@client.example"),
        *(chance.choice(["fr", "en"]), "user", segment, "1000.00", "", "yes", chance.choice(["yes", "no"])),
    ]


@dataclass
class KillRun:
    """One run: the product, its mail server, and what has been done to it so far."""

    product: Product
    mail: MailServer
    size: Size
    chance: random.Random
    killed: Counter[Kind] = field(default_factory=Counter)
    rows: list[list[str]] = field(default_factory=list)
    files: int = 0
    cut_short: int = 0
    up: Running | None = None
    worker: subprocess.Popen[bytes] | None = None
    effects_before: int = 0
    began: float = field(default_factory=time.monotonic)

    # -- what runs ------------------------------------------------------------------------------

    def start(self) -> None:
        """`boucle up`, and a second worker beside it."""
        self.restart_up()
        self.restart_worker()

    def restart_up(self) -> None:
        """The same command again, as whoever watches over it would."""
        self.up = self.product.start_up()
        self.effects_before = self.product.count("effect")

    def restart_worker(self) -> None:
        """The same command again."""
        self.worker = self.product.start_worker()

    # -- what comes in --------------------------------------------------------------------------

    @property
    def responses(self) -> int:
        """How many responses have been given to imports."""
        return len(self.rows)

    def write(self, name: str, rows: list[list[str]]) -> Path:
        """A file of responses in the workspace."""
        path = self.product.workspace / name
        with path.open("w", newline="", encoding="utf-8") as file:
            csv.writer(file).writerows([COLUMNS, *rows])
        return path

    def begin_import(self, size: int) -> tuple[Path, subprocess.Popen[bytes]]:
        """New responses in a file of their own, and their import, begun."""
        numbers = range(self.responses, min(self.responses + size, self.size.responses))
        fresh = [respond(number, self.chance) for number in numbers]
        path = self.write(f"part-{self.files:03}.csv", fresh)
        self.rows += fresh
        self.files += 1
        return path, self.product.start("import", path.name, "--map", "map.yaml")

    def import_all_again(self) -> dict[str, Any]:
        """All responses once more, in one file: what the import says of them."""
        path = self.write("all.csv", self.rows)
        told: dict[str, Any] = self.product.ask("import", path.name, "--map", "map.yaml")
        return told

    def take_in(self, size: int) -> None:
        """New responses, all the way in."""
        _, process = self.begin_import(size)
        assert process.wait(120) == 0, self.product.printed("import")

    # -- kills ----------------------------------------------------------------------------------

    def run(self) -> None:
        """Every kill of the plan, then the rest of the responses."""
        plan = [kind for kind, times in self.size.kills.items() for _ in range(times)]
        if self.size.shuffled:
            self.chance.shuffle(plan)
        for kind in plan:
            self.kill(kind)
        while self.responses < self.size.responses:
            self.take_in(self.size.long_part)

    def kill(self, kind: Kind) -> None:
        """One kill, while responses come in, once its victim has got something done."""
        kills: dict[Kind, Callable[[], None]] = {
            "import": self._kill_import,
            "server": self._kill_server,
            "up": self._kill_up,
            "worker": self._kill_worker,
            "before": lambda: self._ambush("before"),
            "after": lambda: self._ambush("after"),
        }
        kills[kind]()
        self.killed[kind] += 1

    def _pause(self, longest: float) -> None:
        time.sleep(self.chance.uniform(0, longest))

    def _kill_import(self) -> None:
        """As soon as some of it is in; then simply again."""
        before = self.product.count("response")
        path, process = self.begin_import(self.size.long_part)
        wait_for(
            lambda: self.product.count("response") > before or process.poll() is not None,
            "an import",
            PATIENCE,
        )
        self._pause(0.05)
        assert process.poll() is None, "the import was over before it could be killed; give it more rows"
        kill_and_wait(process.pid)
        assert process.wait() == -signal.SIGKILL
        self.cut_short += self.product.count("response") < self.responses
        self.product.run("import", path.name, "--map", "map.yaml")
        assert self.product.count("response") == self.responses

    def _kill_server(self) -> None:
        self._see_progress("the server", lambda: self.product.count("effect") > self.effects_before)
        self._pause(1)
        old = get_running(self.product.data).server_pid
        assert old is not None
        kill_and_wait(old)
        wait_for(lambda: get_running(self.product.data).server_pid != old, "a new server", PATIENCE)
        self.effects_before = self.product.count("effect")

    def _kill_up(self) -> None:
        assert self.up is not None
        self._see_mail_of(self.up.pid)
        self._pause(1)
        kill_and_wait(self.up.pid)
        self.restart_up()

    def _kill_worker(self) -> None:
        assert self.worker is not None
        self._see_mail_of(self.worker.pid)
        self._pause(1)
        kill_and_wait(self.worker.pid)
        self.restart_worker()

    def _ambush(self, when: Literal["before", "after"]) -> None:
        struck = len(self.mail.ambushes)
        self.mail.lay_ambush(when)
        self._see_progress("an ambush", lambda: len(self.mail.ambushes) > struck)
        assert self.up is not None
        if self.mail.ambushes[-1].pid == self.up.pid:
            self.restart_up()
        else:
            self.restart_worker()

    def _see_mail_of(self, pid: int) -> None:
        def has_sent() -> bool:
            assert pid in self.product.living(), f"process {pid} ended by itself"
            return pid in self.mail.senders

        self._see_progress(f"a mail of {pid}", has_sent)

    def _see_progress(self, what: str, seen: Callable[[], bool]) -> None:
        """Feed it until its work shows."""
        for _ in range(MEALS):
            _, process = self.begin_import(self.size.short_part)
            with suppress(AssertionError):
                wait_for(seen, what, PATIENCE / MEALS)
            done = seen()
            assert process.wait(120) == 0, self.product.printed("import")
            if done or seen():
                return
        wait_for(seen, what, PATIENCE)

    # -- afterwards -----------------------------------------------------------------------------

    def wait_until_quiet(self, seconds: float) -> None:
        """Every loop has come to its first message, and none is on its way or waits for Temporal."""
        wait_for(self._is_quiet, "quiet", seconds)

    def _is_quiet(self) -> bool:
        on_their_way = "state IN ('intended', 'released', 'settled_not_sent') AND kind <> 'staff'"
        return (
            self.product.count("effect", "kind = 'customer'") == self.product.count("loop")
            and not self.product.count("effect", on_their_way)
            and not self.product.count("outbox", "state = 'pending'")
        )
