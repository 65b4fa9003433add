"""`define:` of a rules file: named conditions, in any order, none resting on itself."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Literal

from boucle.errors import Mistake
from boucle.rules.language.complexity import Size, check_size, measure, order_definitions
from boucle.rules.language.lexer import RESERVED
from boucle.rules.language.scope import Scope
from boucle.rules.language.when import read_when
from boucle.rules.ruleset import Definition
from boucle.rules.strict_yaml.file_mistakes import BadName, BadValue, TakenName, WrongShape
from boucle.rules.strict_yaml.form import Form, kind_of
from boucle.rules.strict_yaml.source import Mapping_, Node, Scalar
from boucle.rules.value import Value
from boucle.rules.worded import shortened

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,79}", re.ASCII)


class ReadDefinitions(Value):
    """The definitions, each after those it rests on; what they add to the scope; how large they are."""

    definitions: Mapping[str, Definition]
    scope: Scope
    sizes: Mapping[str, Size]


def read_definitions(form: Form | None, scope: Scope) -> ReadDefinitions:
    """Read `define:`; a wrong definition stays known by name, so that only its own mistake is told."""
    named: list[tuple[Scalar, Form]] = []
    for name, node in form.node.entries if form else ():
        mistake = _check_name(name, scope)
        if form and mistake:
            form.refuse(mistake)
        elif form:
            named.append((name, _entry(name, node, form)))
    inner = scope.with_definitions(frozenset(name.text for name, _ in named), frozenset())
    read = {name.text: _read(name, entry, inner) for name, entry in named}
    return _ordered(read, inner, form.mistakes if form else [])


def _entry(name: Scalar, node: Node, form: Form) -> Form:
    what = f"definition '{name.text}'"
    if isinstance(node, Mapping_):
        return Form(node, what, form.mistakes)
    form.refuse(WrongShape(node.place, name.text, "a mapping with 'when'", kind_of(node)))
    return Form(Mapping_((), name.place), what, [])


def _check_name(name: Scalar, scope: Scope) -> Mistake | None:
    if not _NAME.fullmatch(name.text):
        why = "it takes letters, digits and '_', without dots"
        return BadName(name.place, shortened(name.text), "a definition", why)
    if name.text in RESERVED:
        return BadName(name.place, name.text, "a definition", "it is a word of the condition language")
    if name.text in scope.definitions:
        return TakenName(name.place, name.text, "a built-in definition")
    if name.text in scope.facts:
        return TakenName(name.place, name.text, "already a fact")
    return None


def _read(name: Scalar, form: Form, scope: Scope) -> Definition | None:
    form.check_keys({"when", "if_unknown"})
    form.require("when")
    when = read_when(form, "when", scope, {}) if form.has("when") else None
    if_unknown = _if_unknown(form) if form.has("if_unknown") else None
    return Definition(name.text, when, if_unknown, name.place) if when is not None else None


def _if_unknown(form: Form) -> Literal[False] | None:
    value = form.scalar("if_unknown", "false")
    if value is None:
        return None
    if value.value is not False:
        expected = "only 'if_unknown: false' exists; left out, unknown stays unknown"
        form.refuse(BadValue(value.place, "if_unknown", shortened(value.text), expected))
        return None
    return False


def _ordered(read: Mapping[str, Definition | None], scope: Scope, mistakes: list[Mistake]) -> ReadDefinitions:
    whole = {name: definition for name, definition in read.items() if definition is not None}
    order, cycles = order_definitions(whole)
    mistakes.extend(cycles)
    sizes = _checked_sizes(whole, order, mistakes)
    broken = frozenset(read) - frozenset(order)
    ordered = {name: whole[name] for name in read if name in order}
    return ReadDefinitions(ordered, scope.with_definitions(frozenset(), broken), sizes)


def _checked_sizes(
    whole: Mapping[str, Definition], order: list[str], mistakes: list[Mistake]
) -> dict[str, Size]:
    """Sizes by name; one beyond the limits is reported and counts as one part from there on."""
    sizes: dict[str, Size] = {}
    for name in order:
        size = measure(whole[name].when, sizes)
        mistake = check_size(size, whole[name].place)
        mistakes.extend([mistake] if mistake else [])
        sizes[name] = Size(1, 1) if mistake else size
    return sizes
