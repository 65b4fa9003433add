"""One file of `rules/` → one rule set."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Literal, cast

from boucle.errors import Mistake
from boucle.rules.declarations.definitions import read_definitions
from boucle.rules.declarations.facts_file import ReadFacts
from boucle.rules.declarations.guarantee_entry import read_guarantee
from boucle.rules.declarations.params import Known, PlayParams
from boucle.rules.declarations.policy_file import ReadPolicy
from boucle.rules.declarations.policy_gates import read_entries
from boucle.rules.declarations.rule_entry import (
    DEFAULTS,
    RULE_KEYS,
    Surroundings,
    read_reason,
    read_rule,
    read_undecided,
)
from boucle.rules.declarations.zones import read_timezone
from boucle.rules.language.when import read_when
from boucle.rules.ruleset import Guarantee, Reason, Rule, RuleSet
from boucle.rules.strict_yaml.file_mistakes import BadValue, MissingKey, NotInThisVersion
from boucle.rules.strict_yaml.form import Form, check_repeats
from boucle.rules.strict_yaml.headers import open_file
from boucle.rules.strict_yaml.source import Node, Scalar

HEADER = "rules/v1"

KEYS = frozenset(
    "boucle ruleset description owner timezone only_when hit_policy define defaults rules undecided"
    " otherwise guarantees".split()
)
HIT_POLICIES = frozenset(("first", "unique"))

_ELSEWHERE = {
    **dict.fromkeys(("max_age", "suppress", "caps", "budgets", "holdouts"), "policy.yaml"),
    **dict.fromkeys(("lists", "facts", "derived"), "facts.yaml"),
    **dict.fromkeys(sorted(RULE_KEYS - DEFAULTS), "a rule, in the list 'rules'"),
    **dict.fromkeys(sorted(DEFAULTS - KEYS), "a rule, or in 'defaults' for all of them"),
}


def read_rule_set(
    node: Node, facts: ReadFacts, policy: ReadPolicy, plays: PlayParams, known: Known, today: date
) -> tuple[RuleSet | None, list[Mistake]]:
    """Read one rules file; None where it says too little to be a rule set."""
    mistakes: list[Mistake] = []
    form = open_file(node, HEADER, "the rules file", mistakes)
    if form is None:
        return None, mistakes
    form.check_keys(KEYS, _ELSEWHERE)
    form.require("ruleset", "rules", "undecided")
    name = form.word("ruleset", "a rule set") if form.has("ruleset") else None
    around = Surroundings(facts.scope(), {}, plays, known, today, policy)
    rule_set = _read_body(form, name or "", around)
    return (rule_set if name else None), mistakes


def _read_body(form: Form, name: str, around: Surroundings) -> RuleSet:
    define = form.form("define", "the rules file") if form.has("define") else None
    defined = read_definitions(define, around.scope)
    around = replace(
        around, scope=defined.scope, sizes=defined.sizes, defaults=_defaults(form), owner=_text(form, "owner")
    )
    only_when = read_when(form, "only_when", around.scope, around.sizes) if form.has("only_when") else None
    rules = _read_rules(form, around)
    undecided = read_undecided(form, around)
    otherwise = _read_reasons(form, around)
    return RuleSet(
        name, _timezone(form, rules), rules, undecided, form.place, _text(form, "description"), around.owner,
        only_when, defined.definitions, otherwise, _hit_policy(form), _read_guarantees(form, around),
    )  # fmt: skip


def _text(form: Form, key: str) -> str | None:
    return form.text(key) if form.has(key) else None


def _defaults(form: Form) -> Form | None:
    defaults = form.form("defaults", "'defaults'") if form.has("defaults") else None
    if defaults is not None:
        defaults.check_keys(DEFAULTS)
    return defaults


def _hit_policy(form: Form) -> Literal["first", "unique"]:
    value = form.node.find("hit_policy")
    if isinstance(value, Scalar) and value.text == "collect":
        form.refuse(NotInThisVersion(value.place, "'hit_policy: collect'"))
        return "first"
    found = form.choice("hit_policy", HIT_POLICIES) if form.has("hit_policy") else None
    return cast('Literal["first", "unique"]', found or "first")


def _timezone(form: Form, rules: Sequence[Rule]) -> str:
    dated = next((rule for rule in rules if rule.effective_from or rule.effective_until), None)
    if dated is not None and not form.has("timezone"):
        what = f"'effective' of rule '{dated.id}' is counted in whole days: the file"
        form.refuse(MissingKey(dated.place, what, "timezone"))
    return read_timezone(form) or "UTC"


def _read_guarantees(form: Form, around: Surroundings) -> tuple[Guarantee, ...]:
    return read_entries(
        form,
        "guarantees",
        "guarantee",
        lambda entry: read_guarantee(entry, around.plays, around.scope, around.sizes),
    )


def _read_rules(form: Form, around: Surroundings) -> tuple[Rule, ...]:
    if not form.has("rules"):
        return ()
    entries = form.forms("rules", "rule")
    value = form.node.find("rules")
    if value is not None and not entries and not isinstance(value, Scalar):
        form.refuse(BadValue(value.place, "rules", "[]", "a rule set has at least one rule"))
    check_repeats(entries, "id", "rule")
    read = [read_rule(entry, around) for entry in entries]
    return tuple(rule for rule in read if rule is not None)


def _read_reasons(form: Form, around: Surroundings) -> tuple[Reason, ...]:
    entries = form.forms("otherwise", "reason") if form.has("otherwise") else []
    check_repeats(entries, "code", "reason")
    read = [read_reason(entry, around) for entry in entries]
    return tuple(reason for reason in read if reason is not None)
