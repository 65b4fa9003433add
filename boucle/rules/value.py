"""The base of what rules are read into: frozen dataclasses, made without generated code."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, FrozenInstanceError, dataclass, field, fields
from operator import attrgetter
from typing import Any, ClassVar, NoReturn, dataclass_transform


@dataclass_transform(frozen_default=True, field_specifiers=(field,))
class Value:
    """A frozen dataclass, to a reader, a type checker and the functions of `dataclasses`.

    The decorator would write and compile six functions for each class, and there are so many classes
    that every short command waited for it; here all share theirs.
    """

    __match_args__: ClassVar[tuple[str, ...]]
    _defaults: ClassVar[Mapping[str, Any]]
    _factories: ClassVar[Mapping[str, Any]]
    _compared: ClassVar[attrgetter[Any]]
    _shown: ClassVar[tuple[str, ...]]

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        made: Any = dataclass(init=False, repr=False, eq=False)(cls)
        own = fields(made)
        cls._defaults = {one.name: one.default for one in own if one.default is not MISSING}
        cls._factories = {one.name: one.default_factory for one in own if one.default_factory is not MISSING}
        cls._compared = attrgetter(*(one.name for one in own if one.compare))
        cls._shown = tuple(one.name for one in own if one.repr)

    def __init__(self, *values: object, **named: object) -> None:
        names = self.__match_args__
        if named or len(values) != len(names):
            self.__dict__.update(self._complete(values, named))
        else:
            self.__dict__.update(zip(names, values, strict=True))

    def _complete(self, values: tuple[object, ...], named: Mapping[str, object]) -> Mapping[str, object]:
        """What was given, by name, and the defaults of what was not; TypeError where it does not fit."""
        names = self.__match_args__
        given = {**dict(zip(names, values, strict=False)), **named}
        factories = ((name, make) for name, make in self._factories.items() if name not in given)
        every = {**self._defaults, **given, **{name: make() for name, make in factories}}
        if len(given) != len(values) + len(named) or every.keys() != set(names):
            raise TypeError(f"{type(self).__name__} takes {', '.join(names)}")
        return every

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise FrozenInstanceError(f"cannot assign to field {name!r}")

    def __delattr__(self, name: str) -> NoReturn:
        raise FrozenInstanceError(f"cannot delete field {name!r}")

    def __eq__(self, other: object) -> bool:
        if type(self) is not type(other):
            return NotImplemented
        return bool(self._compared(self) == self._compared(other))

    def __hash__(self) -> int:
        return hash(self._compared(self))

    def __repr__(self) -> str:
        said = ", ".join(f"{name}={getattr(self, name)!r}" for name in self._shown)
        return f"{type(self).__qualname__}({said})"
