"""What commands print: tables that can be piped, instants that a reader and a program understand."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import get_args

import pytest

from boucle.commands import options, output
from boucle.commands.approvals import OfferKindName
from boucle.commands.offers import OfferStateName
from boucle.engine.timeline import Entry
from boucle.model import (
    AttemptResult,
    Channel,
    Closure,
    Duration,
    LoopState,
    Money,
    OfferKind,
    OfferState,
)

NOON = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)


@pytest.fixture
def paris(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TZ", "Europe/Paris")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.usefixtures("paris")
def test_text_shows_local_time_with_its_offset() -> None:
    assert output.local(NOON) == "2026-03-10 13:00 +01:00"
    assert output.local(datetime(2026, 7, 1, 12, 0, tzinfo=UTC)) == "2026-07-01 14:00 +02:00"
    assert output.local(None) == ""


def test_json_shows_utc_and_amounts_as_text() -> None:
    told = {"at": NOON, "money": Money.parse("15.00 EUR"), "within": (Duration.parse("24h"),), "who": "Léa"}
    assert output.to_json(told) == (
        '{\n  "at": "2026-03-10T12:00:00Z",\n  "money": "15.00 EUR",\n'
        '  "within": [\n    "24h"\n  ],\n  "who": "Léa"\n}'
    )


def test_json_writes_dataclasses_by_field() -> None:
    entry = Entry(1, "loop.opened", NOON, NOON, "boucle", {"rule": "r"}, {}, "00")
    assert json.loads(output.to_json([entry]))[0]["happened_at"] == "2026-03-10T12:00:00Z"


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0, "0 s"), (59, "59 s"), (3_600, "1 h"), (4_800, "1 h 20 min"), (90_061, "1 d 1 h"), (86_405, "1 d")],
)
def test_a_span_has_two_words_at_most(seconds: int, words: str) -> None:
    assert output.span(seconds) == words


def test_a_due_time_says_how_late_it_is() -> None:
    assert output.until(NOON + timedelta(hours=3), NOON) == "in 3 h"
    assert output.until(NOON - timedelta(minutes=80), NOON) == "1 h 20 min late"


def test_tables_align_numbers_right_and_count_wide_letters() -> None:
    assert output.table(("name", "n"), [("Léa", 5), ("王", 120)]) == "NAME    N\nLéa     5\n王    120"


def test_a_cell_keeps_to_its_line() -> None:
    assert output.table(("text",), [("one\ntwo",)]) == "TEXT\none two"


def test_closed_lists_are_those_of_the_model() -> None:
    assert get_args(options.ChannelName) == tuple(Channel)
    assert get_args(options.ResultName) == tuple(AttemptResult)
    assert get_args(OfferStateName) == tuple(OfferState)
    assert get_args(OfferKindName) == tuple(OfferKind)
    assert get_args(options.ClosureName) == tuple(Closure)
    assert get_args(options.LoopStateName) == tuple(LoopState)
