"""One fact's declaration: its type, its limits, its values, and whether it may be unknown."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import cast

from boucle.errors import Mistake, Place
from boucle.rules.catalogue import Fact, FactType
from boucle.rules.encoding import LARGEST
from boucle.rules.language.constants import check_shape, scale_exactly
from boucle.rules.strict_yaml.file_mistakes import BadValue, MissingKey, Repeated
from boucle.rules.strict_yaml.form import Form
from boucle.rules.strict_yaml.source import Mapping_, Scalar
from boucle.rules.value import Value
from boucle.rules.worded import shortened

TYPES = frozenset(("int", "decimal", "bool", "enum", "set", "text", "date", "instant"))
EVERYWHERE_KEYS = {"type", "optional", "pii"}
ONLY_KEYS = {
    "int": {"min", "max"},
    "decimal": {"min", "max", "digits"},
    "enum": {"values", "unlisted"},
    "set": {"of", "unlisted"},
}
_OPTIONAL_BY_NATURE = ("customer.", "contact.", "consent.")
_SCALE = re.compile(r"(-?\d{1,9})\.\.(-?\d{1,9})", re.ASCII)
_METRIC = re.compile(r"[a-z][a-z0-9_]{0,39}", re.ASCII)
_NPS = (0, 10)
_MAX_DIGITS = 9
_MAX_VALUES = 1_000


def read_fact(name: Scalar, node: Mapping_) -> tuple[Fact | None, list[Mistake]]:
    """Read one declaration of `facts:`."""
    mistakes: list[Mistake] = []
    form = Form(node, f"fact '{name.text}'", mistakes)
    if form.has("score"):
        return _read_score(name, form), mistakes
    if not form.has("type"):
        mistakes.append(MissingKey(name.place, form.what, "type"))
        return None, mistakes
    type_ = form.choice("type", TYPES)
    if type_ is None:
        return None, mistakes
    form.check_keys(EVERYWHERE_KEYS | ONLY_KEYS.get(type_, set()))
    return _typed(name, cast("FactType", type_), form), mistakes


def _read_score(name: Scalar, form: Form) -> Fact | None:
    form.check_keys({"score", "scale", "optional", "pii"})
    metric = form.text("score")
    if metric is None:
        return None
    if not _METRIC.fullmatch(metric):
        expected = "a metric is one word such as nps, csat or ces"
        form.refuse(BadValue(_at(form, "score"), "score", shortened(metric), expected))
    low, high = _scale(metric, form)
    _may_be_unknown(name.text, form, by_nature=True)
    return Fact(
        name.text, "int", name.place, optional=True, pii=bool(_flag(form, "pii")),
        metric=metric, low=low, high=high,
    )  # fmt: skip


def _scale(metric: str, form: Form) -> tuple[int, int]:
    if not form.has("scale"):
        if metric != "nps":
            form.refuse(MissingKey(_at(form, "score"), form.what, "scale"))
        return _NPS
    value = form.scalar("scale", "a scale such as 1..5")
    found = _SCALE.fullmatch(value.text) if value else None
    scale = (int(found[1]), int(found[2])) if found else None
    if value and (scale is None or scale[0] >= scale[1]):
        expected = "write the lowest and the highest score, such as 1..5"
        form.refuse(BadValue(value.place, "scale", shortened(value.text), expected))
    elif value and metric == "nps" and scale != _NPS:
        form.refuse(BadValue(value.place, "scale", value.text, "NPS is asked from 0 to 10"))
    return scale or _NPS


class _Limits(Value):
    low: int | None = None
    high: int | None = None
    digits: int = 0


def _typed(name: Scalar, type_: FactType, form: Form) -> Fact:
    limits = _limits(type_, form)
    values = _values("of" if type_ == "set" else "values", form) if type_ in {"enum", "set"} else ()
    unlisted = form.has("unlisted") and form.choice("unlisted", {"unknown"}) is not None
    by_nature = name.text.startswith(_OPTIONAL_BY_NATURE)
    optional = _may_be_unknown(name.text, form, by_nature=by_nature or unlisted)
    return Fact(
        name.text, type_, name.place, optional=optional, pii=bool(_flag(form, "pii")) or _is_comment(name),
        low=limits.low, high=limits.high, digits=limits.digits, values=values, unlisted_unknown=unlisted,
    )  # fmt: skip


def _is_comment(name: Scalar) -> bool:
    """What a customer wrote is personal, whatever the file says."""
    return name.text == "comment.text"


def _flag(form: Form, key: str) -> bool | None:
    return form.flag(key) if form.has(key) else None


def _may_be_unknown(name: str, form: Form, *, by_nature: bool) -> bool:
    said = _flag(form, "optional")
    if said is False and by_nature:
        expected = f"'{name}' can be unknown by its nature; leave 'optional' out"
        form.refuse(BadValue(_at(form, "optional"), "optional", "false", expected))
    return by_nature or bool(said)


def _limits(type_: FactType, form: Form) -> _Limits:
    if type_ not in {"int", "decimal"}:
        return _Limits()
    digits = _digits(form) if type_ == "decimal" else 0
    low, high = _limit("min", digits, form), _limit("max", digits, form)
    if low is not None and high is not None and low > high:
        found = form.node.find("max")
        text = found.text if isinstance(found, Scalar) else ""
        form.refuse(BadValue(_at(form, "max"), "max", text, "it lies below 'min'"))
    return _Limits(low, high, digits)


def _digits(form: Form) -> int:
    if not form.has("digits"):
        form.refuse(MissingKey(_at(form, "type"), form.what, "digits"))
        return 0
    digits = form.whole("digits")
    if digits is not None and not 0 <= digits <= _MAX_DIGITS:
        expected = f"write a whole number from 0 to {_MAX_DIGITS}"
        form.refuse(BadValue(_at(form, "digits"), "digits", f"{digits}", expected))
        return 0
    return digits or 0


def _limit(key: str, digits: int, form: Form) -> int | None:
    value = form.number(key) if form.has(key) else None
    if value is None:
        return None
    scaled = scale_exactly(Decimal(value), digits)
    if scaled is None or abs(scaled) > LARGEST:
        expected = f"it has more than {digits} decimals, or too many digits"
        form.refuse(BadValue(_at(form, key), key, f"{value}", expected))
        return None
    return scaled


def _values(key: str, form: Form) -> tuple[str, ...]:
    if not form.has(key):
        form.refuse(MissingKey(_at(form, "type"), form.what, key))
        return ()
    seen: dict[str, Place] = {}
    for item in form.texts(key, "a list of words such as [en, fr]"):
        text = form.read_text(key, item) or ""
        mistake = _check_value(text, key, item.place, seen)
        form.mistakes.extend([mistake] if mistake else [])
        seen.setdefault(text, item.place)
    if not 0 < len(seen) <= _MAX_VALUES and not form.mistakes:
        expected = f"write between 1 and {_MAX_VALUES} words"
        form.refuse(BadValue(_at(form, key), key, f"{len(seen)} words", expected))
    return tuple(seen)


def _check_value(text: str, key: str, place: Place, seen: dict[str, Place]) -> Mistake | None:
    if not text:
        return BadValue(place, key, "", "a blank text counts as unknown; it cannot be a value")
    if text in seen:
        return Repeated(place, "value", shortened(text), f"line {seen[text].line}")
    return check_shape(text, place)


def _at(form: Form, key: str) -> Place:
    node = form.node.find(key)
    return node.place if node is not None else form.place
