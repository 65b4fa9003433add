"""Every finding of the analysis in a sound workspace: what `boucle rules check` says beyond mistakes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date

from boucle.errors import Mistake
from boucle.rules.analysis.completeness import check_completeness
from boucle.rules.analysis.constancy import check_constancy
from boucle.rules.analysis.endings import check_endings
from boucle.rules.analysis.grid import TooLargeError
from boucle.rules.analysis.precedence import check_precedence
from boucle.rules.analysis.redundancy import check_redundancy
from boucle.rules.analysis.samples import TooManyError
from boucle.rules.analysis.scene import Scene
from boucle.rules.analysis.territory import check_territory
from boucle.rules.bundle import Bundle
from boucle.rules.ruleset import RuleSet, Workspace

_CHECKS: tuple[Callable[[Scene], Iterator[Mistake]], ...] = (
    check_constancy,
    check_precedence,
    check_completeness,
    check_redundancy,
)


@dataclass(frozen=True)
class Findings:
    """What was found, in file order, and the rule sets of which not everything could be looked at."""

    mistakes: tuple[Mistake, ...]
    unfinished: tuple[str, ...]


def find_all(workspace: Workspace, bundle: Bundle, today: date | None = None) -> Findings:
    """Look at every case that the rules can meet. `bundle` is the workspace, compiled.

    With `today` also at the guarantees that rest on a rule about to end.
    """
    found: list[Mistake] = []
    unfinished: list[str] = []
    for rule_set in workspace.rule_sets:
        complete = _look_at(bundle, rule_set, found)
        unfinished.extend([] if complete else [rule_set.name])
    found.extend(check_territory(workspace, bundle))
    found.extend(check_endings(workspace, bundle, today) if today else ())
    ordered = sorted(found, key=lambda mistake: (mistake.place, mistake.code, mistake.message))
    return Findings(tuple(ordered), tuple(unfinished))


def _look_at(bundle: Bundle, rule_set: RuleSet, found: list[Mistake]) -> bool:
    """Add what is found in one rule set; whether everything could be looked at."""
    try:
        scene = Scene(bundle, rule_set)
    except (TooManyError, TooLargeError):
        return False
    complete = True
    for check in _CHECKS:
        try:
            found.extend(check(scene))
        except TooLargeError:
            complete = False
    return complete
