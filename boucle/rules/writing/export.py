"""A bundle's conditions as plain JSONLogic, for other programs and for whoever checks ours.

Each condition is two expressions, because JSONLogic knows no "unknown": one that is true exactly where the
condition is true, one that is true exactly where it is false. They stand alone: definitions are expanded, and
the facts that they read are encoded as the export itself says.
"""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import JsonValue

from boucle.rules.bundle import Bundle, CompiledCondition, CompiledRule, CompiledRuleSet
from boucle.rules.catalogue import Fact, FactType
from boucle.rules.condition import Contains, Expr
from boucle.rules.encoding import FOLDED, LARGEST
from boucle.rules.expressions import list_atoms
from boucle.rules.logic import Vocabulary, is_false, is_true
from boucle.rules.writing.condition_text import write_condition

FORMAT = "rules-export/v1"

ENCODING: Mapping[str, str] = {
    "conditions": "is_true is true where the condition is true, is_false where it is false. Where neither "
    "is, it is undecided: an unknown fact leaves it open. A rule fires only where is_true is true.",
    "facts": "The data is one object. The dots of a fact's name lead into objects inside objects: "
    'customer.segment is {"customer": {"segment": …}}. An unknown fact is left out, or null.',
    "int": "A JSON integer.",
    "decimal": "A JSON integer: the number times 10 to the power of its digits. 15.00 with two is 1500.",
    "bool": "true or false.",
    "enum": "Its value, as text.",
    "set": "A list of its members, each once.",
    "text": "Text in NFC.",
    "date": "A JSON integer: days since 1970-01-01.",
    "instant": "A JSON integer: milliseconds since 1970-01-01T00:00:00Z.",
    "folded": "Beside a text fact that 'contains' reads stands its folded copy, under the name that the fact "
    "says: NFD, casefold, NFD, without the characters of category Mn, NFC.",
    "range": f"Every integer lies within ±{LARGEST}.",
    "texts": "No constant has the shape of a duration or an instant, which some engines compare as one.",
}
"""How the facts must be handed to an engine that evaluates the export."""

_TYPES: Mapping[FactType, str] = {
    "int": "integer", "decimal": "integer", "bool": "boolean", "enum": "string", "set": "array",
    "text": "string", "date": "integer", "instant": "integer",
}  # fmt: skip


def export_bundle(bundle: Bundle) -> dict[str, JsonValue]:
    """The export of all rule sets of a bundle, as JSON."""
    folded = folded_facts(bundle)
    return {
        "boucle": FORMAT,
        "semantics": "kleene-1",
        "bundle": bundle.digest,
        "encoding": dict(ENCODING),
        "facts": {name: _describe(fact, folded) for name, fact in sorted(bundle.catalogue.facts.items())},
        "rule_sets": [_rule_set(rule_set, bundle) for rule_set in bundle.rule_sets],
    }


def folded_facts(bundle: Bundle) -> frozenset[str]:
    """The text facts whose folded copy the export reads."""
    return frozenset(
        atom.fact
        for rule_set in bundle.rule_sets
        for condition in _conditions(rule_set)
        for atom in list_atoms(condition, rule_set.definitions)
        if isinstance(atom, Contains)
    )


def _conditions(rule_set: CompiledRuleSet) -> list[Expr]:
    compiled = [
        rule_set.only_when,
        *(rule.condition for rule in rule_set.rules),
        rule_set.undecided.condition,
        *(reason.condition for reason in rule_set.otherwise),
    ]
    return [
        *(one.when for one in compiled if one is not None),
        *(definition.when for definition in rule_set.definitions.values()),
    ]


# -- facts --------------------------------------------------------------------------------------


def _describe(fact: Fact, folded: frozenset[str]) -> JsonValue:
    """A fact in the words of JSON Schema, and of the export."""
    limits = {"minimum": fact.low, "maximum": fact.high}
    described: dict[str, JsonValue] = {
        "type": _TYPES[fact.type],
        "encoding": fact.type,
        **{key: limit for key, limit in limits.items() if limit is not None},
        **({"digits": fact.digits} if fact.type == "decimal" else {}),
        **_listed(fact),
        "may_be_unknown": fact.optional,
        "personal": fact.pii,
        "computed": fact.derived,
    }
    return {**described, "folded": fact.name + FOLDED} if fact.name in folded else described


def _listed(fact: Fact) -> dict[str, JsonValue]:
    values: list[JsonValue] = [*fact.values]
    if fact.type == "set":
        return {"items": {"enum": values}, "uniqueItems": True}
    return {"enum": values} if values else {}


# -- conditions ---------------------------------------------------------------------------------


def _rule_set(rule_set: CompiledRuleSet, bundle: Bundle) -> JsonValue:
    words = Vocabulary(bundle.catalogue.facts, rule_set.definitions, inline=True)
    undecided = rule_set.undecided
    return {
        "ruleset": rule_set.name,
        "timezone": rule_set.timezone,
        "hit_policy": rule_set.hit_policy,
        "only_when": _found(rule_set.only_when, words),
        "define": {
            name: {**_condition(definition.when, words), "if_unknown": definition.if_unknown}
            for name, definition in rule_set.definitions.items()
        },
        "rules": [_rule(rule, words) for rule in rule_set.rules],
        "undecided": {"condition": _found(undecided.condition, words), "start": undecided.play},
        "otherwise": [
            {"code": reason.code, "text": reason.text, **_condition(reason.condition.when, words)}
            for reason in rule_set.otherwise
        ],
    }


def _rule(rule: CompiledRule, words: Vocabulary) -> JsonValue:
    return {
        "id": rule.id,
        "title": rule.title,
        "effective_from": rule.effective_from.isoformat() if rule.effective_from else None,
        "effective_until": rule.effective_until.isoformat() if rule.effective_until else None,
        "start": rule.play,
        **_condition(rule.condition.when, words),
    }


def _found(condition: CompiledCondition | None, words: Vocabulary) -> JsonValue:
    return None if condition is None else _condition(condition.when, words)


def _condition(when: Expr, words: Vocabulary) -> dict[str, JsonValue]:
    return {
        "when": write_condition(when),
        "is_true": is_true(when, words),
        "is_false": is_false(when, words),
    }
