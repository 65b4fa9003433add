"""The strict YAML reader: values from their text, places from their marks, nothing guessed."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from boucle.errors import Place
from boucle.rules.strict_yaml.source import Mapping_, Scalar, Sequence_, read_yaml
from boucle.rules.strict_yaml.source_text import MAX_CHARACTERS, lines_of


def _value(text: str) -> object:
    node, mistakes = read_yaml(f"key: {text}\n", "f.yaml")
    assert mistakes == []
    assert isinstance(node, Mapping_)
    value = node.find("key")
    assert isinstance(value, Scalar)
    return value.value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("NO", "NO"), ("on", "on"), ("yes", "yes"), ("10:30", "10:30"), ("010", "010"), ("0x1F", "0x1F"),
        ("0o17", "0o17"), ("1e3", "1e3"), (".inf", ".inf"), (".nan", ".nan"), ("1_000", "1_000"),
        ("2026-01-31", "2026-01-31"), ("0", 0), ("-7", -7), ("+7", 7), ("15.00", Decimal("15.00")),
        ("0.1", Decimal("0.1")), ("true", True), ("False", False), ("~", None), ("null", None), ("", None),
        ("'5'", "5"), ('"true"', "true"), ("''", ""), ("9" * 50, "9" * 50),
    ],
)  # fmt: skip
def test_a_scalar_is_what_its_text_says(text: str, value: object) -> None:
    assert _value(text) == value
    assert type(_value(text)) is type(value)


def test_every_node_knows_its_place() -> None:
    node, _ = read_yaml("a:\n  - b\n  - {c: 'd'}\n", "f.yaml")
    assert isinstance(node, Mapping_)
    items = node.find("a")
    assert isinstance(items, Sequence_)
    assert items.place == Place("f.yaml", 2, 3)
    assert [item.place.column for item in items.items] == [5, 5]
    inner = items.items[1]
    assert isinstance(inner, Mapping_)
    assert [value.place for _, value in inner.entries] == [Place("f.yaml", 3, 9)]


def test_a_byte_order_mark_and_windows_line_ends_change_no_place() -> None:
    node, mistakes = read_yaml("\ufeffa: 1\r\nb: 2\r\n", "f.yaml")
    assert mistakes == []
    assert isinstance(node, Mapping_)
    assert [key.place for key, _ in node.entries] == [Place("f.yaml", 1, 1), Place("f.yaml", 2, 1)]


def test_every_bad_line_of_the_bare_text_is_named() -> None:
    _, mistakes = read_yaml("a: 1\n\tb: 2\nc: \x1b[0m\nd: ‮x\n", "f.yaml")  # noqa: PLE2502 - the case
    assert [(mistake.place.line, mistake.code) for mistake in mistakes] == [
        (2, "B013"),
        (3, "B025"),
        (4, "B025"),
    ]


def test_a_comment_is_no_cut_text() -> None:
    for text in ("a: b # c", 'a: b # "c', "a: 'x' #c", "a: [b] #c", "a: 1  # 2", "a: b#c", "# c\na: b"):
        assert read_yaml(text, "f.yaml")[1] == []


def test_the_first_of_two_equal_keys_counts() -> None:
    node, mistakes = read_yaml("a: 1\na: 2\n", "f.yaml")
    assert [mistake.code for mistake in mistakes] == ["B004"]
    assert isinstance(node, Mapping_)
    found = node.find("a")
    assert isinstance(found, Scalar)
    assert found.value == 1


@pytest.mark.parametrize(
    "text",
    [
        "[" * 100_000,
        "{" * 100_000,
        "- " * 100_000,
        "a: " * 1_000,
        "? " * 5_000,
        "&a " * 1_000,
        "x" * (MAX_CHARACTERS + 1),
    ],
)
def test_no_size_and_no_depth_exhausts_the_reader(text: str) -> None:
    node, mistakes = read_yaml(text, "f.yaml")
    assert node is None
    assert mistakes


def test_twenty_unquoted_colons_are_the_most_that_are_looked_for() -> None:
    _, mistakes = read_yaml("".join(f"t{n}: a : b\n" for n in range(80)), "f.yaml")
    assert [mistake.code for mistake in mistakes] == ["B006"] * 20


@settings(deadline=None)
@given(st.text(alphabet="ab:-#'\"\\ \n|>{}[],&*!?%@`\t\r\u00a0\u2028\x00\ud800", max_size=60))
def test_any_text_gives_a_tree_or_placed_mistakes(text: str) -> None:
    node, mistakes = read_yaml(text, "f.yaml")
    assert node is not None or mistakes
    lines = lines_of(text)
    for mistake in mistakes:
        assert 1 <= mistake.place.line <= len(lines)
        assert 1 <= mistake.place.column <= len(lines[mistake.place.line - 1]) + 2
