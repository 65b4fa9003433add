"""What the demo's people do: for each loop a short script of acts, each with its time after the opening."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from pydantic import JsonValue

from boucle.demo.words import NOTES, TESTIMONIALS, WISHES, Language
from boucle.model import ActKind

Words = Mapping[Language, tuple[str, ...]]
"""Texts by language; one of them is said."""

CUSTOMER = "customer"
OWNER = "owner"
COLLEAGUE = "colleague"
LEAD = "lead"


@dataclass(frozen=True)
class Move:
    """One act: how long after the loop's opening, by whom (a role), with which details and words."""

    after: timedelta
    kind: ActKind
    by: str = OWNER
    details: Mapping[str, JsonValue] = field(default_factory=dict)
    words: Words | None = None


Script = tuple[Move, ...]


def _claim(hours: int) -> Move:
    return Move(timedelta(hours=hours), ActKind.CLAIM)


def _attempt(hours: int, channel: str, result: str) -> Move:
    return Move(timedelta(hours=hours), ActKind.ATTEMPT, details={"channel": channel, "result": result})


def _note(hours: int) -> Move:
    return Move(timedelta(hours=hours), ActKind.NOTE, words=NOTES)


def _close(hours: int, closure: str, cause: str, *, systemic: bool = False) -> Move:
    details: dict[str, JsonValue] = {"closure": closure, "root_cause": cause, "systemic": systemic}
    return Move(timedelta(hours=hours), ActKind.CLOSE, details=details, words=NOTES)


def _answer(days: int, score: int) -> Script:
    return (Move(timedelta(days=days), ActKind.ANSWER, CUSTOMER, {"score": score}),)


def _verified(hours: int, score: int) -> Move:
    """The customer answers the question that follows a concluded case."""
    return Move(timedelta(hours=hours), ActKind.ANSWER, CUSTOMER, {"score": score})


def _said(days: int, words: Words) -> Move:
    return Move(timedelta(days=days), ActKind.ANSWER, CUSTOMER, words=words)


def _referral(days: int, outcome: str) -> Move:
    return Move(timedelta(days=days), ActKind.REFER, COLLEAGUE, {"outcome": outcome})


def _testimonial(days: int, *, publish: bool) -> Move:
    return Move(timedelta(days=days), ActKind.TESTIFY, CUSTOMER, {"publish": publish}, TESTIMONIALS)


CASE_SCRIPTS: tuple[Script, ...] = (
    (
        _claim(1),
        _attempt(3, "phone", "reached"),
        _note(4),
        _close(30, "recovered", "process", systemic=True),
        _verified(174, 9),
    ),
    # The customer is still not content: the case is opened again.
    (
        _claim(2),
        _attempt(5, "phone", "no_reply"),
        _attempt(20, "phone", "reached"),
        _close(70, "not_recovered", "price"),
        _verified(238, 4),
        _claim(250),
        _attempt(252, "phone", "reached"),
        _close(280, "not_recovered", "price"),
    ),
    (
        _claim(2),
        _attempt(4, "phone", "no_reply"),
        _attempt(28, "email", "left_message"),
        _attempt(52, "phone", "no_reply"),
        _close(80, "unreachable", "people"),
    ),
    (_claim(1), _note(2), _attempt(3, "phone", "reached"), _close(5, "false_alarm", "product")),
    (_claim(3), _attempt(4, "phone", "refused"), _close(6, "declined", "policy")),
    # A silent owner: the first contact is missed, the lead takes over.
    (
        _attempt(60, "phone", "reached"),
        _note(61),
        _close(240, "recovered", "people", systemic=True),
        _verified(384, 8),
    ),
    (_claim(1), _attempt(2, "phone", "reached"), _close(50, "recovered", "product")),
)
"""For cases: who is called, how often, and how it ends; used in turn."""

ANSWER_SCRIPTS: tuple[Script, ...] = (
    _answer(6, 9),
    (),
    _answer(8, 4),
    _answer(3, 8),
    _answer(7, 10),
    (),
)
"""For apologies: what the customer answers to the follow-up question, if anything; used in turn."""

INVITATION_SCRIPTS: tuple[Script, ...] = (
    (_referral(4, "made"), _testimonial(6, publish=True), _referral(20, "converted")),
    (),
    (_testimonial(12, publish=False),),
    (Move(timedelta(days=2), ActKind.ANSWER, CUSTOMER, {"declined": True}),),
)
"""For invitations: a referral that becomes a customer, silence, a word that is not to be published, a no."""

WORKED = (_claim(100), _attempt(102, "phone", "reached"), _close(130, "recovered", "product"))

QUESTION_SCRIPTS: tuple[Script, ...] = (
    (_said(3, {language: said[:1] for language, said in WISHES.items()}), *WORKED),
    (_said(2, {language: said[1:] for language, said in WISHES.items()}),),
    (),
)
"""For open questions: a problem that becomes a case, a wish, silence."""

SEQUENCE_SCRIPTS: tuple[Script, ...] = (
    _answer(9, 10),
    (
        Move(timedelta(days=8), ActKind.ANSWER, CUSTOMER, {"score": 3}),
        _claim(200),
        _attempt(202, "phone", "reached"),
        _close(230, "recovered", "process"),
    ),
    (),
)
"""For sequences: who is content a week later, who is not and gets a call, silence."""

_SCRIPTS: Mapping[str, tuple[Script, ...]] = {
    "apologize_with_offer": ANSWER_SCRIPTS,
    "invite_promoter": INVITATION_SCRIPTS,
    "ask_follow_up": QUESTION_SCRIPTS,
    "sequence": SEQUENCE_SCRIPTS,
}


def script_for(play: str, number: int) -> Script:
    """The script of the `number`-th loop of a play."""
    scripts = _SCRIPTS.get(play, CASE_SCRIPTS)
    return scripts[number % len(scripts)]
