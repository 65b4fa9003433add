"""One response that shows what the rules do, decided by the evaluator that decides live.

It can be written as a case of `tests/*.yaml`, ready to be pasted.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Literal

from boucle.decision import Circumstances, Decision
from boucle.model import FactValue, Money
from boucle.rules.analysis.obstacles import Span
from boucle.rules.analysis.partition import Cell, complete
from boucle.rules.analysis.questions import Outcome, Question
from boucle.rules.bundle import Bundle
from boucle.rules.decide import conclude, judge
from boucle.rules.encoding import decode
from boucle.rules.expressions import list_atoms
from boucle.rules.gates import ROLLOUT, Arms
from boucle.rules.phrases import word_value
from boucle.rules.reading import Facts

_Arm = Literal["held_out", "treated", "in", "out"]

SOMEBODY = "a contact"
"""Who answers: somebody, so that an arm can be drawn or pinned."""


@dataclass(frozen=True)
class Witness:
    """A response, what the gates were told, and the decision; None among the facts is unknown."""

    facts: Mapping[str, FactValue | None]
    at: datetime
    decision: Decision
    arms: Arms = field(default_factory=dict)
    counted: Mapping[str, int] = field(default_factory=dict)
    left: Mapping[str, Money] = field(default_factory=dict)


def find_witness(question: Question, cell: Cell, outcome: Outcome) -> Witness | None:
    """The cell as a whole response with that outcome; None where the evaluator does not confirm it.

    A gate that may hold back does so; where none is named, every arm lets it through.
    """
    bundle = question.bundle
    told = _Told(question, outcome)
    whole = decode(bundle.catalogue, complete(bundle.catalogue, cell))
    verdict = judge(bundle, Facts(whole, told.at), told.at)
    circumstances = Circumstances(
        contact=SOMEBODY,
        caps=told.counted,
        budgets={name: money.minor for name, money in told.left.items()},
    )
    decision = conclude(bundle, verdict, circumstances, told.arms)
    own = decision.rule_set == question.rule_set.name
    held = outcome.held_by is None or decision.blocked_by == outcome.held_by
    if (decision.winner if own else None) != outcome.taker or not held:
        return None
    names = _facts_asked(question)
    facts = {name: whole.get(name) for name in bundle.catalogue.facts if name in names or name in whole}
    return Witness(facts, told.at, decision, told.arms, told.counted, told.left)


def _facts_asked(question: Question) -> set[str]:
    return {atom.fact for one in question.parts for atom in list_atoms(one.when, one.definitions)}


class _Told:
    """What the gates are told so that one of them holds back, and no other does."""

    def __init__(self, question: Question, outcome: Outcome) -> None:
        bundle, (kind, _, id_) = question.bundle, (outcome.held_by or "").partition("/")
        self.at = _instant(question.span, bundle, id_ if kind == "suppress" else "")
        self.counted = {cap.id: cap.most for cap in bundle.policy.caps if kind == "caps" and cap.id == id_}
        self.left = {
            one.id: Money(minor=0, currency=one.limit.currency)
            for one in bundle.policy.budgets
            if kind == "budgets" and one.id == id_
        }
        self.arms = dict(_arms(question, outcome.taker, outcome.held_by))


def _arms(question: Question, taker: str | None, held_by: str | None) -> Iterator[tuple[str, _Arm]]:
    if any(rule.id == taker and rule.rollout is not None for rule in question.competing):
        yield f"{ROLLOUT}/{taker}", "out" if held_by == ROLLOUT else "in"
    play = question.plays.get(taker or "")
    for one in question.bundle.policy.holdouts:
        if play in one.plays:
            yield one.id, "held_out" if held_by == f"holdouts/{one.id}" else "treated"


def _instant(span: Span, bundle: Bundle, suppression: str) -> datetime:
    """Noon, or where a suppression is to hold back, an instant of the day at which it does."""
    noon = datetime.combine(span.begins.date(), time(12), span.begins.tzinfo)
    for one in bundle.suppressions:
        if one.id == suppression and one.begins is not None:
            noon = max(span.begins, one.begins)
        elif one.id == suppression and one.ends is not None:
            noon = span.begins
    return noon.astimezone(UTC)


# -- as a test -----------------------------------------------------------------------------------


def write_case(name: str, witness: Witness) -> str:
    """The witness as one entry of `tests:`, in block style, two spaces in."""
    decision = witness.decision
    expect: dict[str, object] = {"rule": decision.winner}
    if decision.outcome == "blocked":
        expect |= {"starts": None, "blocked_by": decision.blocked_by}
    else:
        expect |= {"starts": decision.plan.play if decision.plan else None}
    sections: dict[str, Mapping[str, object]] = {
        "facts": witness.facts,
        "counted": witness.counted,
        "left": witness.left,
        "arms": witness.arms,
        "expect": expect,
    }
    lines = [f"  - name: {json.dumps(name, ensure_ascii=False)}", f'    now: "{word_value(witness.at)}"']
    for section, entries in sections.items():
        if entries:
            lines += [
                f"    {section}:",
                *(f"      {key}: {_scalar(value)}" for key, value in entries.items()),
            ]
    return "\n".join(lines)


def _scalar(value: object) -> str:
    match value:
        case None:
            written = "null"
        case bool() | int() | Decimal():
            written = word_value(value)
        case tuple():
            written = f"[{', '.join(_scalar(member) for member in value)}]"
        case datetime() | date():
            written = f'"{word_value(value)}"'
        case Money():
            written = str(value)
        case _:
            written = _text(str(value))
    return written


def _text(text: str) -> str:
    """A plain word as it is; anything else in quotes, escapes written as JSON does."""
    plain = text.replace("_", "").replace("-", "").replace("/", "").isalpha() and text.isascii()
    plain = plain and text.lower() not in {"true", "false", "null", "yes", "no", "on", "off", "y", "n"}
    return text if plain else json.dumps(text, ensure_ascii=not text.isprintable())
