"""What can be wrong with the gates of a policy, with what a rule says to them, and with guarantees."""

from __future__ import annotations

from boucle.rules.worded import Worded


class BadShare(Worded):
    """A share of the contacts that is no share, or is written another way."""

    code = "B081"
    template = "'{key}' cannot be '{found}': {expected}"

    key: str
    found: str
    expected: str


class NotOneInstant(Worded):
    """A local time at which the clocks are changed: it never comes, or it comes twice."""

    code = "B082"
    template = "{found} {problem} in {zone}, where the clocks change that day"
    mend = "write {mended}"

    found: str
    problem: str
    zone: str
    mended: str


class NeverHolds(Worded):
    """A suppression that says neither when nor under which condition."""

    code = "B083"
    template = "suppression '{name}' never holds anything back"
    mend = "say from when until when with 'window', or under which condition with 'when'"

    name: str


class DeferredForEver(Worded):
    """A suppression that defers, without a window whose end could be waited for."""

    code = "B084"
    template = "'do: defer' waits until a window ends, and suppression '{name}' has none"
    mend = "give it a 'window', or write 'do: drop'"

    name: str


class NotExemptable(Worded):
    """A gate from which no rule can be exempt."""

    code = "B085"
    template = "no rule is exempt from '{gate}': {why}"
    mend = "the gates that a rule can be exempt from are: suppress, caps, holdouts"

    gate: str
    why: str


class UnknownBudget(Worded):
    """A budget that the policy does not have."""

    code = "B086"
    template = "unknown budget '{name}'{guess}"
    mend = "policy.yaml has: {budgets}"

    name: str
    guess: str
    budgets: str


class NothingToSpend(Worded):
    """A rule that spends a budget and whose parameters name no money."""

    code = "B087"
    template = "nothing is taken from budget '{budget}': the 'with' of this start names no money"
    mend = "name an amount there, such as the value of an offer, or leave 'spends' out"

    budget: str


class OtherCurrency(Worded):
    """A rule that spends in another currency than its budget's."""

    code = "B088"
    template = "{amount} cannot be taken from budget '{budget}', which is in {currency}"
    mend = "write the amount in {currency}, or give {found} a budget of its own"

    amount: str
    budget: str
    currency: str
    found: str


class NothingExhausted(Worded):
    """Another plan for an exhausted budget, where no budget is spent."""

    code = "B089"
    template = "'if_exhausted' stands without 'spends': there is no budget that could be exhausted"
    mend = "name the budget with 'spends', or leave 'if_exhausted' out"


class SpendsAnyway(Worded):
    """A plan for an exhausted budget that costs money itself."""

    code = "B090"
    template = "'if_exhausted' costs {amount}, when budget '{budget}' has nothing left to pay it with"
    mend = "leave the money out, such as 'offer: none'"

    amount: str
    budget: str


class BeyondBudget(Worded):
    """A start that costs more than its whole budget."""

    code = "B091"
    template = "one start costs {amount}, more than the whole budget '{budget}' of {limit}"
    mend = "spend less, or raise the limit in policy.yaml"

    amount: str
    budget: str
    limit: str


class NotOnePromise(Worded):
    """A guarantee that promises nothing, or several things."""

    code = "B092"
    template = "guarantee '{name}' promises {found}"
    mend = "say exactly one of 'starts', 'never_starts', 'taken: true'; for more, write more guarantees"

    name: str
    found: str


class DefinedElsewhere(Worded):
    """A definition of a rule file in a condition of the policy."""

    code = "B093"
    template = "'{name}' is a definition of a rule file, which the policy does not know"
    mend = "write here what it stands for"

    name: str
