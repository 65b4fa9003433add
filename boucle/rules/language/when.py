"""`when:` and its kin: a key whose value is one whole condition, text or JSONLogic."""

from __future__ import annotations

from collections.abc import Mapping

from boucle.rules.condition import Expr
from boucle.rules.language.checker import read_condition
from boucle.rules.language.complexity import Size, check_size, measure
from boucle.rules.language.scope import Scope
from boucle.rules.strict_yaml.file_mistakes import WrongShape
from boucle.rules.strict_yaml.form import Form, kind_of
from boucle.rules.strict_yaml.source import Sequence_


def read_when(form: Form, key: str, scope: Scope, sizes: Mapping[str, Size]) -> Expr | None:
    """The condition under `key`, or None where it is absent or wrong; `sizes` are the definitions'."""
    value = form.find(key)
    if value is None:
        return None
    if isinstance(value, Sequence_):
        form.refuse(WrongShape(value.place, key, "one condition", kind_of(value)))
        return None
    expr, mistakes = read_condition(value, scope)
    form.mistakes.extend(mistakes)
    too_large = check_size(measure(expr, sizes), value.place) if expr is not None else None
    form.mistakes.extend([too_large] if too_large else [])
    return None if too_large else expr
