"""The names that a condition may read where it stands."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field, replace

from boucle.model import NPS_BANDS
from boucle.rules.bands import SCORE
from boucle.rules.catalogue import Fact
from boucle.rules.language.named_lists import NamedList
from boucle.rules.value import Value


class Scope(Value):
    """Facts and definitions by name.

    `broken` are names whose own declaration has a mistake: they are neither known nor reported
    again. `complete` False: the catalogue could not be read at all, so that no name is reported.
    `reader` is set where only what earlier responses brought may be read: who reads it. `lists` are
    the workspace's named lists.
    """

    facts: Mapping[str, Fact]
    definitions: frozenset[str] = frozenset()
    broken: frozenset[str] = frozenset()
    complete: bool = True
    reader: str | None = None
    lists: Mapping[str, NamedList] = field(default_factory=dict)

    def with_definitions(self, names: frozenset[str], broken: frozenset[str]) -> Scope:
        """The same facts with more definitions."""
        return replace(self, definitions=self.definitions | names, broken=self.broken | broken)

    def with_bands(self) -> Scope:
        """The same names with the built-in definitions, as far as their score is declared."""
        bands = frozenset(band.value for band in NPS_BANDS)
        if SCORE in self.facts:
            return self.with_definitions(bands, frozenset())
        return self.with_definitions(frozenset(), bands if SCORE in self.broken else frozenset())

    def is_silent_on(self, name: str) -> bool:
        """Whether nothing can be said of a name, because another mistake hides it."""
        return name in self.broken or not self.complete

    def names(self) -> list[str]:
        """Every name, for a guess."""
        return sorted([*self.facts, *self.definitions])
