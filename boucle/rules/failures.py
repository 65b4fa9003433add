"""Why a response cannot be decided: the engine puts it in quarantine, loudly.

None of these ever becomes "false" or "no action". No text holds a fact's value: it may be personal.
"""

from __future__ import annotations

from collections.abc import Iterable

from boucle.errors import BoucleError


class CannotDecideError(BoucleError):
    """The base: this response goes to quarantine with this text as its reason."""

    exit_code = 1


class UnfitFactError(CannotDecideError):
    """A fact's value does not have the catalogue's type, or cannot be carried exactly."""

    def __init__(self, fact: str, detail: str) -> None:
        super().__init__(f"fact '{fact}' {detail}")
        self.fact = fact


class UnknownFactError(CannotDecideError):
    """A value was given for a name that the catalogue does not hold."""

    def __init__(self, fact: str) -> None:
        super().__init__(f"fact '{fact}' is not in the catalogue")
        self.fact = fact


class MissingFactsError(CannotDecideError):
    """Facts that are always known have no value, so no condition on them has a meaning."""

    def __init__(self, facts: Iterable[str]) -> None:
        self.facts = tuple(sorted(facts))
        super().__init__(f"facts that must be known have no value: {', '.join(self.facts)}")


class EvaluationError(CannotDecideError):
    """The rule engine failed on a checked bundle and encoded facts; says how, never with data."""

    def __init__(self, detail: str) -> None:
        super().__init__(f"the rules could not be evaluated: {detail}")


class RuleSetsOverlapError(CannotDecideError):
    """Two or more rule sets claim the same response; none of them may decide it."""

    def __init__(self, rule_sets: Iterable[str]) -> None:
        self.rule_sets = tuple(rule_sets)
        names = ", ".join(self.rule_sets)
        super().__init__(f"more than one rule set decides this response: {names}; mend their only_when")


class BundleError(BoucleError):
    """A stored bundle is not what its name says, or not of a form that this version reads."""

    exit_code = 1


class RecordError(BoucleError):
    """A decision's record does not belong to this bundle, or was changed."""

    exit_code = 1
