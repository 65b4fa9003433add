"""One derived fact's declaration: what the engine counts among what it has accepted before."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Literal, cast

from boucle.errors import Mistake, Place
from boucle.rules.bands import band_definitions
from boucle.rules.catalogue import Catalogue, Count
from boucle.rules.checker import read_condition
from boucle.rules.condition import And, Defined, Expr, Not, Or
from boucle.rules.file_mistakes import BadValue, MissingKey, NotInThisVersion, UnknownPlay
from boucle.rules.form import Form
from boucle.rules.scope import Scope
from boucle.rules.source import Mapping_, Scalar
from boucle.rules.worded import did_you_mean, listed, shortened

_LATER_VERBS = ("last", "days_since", "change")
_KEYS = {"count", "where", "play", "within", "per"}
_LONGEST = timedelta(days=36_500)


def read_count(
    name: Scalar, node: Mapping_, scope: Scope, plays: frozenset[str]
) -> tuple[Count | None, list[Mistake]]:
    """Read one declaration of `derived:`; `scope` are the facts that responses bring."""
    mistakes: list[Mistake] = []
    form = Form(node, f"derived fact '{name.text}'", mistakes)
    later = next((verb for verb in _LATER_VERBS if form.has(verb)), None)
    if later is not None:
        key = node.find_key(later)
        return None, [NotInThisVersion(key.place if key else node.place, f"the verb '{later}'")]
    form.check_keys(_KEYS)
    if not form.has("count"):
        return None, [*mistakes, MissingKey(name.place, form.what, "count")]
    over, per = _over(form), _per(form, name.place)
    within, where, play = _within(form), _where(form, scope, over), _play(form, plays, over)
    if mistakes or over is None or per is None:
        return None, mistakes
    return Count(name.text, over, per, name.place, within, where, play), mistakes


def _over(form: Form) -> Literal["responses", "loops"] | None:
    value = form.node.find("count")
    if isinstance(value, Scalar) and value.text == "offers":
        form.refuse(NotInThisVersion(value.place, "counting offers"))
        return None
    return cast('Literal["responses", "loops"] | None', form.choice("count", {"responses", "loops"}))


def _per(form: Form, place: Place) -> Literal["customer", "contact"] | None:
    if not form.has("per"):
        form.refuse(MissingKey(place, form.what, "per"))
        return None
    return cast('Literal["customer", "contact"] | None', form.choice("per", {"customer", "contact"}))


def _within(form: Form) -> timedelta | None:
    duration = form.duration("within") if form.has("within") else None
    if duration is None:
        return None
    span = duration.wall()
    if not timedelta() < span <= _LONGEST:
        place = _at(form, "within")
        form.refuse(BadValue(place, "within", str(duration), "it is longer than nothing, at most 100 years"))
    return span


def _where(form: Form, scope: Scope, over: str | None) -> Expr | None:
    if not form.has("where"):
        return None
    if over == "loops":
        form.refuse(BadValue(_at(form, "where"), "where", "a condition", "only responses can be asked"))
        return None
    source = form.scalar("where", "a condition")
    if source is None:
        return None
    scope = replace(scope.with_bands(), reader="'where', which asks about earlier responses")
    expr, mistakes = read_condition(source, scope)
    form.mistakes.extend(mistakes)
    bands = band_definitions(Catalogue(scope.facts, {}))
    return expr and _expand(expr, {name: band.when for name, band in bands.items()})


def _expand(expr: Expr, bands: dict[str, Expr]) -> Expr:
    """The condition with each band in place of its name: `where` knows no definitions."""
    match expr:
        case And():
            return And(tuple(_expand(part, bands) for part in expr.parts), expr.place)
        case Or():
            return Or(tuple(_expand(part, bands) for part in expr.parts), expr.place)
        case Not():
            return Not(_expand(expr.part, bands), expr.place)
        case Defined():
            return bands[expr.name]
        case _:
            return expr


def _play(form: Form, plays: frozenset[str], over: str | None) -> str | None:
    if not form.has("play"):
        return None
    value = form.scalar("play", "a play's name")
    if value is None:
        return None
    if over == "responses":
        form.refuse(BadValue(value.place, "play", shortened(value.text), "only loops have a play"))
    elif value.text not in plays:
        guess = did_you_mean(value.text, plays)
        form.refuse(UnknownPlay(value.place, shortened(value.text), guess, listed(sorted(plays))))
    return value.text


def _at(form: Form, key: str) -> Place:
    node = form.node.find(key)
    return node.place if node is not None else form.place
