"""Conditions rewritten in place: JSONLogic as text, and the spaces of all; nothing else moves.

The files are edited by the places of their nodes and never written anew, so that comments, quotes and line
breaks stay. What a condition means stays too: the bundle of a workspace is the same before and after.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import yaml

from boucle.errors import Place
from boucle.rules.declarations.facts_file import read_facts
from boucle.rules.files import FACTS, POLICY, RULES
from boucle.rules.language.checker import read_condition
from boucle.rules.language.condition_sites import find_conditions
from boucle.rules.language.scope import Scope
from boucle.rules.strict_yaml.source import Mapping_, Node, Scalar, read_yaml
from boucle.rules.writing.condition_layout import find_gaps, write_scalar
from boucle.rules.writing.condition_text import write_condition

_LINE_BREAK = re.compile(r"\r\n|\r|\n")
_COMMENT = re.compile(r"(?<![^\s])#[^\r\n]*")
_FIRST_KEY = re.compile(r" *(?:- +)*", re.ASCII)
_MARK = "\ufeff"


@dataclass(frozen=True, order=True)
class _Edit:
    start: int
    end: int
    text: str


def format_files(texts: Mapping[str, str], plays: frozenset[str]) -> dict[str, str]:
    """The new texts of the files whose conditions are written otherwise than they should be.

    `texts` are those of a workspace without errors, by path. A JSONLogic condition with comments inside
    has them put before its line; where no line is free for that, it stays as it is.
    """
    scope = _scope(texts, plays)
    paths = [path for path in texts if path in {FACTS, POLICY} or path.startswith(f"{RULES}/")]
    written = {path: _format_file(path, texts[path], scope) for path in paths}
    return {path: text for path, text in written.items() if text != texts[path]}


def _scope(texts: Mapping[str, str], plays: frozenset[str]) -> Scope:
    node, _ = read_yaml(texts[FACTS], FACTS)
    return read_facts(node, plays)[0].scope() if node is not None else Scope({})


def _format_file(path: str, text: str, scope: Scope) -> str:
    body = text.removeprefix(_MARK)
    node, mistakes = read_yaml(body, path)
    if node is None or mistakes:
        return text
    file = _File(body)
    named = replace(scope, definitions=scope.definitions | _defined(node))
    for edit in sorted(_edits(node, file, named), reverse=True):
        body = body[: edit.start] + edit.text + body[edit.end :]
    return text[: len(text) - len(text.removeprefix(_MARK))] + body


def _defined(node: Node) -> frozenset[str]:
    define = node.find("define") if isinstance(node, Mapping_) else None
    return frozenset(name.text for name, _ in define.entries) if isinstance(define, Mapping_) else frozenset()


def _edits(node: Node, file: _File, scope: Scope) -> Iterator[_Edit]:
    for key, value in find_conditions(node):
        yield from _respaced(value, file) if isinstance(value, Scalar) else _as_text(key, value, file, scope)


# -- text ---------------------------------------------------------------------------------------


def _respaced(condition: Scalar, file: _File) -> Iterator[_Edit]:
    """The gaps within one line; the author's line breaks stay."""
    for start, end, gap in find_gaps(condition):
        first, last = (file.index(condition.place_at(offset)) for offset in (start, end))
        if not _LINE_BREAK.search(file.text, first, last):
            yield _Edit(first, last, gap)


# -- JSONLogic ----------------------------------------------------------------------------------


def _as_text(key: Scalar, condition: Mapping_, file: _File, scope: Scope) -> Iterator[_Edit]:
    expr, _ = read_condition(condition, scope)
    if expr is None:
        return
    start = file.text.index(":", file.index(key.place) + len(key.raw)) + 1
    node = file.mappings[file.index(condition.place)]
    comments = file.find_comments(start, node)
    line = file.text[file.line_start(key.place) : file.index(key.place)]
    if comments and not _FIRST_KEY.fullmatch(line):
        return
    yield _Edit(start, _end(node), " " + write_scalar(write_condition(expr)))
    if comments:
        indent = " " * (len(line) - len(line.lstrip(" ")))
        above = "".join(f"{indent}{comment}{file.line_break}" for comment in comments)
        yield _Edit(file.line_start(key.place), file.line_start(key.place), above)


class _File:
    """A file's text, with ways from places to it."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.starts = [0, *(found.end() for found in _LINE_BREAK.finditer(text))]
        found = _LINE_BREAK.search(text)
        self.line_break = found[0] if found else "\n"
        root = yaml.compose(text, yaml.BaseLoader)
        self.mappings = {node.start_mark.index: node for node in _mappings(root)}

    def line_start(self, place: Place) -> int:
        return self.starts[place.line - 1]

    def index(self, place: Place) -> int:
        return self.line_start(place) + place.column - 1

    def find_comments(self, start: int, node: yaml.Node) -> list[str]:
        """The comments between `start` and the node's end."""
        found: list[str] = []
        for leaf in _leaves(node):
            found.extend(_COMMENT.findall(self.text, start, leaf.start_mark.index))
            start = leaf.end_mark.index
        return [*found, *_COMMENT.findall(self.text, start, _end(node))]


def _children(node: yaml.Node) -> Iterator[yaml.Node]:
    if isinstance(node, yaml.SequenceNode):
        yield from node.value
    elif isinstance(node, yaml.MappingNode):
        for pair in node.value:
            yield from pair


def _mappings(node: yaml.Node | None) -> Iterator[yaml.Node]:
    if isinstance(node, yaml.MappingNode):
        yield node
    for child in _children(node) if node is not None else ():
        yield from _mappings(child)


def _leaves(node: yaml.Node) -> Iterator[yaml.Node]:
    if isinstance(node, yaml.ScalarNode):
        yield node
    for child in _children(node):
        yield from _leaves(child)


def _end(node: yaml.Node) -> int:
    """Where a node ends: YAML itself counts what follows a block of lines as part of it."""
    if isinstance(node, yaml.CollectionNode) and not node.flow_style:
        return max((_end(child) for child in _children(node)), default=node.end_mark.index)
    return int(node.end_mark.index)
