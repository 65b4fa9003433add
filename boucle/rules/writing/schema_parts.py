"""JSON Schema (draft 2020-12) of what every workspace file is made of: names, spans, amounts, conditions.

A schema lets an editor complete keys and underline what cannot be. It never refuses what the readers
take; what only they can tell (a condition's grammar, dates that are none) it lets pass.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from boucle.model import DURATION_UNITS
from boucle.rules.catalogue import Fact
from boucle.rules.files import known_timezones
from boucle.rules.ruleset import Policy, RuleSet

Schema = dict[str, Any]
Properties = Mapping[str, Schema]

DIALECT = "https://json-schema.org/draft/2020-12/schema"

WORD: Schema = {"type": "string", "pattern": "^[a-z0-9][a-z0-9_-]{0,79}$"}
"""An id: lower-case letters, digits, `-` and `_`."""

TEXT: Schema = {"type": "string"}
ANY_SCALAR: Schema = {"type": ["string", "number", "boolean"]}


@dataclass(frozen=True)
class Names:
    """The workspace's own names, for completing; None where they are not known, so that any will do."""

    templates: Collection[str] | None = None
    teams: Collection[str] | None = None
    facts: Mapping[str, Fact] | None = None
    policy: Policy | None = None
    rule_sets: Sequence[RuleSet] | None = None
    people: Collection[str] | None = None
    skills: Collection[str] | None = None

    @property
    def budgets(self) -> list[str] | None:
        """The ids of the budgets."""
        return None if self.policy is None else [budget.id for budget in self.policy.budgets]

    @property
    def rules(self) -> list[str] | None:
        """The ids of the rules of all rule sets."""
        return None if self.rule_sets is None else [rule.id for one in self.rule_sets for rule in one.rules]


def told(doc: str, schema: Schema) -> Schema:
    """A schema with the line of doc that an editor shows."""
    return {**schema, "description": doc}


def one_of(words: Collection[str], *, doc: str | None = None) -> Schema:
    """One of a closed list of words."""
    schema: Schema = {"type": "string", "enum": sorted(set(words))}
    return told(doc, schema) if doc else schema


def named(names: Collection[str] | None, otherwise: Schema = WORD) -> Schema:
    """One of the workspace's names; any of the right shape where they are not known, or there are none."""
    return one_of(names) if names else dict(otherwise)


def or_null(schema: Schema) -> Schema:
    """The same, or null."""
    return {"anyOf": [schema, {"type": "null"}]}


def list_of(items: Schema, *, least: int = 1) -> Schema:
    """A list with at least so many items."""
    return {"type": "array", "items": items, "minItems": least}


def mapping(properties: Properties, needed: Collection[str] = ()) -> Schema:
    """A mapping with these keys and no others."""
    schema: Schema = {
        "type": "object",
        "properties": dict(properties),
        "additionalProperties": False,
        "required": sorted(needed),
    }
    return schema if needed else {key: value for key, value in schema.items() if key != "required"}


def entries(values: Schema, names: str | None = None) -> Schema:
    """A mapping whose keys are the author's own names; `names` is the pattern of them."""
    schema: Schema = {"type": "object", "additionalProperties": values}
    return {**schema, "propertyNames": {"pattern": names}} if names else schema


def where(conditions: Properties, then: Schema) -> Schema:
    """What must hold as soon as some keys have these values."""
    return {"if": {"properties": dict(conditions), "required": sorted(conditions)}, "then": then}


def whole_file(kind: str, header: str, schema: Schema) -> Schema:
    """The schema of a file; its first key says what it is."""
    says = told("What this file is, and in which version of the language.", {"const": header})
    properties = {"boucle": says, **schema["properties"]}
    required = sorted({"boucle", *schema.get("required", ())})
    return {"$schema": DIALECT, "title": kind, **schema, "properties": properties, "required": required}


# -- values that have a form of their own --------------------------------------------------------


def any_case(words: Collection[str]) -> str:
    """A pattern of words, in whatever case they are written; the longest first."""
    return "|".join(_any_case(word) for word in sorted(words, key=lambda word: (-len(word), word)))


def _any_case(word: str) -> str:
    return "".join(f"[{char}{char.upper()}]" if char.isalpha() else re.escape(char) for char in word)


_WALL = rf"\s*\d{{1,6}}\s*({any_case(DURATION_UNITS)})\s*"
_WORKING = [unit for unit, long in DURATION_UNITS.items() if long in {"hours", "days"}]
_BUSINESS = rf"\s*\d{{1,6}}\s*{_any_case('business')}\s+({any_case(_WORKING)})\s*"

SPAN: Schema = {
    "type": "string",
    "pattern": f"^{_WALL}$",
    "patternErrorMessage": "Write a duration such as 24h, 14 days or 2 weeks.",
    "examples": ["24h", "14 days", "2 weeks"],
}
"""A length of time on the wall clock."""

DURATION: Schema = {
    "type": "string",
    "pattern": f"^({_WALL}|{_BUSINESS})$",
    "patternErrorMessage": "Write a duration such as 24h, 14 days or 5 business days.",
    "examples": ["24h", "14 days", "5 business days", "4 business hours"],
}
"""A length of time, on the wall clock or in the team's working time."""

MOMENT: Schema = {
    "type": "string",
    "pattern": f"^(({_WALL}|{_BUSINESS}) (before|after) (first_contact|close)|"
    f"({_WALL}|{_BUSINESS}) after opening|(first_contact|close) missed)$",
    "patternErrorMessage": "Write a moment such as 2h before first_contact, close missed, 4h after opening.",
    "examples": ["2h before first_contact", "close missed", "1 business day after close", "4h after opening"],
}
"""A moment of a case, beside its clocks."""

MONEY: Schema = {
    "type": "string",
    "pattern": r"^\s*-?\d+(\.\d+)?\s+[A-Z]{3}\s*$",
    "patternErrorMessage": "Write an amount with its currency, such as 15.00 EUR.",
    "examples": ["15.00 EUR"],
}

PERCENT: Schema = {
    "type": "string",
    "pattern": r"^(?!0*(\.0*)?\s?%)\d{1,9}(\.\d{1,9})?\s?%$",
    "patternErrorMessage": "Write a share with its sign, such as 25% or 2.5%.",
    "examples": ["25%", "2.5%"],
}

DAY: Schema = {
    "type": "string",
    "pattern": r"^\d{4}-\d{2}-\d{2}$",
    "patternErrorMessage": "Write a day such as 2026-01-31.",
    "examples": ["2026-01-31"],
}

INSTANT: Schema = {
    "type": "string",
    "pattern": r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2})?(Z|[+-]\d{2}:\d{2})?$",
    "patternErrorMessage": "Write a local time such as 2026-12-24T00:00, or one with its offset.",
    "examples": ["2026-12-24T00:00", "2026-12-24T00:00+01:00"],
}

CONDITION: Schema = {
    "type": ["string", "object"],
    "minLength": 1,
    "examples": ["detractor", "nps in 0..6", 'customer.segment in ["key"]'],
}
"""A condition's text, or a JSONLogic mapping."""


def zone() -> Schema:
    """A name of the tz database."""
    return {"type": "string", "enum": sorted(known_timezones())}
