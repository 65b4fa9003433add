"""A map bound to one file's header and one catalogue: every column by its place, every value by its type."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from boucle.errors import Mistake
from boucle.intake.import_map import Feed, ImportMap, Text, squeezed
from boucle.intake.map_mistakes import (
    NoSuchColumn,
    NoSuchFact,
    NotFed,
    NotForType,
    RepeatedColumn,
    UnfitValue,
)
from boucle.intake.numbers import NumberFormat
from boucle.intake.values import UnreadableError, find_misfit, parse_value
from boucle.model import FactValue
from boucle.rules.catalogue import Catalogue, Fact
from boucle.rules.worded import did_you_mean, listed, shortened

COMMENT_FACT = "comment.text"

_FOR_TYPES: Mapping[str, tuple[str, ...]] = {
    "reverse": ("int",),
    "format": ("date", "instant"),
    "zone": ("instant",),
}


@dataclass(frozen=True)
class BoundFeed:
    """A feed with its fact, and its constant or value table typed."""

    feed: Feed
    fact: Fact
    constant: FactValue | None
    table: Mapping[str, FactValue]


@dataclass(frozen=True)
class Binding:
    """A map that fits: its feeds typed, its columns by their index in a row."""

    map: ImportMap
    feeds: tuple[BoundFeed, ...]
    columns: Mapping[str, int]
    unused: tuple[str, ...]
    has_comment_fact: bool

    def index(self, column: Text) -> int:
        """Where a column of the map stands in a row."""
        return self.columns[squeezed(column.text)]


def bind(
    map_: ImportMap, header: tuple[str, ...], file: str, catalogue: Catalogue
) -> tuple[Binding | None, list[Mistake]]:
    """Fit a map to a file's header and to the catalogue; None, and every mistake, where it does not fit."""
    mistakes: list[Mistake] = list(_check_columns(map_, header, file))
    feeds = [_bind_feed(feed, catalogue, mistakes) for feed in map_.facts]
    if mistakes:
        return None, sorted(mistakes, key=lambda mistake: mistake.place)
    names = [squeezed(name) for name in header]
    used = {squeezed(column.text) for column in map_.columns()}
    return Binding(
        map=map_,
        feeds=tuple(feed for feed in feeds if feed),
        columns={name: index for index, name in enumerate(names)},
        unused=tuple(name for name in names if name and name not in used),
        has_comment_fact=COMMENT_FACT in catalogue.facts,
    ), []


def _check_columns(map_: ImportMap, header: tuple[str, ...], file: str) -> Iterator[Mistake]:
    names = [squeezed(name) for name in header]
    counts = Counter(names)
    for column in map_.columns():
        name = squeezed(column.text)
        if counts[name] > 1:
            yield RepeatedColumn(column.place, file, shortened(name), counts[name])
        elif not counts[name] or not name:
            guess, how = did_you_mean(name, names), _how(names)
            yield NoSuchColumn(column.place, file, shortened(name), guess, how)


def _how(names: list[str]) -> str:
    """What to do about a missing column: mostly to look at those there are."""
    sign = next((sign for sign in ";\t|" if len(names) == 1 and sign in names[0]), None)
    if sign:
        said = {";": "semicolon", "\t": "tab", "|": "pipe"}[sign]
        return f"the whole header is one column: write 'delimiter: {said}' under 'file:'"
    return f"its columns are: {listed(shortened(name) for name in names if name)}"


def _bind_feed(feed: Feed, catalogue: Catalogue, mistakes: list[Mistake]) -> BoundFeed | None:
    fact = catalogue.facts.get(feed.fact.text)
    if fact is None:
        guess = did_you_mean(feed.fact.text, catalogue.facts)
        mistakes.append(NoSuchFact(feed.fact.place, feed.fact.text, guess))
        return None
    found = [*_check_kind(feed, fact), *_check_type(feed, fact)]
    mistakes.extend(found)
    if found:
        return None
    typed = {cell: _type(value, feed, fact, mistakes) for cell, value in feed.values.items()}
    constant = _type(feed.constant, feed, fact, mistakes) if feed.constant else None
    return BoundFeed(
        feed, fact, constant, {cell: value for cell, value in typed.items() if value is not None}
    )


def _check_kind(feed: Feed, fact: Fact) -> Iterator[Mistake]:
    if fact.derived:
        yield NotFed(feed.fact.place, fact.name, "boucle derives it")
    if fact.name == COMMENT_FACT:
        yield NotFed(feed.fact.place, fact.name, "it is made of the comments; list them under 'comments:'")


def _check_type(feed: Feed, fact: Fact) -> Iterator[Mistake]:
    given = {"reverse": feed.reverse, "format": feed.formats, "zone": feed.zone}
    for key, types in _FOR_TYPES.items():
        if given[key] and fact.type not in types:
            yield NotForType(feed.fact.place, key, fact.name, fact.type, listed(types))


def _type(value: Text, feed: Feed, fact: Fact, mistakes: list[Mistake]) -> FactValue | None:
    """A value that the map itself states; it must fit, there is nobody to mend it later."""
    try:
        typed = parse_value(value.text, fact, feed, NumberFormat())
    except UnreadableError as error:
        mistakes.append(UnfitValue(value.place, shortened(value.text), fact.name, str(error)))
        return None
    misfit = find_misfit(fact, typed)
    if misfit:
        mistakes.append(UnfitValue(value.place, shortened(value.text), fact.name, misfit))
    return typed
