"""What can be wrong in a file of rule tests."""

from __future__ import annotations

from boucle.rules.worded import Worded


class NotInWorkspace(Worded):
    """A test names something that the workspace does not have."""

    code = "B130"
    template = "unknown {kind} '{name}'{guess}"
    mend = "the workspace has: {known}"

    kind: str
    name: str
    guess: str
    known: str


class ValueMisfit(Worded):
    """A value that its fact cannot have."""

    code = "B131"
    template = "'{fact}' {problem}"

    fact: str
    problem: str


class FactsMissing(Worded):
    """A test without the facts that every response brings."""

    code = "B132"
    template = "always known, and not given here: {names}"
    mend = "give them in this test, or under 'defaults: facts:' for all tests of the file"

    names: str


class PinnedInSteps(Worded):
    """A derived fact given in a test with steps, where it comes from the earlier steps."""

    code = "B133"
    template = "'{fact}' is computed from the earlier steps"
    mend = "leave it out, or add the step that it comes from; a test without steps can pin it"

    fact: str


class ExpectsNothing(Worded):
    """A test that no answer of the rules can fail."""

    code = "B134"
    template = "{what} expects nothing"
    mend = "say what must come out, such as 'expect: {{rule: null}}'"

    what: str


class RowLength(Worded):
    """A row of a table with more or fewer values than the table has columns."""

    code = "B135"
    template = "the row has {found} value(s), the table {expected} column(s)"

    found: int
    expected: int


class CannotExpect(Worded):
    """An expectation that can never be met, whatever the rules say."""

    code = "B136"
    template = "'{key}' can never come out so: {problem}"

    key: str
    problem: str


class StepsOutOfOrder(Worded):
    """A step that lies before the one above it."""

    code = "B137"
    template = "the step of {at} comes after the one of {before}"
    mend = "put the steps in the order in which they happen"

    at: str
    before: str


class NoArmWithoutContact(Worded):
    """An arm is pinned for a response whose contact nobody knows."""

    code = "B138"
    template = "without a contact no arm is drawn, so '{arm}' cannot be pinned"
    mend = "name a contact, or leave the arm out: the gate then says 'not_assignable'"

    arm: str
