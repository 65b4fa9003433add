"""Which of a play's parameters name something of the workspace, found by their `NamedIn` mark."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any, get_args, get_origin

from pydantic import BaseModel

from boucle.model import NamedIn

Named = tuple[tuple[str | int, ...], str, str]
"""The path to a parameter, the kind that it names, and the name given."""


def named_params(params: BaseModel, path: tuple[str | int, ...] = ()) -> Iterator[Named]:
    """Every marked parameter of a validated model, those with their default included."""
    for name, field in type(params).model_fields.items():
        value = getattr(params, name)
        marks = [mark for mark in field.metadata if isinstance(mark, NamedIn)]
        if marks and isinstance(value, str):
            yield (*path, name), marks[0].kind, value
        else:
            yield from _within(field.annotation, value, (*path, name))


def _within(annotation: Any, value: object, path: tuple[str | int, ...]) -> Iterator[Named]:
    if isinstance(value, BaseModel):
        yield from named_params(value, path)
    elif isinstance(value, str):
        kind = _kind(annotation, value)
        if kind is not None:
            yield path, kind, value
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield from _within(_last_of(annotation), item, (*path, str(key)))
    elif isinstance(value, Sequence):
        for index, item in enumerate(value):
            yield from _within(_last_of(annotation, 0), item, (*path, index))


def _kind(annotation: Any, value: str) -> str | None:
    """The kind that a text names; None where it is plain, or one of a closed list of words."""
    kinds: list[str] = []
    for part in _alternatives(annotation):
        if get_origin(part) is Annotated:
            kinds.extend(mark.kind for mark in part.__metadata__ if isinstance(mark, NamedIn))
        elif value in get_args(part):
            return None
    return kinds[0] if kinds else None


def _alternatives(annotation: Any) -> tuple[Any, ...]:
    """The arms of a union; any other annotation alone."""
    if get_origin(annotation) is None or get_origin(annotation) is Annotated:
        return (annotation,)
    arms = get_args(annotation)
    return arms if any(get_origin(arm) is Annotated for arm in arms) else (annotation,)


def _last_of(annotation: Any, at: int = -1) -> Any:
    """The type of a container's items (or of a mapping's values)."""
    arguments = get_args(annotation)
    return arguments[at] if arguments else None
