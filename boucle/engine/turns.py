"""Turns of the threads that write to SQLite through one `Database`.

SQLite lets one transaction write and tells the others to try again: each sleeps, longer and longer, and
whoever asks at the right moment goes first. Among the threads of a worker one waited for seconds that way.
Here they wait for each other, without sleeping; other processes, and other `Database`s, are still SQLite's
business.
"""

from __future__ import annotations

import threading
from typing import Any

from sqlalchemy import Connection, Engine, event

_HAS_TURN = "boucle_has_turn"
_PATIENCE_S = 5.0
"""Who has waited so long goes without a turn, and waits as SQLite does. No turn can be lost for longer."""


class Turns:
    """Who writes next."""

    def __init__(self) -> None:
        self._lock = threading.Lock()

    def take(self, connection: Connection) -> None:
        """Wait for a turn; it is over when the transaction ends."""
        if self._lock.acquire(timeout=_PATIENCE_S):
            connection.info[_HAS_TURN] = True

    def watch(self, engine: Engine) -> None:
        """Let a turn end when its connection is given back: after the commit, or whatever came instead."""
        event.listen(engine, "checkin", lambda _connection, record: self.end(record.info))

    def end(self, info: dict[Any, Any]) -> None:
        """The turn of the connection with this `info` is over; nothing where it has none."""
        if info.pop(_HAS_TURN, False):
            self._lock.release()
