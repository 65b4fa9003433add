"""The record of what the rules said for one revision of a response."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Literal

from pydantic import JsonValue

from boucle.model import Frozen, Plan, Truth

GateWord = Literal[
    "passed", "blocked", "deferred", "undecided", "exempt", "waived", "exhausted", "not_assignable"
]
"""What a gate says: `undecided` holds back like `blocked`; `exhausted`: the budget's other plan is
taken; `waived`: `--act-on-old`; `not_assignable`: a holdout or rollout without a contact."""


class GateResult(Frozen):
    """What one gate said of a winner. `gate` is `max_age`, `rollout`, or `caps/outreach-30d`."""

    gate: str
    result: GateWord
    detail: str | None = None


class Circumstances(Frozen):
    """What the gates were told of the world at the decision; kept in it, so that it replays.

    `contact` is the opaque id whose bucket is drawn; `open_loop` the loop that the winner would join;
    `caps` how many starts each cap counts already; `budgets` the minor units left in each.
    """

    contact: str | None = None
    open_loop: str | None = None
    caps: Mapping[str, int] = {}
    budgets: Mapping[str, int] = {}


class Reservation(Frozen):
    """What a start takes of a cap (`minor` None) or of a budget, by the gate's id."""

    gate: str
    minor: int | None = None


class Decision(Frozen):
    """The record of what the rules said for one revision of a response.

    `facts` are the known facts that are not pii, encoded (integers, text, lists); `facts_digest`
    is the sha256 of their canonical JSON. `pii_atoms` are the truth values of the atoms that read a
    pii fact, by the atom's text. `winner` is a rule's id, or `undecided`; `observed` are the rules in
    `mode: observe` that hold. `plan` is set where it starts (from `deferred_until` on, where that is
    set) or joins the loop `joins`; else `blocked_by` or `reason` says why nothing does. `reserves` is
    what the start takes of caps and budgets.
    """

    at: datetime
    bundle: str
    semantics: Literal["kleene-1"] = "kleene-1"
    responded_at: datetime
    rule_set: str | None
    facts: Mapping[str, JsonValue]
    facts_digest: str
    derived: tuple[str, ...]
    unknown: tuple[str, ...]
    pii_atoms: Mapping[str, Truth] = {}
    rules: Mapping[str, Truth]
    winner: str | None = None
    also_matched: tuple[str, ...] = ()
    observed: tuple[str, ...] = ()
    because: str | None = None
    circumstances: Circumstances = Circumstances()
    gates: tuple[GateResult, ...] = ()
    outcome: Literal["starts", "joined", "blocked", "nothing"]
    plan: Plan | None = None
    joins: str | None = None
    deferred_until: datetime | None = None
    reserves: tuple[Reservation, ...] = ()
    blocked_by: str | None = None
    reason: str | None = None
    reason_text: str | None = None
