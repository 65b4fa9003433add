"""A workspace's rules as typed, checked values: what the readers make and the compiler takes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from datetime import date, datetime, timedelta
from typing import Literal

from pydantic import JsonValue

from boucle.errors import Place
from boucle.model import Money, QuietHours, SideAct
from boucle.rules.catalogue import Catalogue
from boucle.rules.condition import Expr
from boucle.rules.value import Value


class Definition(Value):
    """A named condition. `if_unknown` False: what cannot be told counts as false; None: stays unknown."""

    name: str
    when: Expr
    if_unknown: Literal[False] | None
    place: Place


Restart = Literal["first_contact", "close"]
"""A clock of an open loop that begins anew when a response joins it."""
Revisions = Literal["keep", "redecide"]
IfOpen = Literal["join", "join_customer", "separate"]
"""Where a loop is open: `join` that of the contact (of the customer, where no contact is known);
`join_customer` any of the customer's; `separate` starts its own."""

GateKind = Literal["suppress", "caps", "holdouts"]
"""The gates that a rule can be exempt from."""


class Exemption(Value):
    """The gates that do not hold a rule back, and why not."""

    gates: frozenset[GateKind]
    reason: str


class Spending(Value):
    """What a start takes from a budget; `otherwise` are the parameters where it is exhausted."""

    budget: str
    amount: Money
    otherwise: Mapping[str, JsonValue] | None = None


class Rule(Value):
    """One rule. `params` are the play's validated parameters in their JSON form.

    `effective_from` and `effective_until` are whole days, inclusive, in the rule set's zone, of the
    acceptance instant. `because` is a template naming facts in braces, None to use the trace.
    `mode` observe: decided and recorded, never takes the hit. `rollout` is in basis points of the
    contacts (2500 is 25 %), None for all.
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
    mode: Literal["act", "observe"] = "act"
    rollout: int | None = None
    exempt: Exemption | None = None
    spends: Spending | None = None
    if_open: IfOpen = "join"
    restarts: tuple[Restart, ...] = ()
    also: tuple[SideAct, ...] = ()


class Undecided(Value):
    """What to do when no rule is true and at least one is undecided; `play` None means record only."""

    place: Place
    when: Expr | None = None
    play: str | None = None
    params: Mapping[str, JsonValue] = field(default_factory=dict)
    exempt: Exemption | None = None
    spends: Spending | None = None
    if_open: IfOpen = "join"
    restarts: tuple[Restart, ...] = ()
    also: tuple[SideAct, ...] = ()


class Reason(Value):
    """One of the author's own reasons for doing nothing, with the condition under which it holds."""

    code: str
    when: Expr
    text: str
    place: Place


class Guarantee(Value):
    """What must hold of all responses for which `whenever` is true; nothing else is said of others.

    `starts`: one of these plays starts or is joined (none may: the empty set). `never_starts`: none
    of these does. `taken`: some rule, or the fallback, takes the hit. Exactly one of them is set.
    """

    id: str
    whenever: Expr
    place: Place
    starts: frozenset[str] | None = None
    never_starts: frozenset[str] | None = None
    taken: bool | None = None


class RuleSet(Value):
    """One rule file. At most one of its rules acts on one response; file order is priority.

    `hit_policy` unique: two rules that can both hold are a mistake.
    """

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
    hit_policy: Literal["first", "unique"] = "first"
    guarantees: tuple[Guarantee, ...] = ()


class Suppression(Value):
    """Holds plays back (`plays` None: all) while a condition holds, or between two instants.

    `defer` (a window only): what is held back starts when the window ends; `drop`: it never does.
    A condition that is undecided holds back too.
    """

    id: str
    place: Place
    plays: frozenset[str] | None = None
    when: Expr | None = None
    begins: datetime | None = None
    ends: datetime | None = None
    do: Literal["drop", "defer"] = "drop"


class Cap(Value):
    """At most `most` starts of some plays within a span, counted back from the acceptance."""

    id: str
    place: Place
    plays: frozenset[str]
    per: Literal["contact", "customer"]
    most: int
    within: timedelta


class Budget(Value):
    """How much may be spent in each calendar period, in the policy's zone."""

    id: str
    place: Place
    limit: Money
    per: Literal["calendar_day", "calendar_week", "calendar_month", "calendar_quarter", "calendar_year"]


class Holdout(Value):
    """The share of contacts, in basis points, from whom some plays are held back to measure them."""

    id: str
    place: Place
    plays: frozenset[str]
    share: int


class Policy(Value):
    """What holds for all rule sets. `max_age` None: no response is too old.

    `quiet`: when no message goes to a customer. `revisions`: whether a response that comes again with
    other content, and has begun nothing yet, is decided anew.
    """

    max_age: timedelta | None = None
    timezone: str = "UTC"
    suppressions: tuple[Suppression, ...] = ()
    caps: tuple[Cap, ...] = ()
    budgets: tuple[Budget, ...] = ()
    holdouts: tuple[Holdout, ...] = ()
    quiet: QuietHours | None = None
    revisions: Revisions = "keep"


class Workspace(Value):
    """All that CX ops wrote, read and checked; the input of the compiler."""

    catalogue: Catalogue
    policy: Policy
    rule_sets: tuple[RuleSet, ...]
