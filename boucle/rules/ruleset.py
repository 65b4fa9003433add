"""A workspace's rules as typed, checked values: what the readers make and the compiler takes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Literal

from pydantic import JsonValue

from boucle.errors import Place
from boucle.rules.catalogue import Catalogue
from boucle.rules.condition import Expr


@dataclass(frozen=True)
class Definition:
    """A named condition. `if_unknown` False: what cannot be told counts as false; None: stays unknown."""

    name: str
    when: Expr
    if_unknown: Literal[False] | None
    place: Place


@dataclass(frozen=True)
class Rule:
    """One rule. `params` are the play's validated parameters in their JSON form.

    `effective_from` and `effective_until` are whole days, inclusive, in the rule set's zone, of the
    acceptance instant. `because` is a template naming facts in braces, None to use the trace.
    """

    id: str
    when: Expr
    play: str
    params: Mapping[str, JsonValue]
    place: Place
    title: str | None = None
    because: str | None = None
    owner: str | None = None
    effective_from: date | None = None
    effective_until: date | None = None
    review_by: date | None = None


@dataclass(frozen=True)
class Undecided:
    """What to do when no rule is true and at least one is undecided; `play` None means record only."""

    place: Place
    when: Expr | None = None
    play: str | None = None
    params: Mapping[str, JsonValue] = field(default_factory=dict)


@dataclass(frozen=True)
class Reason:
    """One of the author's own reasons for doing nothing, with the condition under which it holds."""

    code: str
    when: Expr
    text: str
    place: Place


@dataclass(frozen=True)
class RuleSet:
    """One rule file. At most one of its rules acts on one response; file order is priority."""

    name: str
    timezone: str
    rules: tuple[Rule, ...]
    undecided: Undecided
    place: Place
    description: str | None = None
    owner: str | None = None
    only_when: Expr | None = None
    definitions: Mapping[str, Definition] = field(default_factory=dict)
    otherwise: tuple[Reason, ...] = ()


@dataclass(frozen=True)
class Policy:
    """What holds for all rule sets. `max_age` None: no response is too old."""

    max_age: timedelta | None = None


@dataclass(frozen=True)
class Workspace:
    """All that CX ops wrote, read and checked; the input of the compiler."""

    catalogue: Catalogue
    policy: Policy
    rule_sets: tuple[RuleSet, ...]
