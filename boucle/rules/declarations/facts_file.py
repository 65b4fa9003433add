"""`facts.yaml` → the catalogue of everything that a rule may read."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from boucle.errors import Mistake
from boucle.model import NPS_BANDS
from boucle.rules.bands import SCORE
from boucle.rules.builtin_facts import BUILT_IN_FACTS, comment_text
from boucle.rules.catalogue import Catalogue, Derived, Fact
from boucle.rules.declarations.derived_facts import Surroundings, read_derived
from boucle.rules.declarations.fact_entry import read_fact
from boucle.rules.language.lexer import RESERVED
from boucle.rules.language.named_lists import NamedList, read_lists
from boucle.rules.language.scope import Scope
from boucle.rules.strict_yaml.file_mistakes import BadName, BadValue, FactUnderFact, TakenName, WrongShape
from boucle.rules.strict_yaml.form import Form, kind_of
from boucle.rules.strict_yaml.headers import open_file
from boucle.rules.strict_yaml.source import Mapping_, Node, Scalar
from boucle.rules.value import Value
from boucle.rules.worded import shortened

HEADER = "facts/v1"

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*(?:\.[A-Za-z][A-Za-z0-9_]*){0,7}", re.ASCII)
_LONGEST_NAME = 100


class ReadFacts(Value):
    """The catalogue as far as it could be read, and the names whose declaration has a mistake."""

    catalogue: Catalogue
    broken: frozenset[str] = frozenset()
    complete: bool = True
    lists: Mapping[str, NamedList] = field(default_factory=dict)

    def scope(self) -> Scope:
        """What a condition of a rule file may read, its own definitions aside."""
        scope = Scope(self.catalogue.facts, broken=self.broken, complete=self.complete, lists=self.lists)
        return scope.with_bands()


NOTHING = ReadFacts(Catalogue(BUILT_IN_FACTS, {}), complete=False)
"""What stands for a facts file that cannot be read: nothing can be said of any name."""


@dataclass
class _Reading:
    mistakes: list[Mistake]
    plays: frozenset[str]
    facts: dict[str, Fact] = field(default_factory=dict)
    derived: dict[str, Derived] = field(default_factory=dict)
    broken: set[str] = field(default_factory=set)
    lists: Mapping[str, NamedList] = field(default_factory=dict)


def read_facts(node: Node, plays: frozenset[str]) -> tuple[ReadFacts, list[Mistake]]:
    """Read the facts file; `plays` are the names that derived facts of loops may name."""
    reading = _Reading([], plays)
    form = open_file(node, HEADER, "the facts file", reading.mistakes)
    if form is None:
        return NOTHING, reading.mistakes
    form.check_keys({"boucle", "facts", "derived", "lists"})
    form.require("facts")
    facts = form.form("facts", "the facts file") if form.has("facts") else None
    derived = form.form("derived", "the facts file") if form.has("derived") else None
    lists = form.form("lists", "the facts file") if form.has("lists") else None
    _read_sent(facts, reading)
    computed = {name.text for name, _ in derived.node.entries} if derived else set()
    reading.lists = read_lists(lists, {*reading.facts, *reading.broken, *computed})
    _read_derived(derived, reading)
    _check_nesting(reading)
    catalogue = Catalogue(_with_built_in(reading.facts), reading.derived)
    return ReadFacts(catalogue, frozenset(reading.broken), lists=reading.lists), reading.mistakes


def _with_built_in(facts: Mapping[str, Fact]) -> dict[str, Fact]:
    comment = {} if "comment.text" in facts else {"comment.text": comment_text()}
    return {**facts, **comment, **BUILT_IN_FACTS}


def _read_sent(form: Form | None, reading: _Reading) -> None:
    for name, entry in _entries(form, reading):
        fact, mistakes = read_fact(name, entry)
        _check_score(name, fact, mistakes)
        _keep(name, fact, mistakes, reading)


def _read_derived(form: Form | None, reading: _Reading) -> None:
    sent = {name: fact for name, fact in _with_built_in(reading.facts).items() if not fact.derived}
    scope = Scope(sent, broken=frozenset(reading.broken), lists=reading.lists)
    entries = _entries(form, reading)
    computed = frozenset([*BUILT_IN_FACTS, *(name.text for name, _ in entries)])
    around = Surroundings(scope, computed, reading.plays)
    for name, entry in entries:
        read, mistakes = read_derived(name, entry, around)
        derived, fact = read or (None, None)
        reading.derived.update({} if derived is None else {name.text: derived})
        _keep(name, fact, mistakes, reading)


def _keep(name: Scalar, fact: Fact | None, mistakes: list[Mistake], reading: _Reading) -> None:
    reading.mistakes.extend(mistakes)
    if fact is None or mistakes:
        reading.broken.add(name.text)
    else:
        reading.facts[name.text] = fact


def _entries(form: Form | None, reading: _Reading) -> list[tuple[Scalar, Mapping_]]:
    """The declarations with a usable name; the others are reported."""
    found: list[tuple[Scalar, Mapping_]] = []
    for name, node in form.node.entries if form else ():
        mistake = _check_name(name, reading)
        if mistake is None and not isinstance(node, Mapping_):
            expected = "a mapping such as {type: bool} or {score: nps}"
            mistake = WrongShape(node.place, name.text, expected, kind_of(node))
        if mistake is None and isinstance(node, Mapping_):
            found.append((name, node))
        elif mistake is not None:
            reading.mistakes.append(mistake)
            reading.broken.add(name.text)
    return found


def _check_name(name: Scalar, reading: _Reading) -> Mistake | None:
    if not _NAME.fullmatch(name.text) or len(name.text) > _LONGEST_NAME:
        why = "it takes letters, digits and '_', in parts joined by dots"
        return BadName(name.place, shortened(name.text), "a fact", why)
    if not RESERVED.isdisjoint(name.text.split(".")):
        return BadName(name.place, name.text, "a fact", "a word of the condition language stands in it")
    if name.text in BUILT_IN_FACTS:
        return TakenName(name.place, name.text, "computed by the engine and always there")
    if name.text in NPS_BANDS:
        return TakenName(name.place, name.text, "kept for a band of the NPS")
    if name.text in reading.facts:
        return TakenName(
            name.place, name.text, f"already a fact, at line {reading.facts[name.text].place.line}"
        )
    return None


def _check_score(name: Scalar, fact: Fact | None, mistakes: list[Mistake]) -> None:
    """`nps` brings the bands, so it can be nothing but the NPS score."""
    if name.text == SCORE and fact is not None and fact.metric != SCORE:
        expected = "this name is kept for the NPS score; write nps: {score: nps}"
        mistakes.append(BadValue(name.place, name.text, fact.metric or fact.type, expected))


def _check_nesting(reading: _Reading) -> None:
    names = {*reading.facts, *BUILT_IN_FACTS, "comment.text"}
    for name in sorted(names):
        parts = name.split(".")
        above = (".".join(parts[:count]) for count in range(1, len(parts)))
        prefix = next((candidate for candidate in above if candidate in names), None)
        if prefix is not None:
            _refuse_nesting(name, prefix, reading)


def _refuse_nesting(name: str, prefix: str, reading: _Reading) -> None:
    fact = reading.facts.get(name) or reading.facts[prefix]
    reading.mistakes.append(FactUnderFact(fact.place, name, prefix))
