"""What can be wrong with the declaration of a derived fact, beyond its keys and values."""

from __future__ import annotations

from boucle.rules.worded import Worded


class NoVerb(Worded):
    """A derived fact that does not say what is computed."""

    code = "B110"
    template = "{what} has no verb{found}{guess}"
    mend = "the verbs are: count, last, days_since, change; such as {{count: responses, per: customer}}"

    what: str
    found: str
    guess: str


class TwoVerbs(Worded):
    """A derived fact that says two things to compute."""

    code = "B111"
    template = "{what} has two verbs, '{first}' and '{second}'"
    mend = "declare two derived facts, one for each"

    what: str
    first: str
    second: str


class WrongOver(Worded):
    """A verb over what it does not look back on."""

    code = "B112"
    template = "'{verb}' does not look back on '{found}'{guess}"
    mend = "it takes {choices}"

    verb: str
    found: str
    guess: str
    choices: str


class Misplaced(Worded):
    """A key that means nothing beside this verb, or over these things."""

    code = "B113"
    template = "'{key}' means nothing in {what}: {why}"
    mend = "leave it out"

    key: str
    what: str
    why: str


class CannotTake(Worded):
    """A fact that is not kept with a response, or that cannot be subtracted."""

    code = "B114"
    template = "'{verb}' cannot take '{fact}': {why}"
    mend = "{instead}"

    verb: str
    fact: str
    why: str
    instead: str
