"""Regions against the evaluator, and the algebra of boxes against sets of cells."""

from __future__ import annotations

import random
from collections.abc import Iterator
from itertools import product

import pytest

from boucle.rules.analysis.grid import Grid, Region, TooLargeError
from boucle.rules.analysis.partition import Cell, Partition, partition
from boucle.rules.analysis.space import Space
from boucle.rules.analysis.wording import word_region
from boucle.rules.expressions import list_atoms
from tests.unit.test_partition import asked, compiled, condition

SIZES = (3, 2, 4, 1, 2)


# -- boxes --------------------------------------------------------------------------------------


def cells_of(grid: Grid, region: Region) -> set[tuple[int, ...]]:
    """The cells of a region, one by one."""
    return {cell for box in region for cell in product(*(classes(grid, box, axis) for axis in range(5)))}


def classes(grid: Grid, box: int, axis: int) -> list[int]:
    mask = grid.mask(box, axis)
    return [number for number in range(grid.sizes[axis]) if mask >> number & 1]


def random_boxes(chance: random.Random, grid: Grid, most: int) -> list[int]:
    boxes = []
    for _ in range(chance.randint(0, most)):
        box = grid.everything
        for axis, size in enumerate(grid.sizes):
            if chance.random() < 0.5:
                box &= grid.box(axis, chance.randint(1, (1 << size) - 1))
        boxes.append(box)
    return boxes


@pytest.mark.parametrize("seed", range(60))
def test_boxes_are_sets_of_cells(seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311 reproducible, not secret
    grid = Grid(SIZES)
    one, other = random_boxes(chance, grid, 4), random_boxes(chance, grid, 8)
    left, right = cells_of(grid, one), cells_of(grid, other)
    assert cells_of(grid, grid.meet(one, other)) == left & right
    assert cells_of(grid, grid.subtract(one, other)) == left - right
    assert cells_of(grid, grid.tidy(list(other))) == right
    found = grid.find_outside(one, other)
    assert (found is None) == (not left - right)
    if found is not None:
        assert cells_of(grid, [found]) <= left - right
        assert cells_of(grid, [grid.first_cell(found)]) <= left - right


def test_an_empty_field_is_an_empty_box() -> None:
    grid = Grid(SIZES)
    assert grid.is_empty(grid.box(2, 0))
    assert not grid.is_empty(grid.everything)
    assert grid.is_empty(grid.box(0, 1) & grid.box(0, 2))


def test_a_search_that_looks_at_too_much_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("boucle.rules.analysis.grid.MOST_OF_ONE", 1_000)
    chance = random.Random(3)  # noqa: S311 reproducible, not secret
    grid = Grid([2] * 60)
    covers = []
    for _ in range(250):
        box = grid.everything
        for axis in chance.sample(range(60), 3):
            box &= grid.box(axis, chance.choice((1, 2)))
        covers.append(box)
    with pytest.raises(TooLargeError):
        grid.find_outside([grid.everything], covers)
    assert grid.looked_at <= 1_000 + len(covers)


# -- conditions ---------------------------------------------------------------------------------


def box_of(space: Space, cell: Cell) -> int:
    """The cell of the space in which a cell of a partition lies."""
    return sum(
        1 << space.grid.offsets[number] + axis.values.index(cell.get(axis.fact.name))
        for number, axis in enumerate(space.axes)
    )


def lies_in(cell: int, region: Region) -> bool:
    return any(cell & ~box == 0 for box in region)


def small_questions() -> Iterator[str]:
    chance = random.Random(7)  # noqa: S311 reproducible, not secret
    while True:
        yield condition(chance, 3)


def laid_out(when: str) -> tuple[Partition, Space] | None:
    """A condition's partition and space; None where there are too many cells for a quick test."""
    bundle = compiled(when)
    found = partition(bundle.catalogue, asked(bundle))
    if not isinstance(found, Partition) or found.size > 300:
        return None
    rule_set = bundle.rule_sets[0]
    return found, Space(bundle, list_atoms(rule_set.rules[0].condition.when, rule_set.definitions))


def test_a_condition_holds_in_its_region_and_nowhere_else() -> None:
    looked_at = 0
    for _, when in zip(range(40), small_questions(), strict=False):
        if (laid := laid_out(when)) is None:
            continue
        found, space = laid
        compiled_condition = space.bundle.conditions.conditions[
            space.bundle.rule_sets[0].rules[0].condition.slot
        ]
        true, false = space.where(compiled_condition.true), space.where(compiled_condition.false)
        may = space.where_not(compiled_condition.false)
        for cell, (truth,) in found.all_truths():
            box = box_of(space, cell)
            assert not lies_in(box, space.impossible)
            assert lies_in(box, true) == (truth == "true"), (when, cell)
            assert lies_in(box, false) == (truth == "false"), (when, cell)
            assert lies_in(box, may) == (truth != "false"), (when, cell)
            looked_at += 1
    assert looked_at > 300


def test_a_region_in_words_is_read_as_the_same_region() -> None:
    said = 0
    for _, when in zip(range(35), small_questions(), strict=False):
        if (laid := laid_out(when)) is None:
            continue
        _, space = laid
        slot = space.bundle.rule_sets[0].rules[0].condition.slot
        region = space.where(space.bundle.conditions.conditions[slot].true)
        words = word_region(space, region) if 0 < len(region) <= 3 else "…"
        if "…" in words or words == "a response comes in":
            continue
        again = compiled(when, words)
        rules = again.rule_sets[0].rules
        both = partition(again.catalogue, asked(again))
        assert isinstance(both, Partition), rules
        for cell, (one, other) in both.all_truths():
            assert (one == "true") == (other == "true"), (when, words, cell)
        said += 1
    assert said > 5
