"""What two versions say otherwise beside who wins: plays, parameters, gates, dates, facts; in plain words."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from pydantic import JsonValue

from boucle.rules.bundle import (
    Bundle,
    CompiledRule,
    CompiledRuleSet,
    CompiledSuppression,
    CompiledUndecided,
)
from boucle.rules.catalogue import Derived, Fact
from boucle.rules.declarations.quiet_hours import write_time
from boucle.rules.gates import count_length
from boucle.rules.ruleset import Policy
from boucle.rules.writing.condition_text import write_condition

_Aspects = Mapping[str, str]
_Things = dict[str, _Aspects]
"""Each thing of a version by its name, with what is said of it."""


def list_changes(old: Bundle, new: Bundle) -> list[str]:
    """Every thing that only one version has, or of which they say otherwise, one sentence each."""
    before, after = _describe(old), _describe(new)
    names = {**before, **after}
    lines = [line for name in names for line in _compare(name, before.get(name), after.get(name))]
    return [*_orders(old, new), *lines]


def _orders(old: Bundle, new: Bundle) -> Iterator[str]:
    """Rule sets in which rules that both versions have stand in another order."""
    for after in new.rule_sets:
        before = old.find_rule_set(after.name)
        ids = [rule.id for rule in after.rules]
        was = [rule.id for rule in before.rules if rule.id in ids] if before else []
        now = [id_ for id_ in ids if id_ in was]
        if was != now:
            orders = f"was {', '.join(was)}, is {', '.join(now)}"
            yield f"rule set {after.name}: the order of its rules {orders}"


def _compare(name: str, before: _Aspects | None, after: _Aspects | None) -> Iterator[str]:
    if before is None:
        said = "; ".join(f"{aspect} {text}" for aspect, text in (after or {}).items())
        yield f"{name} is new" + (f": {said}" if said else "")
    elif after is None:
        yield f"{name} is gone"
    else:
        for aspect in {**before, **after}:
            was, now = before.get(aspect, "not said"), after.get(aspect, "not said")
            if was != now:
                yield f"{name}: {aspect} was {was}, is {now}"


def _describe(bundle: Bundle) -> _Things:
    things: _Things = {}
    for rule_set in bundle.rule_sets:
        things |= _rule_set(rule_set)
    things |= _policy(bundle.policy)
    things |= {f"suppression {one.id}": _said(_suppression(one)) for one in bundle.suppressions}
    things |= {f"fact {name}": _said(_fact(fact)) for name, fact in bundle.catalogue.facts.items()}
    derived = bundle.catalogue.derived.items()
    return things | {f"derived fact {name}": _said(_derived(one)) for name, one in derived}


def _said(pairs: Iterable[tuple[str, object]]) -> _Aspects:
    """What is said at all, as text."""
    return {aspect: _text(value) for aspect, value in pairs if value is not None and value not in ((), False)}


def _text(value: object) -> str:
    if isinstance(value, (frozenset, tuple)):
        members = sorted(value) if isinstance(value, frozenset) else value
        return ", ".join(map(str, members))
    return "yes" if value is True else str(value)


# -- rules ---------------------------------------------------------------------------------------


def _rule_set(rule_set: CompiledRuleSet) -> _Things:
    name = rule_set.name
    things: _Things = {
        f"rule set {name}": {
            "time zone": rule_set.timezone,
            "hit policy": rule_set.hit_policy,
        }
    }
    for rule in rule_set.rules:
        things[f"rule {name}/{rule.id}"] = _said([*_winner(rule), *_rule(rule)])
    things[f"fallback of {name}"] = _said(_winner(rule_set.undecided))
    return things


def _winner(winner: CompiledRule | CompiledUndecided) -> Iterator[tuple[str, object]]:
    yield "starts", winner.play
    yield from _params("with", winner.params)
    yield "if_open", winner.if_open
    yield "restarts", winner.restarts
    yield "also", tuple(f"{act.do} {act.name}" for act in winner.also)
    if winner.exempt is not None:
        yield "exempt from", winner.exempt.gates
    if winner.spends is not None:
        yield "spends", f"{winner.spends.amount} of {winner.spends.budget}"
        yield from _params("if exhausted, with", winner.spends.otherwise or {})


def _params(word: str, params: Mapping[str, JsonValue], prefix: str = "") -> Iterator[tuple[str, object]]:
    for name, value in params.items():
        if isinstance(value, dict):
            yield from _params(word, value, f"{prefix}{name}.")
        else:
            yield f"{word} {prefix}{name}", value


def _rule(rule: CompiledRule) -> Iterator[tuple[str, object]]:
    yield "mode", rule.mode
    yield "rollout", None if rule.rollout is None else _percent(rule.rollout)
    yield "in effect from", rule.effective_from
    yield "in effect until", rule.effective_until


def _percent(share: int) -> str:
    return f"{share / 100:g} %"


# -- policy and facts ----------------------------------------------------------------------------


def _policy(policy: Policy) -> _Things:
    age, quiet = policy.max_age, policy.quiet
    things: _Things = {
        "policy": _said(
            [
                ("max_age", age and count_length(age, age)),
                ("time zone", policy.timezone),
                ("quiet hours", quiet and f"{write_time(quiet.begins)} to {write_time(quiet.ends)}"),
                ("revisions", policy.revisions),
            ]
        )
    }
    for cap in policy.caps:
        span = count_length(cap.within, cap.within)
        said = f"{cap.most} per {cap.per} within {span}"
        things[f"cap {cap.id}"] = _said([("limit", said), ("plays", cap.plays)])
    for budget in policy.budgets:
        things[f"budget {budget.id}"] = {"limit": f"{budget.limit} per {budget.per}"}
    for holdout in policy.holdouts:
        things[f"holdout {holdout.id}"] = _said(
            [("share", _percent(holdout.share)), ("plays", holdout.plays)]
        )
    return things


def _suppression(one: CompiledSuppression) -> Iterator[tuple[str, object]]:
    yield "plays", "all" if one.plays is None else one.plays
    yield "when", write_condition(one.condition.when) if one.condition else None
    yield "begins", one.begins
    yield "ends", one.ends
    yield "does", one.do


def _fact(fact: Fact) -> Iterator[tuple[str, object]]:
    yield "type", fact.metric or fact.type
    yield "lowest value", fact.low
    yield "highest value", fact.high
    yield "digits", fact.digits or None
    yield "values", fact.values
    yield "may be unknown", fact.optional
    yield "pii", fact.pii
    yield "unlisted values count as unknown", fact.unlisted_unknown
    yield "computed", fact.derived


def _derived(one: Derived) -> Iterator[tuple[str, object]]:
    within = one.within and f" within {count_length(one.within, one.within)}"
    what = f"{one.verb} {one.of or one.over} per {one.per}{within or ''}"
    yield "computed as", what
    yield "play", one.play
    yield "where", write_condition(one.where) if one.where else None
