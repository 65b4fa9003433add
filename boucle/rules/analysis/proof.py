"""A finding by exhaustion: every cell that it speaks of, one by one, through the production evaluator."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from boucle.model import Truth
from boucle.rules.analysis.partition import Asked, GaveUp, partition
from boucle.rules.analysis.scene import Contender, Scene
from boucle.rules.condition import Expr


class DisagreementError(Exception):
    """The evaluator says otherwise than the regions: a defect of boucle, never of the rules."""

    def __init__(self, what: str, cell: object) -> None:
        super().__init__(f"{what}, but the evaluator says otherwise at {cell}")


def confirm(
    scene: Scene, exprs: Sequence[Expr | None], claim: Callable[[tuple[Truth, ...]], bool], what: str
) -> None:
    """Hold a claim against the truth values of these conditions in every cell; None asks nothing.

    Beyond 200,000 cells the regions, which are as exact, stand alone.
    """
    asked = [Asked(expr, scene.compiled.definitions) for expr in exprs if expr is not None]
    found = partition(scene.bundle.catalogue, asked)
    if isinstance(found, GaveUp):
        return
    present = [expr is not None for expr in exprs]
    for cell, truths in found.all_truths():
        told = iter(truths)
        if not claim(tuple(next(told) if one else "true" for one in present)):
            raise DisagreementError(what, cell)


def confirm_covered(scene: Scene, lower: Contender, above: Sequence[Contender]) -> None:
    """Hold "wherever `lower` holds one of these does" against every cell."""
    only_when = scene.compiled.only_when
    exprs = [only_when.when if only_when else None, lower.compiled.condition.when]
    exprs += [upper.compiled.condition.when for upper in above]
    confirm(
        scene,
        exprs,
        lambda truths: truths[0] != "true" or truths[1] != "true" or "true" in truths[2:],
        f"'{lower.rule.id}' never wins",
    )
