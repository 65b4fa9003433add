"""One derived fact's declaration: what is computed of what was accepted before, and its type."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import cast

from boucle.errors import Mistake, Place
from boucle.model import Closure
from boucle.rules.bands import band_definitions
from boucle.rules.catalogue import Catalogue, Derived, Fact, FactType, Over, PerParty, Verb
from boucle.rules.condition import And, Defined, Expr, Not, Or
from boucle.rules.declarations.derived_mistakes import CannotTake, Misplaced, NoVerb, TwoVerbs, WrongOver
from boucle.rules.encoding import LARGEST
from boucle.rules.language.condition_mistakes import PersonalFact, UnknownName
from boucle.rules.language.constants import TYPE_WORDS
from boucle.rules.language.scope import Scope
from boucle.rules.language.when import read_when
from boucle.rules.strict_yaml.file_mistakes import BadValue, MissingKey, UnknownPlay
from boucle.rules.strict_yaml.form import Form
from boucle.rules.strict_yaml.source import Mapping_, Scalar
from boucle.rules.value import Value
from boucle.rules.worded import did_you_mean, listed, shortened

VERBS = ("count", "last", "days_since", "change")
KEYS = {*VERBS, "of", "where", "play", "within", "per"}
OVER = ("responses", "loops", "offers")
OF_LOOPS = ("closure", "play")
_LONGEST = timedelta(days=36_500)


class Surroundings(Value):
    """What a declaration may name: facts that responses bring, what is computed, and plays."""

    scope: Scope
    computed: frozenset[str]
    plays: frozenset[str]


def read_derived(
    name: Scalar, node: Mapping_, around: Surroundings
) -> tuple[tuple[Derived, Fact] | None, list[Mistake]]:
    """Read one declaration of `derived:`: how the fact is computed, and what it is."""
    mistakes: list[Mistake] = []
    form = Form(node, f"derived fact '{name.text}'", mistakes)
    verb = _verb(form, name.place)
    if verb is None:
        return None, mistakes
    form.check_keys(KEYS)
    subject = _subject(form, verb, around)
    if subject is None:
        return None, mistakes
    over, of = subject
    _check_fitting(form, verb, over)
    per, within = _per(form, name.place), _within(form)
    where, play = _where(form, around.scope, over), _play(form, around.plays, over)
    if mistakes or per is None or _is_silent_on(of, over, around.scope):
        return None, mistakes
    derived = Derived(name.text, verb, over, per, name.place, of, within, where, play)
    return (derived, _fact(derived, around)), mistakes


def _is_silent_on(of: str | None, over: Over, scope: Scope) -> bool:
    """Whether what is taken is a fact of which another mistake hides everything."""
    return of is not None and over == "responses" and of not in scope.facts


# -- what is computed, over what ----------------------------------------------------------------


def _verb(form: Form, place: Place) -> Verb | None:
    keys = [key for key, _ in form.node.entries]
    verbs = [key for key in keys if key.text in VERBS]
    if len(verbs) > 1:
        form.refuse(TwoVerbs(verbs[1].place, form.what, verbs[0].text, verbs[1].text))
        return None
    if verbs:
        return cast("Verb", verbs[0].text)
    strange = next((key for key in keys if key.text not in KEYS), None)
    if strange is None:
        form.refuse(NoVerb(place, form.what, "", ""))
        return None
    word = shortened(strange.text)
    form.refuse(NoVerb(strange.place, form.what, f": '{word}' is none", did_you_mean(strange.text, VERBS)))
    return None


def _subject(form: Form, verb: Verb, around: Surroundings) -> tuple[Over, str | None] | None:
    """What the verb goes over, and what it takes of one of them; None where it is wrong."""
    said = form.scalar(verb, "a fact's name" if verb in {"last", "change"} else "one word")
    if said is None:
        return None
    if verb in {"count", "days_since"}:
        return _over(form, verb, said)
    if verb == "last" and said.text == "loops":
        form.require("of")
        of = form.choice("of", OF_LOOPS) if form.has("of") else None
        return ("loops", of) if of else None
    return ("responses", said.text) if _can_take(form, verb, said, around) else None


def _over(form: Form, verb: Verb, said: Scalar) -> tuple[Over, None] | None:
    if said.text in OVER:
        return cast("Over", said.text), None
    guess = did_you_mean(said.text, OVER)
    form.refuse(WrongOver(said.place, verb, shortened(said.text), guess, listed(OVER)))
    return None


def _can_take(form: Form, verb: Verb, said: Scalar, around: Surroundings) -> bool:
    """Whether the verb can take that fact; one that another mistake hides is taken in silence."""
    scope, name = around.scope, said.text
    fact = scope.facts.get(name)
    if fact is None and name in OVER:
        choices = "a fact of a response, such as nps"
        choices += ", or loops with 'of: closure' or 'of: play'" if verb == "last" else ""
        form.refuse(WrongOver(said.place, verb, name, "", choices))
    elif name in around.computed:
        why = "it is computed, and not kept with a response"
        form.refuse(CannotTake(said.place, verb, name, why, "name a fact that responses bring"))
    elif scope.is_silent_on(name):
        return True
    elif fact is None:
        form.refuse(UnknownName(said.place, "fact", shortened(name), did_you_mean(name, scope.facts)))
    elif fact.pii:
        form.refuse(PersonalFact(said.place, name, f"'{verb}'"))
    elif verb == "change" and fact.type not in {"int", "decimal"}:
        why = f"it is {TYPE_WORDS[fact.type]}, and only numbers are subtracted"
        form.refuse(CannotTake(said.place, verb, name, why, f"'last: {name}' gives what it was before"))
    else:
        return True
    return False


# -- the other keys -----------------------------------------------------------------------------


def _check_fitting(form: Form, verb: Verb, over: Over) -> None:
    """Refuse the keys that mean nothing beside this verb, or over these things."""
    fitting: Mapping[str, tuple[bool, str]] = {
        "of": (verb == "last" and over == "loops", "only 'last: loops' needs to be told what to take"),
        "where": (over == "responses", "only responses can be asked"),
        "play": (over == "loops", "only loops have a play"),
    }
    for key, (fits, why) in fitting.items():
        at = form.node.find_key(key)
        if at is not None and not fits:
            form.refuse(Misplaced(at.place, key, form.what, why))


def _per(form: Form, place: Place) -> PerParty | None:
    if not form.has("per"):
        form.refuse(MissingKey(place, form.what, "per"))
        return None
    return cast("PerParty | None", form.choice("per", {"customer", "contact"}))


def _within(form: Form) -> timedelta | None:
    duration = form.duration("within") if form.has("within") else None
    if duration is None:
        return None
    span = duration.wall()
    if not timedelta() < span <= _LONGEST:
        node = form.node.find("within")
        place = node.place if node is not None else form.place
        form.refuse(BadValue(place, "within", str(duration), "it is longer than nothing, at most 100 years"))
    return span


def _where(form: Form, scope: Scope, over: Over) -> Expr | None:
    if over != "responses" or not form.has("where"):
        return None
    scope = replace(scope.with_bands(), reader="'where', which asks about earlier responses")
    expr = read_when(form, "where", scope, {})
    bands = band_definitions(Catalogue(scope.facts, {}))
    return expr and _expand(expr, {name: band.when for name, band in bands.items()})


def _expand(expr: Expr, bands: Mapping[str, Expr]) -> Expr:
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


def _play(form: Form, plays: frozenset[str], over: Over) -> str | None:
    if over != "loops" or not form.has("play"):
        return None
    value = form.scalar("play", "a play's name")
    if value is None:
        return None
    if value.text not in plays:
        guess = did_you_mean(value.text, plays)
        form.refuse(UnknownPlay(value.place, shortened(value.text), guess, listed(sorted(plays))))
    return value.text


# -- the fact itself ----------------------------------------------------------------------------


def _fact(derived: Derived, around: Surroundings) -> Fact:
    if derived.of is None:
        return _computed(derived, "int", low=0)
    if derived.over == "loops":
        values = tuple(sorted(around.plays)) if derived.of == "play" else tuple(str(one) for one in Closure)
        return _computed(derived, "enum", values=values)
    source = around.scope.facts[derived.of]
    if derived.verb == "last":
        return _computed(
            derived, source.type, source.low, source.high, digits=source.digits, values=source.values
        )
    widest = _widest(source)
    return _computed(derived, source.type, None if widest is None else -widest, widest, digits=source.digits)


def _widest(fact: Fact) -> int | None:
    """How far apart two values of a number can lie; None without both limits."""
    if fact.low is None or fact.high is None:
        return None
    return min(fact.high - fact.low, LARGEST)


def _computed(
    derived: Derived,
    type_: FactType,
    low: int | None = None,
    high: int | None = None,
    *,
    digits: int = 0,
    values: tuple[str, ...] = (),
) -> Fact:
    return Fact(
        derived.name, type_, derived.place, optional=True, low=low, high=high, digits=digits, values=values,
        derived=True,
    )  # fmt: skip
