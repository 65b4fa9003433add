"""A rule test as it was read and checked: what comes in, in which world, and what must come of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from pydantic import JsonValue

from boucle.errors import Place
from boucle.model import Closure, FactValue, Money
from boucle.rules.gates import Arms

Answer = JsonValue | datetime
"""What a key of `expect` says, or what came out under it; lists of ids sorted."""

CONTACT = "a contact"
CUSTOMER = "a customer"
"""Who answers where a test names nobody: known people, the same in all steps."""


@dataclass(frozen=True)
class Expected:
    """One key of `expect` with what it says and where."""

    key: str
    value: Answer
    place: Place


@dataclass(frozen=True)
class Step:
    """One response of a test.

    `given` are the known facts that a response brings; `pinned` are derived ones, None for unknown.
    `contact` and `customer` are names that hold within the test; None: nobody knows who answered.
    `closes`: how the loop that the response started or joined is closed right after it.
    """

    place: Place
    at: datetime
    responded_at: datetime
    given: Mapping[str, FactValue]
    expect: tuple[Expected, ...]
    pinned: Mapping[str, FactValue | None] = field(default_factory=dict)
    contact: str | None = None
    customer: str | None = None
    arms: Arms = field(default_factory=dict)
    closes: Closure | None = None


@dataclass(frozen=True)
class World:
    """What is so before the first response of a test.

    `counted` are the starts that caps count already, `left` what budgets hold, `open_loop` the play of
    a loop that is open.
    """

    counted: Mapping[str, int] = field(default_factory=dict)
    left: Mapping[str, Money] = field(default_factory=dict)
    open_loop: str | None = None


@dataclass(frozen=True)
class RuleTest:
    """One test: a single response, a row of a table, or several steps in virtual time."""

    name: str
    place: Place
    rule_set: str
    steps: tuple[Step, ...]
    world: World = field(default_factory=World)


@dataclass(frozen=True)
class Defaults:
    """What holds for every test of a file that does not say otherwise."""

    now: datetime | None = None
    facts: Mapping[str, FactValue | None] = field(default_factory=dict)
    contact: str | None = CONTACT
    customer: str | None = CUSTOMER
    arms: Arms = field(default_factory=dict)
    world: World = field(default_factory=World)


@dataclass(frozen=True)
class TestFile:
    """One file of `tests/`; `indent` is how far its entries are indented."""

    __test__ = False  # its name begins as pytest's own do

    path: str
    rule_set: str
    defaults: Defaults
    tests: tuple[RuleTest, ...]
    indent: int = 2
