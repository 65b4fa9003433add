"""What an import brought, counted: the figures that its last lines show."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from boucle.intake.binding import Binding
from boucle.intake.dates import Order
from boucle.intake.drafts import Draft
from boucle.model import Response


@dataclass
class Counts:
    """Counts of one file. `orders` counts rows, `dating` counts responses.

    `orders["either"]` are the rows whose day and month could change places, those that mean the same
    day both ways included; `dating["ambiguous"]` are the responses whose date may truly be another day.
    `unlisted` are values outside a fact's list, by fact and value.
    """

    rows: int = 0
    left_out: int = 0
    skipped: int = 0
    rejected_rows: int = 0
    responses: int = 0
    without_score: int = 0
    verbatims: int = 0
    blank_comments: int = 0
    scores: Counter[str] = field(default_factory=Counter)
    dating: Counter[str] = field(default_factory=Counter)
    orders: Counter[Order] = field(default_factory=Counter)
    unlisted: Counter[tuple[str, str]] = field(default_factory=Counter)

    def add_row(self, draft: Draft | None) -> None:
        """Count one row; None: the map's `only` leaves it out."""
        self.rows += 1
        if draft is None:
            self.left_out += 1
            return
        self.blank_comments += draft.blank_comments
        if draft.order != "fixed":
            self.orders[draft.order] += 1

    def add_response(self, response: Response, binding: Binding) -> None:
        """Count one response, whatever becomes of it."""
        self.responses += 1
        self.verbatims += len(response.verbatims)
        self.dating[response.dating] += 1
        scores = [bound.fact.name for bound in binding.feeds if bound.fact.is_score]
        known = [name for name in scores if name in response.facts]
        self.scores.update(known)
        self.without_score += not known
        self._add_unlisted(response, binding)

    def _add_unlisted(self, response: Response, binding: Binding) -> None:
        for bound in binding.feeds:
            if bound.fact.type not in {"enum", "set"} or bound.fact.name not in response.facts:
                continue
            value = response.facts[bound.fact.name]
            members = value if isinstance(value, tuple) else (str(value),)
            strange = (member for member in members if member not in bound.fact.values)
            self.unlisted.update((bound.fact.name, member) for member in strange)
