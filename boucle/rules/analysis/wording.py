"""Witnesses and regions in words: facts as a rule test takes them, regions as a condition reads."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from functools import reduce
from operator import and_, or_

from pydantic import JsonValue

from boucle.model import FactValue
from boucle.rules.analysis.axes import Axis
from boucle.rules.analysis.grid import Region
from boucle.rules.analysis.samples import Sample, join
from boucle.rules.analysis.space import Space
from boucle.rules.catalogue import Catalogue, Fact
from boucle.rules.encoding import decode_value
from boucle.rules.phrases import word_constant, word_value

_SHOWN = 3
_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_ -]*", re.ASCII)
_NOT_TEXT = frozenset(("true", "false", "null", "yes", "no", "on", "off", "y", "n"))


# -- witnesses ----------------------------------------------------------------------------------


def word_facts(catalogue: Catalogue, cell: Mapping[str, JsonValue]) -> str:
    """A cell as YAML that can stand after `facts:`; None is unknown."""
    facts = catalogue.facts
    values = {
        name: value if value is None else decode_value(facts[name], value) for name, value in cell.items()
    }
    return "{" + ", ".join(f"{name}: {_yaml(value)}" for name, value in values.items()) + "}"


def _yaml(value: FactValue | None) -> str:
    match value:
        case None:
            return "null"
        case tuple():
            return f"[{', '.join(_yaml(member) for member in value)}]"
        case bool() | int() | Decimal():
            return word_value(value)
        case _:
            text = word_value(value)
            plain = _PLAIN.fullmatch(text) and text.casefold() not in _NOT_TEXT
            return text if plain else json.dumps(text, ensure_ascii=False)


# -- regions ------------------------------------------------------------------------------------


def word_region(space: Space, region: Region) -> str:
    """A region as a condition: what its boxes have in common, and then one alternative for each.

    Of many alternatives only the first few are said, and then `…`.
    """
    grid = space.grid
    common = {axis for axis, field in enumerate(grid.fields) if len({box & field for box in region}) == 1}
    shared = _word_axes(space, region[0], common)
    if len(region) == 1:
        return " and ".join(shared) or "a response comes in"
    others = set(range(len(space.axes))) - common
    alternatives = [" and ".join(_word_axes(space, box, others)) for box in region[:_SHOWN]]
    alternatives += [] if len(region) <= _SHOWN else ["…"]
    return " and ".join([*shared, f"({' or '.join(alternatives)})"])


def _word_axes(space: Space, box: int, axes: Collection[int]) -> list[str]:
    """What a box asks of some of the facts; of a fact with any value, nothing."""
    return [
        _word_axis(space, axis, space.grid.mask(box, number))
        for number, axis in enumerate(space.axes)
        if number in axes and box & space.grid.fields[number] != space.grid.fields[number]
    ]


def _word_axis(space: Space, axis: Axis, mask: int) -> str:
    chosen = [samples for at, samples in enumerate(axis.classes) if mask >> at & 1]
    known = [samples for samples in chosen if samples[0].value is not None]
    every = len(known) == sum(samples[0].value is not None for samples in axis.classes)
    name = axis.fact.name
    if every:
        return f"{name} is known"
    parts = list(_word_known(space, axis, known, mask)) if known else []
    if len(known) < len(chosen):
        parts.append(f"{name} is unknown")
    return parts[0] if len(parts) == 1 else f"({' or '.join(parts)})"


def _word_known(space: Space, axis: Axis, classes: Sequence[Sequence[Sample]], mask: int) -> Iterator[str]:
    fact = axis.fact
    samples = [sample for samples in classes for sample in samples]
    match fact.type:
        case "bool":
            yield fact.name if samples[0].value is True else f"not {fact.name}"
        case "enum":
            values = [word_constant(str(sample.value)) for sample in samples]
            relation = f"== {values[0]}" if len(values) == 1 else f"in [{', '.join(values)}]"
            yield f"{fact.name} {relation}"
        case "set" | "text":
            yield from _word_atoms(space, axis, mask & space.known(fact.name))
        case _:
            ordered = sorted(samples, key=lambda sample: sample.low or 0)
            yield from (_word_stretch(fact, sample, axis) for sample in join(ordered))


def _word_atoms(space: Space, axis: Axis, mask: int) -> Iterator[str]:
    """What is asked of a set or a text: what all its classes have in common, then what tells them apart."""
    known = space.known(axis.fact.name)
    literals: dict[str, int] = {}
    for text, holds in space.atom_masks(axis.fact.name).items():
        literals |= {text: holds, f"not {text}": known & ~holds}
    shared = _fewest({text: holds for text, holds in literals.items() if mask & ~holds == 0}, known)
    common = _meet(shared.values(), known)
    inner = {text: holds & common for text, holds in literals.items() if holds & common & ~mask == 0}
    apart = [] if common == mask else [text for text, holds in inner.items() if holds]
    if common != mask and _join(inner.values()) != mask:
        apart.append("…")
    yield " and ".join([*shared, f"({' or '.join(apart)})"] if len(apart) > 1 else [*shared, *apart])


def _fewest(literals: dict[str, int], known: int) -> dict[str, int]:
    """The literals without those that the others say already."""
    kept = dict(literals)
    for text in reversed(literals):
        others = {other: holds for other, holds in kept.items() if other != text}
        if _meet(others.values(), known) == _meet(kept.values(), known):
            kept = others
    return kept


def _meet(masks: Iterable[int], known: int) -> int:
    return reduce(and_, masks, known)


def _join(masks: Iterable[int]) -> int:
    return reduce(or_, masks, 0)


def _word_stretch(fact: Fact, sample: Sample, axis: Axis) -> str:
    ends = [one for samples in axis.classes for one in samples if one.value is not None]
    lowest = min(one.low for one in ends if one.low is not None)
    highest = max(one.high for one in ends if one.high is not None)
    low, high = (word_constant(decode_value(fact, end)) for end in (sample.low, sample.high))
    if sample.low == sample.high:
        return f"{fact.name} == {low}"
    if sample.low == lowest and fact.low is None:
        return f"{fact.name} <= {high}"
    if sample.high == highest and fact.high is None:
        return f"{fact.name} >= {low}"
    return f"{fact.name} in {low}..{high}"
