"""The first key of every workspace file: what it is, and in which version of the language."""

from __future__ import annotations

from boucle.errors import Mistake
from boucle.rules.strict_yaml.file_mistakes import MissingKey, WrongHeader, WrongShape
from boucle.rules.strict_yaml.form import Form, kind_of
from boucle.rules.strict_yaml.source import Mapping_, Node, Scalar
from boucle.rules.worded import shortened


def open_file(node: Node, header: str, what: str, mistakes: list[Mistake]) -> Form | None:
    """The file's top mapping, or None where it is not the file that it should be."""
    if not isinstance(node, Mapping_):
        mistakes.append(WrongShape(node.place, what, "a mapping of keys and values", kind_of(node)))
        return None
    found = node.find("boucle")
    if found is None:
        mistakes.append(MissingKey(node.place, what, "boucle"))
    elif not isinstance(found, Scalar) or found.text != header:
        shown = shortened(found.text) if isinstance(found, Scalar) else kind_of(found)
        mistakes.append(WrongHeader(found.place, shown, header))
        return None
    return Form(node, what, mistakes)
