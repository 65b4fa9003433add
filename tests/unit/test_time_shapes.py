"""What datalogic itself does with text that looks like a duration or an instant."""

from __future__ import annotations

import pytest
from datalogic_py import Engine
from hypothesis import given, settings
from hypothesis import strategies as st

from boucle.rules.encoding import reads_as_time

ENGINE = Engine()


def engine_says_equal(left: str, right: str) -> bool:
    answers = {
        ENGINE.eval({"===": [{"var": "x"}, right]}, {"x": left}),
        ENGINE.eval({"in": [{"var": "x"}, [right]]}, {"x": left}),
        ENGINE.eval({"in": [right, {"var": "x"}]}, {"x": [left]}),
    }
    (answer,) = answers
    return bool(answer)


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("1d", "24h"),
        ("60s", "1m"),
        ("0m", "0s"),
        ("1d2h", "26h"),
        ("1d:2h", "26h"),
        ("01d", "1d"),
        ("2024-01-01T00:00:00", "2024-01-01T00:00:00Z"),
        ("2024-01-01T00:00:00Z", "2024-01-01T01:00:00+01:00"),
    ],
)
def test_the_engine_takes_two_different_texts_for_one_time_and_we_refuse_both(left: str, right: str) -> None:
    assert engine_says_equal(left, right)
    assert reads_as_time(left)
    assert reads_as_time(right)


@pytest.mark.parametrize(
    "text", ["key", "2024-01-01", "1.5h", "1w", "12:00", "d", "", "day1", "10", "1d of rest"]
)
def test_ordinary_words_are_not_taken_for_times(text: str) -> None:
    assert not reads_as_time(text)


TIMELY = st.text(alphabet="0123456789dhmsTZ:-+. wDy", max_size=22)
INSTANTS = st.builds(
    "{:04}-{:02}-{:02}{}{:02}:{:02}{}".format,
    st.integers(1, 9999),
    st.integers(0, 13),
    st.integers(0, 32),
    st.sampled_from("Tt "),
    st.integers(0, 25),
    st.integers(0, 61),
    st.sampled_from(["", "Z", ":00", ":00Z", ":00.5Z", ":00+01:00", "+0100"]),
)


@settings(deadline=None)
@given(st.lists(TIMELY | INSTANTS | st.text(), min_size=2, max_size=12))
def test_texts_that_are_not_refused_are_equal_to_themselves_alone(texts: list[str]) -> None:
    plain = [text for text in texts if not reads_as_time(text)]
    for left in plain:
        for right in plain:
            assert engine_says_equal(left, right) == (left == right)


DURATIONS = st.lists(
    st.tuples(st.integers(0, 99), st.sampled_from("dhms"), st.sampled_from(["", ":", " "])),
    min_size=1,
    max_size=3,
).map(lambda parts: "".join(f"{number}{unit}{after}" for number, unit, after in parts))


@settings(deadline=None)
@given(DURATIONS, DURATIONS)
def test_a_duration_is_only_confused_with_another_time(left: str, right: str) -> None:
    if left != right and engine_says_equal(left, right):
        assert reads_as_time(left)
        assert reads_as_time(right)
