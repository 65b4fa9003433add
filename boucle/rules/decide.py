"""What the rules say of one response: pure, and the same from the facts as from the record.

In two steps: `judge` says which rule takes the hit and what its gates need to be told; whoever owns the
world looks that up, and `conclude` asks the gates. What was told stays in the decision.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from boucle.decision import Circumstances, Decision
from boucle.model import FactValue, Plan, Truth
from boucle.rules.because import explain_undecided, explain_winner
from boucle.rules.bundle import (
    UNDECIDED,
    Bundle,
    CompiledCondition,
    CompiledRule,
    CompiledRuleSet,
    CompiledUndecided,
)
from boucle.rules.encoding import digest
from boucle.rules.failures import RuleSetsOverlapError
from boucle.rules.gates import RECORD_ONLY, Arms, Asks, Hit, Mode, ask_for, pass_gates
from boucle.rules.reading import Facts, Reading, read_facts, read_record

__all__ = ["Asks", "Facts", "Mode", "Verdict", "conclude", "decide", "judge", "mode_of", "replay"]


@dataclass(frozen=True)
class Verdict:
    """What the rules say before any gate is asked. `decision` lacks its outcome where there is a hit."""

    decision: Decision
    hit: Hit | None
    asks: Asks
    reading: Reading
    mode: Mode

    @property
    def winner(self) -> str | None:
        """The rule that takes the hit, or the fallback."""
        return self.hit.winner if self.hit else None

    @property
    def play(self) -> str | None:
        """The play that it starts unless a gate holds it back."""
        return self.hit.plan.play if self.hit else None


def decide(
    bundle: Bundle,
    facts: Facts,
    at: datetime,
    mode: Mode = "act",
    circumstances: Circumstances | None = None,
) -> Decision:
    """The decision on a response accepted at `at`, the circumstances being known beforehand.

    Raises what `judge` raises.
    """
    return conclude(bundle, judge(bundle, facts, at, mode), circumstances)


def judge(bundle: Bundle, facts: Facts, at: datetime, mode: Mode = "act") -> Verdict:
    """What the rules say of a response accepted at `at`.

    Raises a CannotDecideError where the facts do not fit, the rule engine fails, or two rule sets
    claim the response: the engine then puts it in quarantine.
    """
    return _judge(bundle, read_facts(bundle, facts), at, mode)


def conclude(
    bundle: Bundle, verdict: Verdict, circumstances: Circumstances | None = None, arms: Arms | None = None
) -> Decision:
    """The decision, once what `verdict.asks` is known; `arms` are pinned by rule tests alone."""
    if verdict.hit is None:
        return verdict.decision
    decision, told = verdict.decision, circumstances or Circumstances()
    passage = pass_gates(bundle, verdict.hit, verdict.reading, decision.at, verdict.mode, told, arms)
    return decision.model_copy(
        update={
            "circumstances": told,
            "gates": passage.gates,
            "outcome": passage.outcome,
            "plan": passage.plan,
            "joins": passage.joins,
            "deferred_until": passage.deferred_until,
            "reserves": passage.reserves,
            "blocked_by": passage.blocked_by,
        }
    )


def replay(bundle: Bundle, decision: Decision, personal: Mapping[str, FactValue] | None = None) -> Decision:
    """The decision made again from its record: equal to it byte for byte where nothing was changed.

    `personal` are the facts that the record does not hold; without them (after an erasure) the
    recorded truth values of the atoms that read them are used. RecordError where record and bundle do
    not belong together.
    """
    reading = read_record(bundle, decision, personal)
    return conclude(bundle, _judge(bundle, reading, decision.at, mode_of(decision)), decision.circumstances)


def mode_of(decision: Decision) -> Mode:
    """The mode in which a decision was made, as far as it mattered to it."""
    if decision.blocked_by == RECORD_ONLY:
        return "record_only"
    waived = any(gate.result == "waived" for gate in decision.gates)
    return "act_on_old" if waived else "act"


def _judge(bundle: Bundle, reading: Reading, at: datetime, mode: Mode) -> Verdict:
    rule_set = _choose(bundle, reading)
    competing, observed = _in_effect(rule_set, at) if rule_set else ((), ())
    decision = _undecorated(bundle, reading, at, rule_set, observed)
    hit = _find_hit(bundle, rule_set, competing, reading) if rule_set else None
    if hit is not None:
        said = {"winner": hit.winner, "also_matched": hit.also_matched, "because": hit.because}
        return Verdict(decision.model_copy(update=said), hit, ask_for(bundle, hit, mode), reading, mode)
    reason, text = _find_reason(bundle, rule_set, competing, reading)
    said = {"reason": reason, "reason_text": text}
    return Verdict(decision.model_copy(update=said), None, Asks(), reading, mode)


def _undecorated(
    bundle: Bundle,
    reading: Reading,
    at: datetime,
    rule_set: CompiledRuleSet | None,
    observing: tuple[CompiledRule, ...],
) -> Decision:
    """The record without its winner and its outcome."""
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
        observed=tuple(rule.id for rule in observing if _truth(rule.condition, reading) == "true"),
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


def _in_effect(
    rule_set: CompiledRuleSet, at: datetime
) -> tuple[tuple[CompiledRule, ...], tuple[CompiledRule, ...]]:
    """The rules that compete on that day, and those that are only observed."""
    day = at.astimezone(ZoneInfo(rule_set.timezone)).date()
    rules = [rule for rule in rule_set.rules if rule.in_effect(day)]
    competing = tuple(rule for rule in rules if rule.mode == "act")
    return competing, tuple(rule for rule in rules if rule.mode == "observe")


def _find_hit(
    bundle: Bundle, rule_set: CompiledRuleSet, competing: tuple[CompiledRule, ...], reading: Reading
) -> Hit | None:
    matched = [rule for rule in competing if _truth(rule.condition, reading) == "true"]
    if matched:
        first, *others = matched
        because = explain_winner(bundle, rule_set, first, reading)
        also_matched = tuple(rule.id for rule in others)
        return _hit(bundle, rule_set, first, first.play, because, also_matched)
    open_rules = [rule for rule in competing if _truth(rule.condition, reading) == "undecided"]
    fallback = rule_set.undecided
    if not open_rules or fallback.play is None or _truth(fallback.condition, reading) != "true":
        return None
    return _hit(bundle, rule_set, fallback, fallback.play, explain_undecided(open_rules, reading))


def _hit(
    bundle: Bundle,
    rule_set: CompiledRuleSet,
    taken_by: CompiledRule | CompiledUndecided,
    play: str,
    because: str,
    also_matched: tuple[str, ...] = (),
) -> Hit:
    rule = taken_by if isinstance(taken_by, CompiledRule) else None
    winner = rule.id if rule else UNDECIDED
    return Hit(
        winner=winner,
        plan=_plan(bundle, rule_set, winner, play, taken_by),
        because=because,
        also_matched=also_matched,
        rollout=rule.rollout if rule else None,
        exempt=taken_by.exempt,
        spends=taken_by.spends,
        if_open=taken_by.if_open,
    )


def _plan(
    bundle: Bundle,
    rule_set: CompiledRuleSet,
    winner: str,
    play: str,
    taken_by: CompiledRule | CompiledUndecided,
) -> Plan:
    return Plan(
        rule_set=rule_set.name,
        rule=winner,
        rule_digest=taken_by.digest,
        bundle=bundle.digest,
        play=play,
        params=taken_by.params,
        timezone=rule_set.timezone,
        quiet=bundle.policy.quiet,
        restarts=taken_by.restarts,
        also=taken_by.also,
    )


def _find_reason(
    bundle: Bundle,
    rule_set: CompiledRuleSet | None,
    competing: tuple[CompiledRule, ...],
    reading: Reading,
) -> tuple[str, str]:
    """Why nothing starts: the author's own reasons in order, then the built-in ones."""
    for reason in rule_set.otherwise if rule_set else ():
        if _truth(reason.condition, reading) == "true":
            return reason.code, reason.text
    code = _built_in_reason(bundle, rule_set, competing, reading)
    return code, bundle.reasons[code]


def _built_in_reason(
    bundle: Bundle,
    rule_set: CompiledRuleSet | None,
    competing: tuple[CompiledRule, ...],
    reading: Reading,
) -> str:
    if bundle.scores.issubset(reading.unknown):
        return "no_score"
    if rule_set is None:
        return "no_programme"
    truths = {_truth(rule.condition, reading) for rule in competing}
    return "undecided" if "undecided" in truths else "no_rule"
