"""The timeline reads like a story: who did what and when, gaps drawn as breaks."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from boucle.commands.sentences import sentence, tell
from boucle.engine.ledger_events import EVENT_TYPES
from boucle.engine.timeline import Entry

OTHERS = ("response.", "bundle.", "customer.", "contact.", "person.")
"""Events that stand on chains of their own, not on a loop's."""

NOON = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def utc(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


def entry(
    number: int,
    type_: str,
    details: Mapping[str, Any],
    *,
    after: timedelta = timedelta(),
    written: timedelta = timedelta(),
    actor: str = "boucle",
    text: str | None = None,
) -> Entry:
    at = NOON + after
    texts = {"text": text} if text else {}
    return Entry(number, type_, at, at + written, actor, details, texts, "00")


def test_a_story_with_a_break_a_quote_and_an_attempt_written_down_later() -> None:
    lines = tell(
        [
            entry(1, "loop.opened", {"rule_set": "nps", "rule": "key", "play": "csm_case", "round": 1}),
            entry(
                2,
                "loop.advanced",
                {"stage": "working", "clocks": {"close": "2026-03-12T12:00:00.000000Z"}},
            ),
            entry(
                3,
                "case.attempted",
                {"channel": "phone", "result": "reached"},
                after=timedelta(days=2, hours=17),
                written=timedelta(minutes=30),
                actor="anna",
                text="He was\nkind.",
            ),
        ]
    )
    assert lines == [
        "  2026-03-10 12:00 +00:00  #1   opened by rule nps/key: csm_case",
        "  2026-03-10 12:00 +00:00  #2   working",
        "      close due 2026-03-12 12:00 +00:00",
        "  ┆ 2 d 17 h",
        "  2026-03-13 05:00 +00:00  #3   anna: attempt by phone: reached  (written down 30 min later)",
        "      “He was kind.”",
    ]


def test_an_effect_is_named_by_its_step() -> None:
    assert sentence(entry(4, "effect.done", {"effect": "abc/1/apology", "try": 1})) == "apology: done"


@pytest.mark.parametrize("code", ["moot", "not_needed"])
def test_a_notice_that_had_lost_its_point_is_no_failure(code: str) -> None:
    told = entry(
        1, "effect.refused", {"effect": "l/1/staff-reminder-close-4h", "code": code, "kind": "staff"}
    )
    assert sentence(told) == "staff-reminder-close-4h: not needed any more, so nobody was told"


def test_an_event_without_a_sentence_shows_its_details() -> None:
    assert sentence(entry(5, "loop.sung", {"round": 1, "tune": "do"})) == "loop.sung: tune do"
    assert sentence(entry(6, "loop.sung", {})) == "loop.sung"


@pytest.mark.parametrize("type_", sorted(type_ for type_ in EVENT_TYPES if not type_.startswith(OTHERS)))
def test_every_event_of_a_loop_has_a_sentence(type_: str) -> None:
    assert not sentence(entry(7, type_, {})).startswith(type_)
