"""The JSON Schema of a file of `rules/`: what may stand in it, and each play's parameters under `with`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from boucle.rules.declarations.guarantee_entry import PROMISES
from boucle.rules.declarations.params import PlayParams
from boucle.rules.declarations.rule_entry import DEFAULTS, REASON_KEYS, RULE_KEYS, RULE_NEEDS, UNDECIDED_KEYS
from boucle.rules.declarations.rule_gates import EXEMPTION_KEYS, GATES, IF_OPEN, MODES, RESTARTS
from boucle.rules.declarations.rules_file import HEADER, HIT_POLICIES
from boucle.rules.declarations.side_acts import TAGS
from boucle.rules.declarations.spending import EXHAUSTED_KEYS
from boucle.rules.writing.schema_models import model_schema
from boucle.rules.writing.schema_parts import (
    CONDITION,
    DAY,
    PERCENT,
    TEXT,
    WORD,
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
    zone,
)

_DEFINITION = mapping(
    {
        "when": told("The condition that the name stands for.", CONDITION),
        "if_unknown": told("What cannot be told counts as false.", {"const": False}),
    },
    ["when"],
)

_REASON = mapping(
    {
        "code": told("The reason's id.", WORD),
        "when": told("When it is the reason.", CONDITION),
        "text": told("The reason in words.", TEXT),
    },
    REASON_KEYS,
)

_EXEMPTION = mapping(
    {
        "gates": told("The gates that do not hold it back.", {**list_of(one_of(GATES)), "uniqueItems": True}),
        "reason": told("Why not; it stands in every decision.", {"type": "string", "minLength": 1}),
    },
    EXEMPTION_KEYS,
)


def rules_schema(plays: PlayParams, names: Names) -> Schema:
    """One rule set. Which parameters stand under `with` hangs on the play that `start` names."""
    rule = _rule(plays, names)
    file = mapping(
        {
            "ruleset": told("The rule set's name.", WORD),
            "description": told("What it is for, for people.", TEXT),
            "owner": told("Who looks after it.", TEXT),
            "timezone": told("The zone in which effective counts days.", zone()),
            "only_when": told("Which responses this set decides.", CONDITION),
            "hit_policy": told(
                "first: file order is priority; unique: no two may hold.", one_of(HIT_POLICIES)
            ),
            "define": told("Named conditions.", entries(_DEFINITION, "^[A-Za-z][A-Za-z0-9_]{0,79}$")),
            "defaults": told("What every rule says that does not say its own.", _only(rule, DEFAULTS)),
            "rules": told(
                "The rules, the first that holds acts.",
                list_of(_starting(rule, plays, RULE_KEYS, RULE_NEEDS)),
            ),
            "undecided": told(
                "What is done when no rule is true and one could not be told.", _undecided(rule, plays)
            ),
            "otherwise": told("Your own reasons for doing nothing.", list_of(_REASON, least=0)),
            "guarantees": told(
                "What must hold whatever the rules become.", list_of(_guarantee(frozenset(plays)), least=0)
            ),
        },
        ["ruleset", "rules", "undecided"],
    )
    definitions = {_definition(play): model_schema(model, names) for play, model in sorted(plays.items())}
    return {**whole_file("rules", HEADER, file), "$defs": definitions}


def _definition(play: str) -> str:
    return f"with_{play}"


def _rule(plays: PlayParams, names: Names) -> Mapping[str, Schema]:
    return {
        "id": told("The rule's id, once in the file.", WORD),
        "title": told("What it does, for people.", TEXT),
        "because": told("A sentence for the record; {nps} shows a fact.", TEXT),
        "owner": told("Who looks after it.", TEXT),
        "effective": told("The days on which it holds, both included.", _effective()),
        "review_by": told("A day after which checking warns; the rule goes on.", DAY),
        "mode": told("observe: decided and recorded, starts nothing; act.", one_of(MODES)),
        "rollout": told("For how many of the contacts it is switched on.", PERCENT),
        "if_open": told("What happens where a loop is open already.", one_of(IF_OPEN)),
        "restarts": told("The clocks of an open loop that begin anew.", list_of(one_of(RESTARTS), least=0)),
        "exempt_from": told("Gates that do not hold it back, and why.", _EXEMPTION),
        "when": told("The condition; the rule fires only when it is true.", CONDITION),
        "start": told("The play.", one_of(plays)),
        "with": told("The play's parameters.", {"type": "object"}),
        "also": told("What is done besides: a tag for the customer, a team that is told.", _also(names)),
        "spends": told("The budget that pays for it.", named(names.budgets)),
        "if_exhausted": told(
            "With which parameters the play starts when the budget is exhausted.",
            mapping({"with": told("All of them, no money among them.", {"type": "object"})}, EXHAUSTED_KEYS),
        ),
    }  # fmt: skip


def _also(names: Names) -> Schema:
    tags = (names.facts or {}).get(TAGS)
    word = named(tags.values if tags else None, WORD)
    tag = mapping({"tag": told("A word for the customer, that rules can read.", word)}, ["tag"])
    notify = mapping({"notify": told("The team that is told.", named(names.teams))}, ["notify"])
    return list_of({"anyOf": [tag, notify]}, least=0)


def _effective() -> Schema:
    days = {"from": told("The first day.", DAY), "until": told("The last day.", DAY)}
    return {**mapping(days), "anyOf": [{"required": ["from"]}, {"required": ["until"]}]}


def _only(rule: Mapping[str, Schema], keys: Iterable[str], needed: Iterable[str] = ()) -> Schema:
    return mapping({key: rule[key] for key in rule if key in set(keys)}, list(needed))


def _starting(
    rule: Mapping[str, Schema], plays: PlayParams, keys: Iterable[str], needed: Iterable[str]
) -> Schema:
    """A mapping that starts a play: `with` as the play takes it, another plan only beside a budget."""
    chosen = [_chosen(play, model_schema(model, Names())) for play, model in sorted(plays.items())]
    alone = {"dependentRequired": {"if_exhausted": ["spends"]}}
    return {**_only(rule, keys, needed), **alone, "allOf": chosen}


def _chosen(play: str, params: Schema) -> Schema:
    with_ = {"$ref": f"#/$defs/{_definition(play)}"}
    then: Schema = {"properties": {"with": with_, "if_exhausted": {"properties": {"with": with_}}}}
    needs = {"required": ["with"]} if params.get("required") else {}
    return where({"start": {"const": play}}, {**then, **needs})


def _undecided(rule: Mapping[str, Schema], plays: PlayParams) -> Schema:
    starting = _starting(rule, plays, UNDECIDED_KEYS, ["start"])
    return {"if": {"type": "object"}, "then": starting, "else": {"const": "record"}}


def _guarantee(plays: frozenset[str]) -> Schema:
    some = {**list_of(one_of(plays)), "uniqueItems": True}
    none_or_some = {"if": {"type": "array"}, "then": some, "else": {"const": "none"}}
    entry = mapping(
        {
            "id": told("The guarantee's id, once in the file.", WORD),
            "whenever": told("Of which responses it speaks.", CONDITION),
            "starts": told("One of these plays starts or is joined; none: no play may.", none_or_some),
            "never_starts": told("None of these plays starts.", some),
            "taken": told("Some rule wins, or the fallback does.", {"const": True}),
        },
        ["id", "whenever"],
    )
    return {**entry, "oneOf": [{"required": [promise]} for promise in PROMISES]}
