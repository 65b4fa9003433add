"""One fact of a question as an axis: its values, those that no atom tells apart taken as one class."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from pydantic import JsonValue

from boucle.rules.analysis.samples import MOST, Sample, TooManyError, join, list_samples
from boucle.rules.catalogue import Catalogue, Fact
from boucle.rules.condition import Atom
from boucle.rules.evaluation import Condition, Evaluator
from boucle.rules.logic import Vocabulary, is_false, is_true
from boucle.rules.phrases import word_atom
from boucle.rules.value import Value


class Axis(Value):
    """A fact, and its classes of values; the first sample of each class represents it."""

    fact: Fact
    classes: tuple[tuple[Sample, ...], ...]

    @property
    def values(self) -> tuple[JsonValue, ...]:
        """The representative of each class, encoded; None is unknown."""
        return tuple(samples[0].value for samples in self.classes)


def list_axes(
    catalogue: Catalogue, atoms: Iterable[Atom], more: Iterable[str] = (), most: int = MOST
) -> tuple[Axis, ...]:
    """An axis for each fact that the atoms read, and for `more` facts, in the catalogue's order.

    TooManyError where one fact alone has more than `most` samples.
    """
    by_fact: dict[str, dict[str, Atom]] = {name: {} for name in more}
    for atom in atoms:
        by_fact.setdefault(atom.fact, {}).setdefault(word_atom(atom), atom)
    facts = [catalogue.facts[name] for name in catalogue.facts if name in by_fact]
    return tuple(Axis(fact, _classes(fact, [*by_fact[fact.name].values()], most)) for fact in facts)


def _classes(fact: Fact, atoms: Sequence[Atom], most: int) -> tuple[tuple[Sample, ...], ...]:
    """The fact's samples by what its atoms say of them; unknown is always a class of its own."""
    samples = list_samples(fact, atoms)
    if len(samples) > most:
        raise TooManyError(len(samples))
    words = Vocabulary({fact.name: fact}, {}, inline=True)
    rows = [Condition(atom, is_true(atom, words), is_false(atom, words)) for atom in atoms]
    evaluator = Evaluator(rows, atoms, indexed=False)
    classes: dict[object, list[Sample]] = {}
    for sample in samples:
        known = {} if sample.value is None else {fact.name: sample.value}
        classes.setdefault((evaluator.evaluate(known), sample.value is None), []).append(sample)
    return tuple(join(alike) for alike in classes.values())
