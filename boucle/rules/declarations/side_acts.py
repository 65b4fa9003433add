"""`also`: what a winner does besides its play: it tags its customer, and tells teams."""

from __future__ import annotations

from collections.abc import Iterator

from boucle.model import SideAct
from boucle.rules.declarations.params import Known
from boucle.rules.language.scope import Scope
from boucle.rules.strict_yaml.file_mistakes import BadValue, MissingKey, Repeated, UnknownThing
from boucle.rules.strict_yaml.form import Form
from boucle.rules.worded import did_you_mean, listed, shortened

TAGS = "customer.tags"
"""The fact that rules read tags by, where the catalogue has it."""
KEYS = ("tag", "notify")


def read_also(form: Form | None, scope: Scope, known: Known) -> tuple[SideAct, ...]:
    """The entries of `also`, each with one of the two keys."""
    entries = form.forms("also", "'also'") if form else []
    found: list[SideAct] = []
    for entry in entries:
        for act in _read_entry(entry, scope, known):
            if act in found:
                entry.refuse(Repeated(entry.place, act.do, act.name, "another place of this list"))
            found.append(act)
    return tuple(found)


def _read_entry(entry: Form, scope: Scope, known: Known) -> Iterator[SideAct]:
    entry.check_keys(KEYS)
    said = [key for key in KEYS if entry.has(key)]
    if not said:
        entry.refuse(MissingKey(entry.place, "an entry of 'also'", "tag"))
    if len(said) > 1:
        team = shortened(entry.text("notify") or "")
        entry.refuse(BadValue(entry.place_of("notify"), "notify", team, "write an entry of its own"))
    if said == ["tag"]:
        name = entry.word("tag", "a tag")
        if name and _is_known(entry, "tag", name, _list_tags(scope)):
            yield SideAct(do="tag", name=name)
    if said == ["notify"]:
        name = entry.text("notify")
        if name and _is_known(entry, "notify", name, known.get("team", frozenset())):
            yield SideAct(do="notify", name=name)


def _list_tags(scope: Scope) -> frozenset[str] | None:
    """The words that rules can read; None where they read no tags, so that any will do."""
    fact = scope.facts.get(TAGS)
    return None if fact is None else frozenset(fact.values)


def _is_known(entry: Form, key: str, name: str, names: frozenset[str] | None) -> bool:
    if names is None or name in names:
        return True
    kind = "tag" if key == "tag" else "team"
    guess = did_you_mean(name, names)
    entry.refuse(
        UnknownThing(entry.place_of(key), kind, shortened(name), guess, listed(sorted(names)) or "none")
    )
    return False
