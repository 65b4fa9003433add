"""Commands of `boucle`, run in the process of the tests, and what they say."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, NamedTuple


class Said(NamedTuple):
    """What a command printed, and its exit code."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """What a command that succeeded printed, as data."""
        assert self.code == 0, self.err
        return json.loads(self.out)


Call = Callable[..., Said]
"""Run one command in the present folder."""


def ask(call: Call, *arguments: str) -> Any:
    return call(*arguments, "--format", "json").json
