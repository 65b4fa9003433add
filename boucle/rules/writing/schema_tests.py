"""The JSON Schema of a file of `tests/`: cases, tables and steps, with the workspace's own names."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import get_args

from boucle.decision import GateWord
from boucle.model import Closure
from boucle.rules.catalogue import Fact
from boucle.rules.gates import MAX_AGE, ROLLOUT
from boucle.rules.writing.schema_parts import (
    DAY,
    INSTANT,
    MONEY,
    TEXT,
    WORD,
    Names,
    Properties,
    Schema,
    entries,
    list_of,
    mapping,
    named,
    one_of,
    or_null,
    told,
    whole_file,
)

HEADER = "rule-tests/v1"

_RESPONSE = ("facts", "now", "responded_at", "contact", "customer", "arms")
_WORLD = ("counted", "left", "open_loop")
DEFAULTS_KEYS = ("facts", "now", "contact", "customer", "arms", *_WORLD)
CASE_KEYS = (*_RESPONSE, *_WORLD, "name", "expect")
TABLE_KEYS = (*CASE_KEYS, "columns", "rows")
STEPPED_KEYS = ("facts", "contact", "customer", "arms", "left", "name", "steps")
STEP_KEYS = ("facts", "responded_at", "contact", "customer", "arms", "at", "expect", "close")
CELL_KEYS = ("now", "responded_at", "contact", "customer")


def cases_schema(plays: Collection[str], names: Names) -> Schema:
    """The tests of one rule set."""
    said = _said(plays, names)
    sets = None if names.rule_sets is None else [rule_set.name for rule_set in names.rule_sets]
    file = mapping(
        {
            "ruleset": told("The rule set that is tested.", named(sets)),
            "defaults": told("What every test says that does not say its own.", _of(said, DEFAULTS_KEYS)),
            "tests": told("The tests.", list_of(_test(said), least=0)),
        },
        ["ruleset", "tests"],
    )
    return whole_file("tests", HEADER, file)


def _of(said: Properties, keys: Iterable[str], needed: Iterable[str] = ()) -> Schema:
    return mapping({key: said[key] for key in keys}, list(needed))


def _test(said: Properties) -> Schema:
    """A test with steps, a table, or a single case."""
    table = {"anyOf": [{"required": ["columns"]}, {"required": ["rows"]}]}
    return {
        "if": {"required": ["steps"]},
        "then": _of(said, STEPPED_KEYS, ["name", "steps"]),
        "else": {
            "if": table,
            "then": _of(said, TABLE_KEYS, ["name", "columns", "rows"]),
            "else": _of(said, CASE_KEYS, ["name"]),
        },
    }


def _said(plays: Collection[str], names: Names) -> dict[str, Schema]:
    """Every key of a test, by name."""
    facts = told("The facts of the response; null: unknown.", _facts(names.facts))
    someone = or_null(TEXT)
    response = {
        "name": told("What the test shows, once in the file.", TEXT),
        "facts": facts,
        "now": told("When the response is accepted.", INSTANT),
        "responded_at": told("When it was answered; without it, when it is accepted.", INSTANT),
        "contact": told("Who answers; null: nobody knows.", someone),
        "customer": told("Whose contact it is; null: nobody knows.", someone),
        "arms": told("On which side of a holdout or rollout the contact is.", _arms(names)),
        "counted": told("What a cap counts already, by its id.", entries({"type": "integer", "minimum": 0})),
        "left": told("What a budget still holds, by its id.", entries(MONEY)),
        "open_loop": told("The play of a loop that is open already.", or_null(one_of(plays))),
        "expect": told("What must come out.", _expect(plays, names)),
    }
    step = {
        **response,
        "at": told("When this response is accepted.", INSTANT),
        "close": told("Whether, and as what, its loop is closed after it.", _closing()),
    }
    rest = {
        "columns": told("What the cells of a row are.", list_of(_column(response["expect"], names.facts))),
        "rows": told("One case each.", list_of({"type": "array"})),
        "steps": told(
            "Responses one after the other, in virtual time.", list_of(_of(step, STEP_KEYS, ["at"]))
        ),
    }
    return {**step, **rest}


def _closing() -> Schema:
    return {"enum": [True, False, *(str(closure) for closure in Closure)]}


def _column(expect: Schema, facts: Mapping[str, Fact] | None) -> Schema:
    if facts is None:
        return TEXT
    return one_of([*CELL_KEYS, *expect["properties"], *facts])


def _arms(names: Names) -> Schema:
    word = one_of(["held_out", "treated", "in", "out"])
    if names.policy is None or names.rules is None:
        return entries(word)
    drawn = {holdout.id: one_of(["held_out", "treated"]) for holdout in names.policy.holdouts}
    return mapping({**drawn, **{f"{ROLLOUT}/{rule}": one_of(["in", "out"]) for rule in names.rules}})


def _gates(names: Names) -> list[str] | None:
    """Every gate, by the id that decisions name it by."""
    policy = names.policy
    if policy is None:
        return None
    kinds = {
        "suppress": [one.id for one in policy.suppressions],
        "caps": [one.id for one in policy.caps],
        "holdouts": [one.id for one in policy.holdouts],
        "budgets": [one.id for one in policy.budgets],
    }
    return [MAX_AGE, ROLLOUT, *(f"{kind}/{id_}" for kind, ids in kinds.items() for id_ in ids)]


def _expect(plays: Collection[str], names: Names) -> Schema:
    rules = names.rules
    rule = named([*rules, "undecided"] if rules is not None else None)
    several = list_of(named(rules), least=0)
    gates = _gates(names)
    gate = named(gates, TEXT)
    words = {"propertyNames": gate, **entries(one_of(get_args(GateWord)))}
    said = {
        "rule": told("The rule that wins; null: none.", or_null(rule)),
        "starts": told("The play that starts; null: none.", or_null(one_of(plays))),
        "with": told("Parameters that it starts with, as many as you want to name.", {"type": "object"}),
        "joined": told("Whether an open loop is joined.", {"type": "boolean"}),
        "reason": told("Why nothing happens.", or_null(WORD)),
        "blocked_by": told("The gate that holds it back.", or_null(gate)),
        "deferred_until": told("When what is deferred starts.", or_null(INSTANT)),
        "also_matched": told("The other rules that hold.", several),
        "observed": told("The rules in mode observe that hold.", several),
        "undecided": told("The rules that could not be told.", several),
        "gates": told("What gates say, by id.", words),
        "because": told("The sentence for the record.", TEXT),
    }
    return {**mapping(said), "minProperties": 1}


# -- facts --------------------------------------------------------------------------------------


def _facts(facts: Mapping[str, Fact] | None) -> Schema:
    if facts is None:
        return {"type": "object"}
    return mapping({name: _value(fact) for name, fact in sorted(facts.items())})


def _value(fact: Fact) -> Schema:
    value = _typed(fact)
    return or_null(value) if fact.optional else value


def _typed(fact: Fact) -> Schema:
    known: Mapping[str, Schema] = {
        "int": _limited({"type": "integer"}, fact, 1),
        "decimal": _limited({"type": "number"}, fact, 10**fact.digits),
        "bool": {"type": "boolean"},
        "enum": one_of(fact.values),
        "set": list_of(one_of(fact.values), least=0),
        "date": DAY,
    }
    return known.get(fact.type, TEXT)


def _limited(schema: Schema, fact: Fact, scale: int) -> Schema:
    limits = {"minimum": fact.low, "maximum": fact.high}
    given = {key: limit for key, limit in limits.items() if limit is not None}
    return {**schema, **{key: limit if scale == 1 else limit / scale for key, limit in given.items()}}
