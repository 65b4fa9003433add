"""What can go wrong, as values (`Mistake`) and as exceptions (`BoucleError`).

A user's mistake in a file is a value: readers return `(result, mistakes)` so that every mistake of
every file is reported at once. An exception is for what cannot go on. One class per mistake, its
text built inside it.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar, Literal

Severity = Literal["error", "warning", "info"]


@dataclass(frozen=True, order=True, slots=True)
class Place:
    """Where something stands in a file: `line` and `column` count from 1."""

    file: str
    line: int
    column: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


@dataclass(frozen=True)
class Mistake(ABC):
    """One mistake of a user in one file: what is wrong, where, and what to do about it."""

    code: ClassVar[str]
    severity: ClassVar[Severity] = "error"

    place: Place

    @property
    @abstractmethod
    def message(self) -> str:
        """What is wrong and what was found, in one line."""

    @property
    def help(self) -> str | None:
        """What to do about it, in one line; None where the message says it all."""
        return None


class BoucleError(Exception):
    """The base of every error that an edge shows to a user as one line and an exit code.

    `exit_code`: 1 the answer is "no", 2 usage or configuration, 3 a service cannot be reached,
    4 not allowed.
    """

    exit_code: ClassVar[int] = 2


class NotFoundError(BoucleError):
    """Something that the user named does not exist."""

    exit_code = 1

    def __init__(self, kind: str, name: str, among: Iterable[str] = ()) -> None:
        listed = ", ".join(among)
        super().__init__(f"no {kind} '{name}'" + (f"; there are: {listed}" if listed else ""))
        self.kind = kind
        self.name = name


class AmbiguousError(BoucleError):
    """A shortened id fits more than one thing."""

    def __init__(self, kind: str, prefix: str, count: int) -> None:
        super().__init__(f"'{prefix}' fits {count} {kind}s; give more characters of the id")


class RefusedError(BoucleError):
    """An act that the present state does not allow. `reason` is a fixed code, `text` says it."""

    exit_code = 1

    def __init__(self, reason: str, text: str) -> None:
        super().__init__(text)
        self.reason = reason
        self.text = text


class UnreachableError(BoucleError):
    """A service (database, Temporal server, mail server) cannot be reached."""

    exit_code = 3

    def __init__(self, service: str, where: str, detail: str = "") -> None:
        super().__init__(f"{service} at {where} cannot be reached{': ' + detail if detail else ''}")
