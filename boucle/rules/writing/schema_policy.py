"""The JSON Schema of `policy.yaml`."""

from __future__ import annotations

from boucle.rules.declarations.policy_file import HEADER, REVISIONS
from boucle.rules.declarations.policy_gates import BUDGET_KEYS, CAP_KEYS, HOLDOUT_KEYS, PERIODS
from boucle.rules.declarations.quiet_hours import KEYS as QUIET_KEYS
from boucle.rules.declarations.suppressions import DOES, WINDOW_KEYS
from boucle.rules.writing.schema_parts import (
    CONDITION,
    INSTANT,
    MONEY,
    SPAN,
    WORD,
    Schema,
    list_of,
    mapping,
    one_of,
    told,
    where,
    whole_file,
    zone,
)


def policy_schema(plays: frozenset[str]) -> Schema:
    """What holds for every rule set."""
    age = {"anyOf": [SPAN, {"const": "none"}]}
    file = mapping(
        {
            "max_age": told("How old a response may be and still start something; none: any age.", age),
            "timezone": told("The zone of windows and calendar budgets.", zone()),
            "quiet_hours": told("When no message goes to a customer.", _quiet_hours()),
            "revisions": told(
                "keep: the first decision stands; redecide: see the reference.", one_of(REVISIONS)
            ),
            "suppress": told("When plays are held back.", list_of(_suppression(plays), least=0)),
            "caps": told("How often anybody hears from you.", list_of(_cap(plays), least=0)),
            "budgets": told("How much may be spent.", list_of(_budget(), least=0)),
            "holdouts": told("Who is left without, to measure.", list_of(_holdout(plays), least=0)),
        }
    )
    return whole_file("policy", HEADER, file)


def _quiet_hours() -> Schema:
    time = {"type": "string", "pattern": "^([01]\\d|2[0-3]):[0-5]\\d$"}
    said = {"from": told("When they begin, local time.", time), "until": told("When they are over.", time)}
    return mapping(said, QUIET_KEYS)


def _id(what: str) -> Schema:
    return told(f"The id by which decisions name this {what}.", WORD)


def _plays(plays: frozenset[str]) -> Schema:
    return told("The plays that it is about.", {**list_of(one_of(plays)), "uniqueItems": True})


def _suppression(plays: frozenset[str]) -> Schema:
    window = {
        "from": told("When it begins.", INSTANT),
        "until": told("When it is over.", INSTANT),
    }
    entry = mapping(
        {
            "id": _id("suppression"),
            "plays": _plays(plays),
            "window": told("From when until when plays are held back.", mapping(window, WINDOW_KEYS)),
            "when": told("While this holds, or cannot be told, plays are held back.", CONDITION),
            "do": told("drop: it never starts; defer: it starts when the window ends.", one_of(DOES)),
        },
        ["id"],
    )
    needs_window = where({"do": {"const": "defer"}}, {"required": ["window"]})
    return {**entry, "anyOf": [{"required": ["window"]}, {"required": ["when"]}], "allOf": [needs_window]}


def _cap(plays: frozenset[str]) -> Schema:
    said = {
        "id": _id("cap"),
        "plays": _plays(plays),
        "per": told("Whose starts are counted.", one_of(["contact", "customer"])),
        "max": told("How many starts there may be.", {"type": "integer", "minimum": 1, "maximum": 1_000_000}),
        "within": told("In how long a time, counted back from the acceptance.", SPAN),
    }
    return mapping(said, CAP_KEYS)


def _budget() -> Schema:
    said = {
        "id": _id("budget"),
        "limit": told("How much may be spent in each period.", MONEY),
        "per": told("The calendar period.", one_of(PERIODS)),
    }
    return mapping(said, BUDGET_KEYS)


def _holdout(plays: frozenset[str]) -> Schema:
    share = {"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 100, "examples": [10, 2.5]}
    said = {
        "id": _id("holdout"),
        "plays": _plays(plays),
        "percent": told("From how many of a hundred contacts the plays are held back.", share),
    }
    return mapping(said, HOLDOUT_KEYS)
