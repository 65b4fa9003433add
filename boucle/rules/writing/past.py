"""What a condition asks of the past, told: how often something was, how long ago, what it said."""

from __future__ import annotations

from decimal import Decimal
from typing import Literal

from boucle.model import FactValue
from boucle.rules.catalogue import Derived
from boucle.rules.writing.tongues import Tongue, say_length, say_span

Relation = Literal["==", "<", "<=", ">", ">="]


def tell_past(tongue: Tongue, derived: Derived, of: str, where: str) -> str:
    """What a derived fact is called; `of` is what is taken of the past, `where` what was asked of it."""
    if derived.verb == "count":
        return tongue.say("count", past=_name(tongue, derived, where, ""))
    latest = _name(tongue, derived, where, "latest closed " if derived.of == "closure" else "latest ")
    if derived.verb == "last" and derived.over == "loops":
        return tongue.say(f"last {derived.of}", past=latest)
    return tongue.say(derived.verb, of=of, past=latest)


def tell_count(
    tongue: Tongue, derived: Derived, relation: Relation, number: FactValue, where: str
) -> str | None:
    """How often something was; None where the comparison is better told as one of a number."""
    match relation, number:
        case ((">" | ">="), int()):
            least = number + 1 if relation == ">" else number
            return _quantity(tongue, derived, "at least", least, where)
        case (("<" | "<="), int()):
            most = number - 1 if relation == "<" else number
            return _quantity(tongue, derived, "at most" if most else "none", most, where)
        case "==", int():
            return _quantity(tongue, derived, "exactly" if number else "none", number, where)
    return None


def _quantity(tongue: Tongue, derived: Derived, words: str, number: int, where: str) -> str:
    few = number == 1 or words == "none"
    past = _name(tongue, derived, where, "one " if few else "")
    return tongue.say(f"{words} one" if number == 1 else words, number=number, past=past)


def tell_age(tongue: Tongue, derived: Derived, relation: Relation, days: FactValue, where: str) -> str | None:
    """How long ago something was; None where the comparison is no number of days."""
    if not isinstance(days, int):
        return None
    past = _name(tongue, derived, where, "latest ")
    return tongue.say(f"ago {relation}", past=past, span=say_span(tongue, days, "days"))


def tell_change(
    tongue: Tongue, derived: Derived, relation: Relation, value: FactValue, of: str, where: str
) -> str | None:
    """How far something fell or rose; None where the comparison is better told as one of a number."""
    if not isinstance(value, int | Decimal):
        return None
    direction = "fallen" if relation in {"<", "<="} else "risen"
    past = _name(tongue, derived, where, "latest ")
    if relation in {"<", ">"} and value == 0:
        return tongue.say(direction, of=of, past=past)
    if (relation == "<=" and value < 0) or (relation == ">=" and value > 0):
        return tongue.say(f"{direction} by", of=of, past=past, number=abs(value))
    return None


def _name(tongue: Tongue, derived: Derived, where: str, form: str) -> str:
    """What is looked at: `earlier answers from this customer in the last 180 days (only …)`."""
    within = ""
    if derived.within is not None:
        within = tongue.say("within", span=say_length(tongue, derived.within))
    return tongue.say(
        f"{form}{'play_' if derived.play else ''}{derived.over}",
        party=tongue.say(f"party {derived.per}"),
        within=within,
        where=where,
        play=tongue.quote((derived.play or "").replace("_", " ")),
    )
