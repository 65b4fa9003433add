"""Facts as a test writes them → typed values of the catalogue."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

from boucle.errors import Mistake
from boucle.model import FactValue
from boucle.rules.catalogue import Catalogue, Fact, FactType, fit
from boucle.rules.strict_yaml.days import parse_date
from boucle.rules.strict_yaml.form import Form, kind_of
from boucle.rules.strict_yaml.source import Node, Scalar, Sequence_
from boucle.rules.strict_yaml.source_plain import resolve_plain
from boucle.rules.testing.case_mistakes import NotInWorkspace, ValueMisfit
from boucle.rules.worded import did_you_mean, listed, shortened


def read_facts(form: Form, catalogue: Catalogue) -> dict[str, FactValue | None]:
    """The facts of a mapping, None for those that are said to be unknown; wrong ones are reported."""
    found: dict[str, FactValue | None] = {}
    for name, node in form.node.entries:
        fact = catalogue.facts.get(name.text)
        if fact is None:
            guess = did_you_mean(name.text, catalogue.facts)
            known = listed(sorted(catalogue.facts), 40)
            form.refuse(NotInWorkspace(name.place, "fact", shortened(name.text), guess, known))
            continue
        value, mistake = read_value(fact, node)
        if mistake is None:
            found[fact.name] = value
        else:
            form.refuse(mistake)
    return found


def read_value(fact: Fact, node: Node) -> tuple[FactValue | None, Mistake | None]:
    """One value in its one form, None for unknown; or why the fact cannot have it."""
    if isinstance(node, Scalar) and node.value is None:
        problem = None if fact.optional else "is always known"
        return None, ValueMisfit(node.place, fact.name, problem) if problem else None
    value = _typed(fact, node)
    if value is None:
        found = f"{_found(node)}{_unquoted(fact, node)}"
        return None, ValueMisfit(node.place, fact.name, f"{_EXPECTED[fact.type]}; this is {found}")
    stated = replace(fact, derived=False, unlisted_unknown=False)
    fitting, misfits, _ = fit(Catalogue({fact.name: stated}, {}), {fact.name: value})
    if misfits or fact.name not in fitting:
        said = misfits[0].message.removeprefix(f"{fact.name} ") if misfits else "cannot be blank"
        guess = did_you_mean(value, fact.values) if isinstance(value, str) and fact.type == "enum" else ""
        return None, ValueMisfit(node.place, fact.name, said + guess)
    return fitting[fact.name], None


_EXPECTED = {
    "int": "takes a whole number",
    "decimal": "takes a number such as 15.00",
    "bool": "takes true or false",
    "enum": "takes one word of its list",
    "set": "takes a list of words such as [vip]",
    "text": "takes a text",
    "date": 'takes a day such as "2026-01-31"',
    "instant": 'takes an instant such as "2026-01-31T09:00:00Z"',
}


def _found(node: Node) -> str:
    if isinstance(node, Scalar) and not isinstance(node.value, bool | str):
        return f"{kind_of(node)}, {shortened(node.text)}"
    return f"'{shortened(node.text)}'" if isinstance(node, Scalar) else kind_of(node)


def _unquoted(fact: Fact, node: Node) -> str:
    """What to say of a number, or of true and false, that stands in quotes."""
    if not isinstance(node, Scalar) or node.style not in {"'", '"'}:
        return ""
    bare = replace(node, value=resolve_plain(node.text))
    fits = fact.type in {"int", "decimal", "bool"} and _READERS[fact.type](bare) is not None
    return f", a text; write {shortened(node.text)} without quotes" if fits else ""


def _typed(fact: Fact, node: Node) -> FactValue | None:
    """The value as a type of ours; None where it reads as another type."""
    if isinstance(node, Sequence_):
        words = [item.text for item in node.items if isinstance(item, Scalar) and isinstance(item.value, str)]
        return tuple(words) if fact.type == "set" and len(words) == len(node.items) else None
    return _READERS[fact.type](node) if isinstance(node, Scalar) else None


def _flag(node: Scalar) -> FactValue | None:
    return node.value if isinstance(node.value, bool) else None


def _number(node: Scalar) -> FactValue | None:
    return node.value if isinstance(node.value, int | Decimal) and not isinstance(node.value, bool) else None


def _words(node: Scalar) -> FactValue | None:
    return unicodedata.normalize("NFC", node.value) if isinstance(node.value, str) else None


def _instant(node: Scalar) -> FactValue | None:
    try:
        read = datetime.fromisoformat(node.text)
    except ValueError:
        return None
    return read.astimezone(UTC) if read.tzinfo is not None else None


_READERS: Mapping[FactType, Callable[[Scalar], FactValue | None]] = {
    "int": _number,
    "decimal": _number,
    "bool": _flag,
    "enum": _words,
    "set": lambda _: None,
    "text": _words,
    "date": lambda node: parse_date(node.text),
    "instant": _instant,
}
