"""Named lists of a workspace: constants under one name, typed by the fact at each use."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping

from boucle.errors import Mistake, Place
from boucle.model import NPS_BANDS
from boucle.rules.language.jsonlogic_mistakes import EmptyList
from boucle.rules.language.lexer import RESERVED, Token, token_of
from boucle.rules.strict_yaml.file_mistakes import BadName, BadValue, Repeated, TakenName, WrongShape
from boucle.rules.strict_yaml.form import Form, kind_of
from boucle.rules.strict_yaml.source import Node, Scalar, Sequence_
from boucle.rules.value import Value
from boucle.rules.worded import shortened

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,79}", re.ASCII)


class NamedList(Value):
    """A list by its name; without values where its own declaration has a mistake."""

    name: str
    place: Place
    values: tuple[Token, ...]


def read_lists(form: Form | None, facts: Collection[str]) -> Mapping[str, NamedList]:
    """Read `lists:`; `facts` are the names that are taken. A wrong list stays known by name."""
    found: dict[str, NamedList] = {}
    for name, node in form.node.entries if form else ():
        mistakes = [*_check_name(name, facts), *_check_items(name, node)]
        if form is not None:
            form.mistakes.extend(mistakes)
        values = () if mistakes else tuple(token_of(item, 0) for item in _scalars(node))
        found[name.text] = NamedList(name.text, name.place, values)
    return found


def _scalars(node: Node) -> Iterator[Scalar]:
    items = node.items if isinstance(node, Sequence_) else ()
    return (item for item in items if isinstance(item, Scalar))


def _check_name(name: Scalar, facts: Collection[str]) -> Iterator[Mistake]:
    if not _NAME.fullmatch(name.text):
        why = "it takes letters, digits and '_', without dots"
        yield BadName(name.place, shortened(name.text), "a list", why)
    elif name.text in RESERVED:
        yield BadName(name.place, name.text, "a list", "it is a word of the condition language")
    elif name.text in NPS_BANDS:
        yield TakenName(name.place, name.text, "kept for a band of the NPS")
    elif name.text in facts:
        yield TakenName(name.place, name.text, "already a fact")


def _check_items(name: Scalar, node: Node) -> Iterator[Mistake]:
    if not isinstance(node, Sequence_):
        yield WrongShape(node.place, name.text, "a list such as [key, strategic]", kind_of(node))
        return
    if not node.items:
        yield EmptyList(node.place)
    seen: dict[tuple[type, object], Place] = {}
    for item in node.items:
        yield from _check_item(name.text, item, seen)


def _check_item(name: str, item: Node, seen: dict[tuple[type, object], Place]) -> Iterator[Mistake]:
    if not isinstance(item, Scalar):
        yield WrongShape(item.place, name, "a list of single values", kind_of(item))
        return
    value = (type(item.value), item.value)
    if item.value is None:
        yield BadValue(item.place, name, "", "a value is missing here")
    elif value in seen:
        yield Repeated(item.place, "value", shortened(item.text), f"line {seen[value].line}")
    seen.setdefault(value, item.place)
