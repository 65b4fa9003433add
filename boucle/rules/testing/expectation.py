"""`expect:` of a test: what must come out, each key checked against what the workspace can say."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import get_args

from pydantic import JsonValue, ValidationError

from boucle.decision import GateWord
from boucle.errors import Place
from boucle.rules.bundle import UNDECIDED
from boucle.rules.compiler import BUILT_IN_REASONS
from boucle.rules.declarations.local_times import read_instant
from boucle.rules.declarations.params import PlayParams, to_plain
from boucle.rules.gates import MAX_AGE, ROLLOUT
from boucle.rules.ruleset import Rule, RuleSet, Undecided, Workspace
from boucle.rules.strict_yaml.form import Form
from boucle.rules.strict_yaml.source import Scalar
from boucle.rules.testing.case_mistakes import CannotExpect, ExpectsNothing, NotInWorkspace
from boucle.rules.testing.cases import Answer, Expected
from boucle.rules.testing.entries import by_id, is_listed
from boucle.rules.worded import did_you_mean, listed, shortened


@dataclass(frozen=True)
class Surroundings:
    """What a test is read with: the workspace, and the rule set that it is about."""

    workspace: Workspace
    rule_set: RuleSet
    plays: PlayParams

    @property
    def rules(self) -> Mapping[str, Rule]:
        """The rule set's rules by id."""
        return {rule.id: rule for rule in self.rule_set.rules}

    @property
    def reasons(self) -> list[str]:
        """Every reason that can be given, the author's first."""
        return [*(reason.code for reason in self.rule_set.otherwise), *BUILT_IN_REASONS]

    @property
    def gates(self) -> list[str]:
        """Every gate that can be asked, by id."""
        policy = self.workspace.policy
        return [
            MAX_AGE,
            ROLLOUT,
            *(f"suppress/{one.id}" for one in policy.suppressions),
            *(f"caps/{one.id}" for one in policy.caps),
            *(f"holdouts/{one.id}" for one in policy.holdouts),
            *(f"budgets/{one.id}" for one in policy.budgets),
        ]


def read_expect(form: Form, around: Surroundings) -> tuple[Expected, ...]:
    """Every key of one `expect`; wrong ones are reported and left out."""
    form.check_keys(_READERS)
    if not form.node.entries:
        form.refuse(ExpectsNothing(form.place, form.what))
    found: list[Expected] = []
    for name, node in form.node.entries:
        read = _READERS.get(name.text)
        count = len(form.mistakes)
        value = read(form, name.text, around) if read else None
        if read is not None and len(form.mistakes) == count:
            found.append(Expected(name.text, value, node.place))
    _check_together(form, found)
    _check_play({one.key: one for one in found}, form, around)
    return tuple(found)


# -- one key after the other --------------------------------------------------------------------


def _is_null(form: Form, key: str) -> bool:
    value = form.node.find(key)
    return isinstance(value, Scalar) and value.value is None


def _check_named(form: Form, place: Place, kind: str, name: str, among: Iterable[str]) -> None:
    names = list(among)
    if name not in names:
        guess = did_you_mean(name, names)
        form.refuse(NotInWorkspace(place, kind, shortened(name), guess, listed(names, 40) or "none"))


def _read_name(form: Form, key: str, kind: str, among: Iterable[str]) -> str | None:
    """One of the names, or null."""
    value = None if _is_null(form, key) else form.scalar(key, f"the name of a {kind}, or null")
    if value is None:
        return None
    _check_named(form, value.place, kind, value.text, among)
    return value.text


def _read_rule(form: Form, key: str, around: Surroundings) -> Answer:
    return _read_name(form, key, "rule", [*around.rules, UNDECIDED])


def _read_starts(form: Form, key: str, around: Surroundings) -> Answer:
    return _read_name(form, key, "play", sorted(around.plays))


def _read_reason(form: Form, key: str, around: Surroundings) -> Answer:
    return _read_name(form, key, "reason", around.reasons)


def _read_gate(form: Form, key: str, around: Surroundings) -> Answer:
    return _read_name(form, key, "gate", around.gates)


def _read_rules(form: Form, key: str, around: Surroundings) -> Answer:
    items = form.texts(key, "a list of rules")
    for item in items:
        _check_named(form, item.place, "rule", item.text, around.rules)
    return [*sorted({item.text for item in items})]


def _read_flag(form: Form, key: str, around: Surroundings) -> Answer:
    del around
    return form.flag(key)


def _read_text(form: Form, key: str, around: Surroundings) -> Answer:
    del around
    return form.text(key)


def _read_until(form: Form, key: str, around: Surroundings) -> Answer:
    return None if _is_null(form, key) else read_instant(form, key, around.rule_set.timezone)


def _read_gates(form: Form, key: str, around: Surroundings) -> Answer:
    below = form.form(key, f"'{key}'")
    words: dict[str, JsonValue] = {}
    for name, _ in below.node.entries if below else ():
        _check_named(form, name.place, "gate", name.text, around.gates)
        words[name.text] = below.choice(name.text, get_args(GateWord)) if below else None
    return words


def _read_with(form: Form, key: str, around: Surroundings) -> Answer:
    """The parameters in the form in which the play's own model writes them."""
    below = form.form(key, f"'{key}'")
    if below is None:
        return None
    if not below.node.entries:
        form.refuse(ExpectsNothing(below.place, f"'{key}'"))
    asked = to_plain(below.node)
    owners = [*_owners(form, around)]
    problem = "nothing of this rule set starts so"
    for owner in owners:
        normal, problem = _as_play_writes(owner, asked, around.plays)
        if normal is not None:
            return normal
    form.refuse(CannotExpect(below.place, key, problem))
    return None


def _owners(form: Form, around: Surroundings) -> Iterable[Rule | Undecided]:
    """Whose parameters are meant: the expected rule's, else those of whatever starts the expected play."""
    rule, play = form.node.find("rule"), form.node.find("starts")
    takers: list[Rule | Undecided] = [*around.rule_set.rules, around.rule_set.undecided]
    for one in takers:
        id_ = one.id if isinstance(one, Rule) else UNDECIDED
        named = not isinstance(rule, Scalar) or rule.value is None or rule.text == id_
        starts = not isinstance(play, Scalar) or play.value is None or play.text == one.play
        if named and starts and one.play is not None:
            yield one


def _as_play_writes(
    owner: Rule | Undecided, asked: JsonValue, plays: PlayParams
) -> tuple[JsonValue | None, str]:
    """The asked part of the parameters as they read after the play's model, or why it refuses them."""
    whole = _overlaid(dict(owner.params), asked)
    stranger = _find_stranger(dict(owner.params), asked)
    if stranger is not None:
        return None, f"play '{owner.play}': {stranger}"
    try:
        params = plays[owner.play or ""].model_validate_json(json.dumps(whole), strict=True)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        return None, f"play '{owner.play}': {where}: {first['msg'].removeprefix('Value error, ')}"
    return _picked(params.model_dump(mode="json"), asked), ""


def _find_stranger(below: JsonValue, above: JsonValue) -> str | None:
    """What is wrong with an entry that is asked for by an id which no entry has."""
    if not isinstance(above, dict):
        return None
    if is_listed(below):
        below = by_id(below)
        for name in above:
            if name not in below:
                return f"nothing there has the id '{shortened(name)}'{did_you_mean(name, below)}"
    parts = below if isinstance(below, dict) else {}
    return next(filter(None, (_find_stranger(parts.get(key), value) for key, value in above.items())), None)


def _overlaid(below: JsonValue, above: JsonValue) -> JsonValue:
    if is_listed(below) and isinstance(above, dict):
        return [_overlaid(entry, above.get(id_, {})) for id_, entry in by_id(below).items()]
    if not isinstance(below, dict) or not isinstance(above, dict):
        return above
    return {**below, **{key: _overlaid(below.get(key), value) for key, value in above.items()}}


def _picked(whole: JsonValue, asked: JsonValue) -> JsonValue:
    if is_listed(whole) and isinstance(asked, dict):
        return _picked(by_id(whole), asked)
    if not isinstance(whole, dict) or not isinstance(asked, dict):
        return whole
    return {key: _picked(whole.get(key), value) for key, value in asked.items()}


_Reader = Callable[[Form, str, Surroundings], Answer]
_READERS: Mapping[str, _Reader] = {
    "rule": _read_rule,
    "starts": _read_starts,
    "with": _read_with,
    "joined": _read_flag,
    "reason": _read_reason,
    "blocked_by": _read_gate,
    "deferred_until": _read_until,
    "also_matched": _read_rules,
    "observed": _read_rules,
    "undecided": _read_rules,
    "gates": _read_gates,
    "because": _read_text,
}

EXPECT_KEYS = frozenset(_READERS)
"""What a test can expect; each is explained in docs/rule-tests.md."""


# -- what can never come out together -----------------------------------------------------------

_ONLY_ONE_OF = (
    ("reason", ("rule", "starts", "with", "joined", "blocked_by", "deferred_until", "because")),
    ("blocked_by", ("starts", "with", "joined", "deferred_until")),
    ("joined", ("starts", "deferred_until")),
)
_NEED_A_HIT = ("starts", "with", "joined", "blocked_by", "deferred_until", "because", "also_matched", "gates")


def _check_together(form: Form, found: list[Expected]) -> None:
    said = {one.key: one for one in found}
    full = {key: one for key, one in said.items() if one.value}
    for key, others in _ONLY_ONE_OF:
        for other in others if key in full else ():
            if other in full:
                problem = f"where '{key}' is {_shown(full[key].value)}, it says nothing"
                form.refuse(CannotExpect(full[other].place, other, problem))
    if "rule" in said and said["rule"].value is None:
        for key in _NEED_A_HIT:
            if key in full:
                form.refuse(CannotExpect(full[key].place, key, "no rule takes the hit"))


def _check_play(said: Mapping[str, Expected], form: Form, around: Surroundings) -> None:
    rule, starts = said.get("rule"), said.get("starts")
    if rule is None or starts is None or not rule.value or not starts.value:
        return
    named = around.rules.get(str(rule.value))
    play = named.play if named else around.rule_set.undecided.play
    if starts.value != play:
        form.refuse(CannotExpect(starts.place, "starts", f"'{rule.value}' starts {play or 'nothing'}"))


def _shown(value: Answer) -> str:
    return "true" if value is True else str(value)
