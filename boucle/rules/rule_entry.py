"""One rule, the undecided fallback, and the reasons of a rules file."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from pydantic import JsonValue

from boucle.errors import Mistake, Place
from boucle.rules.complexity import Size
from boucle.rules.file_mistakes import (
    BadPlaceholder,
    EndsBeforeItBegins,
    MissingKey,
    ReviewDue,
    TakenName,
    UnknownPlay,
    WrongShape,
)
from boucle.rules.form import Form, kind_of
from boucle.rules.params import Known, PlayParams, read_params
from boucle.rules.ruleset import Reason, Rule, Undecided
from boucle.rules.scope import Scope
from boucle.rules.source import Mapping_, Scalar
from boucle.rules.when import read_when
from boucle.rules.worded import did_you_mean, listed, shortened

BUILT_IN_REASONS = frozenset(("no_score", "no_programme", "undecided", "no_rule"))

DEFAULTS = frozenset(("title", "because", "owner", "effective", "review_by"))
"""What `defaults:` can give to every rule of its file."""

_LATER = frozenset(("exempt_from", "rollout", "mode", "spends", "if_exhausted", "also", "if_open"))
_START = frozenset(("when", "start", "with"))
_PLACEHOLDER = re.compile(r"\{([^{}]*)\}|[{}]")


@dataclass(frozen=True)
class Surroundings:
    """What the entries of one file are read with."""

    scope: Scope
    sizes: Mapping[str, Size]
    plays: PlayParams
    known: Known
    today: date
    defaults: Form | None = None
    owner: str | None = None


def read_rule(form: Form, around: Surroundings) -> Rule | None:
    """Read one rule; None where what it needs is missing or wrong."""
    form.check_keys({"id", *DEFAULTS, *_START}, _LATER)
    form.require("id", "when", "start")
    id_ = _read_id(form)
    form.what = f"rule '{id_}'" if id_ else form.what
    when = read_when(form, "when", around.scope, around.sizes) if form.has("when") else None
    play, params = _read_start(form, around)
    title, because, owner = _title(form, around), _because(form, around), _owner(form, around)
    begins, ends = _effective(form, around)
    review_by = _review_by(form, around, id_, owner)
    if id_ is None or when is None or play is None:
        return None
    return Rule(
        id_, when, play, params, form.place, title=title, because=because, owner=owner,
        effective_from=begins, effective_until=ends, review_by=review_by,
    )  # fmt: skip


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
    entry.check_keys(_START, _LATER)
    entry.require("start")
    when = read_when(entry, "when", around.scope, around.sizes) if entry.has("when") else None
    play, params = _read_start(entry, around)
    return Undecided(entry.place, when, play, params)


def read_reason(form: Form, around: Surroundings) -> Reason | None:
    """Read one entry of `otherwise:`."""
    form.check_keys({"code", "when", "text"})
    form.require("code", "when", "text")
    code = form.word("code", "a reason") if form.has("code") else None
    if code in BUILT_IN_REASONS:
        form.refuse(TakenName(_at(form, "code"), code, "a built-in reason"))
    when = read_when(form, "when", around.scope, around.sizes) if form.has("when") else None
    text = form.text("text") if form.has("text") else None
    if code is None or when is None or text is None:
        return None
    return Reason(code, when, text, form.place)


# -- the keys of a rule -------------------------------------------------------------------------


def _read_id(form: Form) -> str | None:
    id_ = form.word("id", "a rule") if form.has("id") else None
    if id_ == "undecided":
        form.refuse(TakenName(_at(form, "id"), id_, "what a decision says when no rule could be told"))
    return id_


def _read_start(form: Form, around: Surroundings) -> tuple[str | None, Mapping[str, JsonValue]]:
    play = form.text("start") if form.has("start") else None
    with_ = form.form("with", form.what) if form.has("with") else None
    if play is None:
        return None, {}
    if play not in around.plays:
        guess, plays = did_you_mean(play, around.plays), listed(sorted(around.plays))
        form.refuse(UnknownPlay(_at(form, "start"), shortened(play), guess, plays))
        return play, {}
    if form.has("with") and with_ is None:
        return play, {}
    node = with_.node if with_ else Mapping_((), _at(form, "start"))
    params, mistakes = read_params(play, around.plays[play], node, around.known)
    form.mistakes.extend(mistakes)
    return play, params or {}


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
        span.refuse(EndsBeforeItBegins(_at(span, "until"), begins.isoformat(), ends.isoformat()))
    return begins, ends


def _review_by(form: Form, around: Surroundings, id_: str | None, owner: str | None) -> date | None:
    given = _given(form, around, "review_by")
    day = given.day("review_by") if given else None
    if given is not None and day is not None and day < around.today:
        place = _at(given, "review_by")
        given.refuse(ReviewDue(place, id_ or "?", day.isoformat(), owner or "its author"))
    return day


def _at(form: Form, key: str) -> Place:
    node = form.node.find(key)
    return node.place if node is not None else form.place
