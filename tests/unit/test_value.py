"""A value is what a frozen dataclass is, without the code that one has written for it."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Mapping
from dataclasses import FrozenInstanceError, asdict, field, fields, replace
from typing import Any, ClassVar

import pytest

from boucle.rules.value import Value


class Point(Value):
    kind: ClassVar[str] = "point"

    x: int
    y: int = 0
    tags: Mapping[str, str] = field(default_factory=dict)
    seen: str = field(default="", repr=False, compare=False)


class Named(Point):
    name: str = "?"


def test_it_is_made_by_place_by_name_and_by_default() -> None:
    assert Point(1, 2) == Point(1, y=2) == Point(x=1, y=2)
    assert (Point(1).y, Point(1).tags, Point(1).seen) == (0, {}, "")
    assert Point(1).tags is not Point(1).tags
    assert Named(1, 2, {}, "", "a") == Named(1, 2, name="a")


@pytest.mark.parametrize(
    ("values", "named"),
    [((), {}), ((1, 2, {}, "", 5), {}), ((1,), {"z": 1}), ((1,), {"x": 1}), ((), {"y": 1})],
)
def test_it_refuses_what_does_not_fit(values: tuple[Any, ...], named: dict[str, Any]) -> None:
    with pytest.raises(TypeError, match="Point takes x, y, tags, seen"):
        Point(*values, **named)


def test_it_is_equal_and_hashed_by_what_it_compares() -> None:
    assert Point(1, seen="a") == Point(1, seen="b")
    assert Point(1) != Named(1)
    assert Point(1) != (1, 0, {}, "")
    assert hash(Point(1, 2, (), "a")) == hash(Point(1, 2, (), "b"))  # type: ignore[arg-type]  # a mapping has no hash


def test_it_cannot_be_changed() -> None:
    point = Point(1)
    with pytest.raises(FrozenInstanceError, match="cannot assign to field 'x'"):
        point.x = 2  # type: ignore[misc]  # the mistake itself
    with pytest.raises(FrozenInstanceError, match="cannot delete field 'x'"):
        del point.x
    assert point.x == 1


def test_it_shows_itself() -> None:
    assert repr(Named(1, seen="a", name="b")) == "Named(x=1, y=0, tags={}, name='b')"


def test_the_functions_of_dataclasses_and_patterns_take_it() -> None:
    point = Point(1, 2, {"a": "b"})
    assert replace(point, x=3) == Point(3, 2, {"a": "b"})
    assert asdict(point) == {"x": 1, "y": 2, "tags": {"a": "b"}, "seen": ""}
    assert [one.name for one in fields(Named)] == ["x", "y", "tags", "seen", "name"]
    match point:
        case Point(x, y=2):
            assert x == 1
        case _:
            pytest.fail("no pattern")


def test_it_is_copied_and_pickled() -> None:
    assert copy.deepcopy(Point(1)) == pickle.loads(pickle.dumps(Point(1))) == Point(1)  # noqa: S301 our own
