"""What the demo's people do: for each loop a short script of acts, each with its time after the opening."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from pydantic import JsonValue

from boucle.model import ActKind

CUSTOMER = "customer"
OWNER = "owner"
LEAD = "lead"


@dataclass(frozen=True)
class Move:
    """One act: how long after the loop's opening, by whom (a role), with which details and text."""

    after: timedelta
    kind: ActKind
    by: str = OWNER
    details: Mapping[str, JsonValue] = field(default_factory=dict)
    noted: bool = False


Script = tuple[Move, ...]


def _claim(hours: int) -> Move:
    return Move(timedelta(hours=hours), ActKind.CLAIM)


def _attempt(hours: int, channel: str, result: str) -> Move:
    return Move(timedelta(hours=hours), ActKind.ATTEMPT, details={"channel": channel, "result": result})


def _note(hours: int) -> Move:
    return Move(timedelta(hours=hours), ActKind.NOTE, noted=True)


def _close(hours: int, closure: str, cause: str, *, systemic: bool = False) -> Move:
    details: dict[str, JsonValue] = {"closure": closure, "root_cause": cause, "systemic": systemic}
    return Move(timedelta(hours=hours), ActKind.CLOSE, details=details, noted=True)


def _answer(days: int, score: int) -> Script:
    return (Move(timedelta(days=days), ActKind.ANSWER, CUSTOMER, {"score": score}),)


CASE_SCRIPTS: tuple[Script, ...] = (
    (_claim(1), _attempt(3, "phone", "reached"), _note(4), _close(30, "recovered", "process", systemic=True)),
    (
        _claim(2),
        _attempt(5, "phone", "no_reply"),
        _attempt(20, "phone", "reached"),
        _close(70, "not_recovered", "price"),
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


def script_for(play: str, number: int) -> Script:
    """The script of the `number`-th loop of a play."""
    scripts = ANSWER_SCRIPTS if play == "apologize_with_offer" else CASE_SCRIPTS
    return scripts[number % len(scripts)]
