"""The strict YAML reader: text → tree of nodes, each with its place, and every mistake on the way.

Scalars are those of the YAML 1.2 core schema, read from their text: `NO`, `on`, `10:30` and `010`
are text, `15.00` is an exact Decimal. Exponents, `.inf`, `.nan`, octal and hexadecimal stay text.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

import yaml

from boucle.errors import Mistake, Place
from boucle.rules.strict_yaml.source_mistakes import (
    BadCharacter,
    CutInBraces,
    DuplicateKey,
    EmptyFile,
    GluedInBraces,
    KeyNotText,
    NoBreakSpace,
    RefusedYaml,
    SeveralDocuments,
    TooLarge,
)
from boucle.rules.strict_yaml.source_places import place_in
from boucle.rules.strict_yaml.source_plain import ScalarValue, check_plain, resolve_plain
from boucle.rules.strict_yaml.source_syntax import explain_syntax
from boucle.rules.strict_yaml.source_text import BAD_CHARACTER, GLUED_KEY, check_text, code_point
from boucle.rules.value import Value
from boucle.rules.worded import shortened

MAX_DEPTH = 32
_MAX_COLONS = 20


class Scalar(Value):
    """One scalar: its text after unquoting, its style (None plain, `'`, `"`, `|`, `>`), its value."""

    text: str
    place: Place
    style: str | None = None
    value: ScalarValue = None
    raw: str = field(default="", repr=False, compare=False)

    def place_at(self, offset: int) -> Place:
        """The place in the file of the character at `offset` of `text`."""
        return place_in(self.text, self.raw, self.style, self.place, offset)


class Sequence_(Value):  # noqa: N801 - typing's Sequence stands beside it in every reader
    """A list of nodes."""

    items: tuple[Node, ...]
    place: Place


class Mapping_(Value):  # noqa: N801 - as above
    """A mapping in file order; a repeated key is reported, and the first one counts."""

    entries: tuple[tuple[Scalar, Node], ...]
    place: Place

    def find(self, key: str) -> Node | None:
        """The value of a key, or None."""
        return next((value for name, value in self.entries if name.text == key), None)

    def find_key(self, key: str) -> Scalar | None:
        """The key itself, for its place, or None."""
        return next((name for name, _ in self.entries if name.text == key), None)


Node = Scalar | Sequence_ | Mapping_


def read_yaml(text: str, file: str) -> tuple[Node | None, list[Mistake]]:
    """Read one file. The tree is None where nothing can be read; it may be partly wrong otherwise.

    A colon in an unquoted text (B006) does not hide the mistakes after it: it is masked and the
    file is read again, every other place staying what it was.
    """
    text = text.removeprefix("\ufeff")
    found = check_text(text, file)
    if found:
        return None, found
    while True:
        builder = _Builder(file, text)
        stopped_at = builder.run()
        found.extend(builder.syntax)
        if stopped_at is None or len(found) >= _MAX_COLONS:
            break
        text = f"{text[:stopped_at]}\ua789{text[stopped_at + 1 :]}"
    mistakes = [*found, *builder.mistakes]
    if builder.root is None and not mistakes:
        mistakes = [EmptyFile(Place(file, 1, 1))]
    return (None if builder.broken else builder.root), mistakes


@dataclass
class _Open:
    """A list or a mapping that is not closed yet."""

    place: Place
    items: list[Node] = field(default_factory=list)
    entries: list[tuple[Scalar, Node]] | None = None
    key: Scalar | None = None
    seen: dict[str, int] = field(default_factory=dict)
    flow: bool = False


class _Builder:
    """Builds the tree from pyyaml's events; never recursive, so that no depth can exhaust the stack."""

    def __init__(self, file: str, text: str) -> None:
        self.file = file
        self.text = text
        self.root: Node | None = None
        self.mistakes: list[Mistake] = []
        self.syntax: list[Mistake] = []
        self.broken = False
        self._stack: list[_Open] = []
        self._documents = 0

    def run(self) -> int | None:
        """Read to the end; the index of a colon to mask where one stopped the reading."""
        loader = yaml.BaseLoader(self.text)
        try:
            while not self.broken and loader.check_event():
                self._take(loader.get_event())  # type: ignore[no-untyped-call] # untyped in its stubs
        except (yaml.MarkedYAMLError, ValueError) as error:
            return self._stop(error, loader)
        finally:
            loader.dispose()
        return None

    def _stop(self, error: yaml.MarkedYAMLError | ValueError, loader: yaml.BaseLoader) -> int | None:
        mark = loader.get_mark()
        mistake, colon = explain_syntax(error, mark, self.text, self.file)
        self.syntax.append(mistake)
        self.broken = colon is None
        return colon

    def _place(self, event: yaml.Event) -> Place:
        mark = event.start_mark
        return Place(self.file, mark.line + 1, mark.column + 1) if mark else Place(self.file, 1, 1)

    def _take(self, event: yaml.Event) -> None:
        if isinstance(event, yaml.DocumentStartEvent):
            self._start_document(event)
        elif isinstance(event, yaml.NodeEvent):
            self._refuse_features(event)
            self._take_node(event)
        elif isinstance(event, yaml.CollectionEndEvent):
            self._close()

    def _start_document(self, event: yaml.DocumentStartEvent) -> None:
        self._documents += 1
        if self._documents > 1:
            self.mistakes.append(SeveralDocuments(self._place(event)))
            self.broken = True
        elif event.version or event.tags:
            self.mistakes.append(RefusedYaml(self._place(event), "%", "a directive", "delete the line"))

    def _refuse_features(self, event: yaml.NodeEvent) -> None:
        place = self._place(event)
        if isinstance(event, yaml.AliasEvent):
            self.mistakes.append(RefusedYaml(place, f"*{event.anchor}", "an alias"))
        elif event.anchor is not None:
            self.mistakes.append(RefusedYaml(place, f"&{event.anchor}", "an anchor"))
        elif getattr(event, "tag", None) is not None:
            found = self.text[_index(event.start_mark) : _index(event.end_mark)].split()[0:1]
            self.mistakes.append(
                RefusedYaml(place, found[0] if found else "!", "a tag", "write 'not' for '!'")
            )

    def _take_node(self, event: yaml.NodeEvent) -> None:
        if isinstance(event, yaml.ScalarEvent):
            self._deliver(self._scalar(event))
        elif isinstance(event, yaml.AliasEvent):
            self._deliver(Scalar("", self._place(event)))
        elif isinstance(event, yaml.CollectionStartEvent):
            self._open(event)

    def _open(self, event: yaml.CollectionStartEvent) -> None:
        place = self._place(event)
        is_mapping = isinstance(event, yaml.MappingStartEvent)
        if len(self._stack) >= MAX_DEPTH:
            self.mistakes.append(TooLarge(place, "lists and mappings nest too deep", f"{MAX_DEPTH} levels"))
            self.broken = True
        if is_mapping and event.flow_style and self.text[_index(event.start_mark)] != "{":
            self.mistakes.append(CutInBraces(place, ": "))
        self._stack.append(
            _Open(place, entries=[] if is_mapping else None, flow=event.flow_style is True),
        )

    def _close(self) -> None:
        done = self._stack.pop()
        if done.entries is None:
            self._deliver(Sequence_(tuple(done.items), done.place))
        else:
            self._deliver(Mapping_(tuple(done.entries), done.place))

    def _deliver(self, node: Node) -> None:
        if not self._stack:
            self.root = None if _is_nothing(node) else node
            return
        into = self._stack[-1]
        if into.entries is None:
            into.items.append(node)
        elif into.key is None:
            into.key = self._key(into, node)
        else:
            into.entries.append((into.key, node))
            into.key = None

    def _key(self, into: _Open, node: Node) -> Scalar:
        if not isinstance(node, Scalar):
            self.mistakes.append(KeyNotText(node.place))
            return Scalar("", node.place)
        if node.text == "<<" and node.style is None:
            self.mistakes.append(RefusedYaml(node.place, "<<", "a merge"))
        elif node.text in into.seen:
            self.mistakes.append(DuplicateKey(node.place, node.text, into.seen[node.text]))
        self._check_key(node)
        into.seen.setdefault(node.text, node.place.line)
        return node

    def _check_key(self, key: Scalar) -> None:
        space = _NO_BREAK.search(key.text) if key.style is None else None
        if space:
            self.mistakes.append(NoBreakSpace(key.place_at(space.start()), code_point(space[0])))

    def _scalar(self, event: yaml.ScalarEvent) -> Scalar:
        raw = self.text[_index(event.start_mark) : _index(event.end_mark)]
        style = event.style or None
        value = resolve_plain(event.value) if style is None else event.value
        scalar = Scalar(event.value, self._place(event), style, value, raw)
        bad = BAD_CHARACTER.search(scalar.text)
        if bad:
            self.mistakes.append(BadCharacter(scalar.place_at(bad.start()), code_point(bad[0])))
        if style is None:
            self._check_plain(scalar, _index(event.end_mark))
        return scalar

    def _check_plain(self, scalar: Scalar, end: int) -> None:
        into = self._stack[-1] if self._stack else None
        is_flow_key = into is not None and into.flow and into.entries is not None and into.key is None
        if is_flow_key and not _COLON_NEXT.match(self.text, end):
            glued = GLUED_KEY.match(scalar.text)
            found = shortened(scalar.text)
            self.mistakes.append(
                GluedInBraces(scalar.place, found) if glued else CutInBraces(scalar.place, ",")
            )
            return
        mistake = check_plain(scalar.text, scalar.place, self.text, end)
        self.mistakes.extend([mistake] if mistake else [])


_NO_BREAK = re.compile("[\u00a0\u202f]")
_COLON_NEXT = re.compile(r"\s*:")


def _index(mark: Any) -> int:
    return mark.index if mark else 0


def _is_nothing(node: Node) -> bool:
    return isinstance(node, Scalar) and node.style is None and node.value is None
