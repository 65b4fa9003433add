"""The lock of a data folder: one `boucle up` at a time.

Nothing in Temporal's server protects its file: two servers on one file both run and corrupt each
other's view. The lock is the kernel's (`flock`), so it cannot outlive its holders. The embedded
server inherits it: should it survive its parent for a moment, the folder is still taken.
"""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PATIENCE = 3.0
"""Seconds to wait for the lock: a killed `up` leaves it to its server until that is gone too."""

_PAUSE = 0.05


def lock_file(folder: Path) -> Path:
    """Where the lock of a data folder lies."""
    return folder / "up.lock"


@contextmanager
def _opened(folder: Path) -> Iterator[int]:
    descriptor = os.open(lock_file(folder), os.O_RDWR | os.O_CREAT, 0o600)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _take(descriptor: int, how: int) -> bool:
    try:
        fcntl.flock(descriptor, how | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


@contextmanager
def held(folder: Path, *, patience: float = PATIENCE) -> Iterator[int | None]:
    """Hold the lock of `folder`: its file descriptor, or None when another one has it."""
    with _opened(folder) as descriptor:
        until = time.monotonic() + patience
        taken = _take(descriptor, fcntl.LOCK_EX)
        while not taken and time.monotonic() < until:
            time.sleep(_PAUSE)
            taken = _take(descriptor, fcntl.LOCK_EX)
        yield descriptor if taken else None


def is_held(folder: Path) -> bool:
    """Whether somebody holds the lock of `folder`.

    Asks with a shared lock, so that many may ask at once; `held` waits longer than a question takes.
    """
    if not lock_file(folder).exists():
        return False
    with _opened(folder) as descriptor:
        return not _take(descriptor, fcntl.LOCK_SH)
