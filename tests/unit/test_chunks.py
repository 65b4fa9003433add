"""An import holds the write lock for a bounded time, however fast the machine is."""

from __future__ import annotations

import pytest

from boucle.commands import chunks


@pytest.mark.parametrize(
    ("size", "seconds", "next_size"),
    [
        (20, 0.001, 40),
        (100, 0.1, 100),
        (100, 0.2, 50),
        (400, 0.01, 500),
        (500, 0.0, 500),
        (20, 60.0, 20),
    ],
)
def test_the_next_chunk_is_as_large_as_the_last_ones_time_allows(
    size: int, seconds: float, next_size: int
) -> None:
    assert chunks.next_size(size, seconds) == next_size
