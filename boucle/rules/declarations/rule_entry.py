"""One rule, the undecided fallback, and the reasons of a rules file."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date

from pydantic import JsonValue

from boucle.errors import Mistake, Place
from boucle.model import SideAct
from boucle.rules.declarations import spending
from boucle.rules.declarations.params import Known, PlayParams, read_model
from boucle.rules.declarations.policy_file import ReadPolicy
from boucle.rules.declarations.rule_gates import (
    Mode,
    read_exemption,
    read_if_open,
    read_mode,
    read_restarts,
    read_rollout,
)
from boucle.rules.declarations.side_acts import read_also
from boucle.rules.declarations.spending import Start, read_spending
from boucle.rules.language.complexity import Size
from boucle.rules.language.scope import Scope
from boucle.rules.language.when import read_when
from boucle.rules.ruleset import Exemption, IfOpen, Reason, Rule, Spending, Undecided
from boucle.rules.strict_yaml.file_mistakes import (
    BadPlaceholder,
    EndsBeforeItBegins,
    MissingKey,
    ReviewDue,
    TakenName,
    UnknownPlay,
    WrongShape,
)
from boucle.rules.strict_yaml.form import Form, kind_of
from boucle.rules.strict_yaml.source import Mapping_, Scalar
from boucle.rules.value import Value
from boucle.rules.worded import did_you_mean, listed, shortened

BUILT_IN_REASONS = frozenset(("no_score", "no_programme", "undecided", "no_rule"))

DEFAULTS = frozenset(
    "title because owner effective review_by mode rollout if_open restarts exempt_from".split()
)
"""What `defaults:` can give to every rule of its file."""

START = frozenset(("when", "start", "with", "also", *spending.KEYS))
RULE_KEYS = frozenset(("id", *DEFAULTS, *START))
RULE_NEEDS = ("id", "when", "start")
UNDECIDED_KEYS = frozenset((*START, "exempt_from", "if_open", "restarts"))
REASON_KEYS = ("code", "when", "text")

_OF_RULES = dict.fromkeys(("mode", "rollout"), "a rule; what 'undecided' starts is for everybody")
_PLACEHOLDER = re.compile(r"\{([^{}]*)\}|[{}]")


class Surroundings(Value):
    """What the entries of one file are read with."""

    scope: Scope
    sizes: Mapping[str, Size]
    plays: PlayParams
    known: Known
    today: date
    policy: ReadPolicy
    defaults: Form | None = None
    owner: str | None = None


def read_rule(form: Form, around: Surroundings) -> Rule | None:
    """Read one rule; None where what it needs is missing or wrong."""
    form.check_keys(RULE_KEYS, _params_beside(form, around, RULE_KEYS))
    form.require(*RULE_NEEDS)
    id_ = _read_id(form)
    form.what = f"rule '{id_}'" if id_ else form.what
    when = read_when(form, "when", around.scope, around.sizes) if form.has("when") else None
    started = _read_start(form, around)
    title, because, owner = _title(form, around), _because(form, around), _owner(form, around)
    begins, ends = _effective(form, around)
    review_by = _review_by(form, around, id_, owner)
    mode, rollout, if_open, exempt = _read_gates(form, around)
    if id_ is None or when is None or started is None:
        return None
    return Rule(
        id_, when, started.play, started.params, form.place, title=title, because=because, owner=owner,
        effective_from=begins, effective_until=ends, review_by=review_by,
        mode=mode, rollout=rollout, exempt=exempt, spends=started.spends, if_open=if_open,
        restarts=read_restarts(_given(form, around, "restarts")), also=started.also,
    )  # fmt: skip


def _read_gates(form: Form, around: Surroundings) -> tuple[Mode, int | None, IfOpen, Exemption | None]:
    return (
        read_mode(_given(form, around, "mode")),
        read_rollout(_given(form, around, "rollout")),
        read_if_open(_given(form, around, "if_open")),
        read_exemption(_given(form, around, "exempt_from")),
    )


def read_undecided(form: Form, around: Surroundings) -> Undecided:
    """Read `undecided:`, which is `record` or starts a play."""
    value = form.find("undecided")
    if value is None or (isinstance(value, Scalar) and value.text == "record"):
        return Undecided(value.place if value is not None else form.place)
    if not isinstance(value, Mapping_):
        expected = "'record', or a mapping with 'when' and 'start'"
        form.refuse(WrongShape(value.place, "undecided", expected, kind_of(value)))
        return Undecided(value.place)
    entry = Form(value, "'undecided'", form.mistakes)
    entry.check_keys(UNDECIDED_KEYS, {**_params_beside(entry, around, UNDECIDED_KEYS), **_OF_RULES})
    entry.require("start")
    when = read_when(entry, "when", around.scope, around.sizes) if entry.has("when") else None
    started = _read_start(entry, around)
    exempt = read_exemption(entry if entry.has("exempt_from") else None)
    if_open = read_if_open(entry if entry.has("if_open") else None)
    restarts = read_restarts(entry if entry.has("restarts") else None)
    if started is None:
        return Undecided(entry.place, when)
    return Undecided(
        entry.place, when, started.play, started.params, exempt, started.spends, if_open, restarts,
        started.also,
    )  # fmt: skip


def read_reason(form: Form, around: Surroundings) -> Reason | None:
    """Read one entry of `otherwise:`."""
    form.check_keys(REASON_KEYS)
    form.require(*REASON_KEYS)
    code = form.word("code", "a reason") if form.has("code") else None
    if code in BUILT_IN_REASONS:
        form.refuse(TakenName(form.place_of("code"), code, "a built-in reason"))
    when = read_when(form, "when", around.scope, around.sizes) if form.has("when") else None
    text = form.text("text") if form.has("text") else None
    if code is None or when is None or text is None:
        return None
    return Reason(code, when, text, form.place)


# -- the keys of a rule -------------------------------------------------------------------------


def _read_id(form: Form) -> str | None:
    id_ = form.word("id", "a rule") if form.has("id") else None
    if id_ == "undecided":
        form.refuse(TakenName(form.place_of("id"), id_, "what a decision says when no rule could be told"))
    return id_


class _Started(Value):
    play: str
    params: Mapping[str, JsonValue]
    spends: Spending | None
    also: tuple[SideAct, ...]


def _read_start(form: Form, around: Surroundings) -> _Started | None:
    """What is started; without parameters where they are wrong, so that the rest is still checked."""
    play = form.text("start") if form.has("start") else None
    start = _start(play, form, around)
    spends = read_spending(form, start, around.policy, around.known)
    params = start.params.model_dump(mode="json") if start and start.params else {}
    also = read_also(form if form.has("also") else None, around.scope, around.known)
    return _Started(play, params, spends, also) if play is not None else None


def _start(play: str | None, form: Form, around: Surroundings) -> Start | None:
    """The play with its parameters; None where there is no such play."""
    with_ = form.form("with", form.what) if form.has("with") else None
    if play is None:
        return None
    if play not in around.plays:
        guess, plays = did_you_mean(play, around.plays), listed(sorted(around.plays))
        form.refuse(UnknownPlay(form.place_of("start"), shortened(play), guess, plays))
        return None
    model = around.plays[play]
    if form.has("with") and with_ is None:
        return Start(play, model, None)
    node = with_.node if with_ else Mapping_((), form.place_of("start"))
    params, mistakes = read_model(play, model, node, around.known)
    form.mistakes.extend(mistakes)
    return Start(play, model, params)


def _params_beside(form: Form, around: Surroundings, keys: frozenset[str]) -> Mapping[str, str]:
    """The parameters of the started play, which an author may have written beside `start`."""
    start = form.node.find("start")
    model = around.plays.get(start.text) if isinstance(start, Scalar) else None
    params = model.model_fields.keys() - keys if model else ()
    return dict.fromkeys(params, "'with:', indented below it")


def _given(form: Form, around: Surroundings, key: str) -> Form | None:
    """Where a key is said: in the rule, else in the file's defaults."""
    if form.has(key):
        return form
    return around.defaults if around.defaults and around.defaults.has(key) else None


def _title(form: Form, around: Surroundings) -> str | None:
    given = _given(form, around, "title")
    return given.text("title") if given else None


def _owner(form: Form, around: Surroundings) -> str | None:
    given = _given(form, around, "owner")
    return given.text("owner") if given else around.owner


def _because(form: Form, around: Surroundings) -> str | None:
    given = _given(form, around, "because")
    source = given.scalar("because", "a text") if given else None
    if given is None or source is None:
        return None
    for found in _PLACEHOLDER.finditer(source.text):
        mistake = _check_placeholder(found, source.place_at(found.start()), around.scope)
        given.mistakes.extend([mistake] if mistake else [])
    return given.read_text("because", source)


def _check_placeholder(found: re.Match[str], place: Place, scope: Scope) -> Mistake | None:
    name = found[1]
    if name is None:
        return BadPlaceholder(place, f"a lone '{found[0]}': braces stand around a fact's name only")
    fact = scope.facts.get(name)
    if fact is None:
        problem = f"'{{{shortened(name)}}}' names no fact{did_you_mean(name, scope.facts)}"
        return None if scope.is_silent_on(name) else BadPlaceholder(place, problem)
    return BadPlaceholder(place, f"'{{{name}}}' is personal (pii)") if fact.pii else None


def _effective(form: Form, around: Surroundings) -> tuple[date | None, date | None]:
    given = _given(form, around, "effective")
    span = given.form("effective", "'effective'") if given else None
    if given is None or span is None:
        return None, None
    span.check_keys({"from", "until"})
    if not span.has("from") and not span.has("until"):
        span.refuse(MissingKey(span.place, "'effective'", "from"))
    begins = span.day("from") if span.has("from") else None
    ends = span.day("until") if span.has("until") else None
    if begins and ends and ends < begins:
        span.refuse(EndsBeforeItBegins(span.place_of("until"), begins.isoformat(), ends.isoformat()))
    return begins, ends


def _review_by(form: Form, around: Surroundings, id_: str | None, owner: str | None) -> date | None:
    given = _given(form, around, "review_by")
    day = given.day("review_by") if given else None
    if given is not None and day is not None and day < around.today:
        place = given.place_of("review_by")
        given.refuse(ReviewDue(place, id_ or "?", day.isoformat(), owner or "its author"))
    return day
