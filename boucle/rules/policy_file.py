"""`policy.yaml` → what holds for every rule set."""

from __future__ import annotations

from boucle.errors import Mistake
from boucle.rules.file_mistakes import BadValue, NoAgeLimit
from boucle.rules.form import Form
from boucle.rules.headers import open_file
from boucle.rules.ruleset import Policy
from boucle.rules.source import Node, Scalar

HEADER = "policy/v1"

_LATER = {"quiet_hours", "suppress", "caps", "budgets", "holdouts"}


def read_policy(node: Node) -> tuple[Policy, list[Mistake]]:
    """Read the policy file. `max_age: none` says that no response is too old."""
    mistakes: list[Mistake] = []
    form = open_file(node, HEADER, "the policy file", mistakes)
    if form is None:
        return Policy(), mistakes
    form.check_keys({"boucle", "max_age"}, _LATER)
    if not form.has("max_age"):
        return Policy(), [*mistakes, NoAgeLimit(form.place)]
    return _max_age(form), mistakes


def _max_age(form: Form) -> Policy:
    value = form.node.find("max_age")
    if isinstance(value, Scalar) and value.value == "none":
        return Policy()
    duration = form.duration("max_age")
    if duration is None:
        return Policy()
    if not duration.amount:
        place = value.place if value is not None else form.place
        form.refuse(BadValue(place, "max_age", str(duration), "at least one minute"))
    return Policy(duration.wall())
