"""Facts that the engine knows only together: a response without a customer has nothing counted of one.

Only what `rules/derivation.py` guarantees is a bond. A wrong one would make a proof say too much, so
all other facts are taken to be free of one another: the last value, a change or an age can be unknown
of a known customer too.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from pydantic import JsonValue

from boucle.rules.catalogue import Catalogue
from boucle.rules.value import Value

_CUSTOMER = "response.known_customer"
_OF_CUSTOMER = ("customer.open_loop", "customer.tenure_days")


class Bond(Value):
    """Facts that are known together or not at all; `told_by`, a bool fact never unknown, says which."""

    facts: frozenset[str]
    told_by: str | None = None

    def holds(self, cell: Mapping[str, JsonValue]) -> bool:
        """Whether a response can have these facts, and be without those left out."""
        known = {name in cell for name in self.facts}
        if self.told_by is not None:
            known.add(cell[self.told_by] is True)
        return len(known) <= 1


def list_bonds(catalogue: Catalogue, facts: Iterable[str]) -> tuple[Bond, ...]:
    """The bonds among some facts, as far as they tie any two of them."""
    asked = frozenset(facts)
    counts = [one for one in catalogue.derived.values() if one.verb == "count"]
    customer = {*_OF_CUSTOMER, *(count.name for count in counts if count.per == "customer")}
    contact = frozenset(count.name for count in counts if count.per == "contact")
    told = _CUSTOMER if _CUSTOMER in asked else None
    bonds = (Bond(frozenset(customer) & asked, told), Bond(contact & asked))
    return tuple(bond for bond in bonds if len(bond.facts) + (bond.told_by is not None) > 1)
