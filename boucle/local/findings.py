"""What the doctor finds: one line each, with the next command to try."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

Verdict = Literal["ok", "attention", "problem"]
"""`attention` waits for a person, or will pass by itself; `problem` is what should never be."""


@dataclass(frozen=True)
class Finding:
    """The result of one check. `next` is a command to try, also where all is well: to look closer."""

    check: str
    verdict: Verdict
    text: str
    next: str


def is_sound(findings: Sequence[Finding]) -> bool:
    """Whether there is no problem among them."""
    return all(finding.verdict != "problem" for finding in findings)


def counted(number: int, noun: str) -> str:
    """`1 loop`, `2 loops`."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
