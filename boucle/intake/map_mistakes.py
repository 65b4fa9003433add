"""What can be wrong with an import map, in itself, against a file's header, or against the catalogue."""

from __future__ import annotations

from boucle.rules.worded import Worded


class NotAMap(Worded):
    """The file does not say that it is an import map of this version."""

    code = "M001"
    template = "this is no import map: it should begin with 'boucle: map/v1'{found}"
    mend = "write 'boucle: map/v1' as the first line; docs/import-maps.md shows a whole map"

    found: str = ""


class UnknownKey(Worded):
    """A key that means nothing where it stands."""

    code = "M002"
    template = "unknown key '{key}'{guess}"
    mend = "here stand: {known}"

    key: str
    guess: str
    known: str


class MissingKey(Worded):
    """A key that must be there is not."""

    code = "M003"
    template = "'{key}' is missing"
    mend = "{how}"

    key: str
    how: str


class WrongShape(Worded):
    """A text where a list belongs, or the like."""

    code = "M004"
    template = "'{key}' should be {wanted}; this is {found}"

    key: str
    wanted: str
    found: str


class NotAChoice(Worded):
    """A value outside the few that a key takes."""

    code = "M005"
    template = "'{key}' cannot be '{found}'{guess}"
    mend = "it is one of: {choices}"

    key: str
    found: str
    guess: str
    choices: str


class NoSuchColumn(Worded):
    """The map names a column that the file's header lacks."""

    code = "M006"
    template = "{file} has no column '{column}'{guess}"
    mend = "{how}"

    file: str
    column: str
    guess: str
    how: str


class RepeatedColumn(Worded):
    """The map names a column that the file's header has twice."""

    code = "M007"
    template = "{file} has {count} columns '{column}'; which one is meant cannot be told"
    mend = "rename one of them in the file"

    file: str
    column: str
    count: int


class BadDateFormat(Worded):
    """A form of dates that cannot be used."""

    code = "M008"
    template = "'{found}' is no form of a date: {problem}"
    mend = "write it with YYYY, MM or M, DD or D, HH or H, mm, ss, AM; or 'iso', or 'unix' for seconds"

    found: str
    problem: str


class NoSuchZone(Worded):
    """A time zone that does not exist."""

    code = "M009"
    template = "'{found}' is not a time zone"
    mend = "write one such as Europe/Paris"

    found: str


class BadInstant(Worded):
    """A stated clock that is no instant."""

    code = "M010"
    template = "'{found}' is not an instant with its offset"
    mend = "write one such as '2026-01-31T12:00:00+01:00'"

    found: str


class NoSuchFact(Worded):
    """The map feeds a fact that the catalogue lacks."""

    code = "M011"
    template = "the catalogue has no fact '{fact}'{guess}"
    mend = "declare it in facts.yaml, or leave it out here"

    fact: str
    guess: str


class NotFed(Worded):
    """The map feeds a fact that is made elsewhere."""

    code = "M012"
    template = "'{fact}' cannot be fed by a column: {why}"

    fact: str
    why: str


class UnfitValue(Worded):
    """A constant, or the right side of a value table, that the fact cannot take."""

    code = "M013"
    template = "'{found}' does not fit {fact}: {why}"

    found: str
    fact: str
    why: str


class Exclusive(Worded):
    """Two keys that exclude each other, or neither of them."""

    code = "M014"
    template = "{what}"

    what: str


class BadScale(Worded):
    """A scale to be turned round that is none."""

    code = "M015"
    template = "'{found}' is not a scale"
    mend = "write the lowest and the highest score, such as 1..5"

    found: str


class BadSign(Worded):
    """A delimiter or a sign of numbers that cannot serve."""

    code = "M016"
    template = "'{found}' cannot be the {what}"
    mend = "{how}"

    found: str
    what: str
    how: str


class NotForType(Worded):
    """A key that has no meaning for a fact of this type."""

    code = "M017"
    template = "'{key}' means nothing for {fact}, which is of type {type}"
    mend = "{key} is for {types}"

    key: str
    fact: str
    type: str
    types: str


class BadName(Worded):
    """A source's name that cannot be one."""

    code = "M018"
    template = "'{found}' cannot name a source"
    mend = "write lower-case letters, digits and '-', such as 'nps-survey'"

    found: str


class FeedsNothing(Worded):
    """A map that brings neither a fact nor a comment."""

    code = "M019"
    template = "the map feeds no fact and no comment"
    mend = "say under 'facts:' which column feeds {what}"

    what: str = "which score, such as 'nps: score'"


class NotACustomersMap(Worded):
    """The file does not say that it is a map of customers of this version."""

    code = "M020"
    template = "this is no map of customers: it should begin with 'boucle: customers/v1'{found}"
    mend = "write 'boucle: customers/v1' as the first line; docs/customers.md shows a whole map"

    found: str = ""


class NotOfCustomers(Worded):
    """A map of customers feeds a fact that only a response can say."""

    code = "M021"
    template = "'{fact}' is said by a response, not of a customer"
    mend = "a map of customers feeds facts under customer., contact. and consent."

    fact: str


class NoPartyFor(Worded):
    """A map of customers feeds a fact of somebody whose key it does not name."""

    code = "M022"
    template = "'{fact}' is a fact of a {party}, and the map does not say who that is"
    mend = "name the column of the {party}'s key under '{party}:'"

    fact: str
    party: str
