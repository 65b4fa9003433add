"""The JSON Schema of `facts.yaml`."""

from __future__ import annotations

from boucle.rules.declarations.derived_facts import KEYS, OF_LOOPS, OVER, VERBS
from boucle.rules.declarations.fact_entry import EVERYWHERE_KEYS, ONLY_KEYS, TYPES
from boucle.rules.declarations.facts_file import HEADER
from boucle.rules.writing.schema_parts import (
    CONDITION,
    SPAN,
    TEXT,
    Names,
    Schema,
    entries,
    list_of,
    mapping,
    named,
    one_of,
    told,
    where,
    whole_file,
)

_NEEDED = {"decimal": ["digits"], "enum": ["values"], "set": ["of"]}

_FACT: dict[str, Schema] = {
    "score": told("The metric of a score: nps, csat, ces, or one of your own.", {
        "type": "string", "pattern": "^[a-z][a-z0-9_]{0,39}$", "examples": ["nps", "csat", "ces"],
    }),
    "scale": told("Lowest and highest score, such as 1..5; left out for nps.", {
        "type": "string", "pattern": r"^-?\d{1,9}\.\.-?\d{1,9}$", "examples": ["1..5", "1..7"],
    }),
    "type": told("What kind of value it is; scores have none.", one_of(TYPES)),
    "values": told("The values of an enum.", list_of(TEXT)),
    "of": told("The members of a set.", list_of(TEXT)),
    "unlisted": told("What is not in the list counts as unknown.", one_of(["unknown"])),
    "digits": told("How many decimals.", {"type": "integer", "minimum": 0, "maximum": 9}),
    "min": told("The lowest value, included.", {"type": "number"}),
    "max": told("The highest value, included.", {"type": "number"}),
    "optional": told("It may be unknown.", {"type": "boolean"}),
    "pii": told("Personal: never shown in because, logs or workflows.", {"type": "boolean"}),
}  # fmt: skip


def facts_schema(plays: frozenset[str], names: Names) -> Schema:
    """The catalogue: what responses bring, what is computed of earlier ones, and named lists."""
    file = mapping(
        {
            "facts": told("What a rule may read of a response, by name.", entries(_fact())),
            "derived": told(
                "What is computed of what was accepted before this response, by name.",
                entries(_derived(plays, names)),
            ),
            "lists": told(
                "Lists of constants, for every condition after in, has any and contains any.",
                entries(list_of({"type": ["string", "number", "boolean"]})),
            ),
        },
        ["facts"],
    )
    return whole_file("facts", HEADER, file)


def _fact() -> Schema:
    """A score or a typed fact, each with its own keys."""
    score = {"required": ["score"]}
    kinds = [
        where(
            {"type": {"const": type_}},
            {
                "propertyNames": one_of(EVERYWHERE_KEYS | ONLY_KEYS.get(type_, set())),
                "required": _NEEDED.get(type_, []),
            },
        )
        for type_ in sorted(TYPES)
    ]
    is_score = {
        "if": score,
        "then": {"propertyNames": one_of({"score", "scale", "optional", "pii"})},
        "else": {"required": ["type"]},
    }
    scaled = where({"score": {"not": {"const": "nps"}}}, {"required": ["scale"]})
    return {**mapping(_FACT), "allOf": [is_score, scaled, *kinds]}


def _derived(plays: frozenset[str], names: Names) -> Schema:
    """Exactly one verb, and what it counts or takes."""
    fact = named(names.facts, TEXT)
    subject = {"anyOf": [fact, one_of(OVER)]} if names.facts else TEXT
    said = {
        "count": told("How many there were.", one_of(OVER)),
        "last": told("What the last one was: a fact of a response, or loops with 'of'.", subject),
        "days_since": told("How many whole days ago the last one was.", one_of(OVER)),
        "change": told("By how much a number differs from what it was before.", fact),
        "of": told("What to take of the last loop.", one_of(OF_LOOPS)),
        "where": told("Only responses for which this condition holds.", CONDITION),
        "play": told("Only loops of this play.", one_of(plays)),
        "within": told("How far back from this response's date; left out: ever.", SPAN),
        "per": told("Whose responses and loops are looked at.", one_of(["contact", "customer"])),
    }
    verbs = [{"required": [verb]} for verb in VERBS]
    of = where({"last": {"const": "loops"}}, {"required": ["of"]})
    return {**mapping({key: said[key] for key in sorted(KEYS)}, ["per"]), "oneOf": verbs, "allOf": [of]}
