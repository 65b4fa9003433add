"""The facts that are always there, computed by the engine and never sent."""

from __future__ import annotations

from boucle.errors import Place
from boucle.rules.bands import BUILT_IN
from boucle.rules.catalogue import Fact, FactType


def _derived(name: str, type_: FactType, *, optional: bool, low: int | None = 0) -> Fact:
    return Fact(name, type_, BUILT_IN, optional=optional, low=low, derived=True)


BUILT_IN_FACTS: dict[str, Fact] = {
    fact.name: fact
    for fact in (
        _derived("response.age_days", "int", optional=False),
        _derived("response.known_customer", "bool", optional=False, low=None),
        _derived("comment.length", "int", optional=False),
        _derived("customer.open_loop", "bool", optional=True, low=None),
        _derived("customer.tenure_days", "int", optional=True),
    )
}
"""No age is negative, though a source's clock can run ahead of ours: such a response is 0 days old."""


def comment_text(place: Place = BUILT_IN) -> Fact:
    """The comment, which every adapter sends where there is one, whether `facts.yaml` names it or not."""
    return Fact("comment.text", "text", place, optional=True, pii=True)
