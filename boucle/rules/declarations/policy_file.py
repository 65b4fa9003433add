"""`policy.yaml` → what holds for every rule set."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import field, replace

from boucle.errors import Mistake
from boucle.rules.declarations.facts_file import ReadFacts
from boucle.rules.declarations.policy_gates import read_budget, read_cap, read_entries, read_holdout
from boucle.rules.declarations.quiet_hours import read_quiet_hours
from boucle.rules.declarations.suppressions import is_in_local_time, read_suppression
from boucle.rules.declarations.zones import read_timezone
from boucle.rules.ruleset import Policy, Revisions, Suppression
from boucle.rules.strict_yaml.file_mistakes import BadValue, MissingKey, NoAgeLimit
from boucle.rules.strict_yaml.form import Form
from boucle.rules.strict_yaml.headers import open_file
from boucle.rules.strict_yaml.source import Mapping_, Node, Scalar, Sequence_
from boucle.rules.value import Value

HEADER = "policy/v1"
KEYS = frozenset("boucle max_age timezone quiet_hours revisions suppress caps budgets holdouts".split())
REVISIONS = frozenset(("keep", "redecide"))


class ReadPolicy(Value):
    """The policy as far as it could be read.

    `broken` are the budgets whose own declaration has a mistake; `complete` False: nothing can be
    said of any budget.
    """

    policy: Policy = field(default_factory=Policy)
    broken: frozenset[str] = field(default_factory=frozenset)
    complete: bool = True


UNREADABLE = ReadPolicy(complete=False)
"""What stands for a policy file that cannot be read."""


def read_policy(
    node: Node, facts: ReadFacts, plays: Collection[str], definitions: Collection[str]
) -> tuple[ReadPolicy, list[Mistake]]:
    """Read the policy file. `max_age: none` says that no response is too old.

    `definitions` are the names that rule files define, which the policy does not know.
    """
    mistakes: list[Mistake] = []
    form = open_file(node, HEADER, "the policy file", mistakes)
    if form is None:
        return UNREADABLE, mistakes
    form.check_keys(KEYS)
    if not form.has("max_age"):
        mistakes.append(NoAgeLimit(form.place))
    _check_zone_given(form)
    policy = _counting_gates(form, _max_age(form), plays)
    policy = replace(policy, quiet=read_quiet_hours(form), revisions=_revisions(form))
    policy = replace(policy, suppressions=_suppressions(form, policy.timezone, facts, plays, definitions))
    named = _budget_names(form)
    broken = named - {budget.id for budget in policy.budgets}
    return ReadPolicy(policy, broken, complete=_is_list(form, "budgets")), mistakes


def _counting_gates(form: Form, policy: Policy, plays: Collection[str]) -> Policy:
    return replace(
        policy,
        timezone=read_timezone(form) or policy.timezone,
        caps=read_entries(form, "caps", "cap", lambda entry: read_cap(entry, plays)),
        budgets=read_entries(form, "budgets", "budget", read_budget),
        holdouts=read_entries(form, "holdouts", "holdout", lambda entry: read_holdout(entry, plays)),
    )


def _suppressions(
    form: Form, zone: str, facts: ReadFacts, plays: Collection[str], definitions: Collection[str]
) -> tuple[Suppression, ...]:
    scope = facts.scope()
    return read_entries(
        form,
        "suppress",
        "suppression",
        lambda entry: read_suppression(entry, plays, scope, zone, definitions),
    )


def _max_age(form: Form) -> Policy:
    value = form.node.find("max_age")
    if value is None or (isinstance(value, Scalar) and value.value == "none"):
        return Policy()
    duration = form.duration("max_age")
    if duration is None:
        return Policy()
    if not duration.amount:
        form.refuse(BadValue(value.place, "max_age", str(duration), "at least one minute"))
    return Policy(duration.wall())


def _revisions(form: Form) -> Revisions:
    said = form.choice("revisions", REVISIONS) if form.has("revisions") else None
    return "redecide" if said == "redecide" else "keep"


def _check_zone_given(form: Form) -> None:
    """A local time and a calendar period are those of a zone, which nobody should have to guess."""
    if form.has("timezone"):
        return
    for entry in _entries(form, "suppress"):
        if is_in_local_time(entry):
            what = "a window is in local time where it says no offset: the policy file"
            form.refuse(MissingKey(entry.place_of("window"), what, "timezone"))
            return
    if form.has("quiet_hours"):
        what = "quiet hours are in local time: the policy file"
        form.refuse(MissingKey(form.place_of("quiet_hours"), what, "timezone"))
        return
    for entry in _entries(form, "budgets"):
        what = "a budget is counted by the calendar: the policy file"
        form.refuse(MissingKey(entry.place, what, "timezone"))
        return


def _entries(form: Form, key: str) -> list[Form]:
    value = form.node.find(key)
    items = value.items if isinstance(value, Sequence_) else ()
    return [Form(item, key, []) for item in items if isinstance(item, Mapping_)]


def _budget_names(form: Form) -> frozenset[str]:
    ids = (entry.node.find("id") for entry in _entries(form, "budgets"))
    return frozenset(id_.text for id_ in ids if isinstance(id_, Scalar))


def _is_list(form: Form, key: str) -> bool:
    return not form.has(key) or isinstance(form.node.find(key), Sequence_)
