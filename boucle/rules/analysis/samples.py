"""Values of one fact that together show everything its atoms can say: one for each way to answer them.

Ordered facts fall into the constants that they are compared with and the stretches between, enums
into the values mentioned and one other, sets and texts into what can be in them at once. A fact that
may be unknown is also unknown.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from pydantic import JsonValue

from boucle.rules.catalogue import Fact
from boucle.rules.condition import Atom, Compare, Contains, Has, OneOf, Within
from boucle.rules.encoding import LARGEST, encode_value, fold
from boucle.rules.value import Value

_PARTS = ("/", "|", *map(chr, range(0x2500, 0x2C00)))
"""What may part texts in a sample, so that no needle is found across two of them."""

_ANY_TEXT = "something else"

MOST = 200_000
"""The most samples of one fact, and the most cells of one question."""


class TooManyError(Exception):
    """More values or cells than can be looked at one by one."""

    def __init__(self, count: int) -> None:
        super().__init__(f"{count} cells")
        self.count = count


class Sample(Value):
    """One encoded value, and for an ordered fact the stretch (both ends included) that it stands for.

    `value` None: the fact is unknown.
    """

    value: JsonValue
    low: int | None = None
    high: int | None = None


UNKNOWN = Sample(None)


def list_samples(fact: Fact, atoms: Sequence[Atom]) -> list[Sample]:
    """Samples among which every combination of truth values that the fact's atoms can have is found.

    TooManyError where a set or a text is asked for too many things at once.
    """
    match fact.type:
        case "bool":
            samples = [Sample(value) for value in (True, False)]
        case "enum":
            samples = [Sample(value) for value in fact.values]
        case "set":
            samples = [Sample([*sorted(members)]) for members in _unions(_by_member(atoms))]
        case "text":
            samples = [Sample(text) for text in _texts(fact, atoms)]
        case _:
            samples = list(_stretches(fact, atoms))
    return [*samples, UNKNOWN] if fact.optional else samples


# -- constants ----------------------------------------------------------------------------------


def _constants(fact: Fact, atoms: Iterable[Atom]) -> Iterator[JsonValue]:
    for atom in atoms:
        match atom:
            case Compare():
                yield encode_value(fact, atom.value)
            case OneOf():
                yield from (encode_value(fact, value) for value in atom.values)
            case Within():
                yield encode_value(fact, atom.low)
                yield encode_value(fact, atom.high)
            case _:
                pass


# -- numbers, dates, instants -------------------------------------------------------------------

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LIMITS: Mapping[str, tuple[int, int]] = {
    "date": ((date.min - _EPOCH.date()).days, (date.max - _EPOCH.date()).days),
    "instant": (
        (datetime(2, 1, 1, tzinfo=UTC) - _EPOCH) // timedelta(milliseconds=1),
        (datetime(9998, 1, 1, tzinfo=UTC) - _EPOCH) // timedelta(milliseconds=1),
    ),
}
"""The days and milliseconds of our calendar; an instant of its first and last years is refused."""


def _stretches(fact: Fact, atoms: Sequence[Atom]) -> Iterator[Sample]:
    """Each constant, and each stretch below, between and above that holds a value at all."""
    lowest, highest = _LIMITS.get(fact.type, (-LARGEST, LARGEST))
    low = lowest if fact.low is None else fact.low
    high = highest if fact.high is None else fact.high
    constants = {value for value in _constants(fact, atoms) if isinstance(value, int)}
    points = sorted(value for value in constants if low <= value <= high)
    if not points:
        yield Sample(min(max(0, low), high), low, high)
        return
    if low < points[0]:
        yield Sample(points[0] - 1, low, points[0] - 1)
    for point, following in zip(points, [*points[1:], high + 1], strict=True):
        yield Sample(point, point, point)
        if point + 1 < following:
            yield Sample(point + 1, point + 1, following - 1)


# -- sets and texts -----------------------------------------------------------------------------


def _unions(by_part: Mapping[str, int]) -> list[tuple[str, ...]]:
    """For each union of the masks that parts bring, the fewest parts found that bring it."""
    found: dict[int, tuple[str, ...]] = {0: ()}
    for part, mask in by_part.items():
        for before, parts in list(found.items()):
            together = before | mask
            if together not in found:
                found[together] = (*parts, part)
        if len(found) > MOST:
            raise TooManyError(len(found))
    return list(found.values())


def _by_member(atoms: Sequence[Atom]) -> dict[str, int]:
    """Which atoms each member that is asked for makes true, as bits."""
    masks: dict[str, int] = {}
    for number, atom in enumerate(atoms):
        for member in atom.members if isinstance(atom, Has) else ():
            masks[member] = masks.get(member, 0) | 1 << number
    return masks


def _by_needle(atoms: Sequence[Atom]) -> dict[str, int]:
    """Which atoms a text makes true that is this needle and nothing else, as bits."""
    asked = [
        (1 << number, [fold(needle) for needle in atom.needles])
        for number, atom in enumerate(atoms)
        if isinstance(atom, Contains)
    ]
    needles = [needle for atom in atoms if isinstance(atom, Contains) for needle in atom.needles]
    return {
        text: sum(bit for bit, folded in asked if any(one in fold(text) for one in folded))
        for text in dict.fromkeys(needles)
    }


def _texts(fact: Fact, atoms: Sequence[Atom]) -> list[str]:
    """Each constant, and a text that is none of them for each choice of needles that goes together.

    A text contains a needle put together from others only as one of them does: they are parted by a
    character that no needle holds. So these are exactly the combinations that any text can have.
    """
    constants = [str(value) for value in dict.fromkeys(_constants(fact, atoms))]
    needles = _by_needle(atoms)
    taken = "".join((*constants, *needles, *map(fold, needles)))
    part = next(part for part in _PARTS if part not in taken)
    found = [part.join(chosen) for chosen in _unions(needles)]
    found[0] = part if any(needle in _ANY_TEXT for needle in map(fold, needles)) else _ANY_TEXT
    return [*constants, *(text + part if text in constants else text for text in found)]


def join(samples: Sequence[Sample]) -> tuple[Sample, ...]:
    """The samples with neighbouring stretches made one."""
    joined: list[Sample] = []
    for sample in samples:
        last = joined[-1] if joined else None
        if last and last.high is not None and sample.low == last.high + 1:
            joined[-1] = replace(last, high=sample.high)
        else:
            joined.append(sample)
    return tuple(joined)
