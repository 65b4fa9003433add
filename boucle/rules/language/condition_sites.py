"""Where conditions stand in the files of a workspace, whatever is around them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TypeGuard

from boucle.errors import Mistake
from boucle.rules.language.jsonlogic_mistakes import UnusedList
from boucle.rules.language.lexer import read_tokens
from boucle.rules.language.named_lists import NamedList
from boucle.rules.strict_yaml.source import Mapping_, Node, Scalar, Sequence_

CONDITION_KEYS = frozenset(("when", "only_when", "where", "whenever"))
"""The keys whose value is a condition."""

_OTHER_WORLDS = frozenset(("with", "lists"))
"""Keys below which nothing is a condition: a play's parameters may have any name."""


def find_conditions(node: Node) -> Iterator[tuple[Scalar, Scalar | Mapping_]]:
    """The key and the value of every condition below a node, in file order."""
    match node:
        case Sequence_():
            for item in node.items:
                yield from find_conditions(item)
        case Mapping_():
            for key, value in node.entries:
                if key.text in CONDITION_KEYS and _is_condition(value):
                    yield key, value
                elif key.text not in _OTHER_WORLDS:
                    yield from find_conditions(value)
        case _:
            return


def _is_condition(value: Node) -> TypeGuard[Scalar | Mapping_]:
    """Whether a value is a condition; a definition called `when` is a mapping that holds one."""
    if isinstance(value, Mapping_):
        return not any(value.find(key) for key in CONDITION_KEYS)
    return isinstance(value, Scalar)


def check_lists_used(lists: Mapping[str, NamedList], nodes: Iterable[Node]) -> list[Mistake]:
    """The named lists that no condition of the files names."""
    if not lists:
        return []
    texts = (value for node in nodes for _, value in find_conditions(node) if isinstance(value, Scalar))
    named = {token.text for text in texts for token in read_tokens(text)[0] if token.kind == "name"}
    return [UnusedList(one.place, name) for name, one in lists.items() if one.values and name not in named]
