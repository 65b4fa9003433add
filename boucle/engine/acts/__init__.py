"""The one list of acts: what a person, or the customer, can do to a loop."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from boucle.engine.acts.answering import Answer
from boucle.engine.acts.approving import Approve, Refuse
from boucle.engine.acts.asking_colleagues import Ask, Finish
from boucle.engine.acts.closing import Close
from boucle.engine.acts.contacting import Attempt
from boucle.engine.acts.deed import Deed
from boucle.engine.acts.granting import Grant
from boucle.engine.acts.joining import Join
from boucle.engine.acts.merging import Merge
from boucle.engine.acts.noting import Note
from boucle.engine.acts.owning import Assign, Claim
from boucle.engine.acts.promising import Keep, Promise
from boucle.engine.acts.promoting import Refer, Testify
from boucle.engine.acts.redeeming import Cancel, Redeem
from boucle.engine.acts.reopening import Reopen
from boucle.engine.acts.replying import Reply
from boucle.engine.acts.settling import Settle
from boucle.engine.acts.waiting import Resume, Snooze, Wait
from boucle.engine.acts.withdrawing import Withdraw
from boucle.engine.refusals import refusal
from boucle.model import ActKind

_DEEDS: tuple[type[Deed], ...] = (
    Claim,
    Assign,
    Attempt,
    Note,
    Snooze,
    Wait,
    Resume,
    Promise,
    Keep,
    Ask,
    Finish,
    Grant,
    Approve,
    Refuse,
    Redeem,
    Cancel,
    Answer,
    Refer,
    Testify,
    Reply,
    Join,
    Settle,
    Close,
    Withdraw,
    Merge,
    Reopen,
)
_KINDS: Mapping[ActKind, type[Deed]] = {deed.kind: deed for deed in _DEEDS}


def parse(kind: ActKind, details: Mapping[str, Any]) -> Deed:
    """The act of `kind` with its details; refused as `bad_details` where they do not fit."""
    try:
        return _KINDS[kind].model_validate(dict(details))
    except ValidationError as error:
        raise refusal("bad_details") from error
