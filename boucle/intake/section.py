"""Reading a mapping of the map file: each key by its shape, every mistake with its place."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TypeVar

from boucle.errors import Mistake, Place
from boucle.intake.import_map import Text
from boucle.intake.map_mistakes import Exclusive, MissingKey, NotAChoice, UnknownKey, WrongShape
from boucle.rules.strict_yaml.source import Mapping_, Node, Scalar, Sequence_
from boucle.rules.worded import did_you_mean, listed, shortened

Choice = TypeVar("Choice", bound=str)
_HIGHEST = 1_000


class Section:
    """One mapping of the file. Unknown keys are reported at once, the others as they are read."""

    def __init__(self, node: Mapping_, keys: Sequence[str], mistakes: list[Mistake]) -> None:
        self.node = node
        self.place = node.place
        self.mistakes = mistakes
        for key, _ in node.entries:
            if key.text not in keys:
                guess = did_you_mean(key.text, keys)
                mistakes.append(UnknownKey(key.place, key.text, guess, listed(keys, len(keys))))

    def __contains__(self, key: str) -> bool:
        return self.node.find(key) is not None

    def place_of(self, key: str) -> Place:
        """Where a key stands; the section's own place where it does not."""
        found = self.node.find_key(key)
        return found.place if found else self.place

    def require(self, key: str, how: str) -> bool:
        """Whether the key is there; a mistake where it is not."""
        if key not in self:
            self.mistakes.append(MissingKey(self.place, key, how))
        return key in self

    def exclude(self, first: str, second: str) -> None:
        """Two keys of which only one may stand."""
        if first in self and second in self:
            what = f"'{first}' and '{second}' exclude each other; leave one of them out"
            self.mistakes.append(Exclusive(self.place_of(second), what))

    def text(self, key: str) -> Text | None:
        """The text of a key, None where there is none."""
        node = self.node.find(key)
        return self.as_text(key, node) if node else None

    def texts(self, key: str) -> tuple[Text, ...]:
        """One text or a list of them."""
        node = self.node.find(key)
        return self.as_texts(key, node) if node else ()

    def choice(self, key: str, choices: Collection[Choice], default: Choice) -> Choice:
        """One of a few words."""
        found = self.text(key)
        for choice in choices:
            if found and found.text == choice:
                return choice
        if found:
            self.refuse_choice(key, found, choices)
        return default

    def refuse_choice(self, key: str, found: Text, choices: Collection[str]) -> None:
        """Report a value that is none of the choices."""
        guess = did_you_mean(found.text, choices)
        self.mistakes.append(NotAChoice(found.place, key, shortened(found.text), guess, listed(choices, 20)))

    def number(self, key: str, lowest: int, default: int) -> int:
        """A whole number, not below `lowest` and not beyond 1,000; `default` where there is none."""
        node = self.node.find(key)
        if node is None:
            return default
        value = node.value if isinstance(node, Scalar) and node.style is None else None
        if isinstance(value, int) and not isinstance(value, bool) and lowest <= value <= _HIGHEST:
            return value
        self.refuse(key, node, f"a whole number from {lowest} to {_HIGHEST}")
        return default

    def entries(self, key: str) -> tuple[tuple[Scalar, Node], ...]:
        """The keys and values of a mapping whose keys are free."""
        node = self.node.find(key)
        if isinstance(node, Mapping_):
            return node.entries
        if node is not None:
            self.refuse(key, node, "a mapping")
        return ()

    def items(self, key: str) -> tuple[Node, ...]:
        """One item or a list of them."""
        node = self.node.find(key)
        if node is None:
            return ()
        return node.items if isinstance(node, Sequence_) else (node,)

    def inner(self, key: str, keys: Sequence[str]) -> Section | None:
        """A mapping below this one."""
        node = self.node.find(key)
        return self.as_section(key, node, keys) if node else None

    def as_section(self, key: str, node: Node, keys: Sequence[str]) -> Section | None:
        """A node as a mapping with these keys."""
        if isinstance(node, Mapping_):
            return Section(node, keys, self.mistakes)
        self.refuse(key, node, "a mapping")
        return None

    def as_text(self, key: str, node: Node) -> Text | None:
        """A node as one text that says something."""
        if isinstance(node, Scalar) and (node.text.strip() or node.style is not None):
            return Text(node.text, node.place)
        self.refuse(key, node, "one text")
        return None

    def as_texts(self, key: str, node: Node) -> tuple[Text, ...]:
        """A node as texts, one or a list."""
        nodes = node.items if isinstance(node, Sequence_) else (node,)
        if not nodes:
            self.refuse(key, node, "a text or a list of texts")
        found = (self.as_text(key, item) for item in nodes)
        return tuple(text for text in found if text)

    def refuse(self, key: str, node: Node, wanted: str) -> None:
        """Report a node of the wrong shape."""
        self.mistakes.append(WrongShape(node.place, key, wanted, _shape(node)))


def _shape(node: Node) -> str:
    if isinstance(node, Mapping_):
        return "a mapping"
    if isinstance(node, Sequence_):
        return "a list" if node.items else "an empty list"
    return f"'{shortened(node.text)}'" if node.text.strip() else "nothing"
