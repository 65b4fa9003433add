"""A long list taken in parts, each as large as the last one's time allows, so that nobody waits long."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from typing import Generic, TypeVar

_SMALLEST, _LARGEST = 20, 500  # under the smallest, the fixed costs of a chunk take over
_LOCK_SECONDS = 0.1  # aimed at; half of what others may be kept waiting

Item = TypeVar("Item")


class Chunks(Generic[Item]):
    """The parts in order; a part is timed from when it is handed out until the next one is asked for."""

    def __init__(self, items: Sequence[Item]) -> None:
        self._items = items
        self.done = 0

    def __iter__(self) -> Iterator[Sequence[Item]]:
        size = _SMALLEST
        while self.done < len(self._items):
            chunk = self._items[self.done : self.done + size]
            began = time.monotonic()
            self.done += len(chunk)
            yield chunk
            size = next_size(len(chunk), time.monotonic() - began)


def next_size(size: int, seconds: float) -> int:
    """Half the time, twice the size; never more than twice, since the next ones may be slower."""
    wanted = size * min(_LOCK_SECONDS / max(seconds, 1e-6), 2.0)
    return max(_SMALLEST, min(int(wanted), _LARGEST))
