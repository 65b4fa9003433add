"""The gates of `policy.yaml` that count: caps, budgets, and holdouts."""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import timedelta
from typing import Literal, TypeVar, cast, get_args

from boucle.model import Money
from boucle.rules.declarations.play_list import read_plays
from boucle.rules.declarations.shares import read_number_of_percent
from boucle.rules.encoding import LARGEST
from boucle.rules.ruleset import Budget, Cap, Holdout
from boucle.rules.strict_yaml.file_mistakes import BadValue
from boucle.rules.strict_yaml.form import Form, check_repeats
from boucle.rules.worded import shortened

CAP_KEYS = ("id", "plays", "per", "max", "within")
BUDGET_KEYS = ("id", "limit", "per")
HOLDOUT_KEYS = ("id", "plays", "percent")

Period = Literal["calendar_day", "calendar_week", "calendar_month", "calendar_quarter", "calendar_year"]
PERIODS = frozenset(get_args(Period))

_LONGEST = timedelta(days=36_500)
_MOST = 1_000_000

Entry = TypeVar("Entry")


def read_entries(form: Form, key: str, kind: str, read: Callable[[Form], Entry | None]) -> tuple[Entry, ...]:
    """The entries of a list, none with another's id; those with a mistake are left out."""
    if not form.has(key):
        return ()
    entries = form.forms(key, kind)
    check_repeats(entries, "id", kind)
    return tuple(entry for entry in map(read, entries) if entry is not None)


def open_entry(form: Form, kind: str, keys: Collection[str], needed: Collection[str]) -> str | None:
    """Check an entry's keys and read its id, by which its messages name it."""
    form.check_keys(keys)
    form.require(*needed)
    id_ = form.word("id", f"a {kind}") if form.has("id") else None
    form.what = f"{kind} '{id_}'" if id_ else form.what
    return id_


def read_cap(form: Form, plays: Collection[str]) -> Cap | None:
    """At most so many starts of some plays, per contact or customer, within a span."""
    id_ = open_entry(form, "cap", CAP_KEYS, CAP_KEYS)
    named = read_plays(form, "plays", plays) if form.has("plays") else None
    per = form.choice("per", {"contact", "customer"}) if form.has("per") else None
    most = _most(form) if form.has("max") else None
    within = _within(form) if form.has("within") else None
    if id_ is None or named is None or per is None or most is None or within is None:
        return None
    return Cap(id_, form.place, named, cast('Literal["contact", "customer"]', per), most, within)


def _most(form: Form) -> int | None:
    most = form.whole("max")
    if most is not None and not 1 <= most <= _MOST:
        expected = f"it is a whole number from 1 to {_MOST}"
        form.refuse(BadValue(form.place_of("max"), "max", shortened(f"{most}"), expected))
        return None
    return most


def _within(form: Form) -> timedelta | None:
    duration = form.duration("within")
    if duration is None:
        return None
    span = duration.wall()
    if not timedelta() < span <= _LONGEST:
        expected = "it is longer than nothing, at most 100 years"
        form.refuse(BadValue(form.place_of("within"), "within", str(duration), expected))
        return None
    return span


def read_budget(form: Form) -> Budget | None:
    """How much may be spent in each calendar period."""
    id_ = open_entry(form, "budget", BUDGET_KEYS, BUDGET_KEYS)
    limit = _limit(form) if form.has("limit") else None
    per = form.choice("per", PERIODS) if form.has("per") else None
    if id_ is None or limit is None or per is None:
        return None
    return Budget(id_, form.place, limit, cast("Period", per))


def _limit(form: Form) -> Money | None:
    value = form.scalar("limit", "an amount such as 5000.00 EUR")
    if value is None:
        return None
    try:
        limit = Money.parse(value.text)
    except ValueError:
        expected = "write an amount with its currency, such as 5000.00 EUR"
        form.refuse(BadValue(value.place, "limit", shortened(value.text), expected))
        return None
    if not 0 < limit.minor <= LARGEST:
        expected = "it is more than nothing, and small enough to be kept exactly"
        form.refuse(BadValue(value.place, "limit", shortened(value.text), expected))
        return None
    return limit


def read_holdout(form: Form, plays: Collection[str]) -> Holdout | None:
    """The share of contacts from whom some plays are held back to measure them."""
    id_ = open_entry(form, "holdout", HOLDOUT_KEYS, HOLDOUT_KEYS)
    named = read_plays(form, "plays", plays) if form.has("plays") else None
    share = read_number_of_percent(form, "percent") if form.has("percent") else None
    if id_ is None or named is None or share is None:
        return None
    return Holdout(id_, form.place, named, share)
