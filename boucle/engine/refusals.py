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
        "not_waiting": "the case neither waits for the customer nor was it put aside",
        "no_commitment": "there is no such promise in this round of the loop",
        "commitment_over": "the promise was kept, broken or stopped already",
        "no_reason": "taking a case from somebody needs a reason",
        "no_task": "there is no such task in this round of the loop",
        "task_over": "the task was done or dropped already",
        "already_answered": "the follow-up question was answered already",
        "score_off_scale": "the score lies outside the scale of the question",
        "no_question": "no such question was asked in this loop",
        "empty_answer": "an answer needs a score; to an open question, a score or a text",
        "invitation": "an invitation is answered by a testimonial, or declined",
        "consent_withdrawn": "the customer does not want to be asked any more, or a legal hold forbids it",
        "no_referral": "the loop has invited nobody to refer us",
        "already_referred": "somebody has come by this referral already",
        "already_converted": "somebody has become a customer by this referral already",
        "no_testimonial": "the loop has no testimonial",
        "already_withdrawn": "this testimonial was taken back already",
        "bad_details": "the details do not fit this kind of act",
        "no_text": "this act needs a text",
        "dated_ahead": "an act cannot be dated later than it is recorded",
        "command_reused": "this command id was used for another act",
        "root_cause_missing": "closing this case needs a root cause",
        "what_was_done_missing": "closing this case needs a text that says what was done",
        "not_contacted": "this closure needs an attempt that reached the customer, or an answer",
        "was_reached": "the customer was reached, so the closure cannot be 'unreachable'",
        "too_few_attempts": "'unreachable' needs more attempts, or other channels or days: see the settings",
        "no_answer_by_hand": "'no_answer' follows from an unanswered question; close as 'unreachable'",
        "no_other_loop": "there is no other loop of this id to go on for both",
        "other_closed": "the loop that is to go on for both is closed",
        "other_customer": "the two loops are of different customers; merge their records first",
        "was_merged": "another loop goes on for this one; reopen that one",
        "attached": "the mail belongs to a loop already",
        "no_reply": "no mail of this id belongs to this loop",
        "offer_granted": "the loop has granted an offer already: one for each loop, for ever",
        "approval_waits": "an offer of this loop waits for approval already",
        "no_approval": "nothing of this loop waits for approval under this name",
        "approval_over": "this proposal was decided on, or overtaken, already",
        "own_proposal": "nobody approves what they have proposed themselves",
        "above_limit": "this takes somebody with a higher limit",
        "no_offer": "the loop had granted no offer by then",
        "offer_redeemed": "the offer was used already",
        "offer_expired": "the offer had expired",
        "offer_cancelled": "the offer was cancelled",
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
