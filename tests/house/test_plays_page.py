"""docs/plays.md says of every play what its model says."""

from __future__ import annotations

import re
from types import UnionType
from typing import Any, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from boucle.activities.templates import VARIABLES
from boucle.workflows import list_plays
from tests.house.source_tree import ROOT

PAGE = (ROOT / "docs/plays.md").read_text(encoding="utf-8")


def section(title: str) -> str:
    """The text under a heading, up to the next one of its level."""
    found = re.search(rf"^## {re.escape(title)}\n(.*?)(?=^## |\Z)", PAGE, re.MULTILINE | re.DOTALL)
    assert found is not None, f"docs/plays.md has no section '{title}'"
    return found[1]


def rows(text: str) -> list[tuple[str, ...]]:
    """The cells of every table row whose first cell is code."""
    lines = re.findall(r"^\| `([^`]+)` \|(.*)\|$", text, re.MULTILINE)
    return [(name, *(cell.strip() for cell in rest.split("|"))) for name, rest in lines]


def shown(field: FieldInfo) -> str:
    """A default as people write it."""
    if field.is_required():
        return "required"
    value = field.get_default(call_default_factory=True)
    if isinstance(value, tuple):
        return ", ".join(str(part) for part in value)
    return "none" if value is None else str(value)


def parameters(model: type[BaseModel], prefix: str = "") -> list[tuple[str, ...]]:
    """Every parameter with its default and meaning, those of its parts under it."""
    found: list[tuple[str, ...]] = []
    for name, field in model.model_fields.items():
        found.append((prefix + name, shown(field), field.description or ""))
        for part in parts(field.annotation):
            found.extend(parameters(part, f"{prefix}{name}."))
    return found


def parts(annotation: Any) -> list[type[BaseModel]]:
    """The parameter's own models: those that stand beside a play."""
    if get_origin(annotation) in {Union, UnionType}:
        return [part for choice in get_args(annotation) for part in parts(choice)]
    ours = isinstance(annotation, type) and annotation.__module__.startswith("boucle.workflows.")
    return [annotation] if ours else []


def test_every_play_and_parameter_is_documented_as_it_is() -> None:
    for name, play in list_plays().items():
        documented = rows(section(name).partition("\n| stage |")[0])
        assert documented == parameters(play.params), name


def test_every_variable_of_a_template_is_documented() -> None:
    expected = {f"{name}.{part}" for name, known in VARIABLES.items() for part in known} | {
        name for name, known in VARIABLES.items() if not known
    }
    assert {row[0] for row in rows(section("Templates"))} == expected
