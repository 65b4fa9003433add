"""How a mistake in a workspace file words itself: one template each, filled with its own fields."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import SequenceMatcher, get_close_matches
from inspect import get_annotations
from itertools import takewhile
from typing import ClassVar, dataclass_transform

from boucle.errors import Mistake

_SHOWN = 60
_NEAR = 0.6


@dataclass_transform(frozen_default=True)
class Worded(Mistake):
    """A mistake whose text is a template over its fields. `mend` says what to do about it.

    Its subclasses are dataclasses to a reader and a type checker, but made without generated code: there
    are so many that every short command waited for it.
    """

    template: ClassVar[str]
    mend: ClassVar[str | None] = None
    _names: ClassVar[tuple[str, ...]] = ("place",)

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        own = (name for name, kind in get_annotations(cls).items() if not str(kind).startswith("ClassVar"))
        cls._names = (*cls._names, *(name for name in own if name not in cls._names))

    def __init__(self, *values: object, **named: object) -> None:
        given = dict(zip(self._names, values, strict=False)) | named
        if len(values) > len(self._names) or not given.keys() <= set(self._names):
            raise TypeError(f"{type(self).__name__} takes {', '.join(self._names)}")
        vars(self).update(
            {name: given[name] if name in given else getattr(self, name) for name in self._names}
        )

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and vars(self) == vars(other)

    def __hash__(self) -> int:
        return hash((type(self), *vars(self).values()))

    def __repr__(self) -> str:
        said = ", ".join(f"{name}={value!r}" for name, value in vars(self).items())
        return f"{type(self).__name__}({said})"

    @property
    def message(self) -> str:
        """What is wrong, in one line."""
        return self.template.format_map(self._fields())

    @property
    def help(self) -> str | None:
        """What to do about it, in one line."""
        return self.mend and self.mend.format_map(self._fields())

    def _fields(self) -> dict[str, object]:
        return {name: shown(value) if isinstance(value, str) else value for name, value in vars(self).items()}


def shown(text: str) -> str:
    """A user's text in one line of a message: printable, without line breaks."""
    return "".join(char if char.isprintable() else f"U+{ord(char):04X}" for char in " ".join(text.split()))


def shortened(text: str) -> str:
    """The beginning of a text, for a message that quotes it."""
    return text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"


def did_you_mean(name: str, names: Iterable[str]) -> str:
    """The end of a message that offers the nearest of the names; empty where none is near."""
    near = get_close_matches(name[:_SHOWN], list(names), n=3, cutoff=_NEAR)
    nearest = next((one for one in near if _ends_alike(name[:_SHOWN], one)), None)
    return f"; did you mean '{nearest}'?" if nearest else ""


def _ends_alike(name: str, other: str) -> bool:
    """Whether two names are still near without the words that both begin with, as in `customer.…`."""
    same = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(name, other, strict=False)))
    begun = max(name.rfind(sign, 0, same) for sign in "./_-") + 1
    return SequenceMatcher(None, name[begun:], other[begun:]).ratio() >= _NEAR if begun else True


def listed(names: Iterable[str], limit: int = 12) -> str:
    """Names in one line, cut after `limit`."""
    every = list(names)
    return ", ".join(every[:limit]) + (", …" if len(every) > limit else "")
