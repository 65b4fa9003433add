"""Every mistake that a file of a workspace can hold, by its stable code."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import ModuleType

from boucle.rules import finding_mistakes, guarantee_mistakes
from boucle.rules.declarations import derived_mistakes, gate_mistakes
from boucle.rules.language import condition_mistakes, jsonlogic_mistakes
from boucle.rules.strict_yaml import file_mistakes, source_mistakes
from boucle.rules.testing import case_mistakes
from boucle.rules.worded import Worded


def _of(module: ModuleType) -> Iterator[type[Worded]]:
    for found in vars(module).values():
        if isinstance(found, type) and issubclass(found, Worded) and found is not Worded:
            yield found


_MODULES = (
    source_mistakes,
    condition_mistakes,
    jsonlogic_mistakes,
    file_mistakes,
    gate_mistakes,
    derived_mistakes,
    case_mistakes,
    finding_mistakes,
    guarantee_mistakes,
)

CODES: Mapping[str, type[Worded]] = {
    kind.code: kind
    for kind in sorted((kind for module in _MODULES for kind in _of(module)), key=lambda kind: kind.code)
}
"""Code → the mistake's class, the last of those that share it.

docs/codes.md has a wrong and a right example of each.
"""
