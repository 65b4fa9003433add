"""The JSON Schema of a pydantic model, as a file writes it: spans and amounts as text, own names listed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel

from boucle.rules.writing.schema_parts import DIALECT, DURATION, MOMENT, MONEY, Names, Schema, named

_WRITTEN: Mapping[str, Schema] = {"Duration": DURATION, "Money": MONEY, "Moment": MOMENT}
"""Types that a file holds as text, by the name of their definition."""


def model_schema(model: type[BaseModel], names: Names) -> Schema:
    """The schema of a model, whole in itself."""
    raw = model.model_json_schema(mode="validation")
    definitions = raw.pop("$defs", {})
    schema = _plain(raw, definitions, names)
    return schema if isinstance(schema, dict) else {}


def _plain(node: Any, definitions: Mapping[str, Any], names: Names) -> Any:
    """A node with references resolved, titles gone, and the kinds of names filled in."""
    if isinstance(node, list):
        return [_plain(item, definitions, names) for item in node]
    if not isinstance(node, dict):
        return node
    if "$ref" in node:
        beside = {key: value for key, value in node.items() if key != "$ref"}
        return {**_definition(node["$ref"], definitions, names), **_plain(beside, definitions, names)}
    if "named_in" in node:
        return _named(node, names)
    return {
        key: _properties(value, definitions, names)
        if key == "properties"
        else _plain(value, definitions, names)
        for key, value in node.items()
        if not _is_noise(key, value)
    }


def _is_noise(key: str, value: object) -> bool:
    """A title made of the field's own name, or that nothing is the default."""
    return key == "title" or (key == "default" and value is None)


def _properties(properties: Any, definitions: Mapping[str, Any], names: Names) -> Schema:
    """Properties by name: a key called `title` is one of them, and no title."""
    return {key: _plain(value, definitions, names) for key, value in properties.items()}


def _definition(reference: str, definitions: Mapping[str, Any], names: Names) -> Schema:
    name = reference.rpartition("/")[2]
    if name in _WRITTEN:
        return dict(_WRITTEN[name])
    schema = _plain(definitions[name], definitions, names)
    return schema if isinstance(schema, dict) else {}


def _named(node: Mapping[str, Any], names: Names) -> Schema:
    kinds = {
        "template": names.templates,
        "team": names.teams,
        "person": names.people,
        "skill": names.skills,
    }
    known = kinds.get(node["named_in"])
    kept = {key: value for key, value in node.items() if key in {"description", "default"}}
    shape = {key: value for key, value in node.items() if key in {"type", "pattern"}}
    return {**named(known, shape), **kept}


def settings_schema(settings: type[BaseModel]) -> Schema:
    """The schema of `boucle.toml`, whose sections are those of the settings' model."""
    return {"$schema": DIALECT, **model_schema(settings, Names()), "title": "settings"}
