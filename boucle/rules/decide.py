"""What the rules say of one response: pure, and the same from the facts as from the record."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from pydantic import JsonValue

from boucle.model import Decision, FactValue, GateResult, Plan, Truth
from boucle.rules.because import explain_undecided, explain_winner
from boucle.rules.bundle import UNDECIDED, Bundle, CompiledCondition, CompiledRule, CompiledRuleSet
from boucle.rules.encoding import digest
from boucle.rules.failures import RuleSetsOverlapError
from boucle.rules.reading import Facts, Reading, read_facts, read_record

__all__ = ["Facts", "Mode", "decide", "replay"]

Mode = Literal["act", "record_only", "act_on_old"]
"""`act`: start what wins; `record_only`: decide, start nothing; `act_on_old`: waive the greatest age."""

RECORD_ONLY = "record_only"
MAX_AGE = "max_age"


def decide(bundle: Bundle, facts: Facts, at: datetime, mode: Mode = "act") -> Decision:
    """The decision on a response accepted at `at`.

    Raises a CannotDecideError where the facts do not fit, the rule engine fails, or two rule sets
    claim the response: the engine then puts it in quarantine.
    """
    return _conclude(bundle, read_facts(bundle, facts), at, mode)


def replay(bundle: Bundle, decision: Decision, personal: Mapping[str, FactValue] | None = None) -> Decision:
    """The decision made again from its record: equal to it byte for byte where nothing was changed.

    `personal` are the facts that the record does not hold; without them (after an erasure) the
    recorded truth values of the atoms that read them are used. RecordError where record and bundle do
    not belong together.
    """
    return _conclude(bundle, read_record(bundle, decision, personal), decision.at, _mode_of(decision))


def _mode_of(decision: Decision) -> Mode:
    if decision.blocked_by == RECORD_ONLY:
        return "record_only"
    waived = any(gate.result == "waived" for gate in decision.gates)
    return "act_on_old" if waived else "act"


@dataclass(frozen=True)
class _Hit:
    """What takes the hit: a rule, or the fallback."""

    winner: str
    play: str
    params: Mapping[str, JsonValue]
    digest: str
    because: str
    also_matched: tuple[str, ...] = ()


def _conclude(bundle: Bundle, reading: Reading, at: datetime, mode: Mode) -> Decision:
    rule_set = _choose(bundle, reading)
    decision = _nothing(bundle, reading, at, rule_set)
    hit = _find_hit(bundle, rule_set, reading, at) if rule_set else None
    if rule_set is None or hit is None:
        reason, text = _find_reason(bundle, rule_set, reading, at)
        return decision.model_copy(update={"reason": reason, "reason_text": text})
    return decision.model_copy(
        update={
            "winner": hit.winner,
            "also_matched": hit.also_matched,
            "because": hit.because,
            **_pass_gates(bundle, reading, at, mode, _plan(bundle, rule_set, hit)),
        }
    )


def _nothing(bundle: Bundle, reading: Reading, at: datetime, rule_set: CompiledRuleSet | None) -> Decision:
    """The record without its outcome."""
    rules = rule_set.rules if rule_set else ()
    return Decision(
        at=at,
        bundle=bundle.digest,
        responded_at=reading.responded_at,
        rule_set=rule_set.name if rule_set else None,
        facts=reading.known,
        facts_digest=digest(reading.known),
        derived=reading.derived,
        unknown=reading.unknown,
        pii_atoms=reading.personal,
        rules={rule.id: _truth(rule.condition, reading) for rule in rules},
        outcome="nothing",
    )


def _truth(condition: CompiledCondition | None, reading: Reading) -> Truth:
    """A condition's truth value; one that asks nothing holds."""
    return "true" if condition is None else reading.truths[condition.slot]


# -- who decides, and who wins ------------------------------------------------------------------


def _choose(bundle: Bundle, reading: Reading) -> CompiledRuleSet | None:
    """The one rule set whose `only_when` is true."""
    holding = [rule_set for rule_set in bundle.rule_sets if _truth(rule_set.only_when, reading) == "true"]
    if len(holding) > 1:
        raise RuleSetsOverlapError(rule_set.name for rule_set in holding)
    return holding[0] if holding else None


def _in_effect(rule_set: CompiledRuleSet, at: datetime) -> tuple[CompiledRule, ...]:
    day = at.astimezone(ZoneInfo(rule_set.timezone)).date()
    return tuple(rule for rule in rule_set.rules if rule.in_effect(day))


def _find_hit(bundle: Bundle, rule_set: CompiledRuleSet, reading: Reading, at: datetime) -> _Hit | None:
    competing = _in_effect(rule_set, at)
    matched = [rule for rule in competing if _truth(rule.condition, reading) == "true"]
    if matched:
        first, *others = matched
        because = explain_winner(bundle, rule_set, first, reading)
        also_matched = tuple(rule.id for rule in others)
        return _Hit(first.id, first.play, first.params, first.digest, because, also_matched)
    open_rules = [rule for rule in competing if _truth(rule.condition, reading) == "undecided"]
    fallback = rule_set.undecided
    if not open_rules or fallback.play is None or _truth(fallback.condition, reading) != "true":
        return None
    because = explain_undecided(open_rules, reading)
    return _Hit(UNDECIDED, fallback.play, fallback.params, fallback.digest, because)


def _find_reason(
    bundle: Bundle, rule_set: CompiledRuleSet | None, reading: Reading, at: datetime
) -> tuple[str, str]:
    """Why nothing starts: the author's own reasons in order, then the built-in ones."""
    for reason in rule_set.otherwise if rule_set else ():
        if _truth(reason.condition, reading) == "true":
            return reason.code, reason.text
    code = _built_in_reason(bundle, rule_set, reading, at)
    return code, bundle.reasons[code]


def _built_in_reason(bundle: Bundle, rule_set: CompiledRuleSet | None, reading: Reading, at: datetime) -> str:
    if bundle.scores.issubset(reading.unknown):
        return "no_score"
    if rule_set is None:
        return "no_programme"
    truths = {_truth(rule.condition, reading) for rule in _in_effect(rule_set, at)}
    return "undecided" if "undecided" in truths else "no_rule"


# -- what becomes of the winner -----------------------------------------------------------------


def _plan(bundle: Bundle, rule_set: CompiledRuleSet, hit: _Hit) -> Plan:
    return Plan(
        rule_set=rule_set.name,
        rule=hit.winner,
        rule_digest=hit.digest,
        bundle=bundle.digest,
        play=hit.play,
        params=hit.params,
        timezone=rule_set.timezone,
    )


def _pass_gates(bundle: Bundle, reading: Reading, at: datetime, mode: Mode, plan: Plan) -> dict[str, object]:
    if mode == "record_only":
        gate = GateResult(gate=RECORD_ONLY, result="blocked")
        return {"gates": (gate,), "outcome": "blocked", "blocked_by": RECORD_ONLY}
    limit = bundle.policy.max_age
    gates = () if limit is None else (_ask_age(at - reading.responded_at, limit, mode),)
    blocking = next((gate.gate for gate in gates if gate.result == "blocked"), None)
    if blocking is not None:
        return {"gates": gates, "outcome": "blocked", "blocked_by": blocking}
    return {"gates": gates, "outcome": "starts", "plan": plan}


def _ask_age(age: timedelta, limit: timedelta, mode: Mode) -> GateResult:
    if age <= limit:
        return GateResult(gate=MAX_AGE, result="passed")
    detail = f"answered {_count(age, limit)} before acceptance; the greatest age is {_count(limit, limit)}"
    return GateResult(gate=MAX_AGE, result="waived" if mode == "act_on_old" else "blocked", detail=detail)


_UNITS = ((timedelta(days=1), "days"), (timedelta(hours=1), "hours"), (timedelta(minutes=1), "minutes"))


def _count(length: timedelta, limit: timedelta) -> str:
    """A length in the largest unit that holds the limit whole, rounded down."""
    unit, name = next(((unit, name) for unit, name in _UNITS if not limit % unit), _UNITS[-1])
    return f"{length // unit} {name}"
