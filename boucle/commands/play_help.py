"""A play's parameters, as its model states them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from boucle.commands.output import table
from boucle.worker.own_plays import find_own_plays


@dataclass(frozen=True)
class Parameter:
    """One parameter; `default` as people write it, None where it must be given."""

    name: str
    default: str | None
    meaning: str


def describe(play: str, model: type[BaseModel]) -> dict[str, Any]:
    """A play as JSON tells it; `package` is None for one of boucle's own."""
    package = find_own_plays().packages.get(play)
    return {"play": play, "package": package, "parameters": list(_parameters(model))}


def tell(described: dict[str, Any]) -> str:
    """A play as text tells it."""
    from_where = f", of the package {described['package']}" if described["package"] else ""
    rows = [(one.name, one.default or "(required)", one.meaning) for one in described["parameters"]]
    said = table(("parameter", "default", "meaning"), rows) if rows else "it takes no parameters"
    return f"start: {described['play']}{from_where}\n\n{said}"


def _parameters(model: type[BaseModel]) -> Iterator[Parameter]:
    for name, field in model.model_fields.items():
        yield Parameter(name, _default(field), field.description or "")


def _default(field: FieldInfo) -> str | None:
    if field.is_required():
        return None
    value = field.get_default(call_default_factory=True)
    if isinstance(value, tuple):
        return ", ".join(str(part) for part in value) or "none"
    return "none" if value is None else str(value)
