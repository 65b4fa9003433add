"""The comparison of two versions as people read it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby

from boucle.rules.analysis.differences import Compared, Difference, Shown
from boucle.rules.analysis.guarantee_text import word_facts


def render_differences(compared: Compared, changes: Sequence[str]) -> str:
    """Each outcome that is not the same, with a response each way; then what else changed."""
    blocks = [
        "\n".join([rule_set, *_rule_set(list(found))])
        for rule_set, found in groupby(compared.differences, key=lambda one: one.rule_set)
    ]
    blocks += [f"{name}\n  too many cases to compare all of them" for name in compared.unfinished]
    if changes:
        blocks.append("\n".join(["also", *(f"  {change}" for change in changes)]))
    return "\n\n".join(blocks)


def _rule_set(found: Sequence[Difference]) -> Iterator[str]:
    for one in found:
        if one.kind != "equivalent":
            yield f"  {one.outcome}: {one.kind}"
            yield from _shown("no longer", one.lost)
            yield from _shown("now also" if one.kind != "new" else "now", one.gained)
    same = [one.outcome for one in found if one.kind == "equivalent"]
    if same:
        yield f"  equivalent: {', '.join(same)}"


def _shown(word: str, shown: Shown | None) -> Iterator[str]:
    if shown is not None:
        yield f"    {word}: {word_facts(shown.facts)}"
        yield f"      was: {shown.old}"
        yield f"      is: {shown.new}"
