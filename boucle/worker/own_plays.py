"""The plays that installed packages bring, by the entry points of the group `boucle.plays`.

What such a package runs when it is imported is not ours: whatever it raises makes the play unusable, and
is told in one line with the package's name.
"""

from __future__ import annotations

import re
import string
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from boucle.workflows import play_params as our_params

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

    from pydantic import BaseModel

    from boucle.workflows.own_play import OwnPlay

GROUP = "boucle.plays"

_NAME = re.compile("[a-z][a-z0-9_]*")


@dataclass(frozen=True)
class Unusable:
    """A play of an installed package that cannot be used, and why."""

    play: str
    package: str
    problem: str

    def __str__(self) -> str:
        return f"the play '{self.play}' of the package {self.package} cannot be used: {self.problem}"


@dataclass(frozen=True)
class OwnPlays:
    """The plays of installed packages by name, the package of each, and those that cannot be used."""

    plays: Mapping[str, OwnPlay]
    packages: Mapping[str, str]
    unusable: tuple[Unusable, ...]


class UnfitPlayError(ValueError):
    """What an entry point names is no play; the text says why."""


def play_params() -> dict[str, type[BaseModel]]:
    """The parameter model of every play that a rule may start, by the play's name: ours and the packages'."""
    return {**our_params(), **{name: play.params for name, play in find_own_plays().plays.items()}}


@cache
def find_own_plays() -> OwnPlays:
    """Look for the plays of installed packages; no workflow is loaded. Done once in a process."""
    points = list(_list_points())
    plays: dict[str, OwnPlay] = {}
    unusable: list[Unusable] = []
    for point in points:
        try:
            plays[point.name] = _load(point, [one.name for one in points])
        except UnfitPlayError as error:
            unusable.append(Unusable(point.name, _package_of(point), str(error)))
            plays.pop(point.name, None)
    packages = {point.name: _package_of(point) for point in points if point.name in plays}
    return OwnPlays(plays, packages, tuple(unusable))


def _list_points() -> Iterator[EntryPoint]:
    """The entry points of the group; without any, the data of all that is installed are not read."""
    if not any(_names_group(Path(folder or ".")) for folder in sys.path):
        return
    from importlib.metadata import entry_points  # noqa: PLC0415 it costs every short command time

    yield from sorted(entry_points(group=GROUP), key=lambda point: (point.name, point.value))


def _names_group(folder: Path) -> bool:
    """Whether anything that is installed in a folder of the import path may bring a play."""
    patterns = ("*.dist-info/entry_points.txt", "*.egg-info/entry_points.txt")
    found = (path for pattern in patterns for path in folder.glob(pattern))
    return any(GROUP.encode() in path.read_bytes() for path in found)


def _package_of(point: EntryPoint) -> str:
    return f"{point.dist.name} {point.dist.version}" if point.dist else "of an unknown name"


def _load(point: EntryPoint, names: list[str]) -> OwnPlay:
    """What the entry point names; UnfitPlayError."""
    if not _NAME.fullmatch(point.name):
        raise UnfitPlayError("a play is named with lower-case letters, digits and '_'")
    if point.name in our_params():
        raise UnfitPlayError("boucle has a play of that name; give yours another")
    if names.count(point.name) > 1:
        raise UnfitPlayError("more than one installed package brings a play of that name")
    try:
        found = point.load()
    except Exception as error:  # other people's code, which may raise anything
        raise UnfitPlayError(f"importing {point.value} fails: {told_error(error)}") from error
    return _require_play(point.value, found)


def _require_play(value: str, found: object) -> OwnPlay:
    from pydantic import BaseModel  # noqa: PLC0415 only needed where there is a package

    from boucle.workflows.own_play import OwnPlay  # noqa: PLC0415 as above

    if not isinstance(found, OwnPlay):
        raise UnfitPlayError(f"{value} is a {type(found).__name__}, and should be an OwnPlay")
    if not (isinstance(found.params, type) and issubclass(found.params, BaseModel)):
        raise UnfitPlayError("its params are no pydantic model")
    try:
        found.params.model_rebuild()
    except Exception as error:  # what a model's own validators and types may raise
        raise UnfitPlayError(f"its params cannot be used: {told_error(error)}") from error
    for text in found.told.values():
        strange = _list_named(text) - set(found.params.model_fields)
        if strange:
            raise UnfitPlayError(f"'told' names {', '.join(sorted(strange))}, which its params do not have")
    return found


def _list_named(text: str) -> set[str]:
    try:
        return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}
    except ValueError as error:
        raise UnfitPlayError(f"'told' cannot be filled in: {error}") from error


def told_error(error: BaseException) -> str:
    """An error in one line: its type, and what it says."""
    said = " ".join(str(error).split())
    return f"{type(error).__name__}: {said}" if said else type(error).__name__
