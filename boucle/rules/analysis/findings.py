"""Every finding of the analysis in a sound workspace: what `boucle rules check` says beyond mistakes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from functools import partial

from boucle.errors import Mistake
from boucle.rules.analysis.completeness import check_completeness
from boucle.rules.analysis.constancy import check_constancy
from boucle.rules.analysis.grid import TooLargeError
from boucle.rules.analysis.precedence import check_precedence
from boucle.rules.analysis.redundancy import check_redundancy
from boucle.rules.analysis.samples import TooManyError
from boucle.rules.analysis.scene import Scene
from boucle.rules.analysis.territory import check_territory
from boucle.rules.bundle import Bundle
from boucle.rules.ruleset import RuleSet, Workspace
from boucle.rules.value import Value

_CHECKS: tuple[Callable[[Scene], Iterator[Mistake]], ...] = (
    check_constancy,
    check_precedence,
    check_completeness,
    check_redundancy,
)


class Findings(Value):
    """What was found, in file order, and the rule sets of which not everything could be looked at."""

    mistakes: tuple[Mistake, ...]
    unfinished: tuple[str, ...]


def find_all(workspace: Workspace, bundle: Bundle, today: date | None = None) -> Findings:
    """Look at every case that the rules can meet. `bundle` is the workspace, compiled.

    With `today` also at the guarantees that rest on a rule about to end.
    """
    found: list[Mistake] = []
    sets = workspace.rule_sets
    unfinished = [rule_set.name for rule_set in sets if not _look_at(bundle, rule_set, found)]
    if not _gather(found, lambda: check_territory(workspace, bundle)):
        unfinished.append("only_when")
    found.extend(_endings(workspace, bundle, today) if today else ())
    ordered = sorted(found, key=lambda mistake: (mistake.place, mistake.code, mistake.message))
    return Findings(tuple(ordered), tuple(unfinished))


def _endings(workspace: Workspace, bundle: Bundle, today: date) -> Iterator[Mistake]:
    """Guarantees about to end; who gives none does not wait for the proofs to load."""
    if any(rule_set.guarantees for rule_set in workspace.rule_sets):
        from boucle.rules.analysis.endings import check_endings  # noqa: PLC0415 see above

        yield from check_endings(workspace, bundle, today)


def _look_at(bundle: Bundle, rule_set: RuleSet, found: list[Mistake]) -> bool:
    """Add what is found in one rule set; whether everything could be looked at."""
    try:
        scene = Scene(bundle, rule_set)
    except (TooManyError, TooLargeError):
        return False
    missed = [check for check in _CHECKS if not _gather(found, partial(check, scene))]
    return not missed


def _gather(found: list[Mistake], look: Callable[[], Iterator[Mistake]]) -> bool:
    """Add what one check finds; whether it could look at everything."""
    try:
        found.extend(look())
    except (TooManyError, TooLargeError):
        return False
    return True
