"""A mapping of a workspace file, read key by key; every mistake is collected, none raised."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Mapping, Sequence
from datetime import date
from decimal import Decimal

from boucle.errors import Mistake, Place
from boucle.model import Duration
from boucle.rules.strict_yaml.days import parse_date
from boucle.rules.strict_yaml.file_mistakes import (
    BadName,
    BadValue,
    Misplaced,
    MissingKey,
    Repeated,
    UnknownKey,
    WrongShape,
)
from boucle.rules.strict_yaml.source import Mapping_, Node, Scalar, Sequence_
from boucle.rules.strict_yaml.source_text import GLUED_KEY
from boucle.rules.worded import did_you_mean, listed, shortened

NOWHERE: Mapping[str, str] = {}
"""No key that has its place elsewhere."""

_KEYS_SHOWN = 24
_WORD = re.compile(r"[a-z0-9][a-z0-9_-]{0,79}", re.ASCII)


class Form:
    """One mapping and what it is called in messages. Each reading method returns None where wrong."""

    def __init__(self, node: Mapping_, what: str, mistakes: list[Mistake]) -> None:
        self.node = node
        self.what = what
        self.mistakes = mistakes

    @property
    def place(self) -> Place:
        """Where the mapping begins."""
        return self.node.place

    def refuse(self, mistake: Mistake) -> None:
        """Collect one mistake."""
        self.mistakes.append(mistake)

    def check_keys(self, known: Collection[str], elsewhere: Mapping[str, str] = NOWHERE) -> None:
        """Refuse every key that means nothing here; `elsewhere` says where it does."""
        for key, _ in self.node.entries:
            if key.text in elsewhere:
                self.refuse(Misplaced(key.place, key.text, self.what, elsewhere[key.text]))
            elif key.text not in known:
                guess = did_you_mean(key.text, known)
                keys = listed(sorted(known), _KEYS_SHOWN)
                self.refuse(UnknownKey(key.place, shortened(key.text), self.what, guess, keys))

    def has(self, key: str) -> bool:
        """Whether the key stands there, whatever its value."""
        return self.node.find(key) is not None

    def require(self, *keys: str) -> None:
        """Refuse the absence of keys."""
        for key in keys:
            if not self.has(key):
                self.refuse(MissingKey(self.place, self.what, key))

    def place_of(self, key: str) -> Place:
        """Where a key's value stands; where the mapping begins, if the key is absent."""
        value = self.node.find(key)
        return value.place if value is not None else self.place

    def find(self, key: str) -> Node | None:
        """The value of a key; one without a value is refused."""
        value = self.node.find(key)
        if isinstance(value, Scalar) and value.value is None:
            at = self.node.find_key(key)
            self.refuse(MissingKey(at.place if at else value.place, self.what, key))
            return None
        return value

    # -- typed values

    def scalar(self, key: str, expected: str) -> Scalar | None:
        """A single value."""
        value = self.find(key)
        if value is None or isinstance(value, Scalar):
            return value
        self.refuse(WrongShape(value.place, key, expected, kind_of(value)))
        return None

    def text(self, key: str) -> str | None:
        """A text, in NFC."""
        value = self.scalar(key, "a text")
        return None if value is None else self.read_text(key, value)

    def read_text(self, key: str, value: Scalar) -> str | None:
        """The text of a value that must be one."""
        if isinstance(value.value, str):
            return unicodedata.normalize("NFC", value.value).strip()
        expected = f"it reads as {kind_of(value)}; put it in '…' to make it text"
        self.refuse(BadValue(value.place, key, shortened(value.text), expected))
        return None

    def word(self, key: str, kind: str) -> str | None:
        """An id: lower-case letters, digits, `-` and `_`."""
        value = self.scalar(key, "a text")
        text = value and self.read_text(key, value)
        if value is None or not text:
            return None
        if not _WORD.fullmatch(text):
            why = "it takes lower-case letters, digits, '-' and '_'"
            self.refuse(BadName(value.place, shortened(text), kind, why))
            return None
        return text

    def choice(self, key: str, choices: Collection[str]) -> str | None:
        """One of a few words."""
        value = self.scalar(key, "a word")
        if value is None:
            return None
        if value.text not in choices:
            guess = did_you_mean(value.text, choices)
            expected = f"it takes {listed(sorted(choices))}{guess}"
            self.refuse(BadValue(value.place, key, shortened(value.text), expected))
            return None
        return value.text

    def flag(self, key: str) -> bool | None:
        """`true` or `false`."""
        value = self.scalar(key, "true or false")
        if value is None:
            return None
        if isinstance(value.value, bool):
            return value.value
        self.refuse(BadValue(value.place, key, shortened(value.text), "write true or false, without quotes"))
        return None

    def number(self, key: str) -> int | Decimal | None:
        """An exact number."""
        value = self.scalar(key, "a number")
        if value is None:
            return None
        if isinstance(value.value, int | Decimal) and not isinstance(value.value, bool):
            return value.value
        expected = "write a number such as 10 or 15.00, without quotes"
        self.refuse(BadValue(value.place, key, shortened(value.text), expected))
        return None

    def whole(self, key: str) -> int | None:
        """A whole number."""
        value = self.number(key)
        if value is None or isinstance(value, int):
            return value
        node = self.node.find(key)
        self.refuse(BadValue(node.place if node else self.place, key, f"{value}", "it is a whole number"))
        return None

    def day(self, key: str) -> date | None:
        """A day such as 2026-01-31."""
        value = self.scalar(key, "a day")
        day = value and parse_date(value.text)
        if value is not None and day is None:
            self.refuse(BadValue(value.place, key, shortened(value.text), "write a day such as 2026-01-31"))
        return day or None

    def duration(self, key: str) -> Duration | None:
        """A length of time on the wall clock."""
        value = self.scalar(key, "a duration")
        if value is None:
            return None
        try:
            read = Duration.parse(value.text)
            read.wall()
        except (ValueError, OverflowError):
            expected = "write a duration such as 24h, 14 days or 2 weeks"
            self.refuse(BadValue(value.place, key, shortened(value.text), expected))
            return None
        return read

    # -- what lies below

    def form(self, key: str, what: str) -> Form | None:
        """A mapping."""
        value = self.find(key)
        if value is None:
            return None
        if isinstance(value, Mapping_):
            return Form(value, what, self.mistakes)
        glued = isinstance(value, Scalar) and GLUED_KEY.match(value.text)
        found = "a text; put a space after its ':'" if glued else kind_of(value)
        self.refuse(WrongShape(value.place, key, "a mapping of keys and values", found))
        return None

    def items(self, key: str, expected: str) -> tuple[Node, ...]:
        """The items of a list; none where it is no list."""
        value = self.find(key)
        if value is None:
            return ()
        if isinstance(value, Sequence_):
            return value.items
        self.refuse(WrongShape(value.place, key, expected, kind_of(value)))
        return ()

    def forms(self, key: str, what: str) -> list[Form]:
        """A list of mappings."""
        found: list[Form] = []
        for item in self.items(key, f"a list, each item a {what}"):
            if isinstance(item, Mapping_):
                found.append(Form(item, f"this {what}", self.mistakes))
            else:
                self.refuse(WrongShape(item.place, key, f"a list, each item a {what}", kind_of(item)))
        return found

    def texts(self, key: str, expected: str) -> list[Scalar]:
        """A list of words, each with its place."""
        found: list[Scalar] = []
        for item in self.items(key, expected):
            if not isinstance(item, Scalar):
                self.refuse(WrongShape(item.place, key, expected, kind_of(item)))
            elif self.read_text(key, item) is not None:
                found.append(item)
        return found


def check_repeats(entries: Sequence[Form], key: str, kind: str) -> None:
    """Refuse an id that two entries of one list share."""
    seen: dict[str, Place] = {}
    for entry in entries:
        value = entry.node.find(key)
        if isinstance(value, Scalar) and value.text in seen:
            first = f"line {seen[value.text].line}"
            entry.refuse(Repeated(value.place, kind, shortened(value.text), first))
        elif isinstance(value, Scalar):
            seen[value.text] = value.place


def kind_of(node: Node) -> str:
    """What a node is, in a message."""
    match node:
        case Mapping_():
            return "a mapping"
        case Sequence_():
            return "a list"
        case Scalar(value=bool()):
            return "true or false"
        case Scalar(value=None):
            return "nothing"
        case Scalar(value=str()):
            return "a text"
        case _:
            return "a number"
