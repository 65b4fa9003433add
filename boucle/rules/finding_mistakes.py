"""What the rules of a sound workspace make of one another: found by looking at every case there can be.

Where several classes share a code, they are the same finding at different weights.
"""

from __future__ import annotations

from typing import ClassVar

from boucle.errors import Severity
from boucle.rules.worded import Worded


class NeverFires(Worded):
    """A rule that never wins: wherever it holds, a rule above it does."""

    code = "B301"
    template = "'{rule}' can never fire: wherever it holds{when}, {above} above it"
    mend = "move it up, narrow what stands above it, or delete it"

    rule: str
    when: str
    above: str


class SameEverywhere(Worded):
    """A condition that is always true, or never."""

    code = "B302"
    template = "{what} is {verdict}"
    mend = "{advice}"

    what: str
    verdict: str
    advice: str


class WinsBelow(Worded):
    """A rule that others above it take some responses from."""

    code = "B303"
    severity: ClassVar[Severity] = "info"
    template = "'{rule}' gives way where {above} above it; it wins where {region}"

    rule: str
    above: str
    region: str


class SetsOverlap(Worded):
    """Two rule sets that can claim the same response."""

    code = "B303"
    template = "'{rule_set}' and '{other}' both decide a response with {witness}"
    mend = "narrow one 'only_when' so that it is never true together with the other"

    rule_set: str
    other: str
    witness: str


class RulesOverlap(Worded):
    """Two rules that can both hold, in a rule set that promises otherwise."""

    code = "B303"
    template = "'{rule}' and '{other}' both hold for {witness}"
    mend = "narrow one of them, or leave out 'hit_policy: unique' so that the upper one wins"

    rule: str
    other: str
    witness: str


class Gap(Worded):
    """Responses with a score for which no rule holds and no reason is given."""

    code = "B304"
    severity: ClassVar[Severity] = "warning"
    template = "no rule and no reason of yours holds for {witness}"
    mend = "add a rule, or a reason under 'otherwise', for such a response"

    witness: str


class FiresBelow(Worded):
    """A rule that can fire while it cannot be told whether a higher one holds."""

    code = "B305"
    severity: ClassVar[Severity] = "info"
    template = "'{rule}' fires while '{above}', which goes before it, is undecided: {witness}"
    mend = "to let an unknown fact count as false, put the test in a definition with 'if_unknown: false'"

    rule: str
    above: str
    witness: str


class ChangesNothing(Worded):
    """A part of a condition that could as well be left out."""

    code = "B306"
    severity: ClassVar[Severity] = "warning"
    template = "this part changes nothing: {what} says the same without '{part}'"
    mend = "leave it out, or write what was meant"

    what: str
    part: str


class NeverGiven(Worded):
    """A reason that no response is ever given."""

    code = "B307"
    severity: ClassVar[Severity] = "info"
    template = "the reason '{reason}' is never given: a rule or a reason above takes every such response"
    mend = "move it up, or delete it"

    reason: str


class NeverUsed(Worded):
    """A definition that no condition names."""

    code = "B307"
    severity: ClassVar[Severity] = "info"
    template = "the definition '{name}' is never used"
    mend = "delete it"

    name: str
