"""Why an act, or a step of a play, is refused: every code with its fixed text.

The texts hold nothing of the act itself: they travel through Temporal and into the ledger's readers.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from boucle.errors import RefusedError

REFUSALS: Mapping[str, str] = MappingProxyType(
    {
        "loop_closed": "the loop is closed",
        "loop_open": "the loop is not closed",
        "old_round": "this belongs to an earlier round of the loop",
        "no_case": "the loop has no case: its play opens none, or it waits to be started",
        "already_claimed": "somebody else owns this case",
        "waiting": "the case waits for the customer already",
        "not_waiting": "the case does not wait for the customer",
        "not_snoozed": "the case is not put aside",
        "no_commitment": "there is no such promise in this round of the loop",
        "commitment_over": "the promise was kept, broken or stopped already",
        "already_answered": "the follow-up question was answered already",
        "score_off_scale": "the score lies outside the scale of the question",
        "bad_details": "the details do not fit this kind of act",
        "no_text": "a note, or a promise, needs a text",
        "dated_ahead": "an act cannot be dated later than it is recorded",
        "command_reused": "this command id was used for another act",
        "root_cause_missing": "closing this case needs a root cause",
        "not_contacted": "this closure needs an attempt that reached the customer, or an answer",
        "was_reached": "the customer was reached, so the closure cannot be 'unreachable'",
        "too_few_attempts": (
            "'unreachable' needs at least 3 attempts, on at least 2 channels or 2 different days"
        ),
        "no_answer_by_hand": "'no_answer' follows from an unanswered question; close as 'unreachable'",
        "no_effect": "the loop has no such effect",
        "not_unconfirmed": "the effect does not wait for confirmation",
        "already_settled": "the effect was settled the other way",
        "effect_over": "the effect was done, refused or settled already",
    }
)
"""Each code of a refusal with its text. Codes are stable: interfaces and the ledger name them."""


def refusal(reason: str) -> RefusedError:
    """The error for a code of `REFUSALS`."""
    return RefusedError(reason, REFUSALS[reason])
