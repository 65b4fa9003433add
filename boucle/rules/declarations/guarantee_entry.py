"""One entry of `guarantees:`: what must hold of all responses of a kind, whatever the rules become."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from boucle.rules.declarations.gate_mistakes import NotOnePromise
from boucle.rules.declarations.play_list import read_plays
from boucle.rules.declarations.policy_gates import open_entry
from boucle.rules.language.complexity import Size
from boucle.rules.language.scope import Scope
from boucle.rules.language.when import read_when
from boucle.rules.ruleset import Guarantee
from boucle.rules.strict_yaml.file_mistakes import BadValue
from boucle.rules.strict_yaml.form import Form
from boucle.rules.strict_yaml.source import Scalar
from boucle.rules.worded import listed, shortened

PROMISES = ("starts", "never_starts", "taken")
KEYS = ("id", "whenever", *PROMISES)


def read_guarantee(
    form: Form, plays: Collection[str], scope: Scope, sizes: Mapping[str, Size]
) -> Guarantee | None:
    """Read one guarantee; None where what it needs is missing or wrong."""
    before = len(form.mistakes)
    id_ = open_entry(form, "guarantee", KEYS, ("id", "whenever"))
    whenever = read_when(form, "whenever", scope, sizes) if form.has("whenever") else None
    made = [promise for promise in PROMISES if form.has(promise)]
    if len(made) != 1:
        found = f"several things: {listed(made)}" if made else "nothing"
        form.refuse(NotOnePromise(form.place, id_ or "?", found))
    starts = _starts(form, plays) if form.has("starts") else None
    never = read_plays(form, "never_starts", plays) if form.has("never_starts") else None
    taken = _taken(form) if form.has("taken") else None
    if id_ is None or whenever is None or len(form.mistakes) > before:
        return None
    return Guarantee(id_, whenever, form.place, starts, never, taken)


def _starts(form: Form, plays: Collection[str]) -> frozenset[str] | None:
    value = form.node.find("starts")
    if isinstance(value, Scalar) and value.value == "none":
        return frozenset()
    return read_plays(form, "starts", plays)


def _taken(form: Form) -> bool | None:
    value = form.scalar("taken", "true")
    if value is not None and value.value is not True:
        expected = "only 'taken: true' can be promised"
        form.refuse(BadValue(value.place, "taken", shortened(value.text), expected))
        return None
    return True if value is not None else None
