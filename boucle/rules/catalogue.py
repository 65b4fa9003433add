"""The closed, typed fact catalogue: every fact that a rule may read, and what a value must be."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Mapping
from datetime import MAXYEAR, MINYEAR, UTC, date, datetime, timedelta
from decimal import Context, Decimal
from typing import Literal

from boucle.errors import Place
from boucle.model import FactValue
from boucle.rules.condition import Expr
from boucle.rules.value import Value

FactType = Literal["int", "decimal", "bool", "enum", "set", "text", "date", "instant"]


class Fact(Value):
    """One fact: its type and limits, and whether it may be unknown.

    `metric` is set for a score (`nps`, `csat`, `ces`, or a declared one); `low` and `high` are its
    scale, or the limits of a number (scaled by `digits` for a decimal); `values` are an enum's
    values or a set's members, in order. `unlisted_unknown`: a value outside the list counts as unknown.
    """

    name: str
    type: FactType
    place: Place
    optional: bool
    pii: bool = False
    metric: str | None = None
    low: int | None = None
    high: int | None = None
    digits: int = 0
    values: tuple[str, ...] = ()
    unlisted_unknown: bool = False
    derived: bool = False

    @property
    def is_score(self) -> bool:
        """Whether the fact is a score of a metric."""
        return self.metric is not None


Verb = Literal["count", "last", "days_since", "change"]
Over = Literal["responses", "loops", "offers"]
PerParty = Literal["customer", "contact"]


class Derived(Value):
    """How a derived fact is computed of the responses, loops or offers before a response.

    `of` is what is taken of one of them: a fact of a response, or `closure` or `play` of a loop; None
    where they are only counted or dated. `where` (responses only) reads the past response's facts,
    `play` (loops only) names the one play that matters. `within` counts back from this response's
    `responded_at`; None means ever. Unknown where the `per` is unknown.
    """

    name: str
    verb: Verb
    over: Over
    per: PerParty
    place: Place
    of: str | None = None
    within: timedelta | None = None
    where: Expr | None = None
    play: str | None = None


class Catalogue(Value):
    """All facts by name, the built-in and derived ones included, and how derived ones are computed."""

    facts: Mapping[str, Fact]
    derived: Mapping[str, Derived]


# -- values against the catalogue ---------------------------------------------------------------

_LARGEST = 2**53 - 1
_EXACT = Context(prec=64)


class Misfit(Value):
    """A value that its fact cannot have, or a name that is no fact; nothing personal in `message`."""

    fact: str
    message: str


class Unlisted(Value):
    """A value outside the list of a fact whose unlisted values count as unknown."""

    fact: str
    value: FactValue


def fit(
    catalogue: Catalogue, facts: Mapping[str, FactValue]
) -> tuple[dict[str, FactValue], list[Misfit], list[Unlisted]]:
    """The given facts that fit, what does not, and what counts as unknown though it was said.

    Blank is unknown for all but text. A derived fact is computed, never given; one that is always
    known must be given. What fits comes back in its one form: text in NFC, a set sorted, a decimal
    as Decimal, an instant in UTC. Of a set only the unlisted members are left out: no condition can
    ask for them, so what it says of the others stays true.
    """
    fitting: dict[str, FactValue] = {}
    misfits = [Misfit(name, f"{name} is missing") for name in _missing(catalogue, facts)]
    unlisted: list[Unlisted] = []
    for name, given in facts.items():
        fact = catalogue.facts.get(name)
        problem = _problem(fact, given) if fact else "is not in the catalogue"
        if fact is None or problem:
            misfits.append(Misfit(name, f"{name} {problem}"))
        elif not _is_blank(fact, given):
            value, others = _part(fact, _in_one_form(given))
            if others and not fact.unlisted_unknown:
                misfits.append(Misfit(name, f"{name} {_not_listed(fact, others)}"))
                continue
            unlisted.extend([Unlisted(name, given)] if others else [])
            fitting.update({} if value is None else {name: value})
    return fitting, misfits, unlisted


def _missing(catalogue: Catalogue, facts: Mapping[str, FactValue]) -> list[str]:
    required = (fact for fact in catalogue.facts.values() if not fact.optional and not fact.derived)
    return [fact.name for fact in required if fact.name not in facts or _is_blank(fact, facts[fact.name])]


def _in_one_form(value: FactValue) -> FactValue:
    match value:
        case str():
            return unicodedata.normalize("NFC", value)
        case tuple():
            return tuple(sorted({unicodedata.normalize("NFC", member) for member in value}))
        case datetime():
            return value.astimezone(UTC)
        case _:
            return value


def _part(fact: Fact, value: FactValue) -> tuple[FactValue | None, tuple[str, ...]]:
    """A value's listed part (None where nothing is left), and what of it no list holds."""
    if fact.type == "set" and isinstance(value, tuple):
        listed = tuple(member for member in value if member in fact.values)
        return listed, tuple(member for member in value if member not in fact.values)
    if fact.type == "enum" and value not in fact.values:
        return None, (str(value),)
    return (Decimal(value) if fact.type == "decimal" and isinstance(value, int) else value), ()


def _is_blank(fact: Fact, value: FactValue) -> bool:
    return fact.type != "text" and isinstance(value, str) and not value.strip()


def _problem(fact: Fact, value: FactValue) -> str | None:
    if fact.derived:
        return "is computed and cannot be given"
    return None if _is_blank(fact, value) else _CHECKS[fact.type](fact, value)


def _check_int(fact: Fact, value: FactValue) -> str | None:
    return _check_range(fact, Decimal(value), 0) if type(value) is int else "is not a whole number"


def _check_decimal(fact: Fact, value: FactValue) -> str | None:
    if type(value) is int:
        value = Decimal(value)
    if not isinstance(value, Decimal) or not value.is_finite():
        return "is not a number"
    return _check_range(fact, value, fact.digits)


def _check_range(fact: Fact, value: Decimal, digits: int) -> str | None:
    if value.adjusted() > len(str(_LARGEST)) or value.copy_abs().scaleb(digits, _EXACT) > _LARGEST:
        return "is too large to be kept exactly"
    scaled = value.scaleb(digits, _EXACT)
    if len(value.as_tuple().digits) > _EXACT.prec or scaled != scaled.to_integral_value():
        return f"has more than {digits} decimals"
    too_low = fact.low is not None and scaled < fact.low
    too_high = fact.high is not None and scaled > fact.high
    return _outside(fact, value) if too_low or too_high else None


def _outside(fact: Fact, value: Decimal) -> str:
    found = "" if fact.pii else f", not {value}"
    low, high = (None if end is None else Decimal(end).scaleb(-fact.digits) for end in (fact.low, fact.high))
    if low is not None and high is not None:
        return f"lies between {low} and {high}{found}"
    return f"is at least {low}{found}" if low is not None else f"is at most {high}{found}"


def _of_type(accepted: type, words: str) -> Callable[[Fact, FactValue], str | None]:
    return lambda _fact, value: None if isinstance(value, accepted) else f"is not {words}"


def _check_date(_fact: Fact, value: FactValue) -> str | None:
    return None if isinstance(value, date) and not isinstance(value, datetime) else "is not a date"


def _check_instant(_fact: Fact, value: FactValue) -> str | None:
    if not isinstance(value, datetime) or value.tzinfo is None:
        return "is not an instant with its zone"
    return None if MINYEAR < value.year < MAXYEAR else "is not an instant of our calendar"


def _check_set(_fact: Fact, value: FactValue) -> str | None:
    every = isinstance(value, tuple) and all(isinstance(member, str) for member in value)
    return None if every else "is not a set of words"


_CHECKS: Mapping[FactType, Callable[[Fact, FactValue], str | None]] = {
    "int": _check_int,
    "decimal": _check_decimal,
    "bool": _of_type(bool, "true or false"),
    "enum": _of_type(str, "text"),
    "set": _check_set,
    "text": _of_type(str, "text"),
    "date": _check_date,
    "instant": _check_instant,
}


def _not_listed(fact: Fact, others: tuple[str, ...]) -> str:
    found = "has another value" if fact.pii else f"has the value {', '.join(map(_quoted, others))}"
    return f"{found}; listed are {', '.join(fact.values)}"


def _quoted(text: str) -> str:
    return f"'{text}'"
