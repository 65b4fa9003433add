"""`suppress:` of the policy: plays that are held back in a window, or while a condition holds."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Literal, cast

from boucle.rules.condition import Expr
from boucle.rules.declarations.gate_mistakes import DeferredForEver, DefinedElsewhere, NeverHolds
from boucle.rules.declarations.local_times import is_local, read_instant
from boucle.rules.declarations.play_list import read_plays
from boucle.rules.declarations.policy_gates import open_entry
from boucle.rules.language.condition_mistakes import UnknownName
from boucle.rules.language.scope import Scope
from boucle.rules.language.when import read_when
from boucle.rules.ruleset import Suppression
from boucle.rules.strict_yaml.file_mistakes import BadValue, EndsBeforeItBegins
from boucle.rules.strict_yaml.form import Form
from boucle.rules.strict_yaml.source import Mapping_, Scalar

KEYS = ("id", "plays", "window", "when", "do")
WINDOW_KEYS = ("from", "until")
DOES = frozenset(("drop", "defer"))

Does = Literal["drop", "defer"]
Window = tuple[datetime, datetime]


def read_suppression(
    form: Form, plays: Collection[str], scope: Scope, zone: str, definitions: Collection[str]
) -> Suppression | None:
    """Read one entry; with a window and a condition, it holds back where both do.

    `definitions` are the names that rule files define, for a message: a suppression reads facts only.
    """
    id_ = open_entry(form, "suppression", KEYS, ("id",))
    before = len(form.mistakes)
    if not form.has("window") and not form.has("when"):
        form.refuse(NeverHolds(form.place, id_ or "?"))
    named = read_plays(form, "plays", plays) if form.has("plays") else None
    window = _window(form, zone) if form.has("window") else None
    when = _when(form, scope, definitions) if form.has("when") else None
    do = form.choice("do", DOES) if form.has("do") else "drop"
    if do == "defer" and not form.has("window"):
        form.refuse(DeferredForEver(form.place_of("do"), id_ or "?"))
    if id_ is None or do is None or len(form.mistakes) > before:
        return None
    begins, ends = window or (None, None)
    return Suppression(id_, form.place, named, when, begins, ends, cast("Does", do))


def _when(form: Form, scope: Scope, definitions: Collection[str]) -> Expr | None:
    before = len(form.mistakes)
    when = read_when(form, "when", scope, {})
    for number, mistake in enumerate(form.mistakes[before:], before):
        if isinstance(mistake, UnknownName) and mistake.name in definitions:
            form.mistakes[number] = DefinedElsewhere(mistake.place, mistake.name)
    return when


def _window(form: Form, zone: str) -> Window | None:
    span = form.form("window", f"the window of {form.what}")
    if span is None:
        return None
    span.check_keys(WINDOW_KEYS)
    span.require(*WINDOW_KEYS)
    begins = read_instant(span, "from", zone) if span.has("from") else None
    ends = read_instant(span, "until", zone) if span.has("until") else None
    if begins is None or ends is None:
        return None
    if ends == begins:
        span.refuse(BadValue(span.place_of("until"), "until", "the instant of 'from'", "it is later"))
        return None
    if ends < begins:
        said = [value.text for value in map(span.node.find, WINDOW_KEYS) if isinstance(value, Scalar)]
        span.refuse(EndsBeforeItBegins(span.place_of("until"), *said))
        return None
    return begins, ends


def is_in_local_time(form: Form) -> bool:
    """Whether a suppression's window says no offset, so that it needs the policy's zone."""
    window = form.node.find("window")
    times = map(window.find, WINDOW_KEYS) if isinstance(window, Mapping_) else ()
    return any(isinstance(time, Scalar) and is_local(time.text) for time in times)
