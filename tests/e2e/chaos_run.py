"""Loops of every play, acts of all kinds, and whatever can be killed or lost, at random instants."""

from __future__ import annotations

import csv
import random
import subprocess
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal

from boucle.local.address import Running, get_running
from tests.e2e.chaos_acts import Walk
from tests.e2e.chaos_workspace import COLUMNS, PLAYS, respond
from tests.e2e.mail_server import MailServer
from tests.e2e.processes import kill_and_wait
from tests.e2e.product import Product, wait_for

Blow = Literal["worker", "up", "server", "before", "after", "lost", "torn"]
"""What is struck: a worker, `boucle up` with its server, the server alone; whoever hands over a mail,
before or after the mail server has taken it; Temporal's file while nothing runs, or under the server."""

LOSSES: tuple[Blow, ...] = ("lost", "torn")
UP_FOR = 5.0
"""Seconds that every process is up, at least, before the next blow."""

_PATIENCE = 120.0
_PACE = 0.05


@dataclass(frozen=True)
class Size:
    """How many responses come in, in how many files, how often each blow falls, and how many seconds
    pass between two acts.

    More responses come in for mails to be waylaid.
    """

    responses: int
    files: int
    blows: Mapping[Blow, int]
    pace: float = _PACE


@dataclass
class ChaosRun:
    """One run: the product, its mail server, who walks through it, and what has struck it so far."""

    product: Product
    mail: MailServer
    walk: Walk
    size: Size
    chance: random.Random
    struck: Counter[Blow] = field(default_factory=Counter)
    struck_at: list[datetime] = field(default_factory=list)
    progress: list[int] = field(default_factory=list)
    given: int = 0
    up: Running | None = None
    worker: subprocess.Popen[bytes] | None = None

    # -- what runs ------------------------------------------------------------------------------

    def start(self) -> None:
        """`boucle up`, and a second worker beside it."""
        self.up = self.product.start_up()
        self.worker = self.product.start_worker()

    @property
    def done(self) -> int:
        """How much the product has done so far: acts applied or refused, messages sent."""
        return self.product.count("command", "state <> 'recorded'") + self.product.count(
            "effect", "state = 'done'"
        )

    # -- what happens ---------------------------------------------------------------------------

    def run(self) -> None:
        """Every blow of the plan in random order, with acts and new responses between them."""
        plan = [blow for blow, times in self.size.blows.items() for _ in range(times)]
        self.chance.shuffle(plan)
        each = max(1, len(plan) // self.size.files)
        for number, blow in enumerate(plan):
            if number % each == 0 and self.given < self.size.responses:
                self.take_in(-(-self.size.responses // self.size.files))
            self.live()
            self.strike(blow)
        self.live()

    def take_in(self, size: int) -> None:
        """New responses, all the way in."""
        numbers = range(self.given, self.given + size)
        path = self.product.workspace / f"part-{self.given:05}.csv"
        with path.open("w", newline="", encoding="utf-8") as file:
            csv.writer(file).writerows([COLUMNS, *(respond(number, self.chance) for number in numbers)])
        self.product.run("import", path.name, "--map", "map.yaml")
        self.given = numbers.stop

    def live(self) -> None:
        """Let everything run for its time, and until it has got something done; meanwhile people act."""
        before, until = self.done, time.monotonic() + UP_FOR + self.chance.uniform(0, 2)
        late = until + _PATIENCE
        while time.monotonic() < until or self.done == before:
            assert time.monotonic() < late, f"nothing was done for two minutes: {self.describe()}"
            self.act()
        self.progress.append(self.done - before)

    def act(self) -> None:
        """One act, and the pause that the run's size wants after it: the product is to keep up."""
        self.walk.step()
        time.sleep(self.size.pace)

    def strike(self, blow: Blow) -> None:
        """One blow, and whatever it struck is started again."""
        {
            "worker": self._kill_worker,
            "up": self._kill_up,
            "server": self._kill_server,
            "before": lambda: self._ambush("before"),
            "after": lambda: self._ambush("after"),
            "lost": self._lose_file,
            "torn": self._tear_file,
        }[blow]()
        self.struck[blow] += 1

    def _kill(self, pid: int) -> None:
        self.struck_at.append(datetime.now(UTC))
        kill_and_wait(pid)

    def _kill_worker(self) -> None:
        assert self.worker is not None
        self._kill(self.worker.pid)
        self.worker = self.product.start_worker()

    def _kill_up(self) -> None:
        assert self.up is not None
        self._kill(self.up.pid)
        self.up = self.product.start_up()

    def _kill_server(self) -> None:
        old = get_running(self.product.data).server_pid
        assert old is not None
        self._kill(old)
        wait_for(lambda: get_running(self.product.data).server_pid != old, "a new server", _PATIENCE)

    def _lose_file(self) -> None:
        """As an operator would: it is gone while nothing runs, and the loops are asked for again."""
        assert self.up is not None
        self._kill(self.up.pid)
        self._delete()
        self.up = self.product.start_up()
        self.product.run("loops", "rebuild")

    def _tear_file(self) -> None:
        """Deleted under a server that still has it open, which is then killed."""
        self._delete()
        self._kill_server()
        self.product.run("loops", "rebuild")

    def _delete(self) -> None:
        for part in self.product.data.glob("temporal.db*"):
            part.unlink()

    def _ambush(self, when: Literal["before", "after"]) -> None:
        """Whoever hands over the next mail to a customer; new responses see to it that there is one."""
        laid = len(self.mail.ambushes)
        self.mail.lay_ambush(when)
        self.take_in(len(PLAYS))
        until = time.monotonic() + _PATIENCE
        while len(self.mail.ambushes) == laid:
            assert time.monotonic() < until, f"no mail to a customer for two minutes: {self.describe()}"
            self.act()
        assert self.up is not None
        self.struck_at.append(datetime.now(UTC))
        if self.mail.ambushes[-1].pid == self.up.pid:
            self.up = self.product.start_up()
        else:
            self.worker = self.product.start_worker()

    # -- afterwards -----------------------------------------------------------------------------

    def come_to_rest(self, seconds: float) -> None:
        """Nothing waits for Temporal, no act is undecided, no message is on its way."""
        wait_for(self._is_at_rest, "everything to come to rest", seconds)

    def _is_at_rest(self) -> bool:
        busy = (
            self.product.count("outbox", "state = 'pending'"),
            self.product.count("command", "state = 'recorded'"),
            self.product.count("effect", "state = 'intended'"),
            self.product.count("effect", f"state IN ('released', 'settled_not_sent') AND {_OF_OPEN}"),
        )
        return not any(busy)

    def describe(self) -> str:
        """Where everything stands, for whoever has to find out why it stands still."""
        stages = self.product.query("SELECT play, stage, state, count(*) FROM loop GROUP BY 1, 2, 3")
        outbox = self.product.query("SELECT kind, problem, tries FROM outbox WHERE state = 'pending'")
        living = {pid: pid in self.mail.senders for pid in self.product.living()}
        return f"{self.struck}, {stages}, {outbox}, {living}, {self.product.call('doctor').stdout}"

    def findings(self) -> dict[str, dict[str, Any]]:
        """What the doctor says, by check, whatever its exit code."""
        told = self.product.call("doctor", "--format", "json")
        return {found["check"]: found for found in self.product.read(told.stdout)}


_OF_OPEN = "loop_id IN (SELECT id FROM loop WHERE state <> 'closed')"
"""What certainly did not go out is left so, once its loop is closed."""
