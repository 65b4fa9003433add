"""Cells of a region as facts to be written into a test: as few as can be differ from what is usual."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import JsonValue

from boucle.model import FactValue
from boucle.rules.analysis.grid import Region
from boucle.rules.analysis.samples import Sample
from boucle.rules.analysis.space import Space
from boucle.rules.encoding import decode_value


def class_of(space: Space, fact: str, value: JsonValue) -> int:
    """The class of an encoded value on its fact's axis, as a mask; None is unknown. No bit: it has none."""
    classes = space.axes[space.numbers[fact]].classes
    numbers = {number for number, samples in enumerate(classes) for one in samples if _holds(one, value)}
    return sum(1 << number for number in numbers)


def _holds(sample: Sample, value: JsonValue) -> bool:
    """Whether a sample is a value, or stands for a stretch in which it lies."""
    if type(value) is int and sample.low is not None and sample.high is not None:
        return sample.low <= value <= sample.high
    return type(sample.value) is type(value) and sample.value == value


class Nearby:
    """Finds cells near the usual facts of a response, encoded; what they do not name is unknown."""

    def __init__(self, space: Space, usual: Mapping[str, JsonValue]) -> None:
        self.space = space
        names = [axis.fact.name for axis in space.axes]
        self.classes = [class_of(space, name, usual.get(name)) for name in names]

    def find(self, region: Region, covers: Region) -> dict[str, FactValue | None] | None:
        """What must differ from what is usual to lie in the region and in no cover; None: nothing can.

        None among the facts is unknown.
        """
        grid = self.space.grid
        for number, mask in enumerate(self.classes):
            narrower = grid.meet(region, [grid.box(number, mask)])
            if self.space.find_outside(narrower, covers) is not None:
                region = narrower
        box = self.space.find_outside(region, covers)
        return None if box is None else self._facts(box)

    def _facts(self, box: int) -> dict[str, FactValue | None]:
        grid = self.space.grid
        cell = grid.first_cell(box)
        found: dict[str, FactValue | None] = {}
        for number, axis in enumerate(self.space.axes):
            if not grid.mask(box, number) & self.classes[number]:
                value = axis.values[grid.mask(cell, number).bit_length() - 1]
                found[axis.fact.name] = None if value is None else decode_value(axis.fact, value)
        return found
