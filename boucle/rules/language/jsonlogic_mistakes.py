"""What can be wrong with JSONLogic in place of a condition's text, and with a list of constants."""

from __future__ import annotations

from typing import ClassVar

from boucle.errors import Severity
from boucle.rules.worded import Worded


class DefaultValue(Worded):
    """A `var` that says what an unknown fact counts as."""

    code = "B027"
    template = "{written}: a default turns {unknown} into {meant}"
    mend = "leave it out; what unknown means is said once, by 'if_unknown: false' on a definition"

    written: str
    unknown: str
    meant: str


class NoMeaning(Worded):
    """An operator of JSONLogic that has no meaning in a condition."""

    code = "B064"
    template = "'{operator}' has no meaning {where}: {why}"

    operator: str
    where: str
    why: str


class UnknownOperator(Worded):
    """A key that is no operator of JSONLogic."""

    code = "B065"
    template = "unknown operator '{operator}'{guess}"
    mend = 'a condition is one text, or JSONLogic such as {{"<=": [{{"var": "nps"}}, 6]}}'

    operator: str
    guess: str


class WrongOperands(Worded):
    """An operator over other operands, or another number of them, than it takes."""

    code = "B066"
    template = "'{operator}' takes {expected}; here {found}"

    operator: str
    expected: str
    found: str


class ConstantsOnly(Worded):
    """A part that reads no fact, so that it is always true or always false."""

    code = "B067"
    template = "{what} reads no fact: it is the same for every response"
    mend = "leave it out"

    what: str


class TwoFacts(Worded):
    """A comparison of two facts."""

    code = "B068"
    template = "'{operator}' compares '{one}' with '{other}'; a fact is compared with a constant"
    mend = "let a derived fact, or the import, bring what the comparison would say"

    operator: str
    one: str
    other: str


class EmptyList(Worded):
    """A list without values."""

    code = "B069"
    template = "this list is empty; nothing is ever in it"


class UnusedList(Worded):
    """A named list that no condition uses."""

    code = "B072"
    severity: ClassVar[Severity] = "info"
    template = "no condition uses the list '{name}'"

    name: str
