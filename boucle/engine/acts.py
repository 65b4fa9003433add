"""What each kind of act carries, besides who, when and an optional free text."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from pydantic import Field, ValidationError

from boucle.engine.refusals import refusal
from boucle.model import ActKind, AttemptResult, Channel, Closure, Frozen, RootCause


class Claim(Frozen):
    """The actor takes the case."""


class Attempt(Frozen):
    """The actor tried to reach the customer."""

    channel: Channel
    result: AttemptResult
    next_try_at: datetime | None = None


class Note(Frozen):
    """The actor wrote something down for colleagues; it needs a text."""


class Assign(Frozen):
    """The actor gives the case to somebody."""

    owner: str = Field(min_length=1)


class Close(Frozen):
    """The actor ends the loop. `root_cause_detail` is the second level, a code of the workspace."""

    closure: Closure
    root_cause: RootCause | None = None
    root_cause_detail: str | None = Field(default=None, pattern=r"^[a-z0-9][a-z0-9_-]{0,63}$")
    systemic: bool | None = None


class Answer(Frozen):
    """The customer answered the follow-up question."""

    score: int = Field(strict=True)


class Settle(Frozen):
    """The actor says whether an unconfirmed effect was sent. `effect` is its key."""

    effect: str
    sent: bool


class Reopen(Frozen):
    """The actor begins the next round of a closed loop."""


AnyAct = Claim | Attempt | Note | Assign | Close | Answer | Settle | Reopen

_KINDS: Mapping[ActKind, type[AnyAct]] = {
    ActKind.CLAIM: Claim,
    ActKind.ATTEMPT: Attempt,
    ActKind.NOTE: Note,
    ActKind.ASSIGN: Assign,
    ActKind.CLOSE: Close,
    ActKind.ANSWER: Answer,
    ActKind.SETTLE: Settle,
    ActKind.REOPEN: Reopen,
}


def parse(kind: ActKind, details: Mapping[str, Any]) -> AnyAct:
    """The act of `kind` with its details; refused as `bad_details` where they do not fit."""
    try:
        return _KINDS[kind].model_validate(dict(details))
    except ValidationError as error:
        raise refusal("bad_details") from error
