"""One file of `rules/` → one rule set."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from boucle.errors import Mistake, Place
from boucle.rules.definitions import read_definitions
from boucle.rules.facts_file import ReadFacts
from boucle.rules.file_mistakes import BadValue, MissingKey, NotInThisVersion, Repeated, UnknownTimezone
from boucle.rules.files import known_timezones
from boucle.rules.form import Form
from boucle.rules.headers import open_file
from boucle.rules.params import Known, PlayParams
from boucle.rules.rule_entry import DEFAULTS, Surroundings, read_reason, read_rule, read_undecided
from boucle.rules.ruleset import Reason, Rule, RuleSet
from boucle.rules.source import Node, Scalar
from boucle.rules.when import read_when
from boucle.rules.worded import did_you_mean, shortened

HEADER = "rules/v1"

_KEYS = frozenset(
    "boucle ruleset description owner timezone only_when hit_policy define defaults rules undecided"
    " otherwise".split()
)
_LATER = frozenset(("guarantees", "lists"))
_LATER_POLICIES = frozenset(("unique", "collect"))


def read_rule_set(
    node: Node, facts: ReadFacts, plays: PlayParams, known: Known, today: date
) -> tuple[RuleSet | None, list[Mistake]]:
    """Read one rules file; None where it says too little to be a rule set."""
    mistakes: list[Mistake] = []
    form = open_file(node, HEADER, "the rules file", mistakes)
    if form is None:
        return None, mistakes
    form.check_keys(_KEYS, _LATER)
    form.require("ruleset", "rules", "undecided")
    name = form.word("ruleset", "a rule set") if form.has("ruleset") else None
    _check_hit_policy(form)
    rule_set = _read_body(form, name or "", Surroundings(facts.scope(), {}, plays, known, today))
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
    timezone = _timezone(form, rules)
    return RuleSet(
        name, timezone, rules, undecided, form.place, _text(form, "description"), around.owner,
        only_when, defined.definitions, otherwise,
    )  # fmt: skip


def _text(form: Form, key: str) -> str | None:
    return form.text(key) if form.has(key) else None


def _defaults(form: Form) -> Form | None:
    defaults = form.form("defaults", "'defaults'") if form.has("defaults") else None
    if defaults is not None:
        defaults.check_keys(DEFAULTS)
    return defaults


def _check_hit_policy(form: Form) -> None:
    value = form.scalar("hit_policy", "a word") if form.has("hit_policy") else None
    if value is None:
        return
    if value.text in _LATER_POLICIES:
        form.refuse(NotInThisVersion(value.place, f"'hit_policy: {value.text}'"))
    elif value.text != "first":
        form.refuse(BadValue(value.place, "hit_policy", shortened(value.text), "it takes first"))


def _timezone(form: Form, rules: Sequence[Rule]) -> str:
    dated = next((rule for rule in rules if rule.effective_from or rule.effective_until), None)
    if not form.has("timezone"):
        if dated is not None:
            what = f"'effective' of rule '{dated.id}' is counted in whole days: the file"
            form.refuse(MissingKey(dated.place, what, "timezone"))
        return "UTC"
    value = form.scalar("timezone", "a time zone")
    if value is not None and value.text not in known_timezones():
        guess = did_you_mean(value.text, known_timezones())
        form.refuse(UnknownTimezone(value.place, shortened(value.text), guess))
    return value.text if value else "UTC"


def _read_rules(form: Form, around: Surroundings) -> tuple[Rule, ...]:
    if not form.has("rules"):
        return ()
    entries = form.forms("rules", "rule")
    value = form.node.find("rules")
    if value is not None and not entries and not isinstance(value, Scalar):
        form.refuse(BadValue(value.place, "rules", "[]", "a rule set has at least one rule"))
    _check_repeats(entries, "id", "rule")
    read = [read_rule(entry, around) for entry in entries]
    return tuple(rule for rule in read if rule is not None)


def _read_reasons(form: Form, around: Surroundings) -> tuple[Reason, ...]:
    entries = form.forms("otherwise", "reason") if form.has("otherwise") else []
    _check_repeats(entries, "code", "reason")
    read = [read_reason(entry, around) for entry in entries]
    return tuple(reason for reason in read if reason is not None)


def _check_repeats(entries: Sequence[Form], key: str, kind: str) -> None:
    seen: dict[str, Place] = {}
    for entry in entries:
        value = entry.node.find(key)
        if isinstance(value, Scalar) and value.text in seen:
            first = f"line {seen[value.text].line}"
            entry.refuse(Repeated(value.place, kind, shortened(value.text), first))
        elif isinstance(value, Scalar):
            seen[value.text] = value.place
