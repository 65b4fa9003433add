"""Boxes of cells as one integer each, and what can be asked of them.

A box is a choice of classes on every axis: all cells whose class is chosen on each. It is packed into
one integer with a field of bits for each axis and one spare bit above each field, so that two boxes
meet in one `&` and an empty field is seen in one subtraction. A region is a row of boxes that may
overlap. Nothing here knows what the cells mean.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

Region = Sequence[int]
"""Boxes, in any order; the empty row is the empty region."""

_MOST_BOXES = 4_000
_MOST_PAIRS = 200_000
_COMPARED = 200

MOST_OF_ONE = 1_000_000
MOST_OF_ALL = 6_000_000
"""How many boxes one search, and all searches in one grid, may look at: some seconds."""


class TooLargeError(Exception):
    """A region of too many boxes, or a search that looks at too many."""


class Grid:
    """The axes of a space by the number of their classes."""

    def __init__(self, sizes: Sequence[int]) -> None:
        self.sizes = tuple(sizes)
        self.offsets: list[int] = []
        at = 0
        for size in sizes:
            self.offsets.append(at)
            at += size + 1
        shifts = list(zip(self.sizes, self.offsets, strict=True))
        self.fields = tuple(((1 << size) - 1) << offset for size, offset in shifts)
        self.spare = sum(1 << offset + size for size, offset in shifts)
        self.lowest = sum(1 << offset for offset in self.offsets)
        self.everything = sum(self.fields)
        self.looked_at = 0

    def box(self, axis: int, mask: int) -> int:
        """The box of all cells whose class on one axis is in `mask`; it may be empty."""
        return self.everything & ~self.fields[axis] | mask << self.offsets[axis]

    def mask(self, box: int, axis: int) -> int:
        """The classes that a box chooses on an axis."""
        return (box & self.fields[axis]) >> self.offsets[axis]

    def is_empty(self, box: int) -> bool:
        """Whether a box holds no cell: some axis has no class left."""
        return ((box | self.spare) - self.lowest) & self.spare != self.spare

    def first_cell(self, box: int) -> int:
        """The cell of the first class on every axis, as a box."""
        return sum(field & box & -(field & box) for field in self.fields)

    # -- regions

    def meet(self, one: Region, other: Region) -> Region:
        """The cells of both."""
        if len(one) * len(other) > _MOST_PAIRS:
            raise TooLargeError
        spare, lowest = self.spare, self.lowest
        boxes = (left & right for left in one for right in other)
        return self.tidy([box for box in boxes if ((box | spare) - lowest) & spare == spare])

    def tidy(self, boxes: list[int]) -> Region:
        """The same region in fewer boxes: those that differ on one axis alone become one."""
        if len(boxes) < 2:  # noqa: PLR2004 # one box is as tidy as can be
            return boxes
        for field in self.fields:
            joined: dict[int, int] = {}
            for box in boxes:
                others = box & ~field
                joined[others] = joined.get(others, 0) | box
            boxes = list(joined.values())
        if len(boxes) > _MOST_BOXES:
            raise TooLargeError
        return _without_inner(boxes) if len(boxes) <= _COMPARED else boxes

    def subtract(self, region: Region, covers: Iterable[int]) -> Region:
        """The cells of a region that lie in none of the covering boxes, in boxes as large as can be."""
        left = list(region)
        for cover in covers:
            left = list(self.tidy([piece for box in left for piece in self._outside(box, cover)]))
        return left

    def _outside(self, box: int, cover: int) -> Iterator[int]:
        """The box without the cover: for each axis, what the cover leaves out there; these overlap."""
        if self.is_empty(box & cover):
            yield box
            return
        for field in self.fields:
            outside = box & field & ~cover
            if outside:
                yield box & ~field | outside

    # -- search

    def find_outside(self, region: Region, covers: Iterable[int]) -> int | None:
        """A box of cells of the region that lie in none of the covers; None: they cover all of it."""
        search = _Search(self)
        covers = list(covers)
        return next((found for box in region if (found := search.find(box, covers)) is not None), None)

    def constrained(self, box: int, cover: int) -> int:
        """One spare bit for each axis on which the cover leaves out a part of the box."""
        return (((box & ~cover) | self.spare) - self.lowest) & self.spare

    def spare_bit(self, axis: int) -> int:
        """The bit that `constrained` sets for an axis."""
        return 1 << self.offsets[axis] + self.sizes[axis]


def _without_inner(boxes: list[int]) -> list[int]:
    """The boxes that lie in no other."""
    kept: list[int] = []
    for box in sorted(boxes, key=int.bit_count, reverse=True):
        if not any(box & ~other == 0 for other in kept):
            kept.append(box)
    return kept


class _Search:
    """Looks for cells outside of all covers, by cutting along the axis that parts most of them."""

    def __init__(self, grid: Grid) -> None:
        self.grid = grid
        self.most = min(grid.looked_at + MOST_OF_ONE, MOST_OF_ALL)

    def find(self, box: int, covers: Sequence[int]) -> int | None:
        """As `Grid.find_outside`, for one box."""
        waiting = [(box, covers)]
        while waiting:
            box, covers = waiting.pop()
            box, live = self._shrink(box, covers)
            if live is None:
                continue
            if not live:
                return box
            waiting.extend((part, live) for part in self._cut(box, live))
        return None

    def _shrink(self, box: int, covers: Sequence[int]) -> tuple[int, list[int] | None]:
        """The box without what single covers take whole, and the covers that still reach into it."""
        live = self._live(box, covers)
        while live:
            single = self._single(box, live)
            if single is None:
                break
            box &= ~single
            live = self._live(box, live)
        return box, live

    def _live(self, box: int, covers: Sequence[int]) -> list[int] | None:
        """The covers that reach into the box; None where one holds all of it."""
        self.grid.looked_at += len(covers)
        if self.grid.looked_at > self.most:
            raise TooLargeError
        spare, lowest = self.grid.spare, self.grid.lowest
        live: list[int] = []
        for cover in covers:
            inner = cover & box
            if ((inner | spare) - lowest) & spare == spare:
                if inner == box:
                    return None
                live.append(inner)
        return live

    def _single(self, box: int, live: Sequence[int]) -> int | None:
        """The classes of one axis that a single cover takes whole."""
        for cover in live:
            axes = self.grid.constrained(box, cover)
            if axes & (axes - 1) == 0:
                axis = next(
                    number for number in range(len(self.grid.sizes)) if self.grid.spare_bit(number) == axes
                )
                return cover & self.grid.fields[axis]
        return None

    def _cut(self, box: int, live: Sequence[int]) -> tuple[int, int]:
        """The box in two: inside and outside of one cover, along the axis that parts most of them."""
        field = self._most_parted(box, live)
        inside = next(cover for cover in live if box & ~cover & field) & field
        return box & ~field | inside, box & ~inside

    def _most_parted(self, box: int, live: Sequence[int]) -> int:
        fields = self.grid.fields
        return max(fields, key=lambda field: sum((box & ~cover & field) != 0 for cover in live))
