"""What can be wrong with a condition: its words, its grammar, its names and its types."""

from __future__ import annotations

from boucle.rules.worded import Worded


class NumberNotAlone(Worded):
    """A number with a unit after it or a space inside, as in `> 365 days` or `1 500`."""

    code = "B001"
    template = "a number stands alone, without a unit and without spaces, found {found}"
    mend = "write {mended}"

    found: str
    mended: str


class Unexpected(Worded):
    """A word or sign where the grammar wants another."""

    code = "B001"
    template = "expected {expected}, found {found}"

    expected: str
    found: str


class SingleEquals(Worded):
    """A single equals sign."""

    code = "B002"
    template = "'=' compares nothing; write '=='"


class Chained(Worded):
    """A comparison of a comparison, as in `0 <= nps <= 6`."""

    code = "B003"
    template = "comparisons cannot be chained; write {mended}"

    mended: str


class UnknownName(Worded):
    """A name that is neither a fact nor a definition."""

    code = "B011"
    template = "unknown {kind} '{name}'{guess}"

    kind: str
    name: str
    guess: str


class NotListed(Worded):
    """A constant that is not among a fact's values."""

    code = "B014"
    template = "'{value}' is not a value of '{fact}' ({values})"

    value: str
    fact: str
    values: str


class OutOfRange(Worded):
    """A constant outside a fact's limits."""

    code = "B015"
    template = "{limits}; {value} can never occur"

    limits: str
    value: str


class TypeMismatch(Worded):
    """A fact and what it is compared with, or how, do not fit together."""

    code = "B016"
    template = "'{fact}' is {type}; {problem}"

    fact: str
    type: str
    problem: str


class BareText(Worded):
    """A text constant without its double quotes."""

    code = "B017"
    template = '{found} stands where a value is expected; a text is written "…" in double quotes'
    mend = "write \"{text}\"; where YAML objects, put the whole condition in '…'"

    found: str
    text: str


class AlwaysKnown(Worded):
    """A test of absence on a fact that is never absent."""

    code = "B018"
    template = "'{fact}' is always known"
    mend = "leave this test out; if it can be missing, say 'optional: true' in facts.yaml"

    fact: str


class FoldedCondition(Worded):
    """A condition in a folded block (`>`)."""

    code = "B019"
    template = "a condition cannot stand in a folded block ('>')"
    mend = "write it on one line, or with '|'"


class TooComplex(Worded):
    """A condition beyond the limits of size or nesting, its definitions expanded."""

    code = "B020"
    template = "this condition {what}; the limit is {limit}"
    mend = "split it into several rules"

    what: str
    limit: int


class UnknownList(Worded):
    """A name where a list is expected, that names none."""

    code = "B070"
    template = "unknown list '{name}'{guess}"
    mend = "declare it under 'lists:' in facts.yaml, or write the values in […], each text in double quotes"

    name: str
    guess: str


class ListMisfit(Worded):
    """A named list, one value of which does not fit the fact that it is used with."""

    code = "B071"
    template = "the list '{name}' ({declared}) does not fit here: {problem}"

    name: str
    declared: str
    problem: str


class Cycle(Worded):
    """A definition that rests on itself."""

    code = "B021"
    template = "definition '{name}' rests on itself: {path}"

    name: str
    path: str


class TimeShaped(Worded):
    """A text that the rule engine would take for a duration or an instant."""

    code = "B022"
    template = "'{value}' has the shape of a duration or an instant, which the rule engine compares as one"
    mend = "choose a word that is neither, such as 'one_day' for '1d'"

    value: str


class SingleQuotes(Worded):
    """A text constant in single quotes."""

    code = "B058"
    template = "a text is written in double quotes inside a condition"
    mend = "put the whole condition in '…' and the text in \"…\""


class OtherWord(Worded):
    """An operator of another language."""

    code = "B059"
    template = "'{found}' is written '{mended}'"

    found: str
    mended: str


class ValueFirst(Worded):
    """A comparison that begins with the constant."""

    code = "B060"
    template = "a comparison begins with the fact; write {mended}"

    mended: str


class EmptyRange(Worded):
    """A range whose end comes before its beginning."""

    code = "B061"
    template = "the range {low}..{high} holds nothing"
    mend = "write the smaller end first"

    low: str
    high: str


class UnclosedText(Worded):
    """A text constant whose double quote is never closed."""

    code = "B062"
    template = "the text that opens here is never closed"
    mend = 'close it with "; a double quote inside a text is written twice'


class PersonalFact(Worded):
    """A personal fact where only others may be read."""

    code = "B063"
    template = "'{fact}' is personal (pii); it cannot be read by {reader}"

    fact: str
    reader: str
