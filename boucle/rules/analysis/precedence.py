"""Which rule takes the hit from which: rules that never win (B301), and rules that overlap (B303, B305)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, timedelta

from boucle.errors import Mistake
from boucle.rules.analysis.grid import TooLargeError
from boucle.rules.analysis.proof import confirm_covered
from boucle.rules.analysis.scene import Contender, Scene
from boucle.rules.analysis.wording import word_facts, word_region
from boucle.rules.finding_mistakes import FiresBelow, NeverFires, RulesOverlap, WinsBelow
from boucle.rules.worded import listed

Span = tuple[date, date]
"""The first and the last day of some days."""

_DAY = timedelta(days=1)


def check_precedence(scene: Scene) -> Iterator[Mistake]:
    """All that is to be said of rules of one set that hold together.

    TooLargeError at the end, where not every rule could be looked at.
    """
    missed = False
    for lower in scene.contenders:
        try:
            yield from _check(scene, lower)
        except TooLargeError:
            missed = True
    if missed:
        raise TooLargeError


def _check(scene: Scene, lower: Contender) -> Iterator[Mistake]:
    if not lower.acts or not scene.is_possible(lower.holds):
        return
    above = _above(scene, lower)
    if scene.rule_set.hit_policy == "unique":
        yield from _overlaps(scene, lower, above)
        return
    shadow = find_shadow(scene, lower, above)
    if shadow:
        yield _never_fires(lower, shadow)
    else:
        yield from _wins_below(scene, lower, above)
        yield from _fires_below(scene, lower, above)


def _above(scene: Scene, lower: Contender) -> list[Contender]:
    """The rules above that act and can hold together with a rule on one day."""
    return [
        upper
        for upper in scene.contenders[: lower.number]
        if upper.acts and _common(upper, lower) and scene.meet(upper.holds, lower.holds)
    ]


# -- a rule that never wins ---------------------------------------------------------------------


def find_shadow(scene: Scene, lower: Contender, above: Sequence[Contender]) -> tuple[Contender, ...]:
    """The smallest set of rules above that together hold, on every day, wherever `lower` does.

    Empty where there is none. Of several smallest sets the one whose rules stand highest.
    """
    spans = _spans(lower, above)
    if any(_find_winning(scene, lower, _on(span, above)) is not None for span in spans):
        return ()
    chosen = _choose_fewest(scene, lower, above, spans)
    for span in spans:
        confirm_covered(scene, lower, _on(span, chosen))
    return chosen


def _find_winning(scene: Scene, lower: Contender, above: Sequence[Contender]) -> int | None:
    """A box in which `lower` holds and none of these rules does."""
    return scene.space.find_outside(lower.holds, [box for upper in above for box in upper.holds])


def _choose_fewest(
    scene: Scene, lower: Contender, above: Sequence[Contender], spans: Sequence[Span]
) -> tuple[Contender, ...]:
    """Grows a list of cases, each with the rules that take it, until the fewest that take them all do."""
    cases: list[frozenset[int]] = []
    while True:
        numbers = _hit_all(cases)
        chosen = tuple(upper for upper in above if upper.number in numbers)
        case = next((case for span in spans if (case := _open_case(scene, lower, above, chosen, span))), None)
        if case is None:
            return chosen
        cases.append(case)


def _open_case(
    scene: Scene, lower: Contender, above: Sequence[Contender], chosen: Sequence[Contender], span: Span
) -> frozenset[int] | None:
    """The rules that take one case which the chosen ones do not; None: they take every case."""
    box = _find_winning(scene, lower, _on(span, chosen))
    if box is None:
        return None
    cell = scene.space.grid.first_cell(box)
    taking = (upper for upper in _on(span, above) if any(cell & ~box == 0 for box in upper.holds))
    return frozenset(upper.number for upper in taking)


def _hit_all(cases: Sequence[frozenset[int]]) -> tuple[int, ...]:
    """The fewest numbers that hit every case, the lowest of them where several are as few."""
    limit = 0
    while True:
        found = _hit_within(cases, limit, ())
        if found is not None:
            return found
        limit += 1


def _hit_within(
    cases: Sequence[frozenset[int]], limit: int, chosen: tuple[int, ...]
) -> tuple[int, ...] | None:
    missed = min((case for case in cases if not case.intersection(chosen)), key=len, default=None)
    if missed is None:
        return chosen
    if len(chosen) == limit:
        return None
    tried = (_hit_within(cases, limit, (*chosen, number)) for number in sorted(missed))
    return next((found for found in tried if found is not None), None)


def _never_fires(lower: Contender, shadow: Sequence[Contender]) -> Mistake:
    names = _names(shadow)
    above = f"{names} holds too," if len(shadow) == 1 else f"one of {names} holds too,"
    days = "" if lower.always_competes else ", on every day on which it is in effect"
    return NeverFires(lower.rule.place, lower.rule.id, days, above)


def _names(rules: Sequence[Contender]) -> str:
    return listed((f"'{rule.rule.id}'" for rule in rules), limit=5)


# -- rules that overlap -------------------------------------------------------------------------


def _overlaps(scene: Scene, lower: Contender, above: Sequence[Contender]) -> Iterator[Mistake]:
    for upper in above:
        box = scene.space.find_outside(scene.space.grid.meet(upper.holds, lower.holds), ())
        if box is not None:
            yield RulesOverlap(lower.rule.place, upper.rule.id, lower.rule.id, _witness(scene, box))


def _wins_below(scene: Scene, lower: Contender, above: Sequence[Contender]) -> Iterator[Mistake]:
    grid = scene.space.grid
    taking = [upper for upper in above if scene.is_possible(grid.meet(upper.holds, lower.holds))]
    if not taking:
        return
    verb = "holds" if len(taking) == 1 else "hold"
    yield WinsBelow(lower.rule.place, lower.rule.id, f"{_names(taking)} {verb}", _left(scene, lower, taking))


def _left(scene: Scene, lower: Contender, taking: Sequence[Contender]) -> str:
    """Where `lower` wins, in words: what rules leave that compete on all its days, less the others' part."""
    always = _on(_window(lower), taking)
    others = [upper for upper in taking if upper not in always]
    try:
        left = scene.space.grid.subtract(lower.holds, [box for upper in always for box in upper.holds])
        region = word_region(scene.space, [box for box in left if scene.is_possible([box])])
    except TooLargeError:
        region = "none of them holds"
    return f"{region}, less what {_names(others)} takes while in effect" if others else region


def _fires_below(scene: Scene, lower: Contender, above: Sequence[Contender]) -> Iterator[Mistake]:
    """The first rule above that can be undecided while `lower` wins."""
    taken = [box for upper in above for box in upper.holds]
    for upper in scene.contenders[: lower.number]:
        if upper.acts and _common(upper, lower) and scene.meet(upper.may_hold, lower.holds):
            open_ = scene.space.grid.meet(upper.may_hold, lower.holds)
            box = scene.space.find_outside(open_, [*taken, *upper.holds])
            if box is not None:
                yield FiresBelow(lower.rule.place, lower.rule.id, upper.rule.id, _witness(scene, box))
                return


def _witness(scene: Scene, box: int) -> str:
    return word_facts(scene.bundle.catalogue, scene.space.represent(box))


# -- days ---------------------------------------------------------------------------------------


def _window(contender: Contender) -> Span:
    return contender.rule.effective_from or date.min, contender.rule.effective_until or date.max


def _common(one: Contender, other: Contender) -> bool:
    (begins, ends), (other_begins, other_ends) = _window(one), _window(other)
    return begins <= other_ends and other_begins <= ends


def _spans(lower: Contender, above: Sequence[Contender]) -> list[Span]:
    """The days on which `lower` competes, cut where a rule above begins or ends."""
    begins, ends = _window(lower)
    cuts = {begins}
    for first, last in map(_window, above):
        cuts.update([first] if first > begins else [])
        cuts.update([last + _DAY] if last < ends else [])
    days = sorted(day for day in cuts if begins <= day <= ends)
    lasts = [day - _DAY for day in days[1:]]
    return list(zip(days, [*lasts, ends], strict=True))


def _on(span: Span, contenders: Sequence[Contender]) -> list[Contender]:
    """Those that compete on all days of a span."""
    return [one for one in contenders if _window(one)[0] <= span[0] and span[1] <= _window(one)[1]]
