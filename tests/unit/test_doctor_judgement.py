"""What the doctor says of what Temporal and the database tell it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from boucle.local.findings import Finding, counted, is_sound
from boucle.local.temporal_checks import OpenLoops, compare, judge
from boucle.local.temporal_view import TemporalView

AT = datetime(2026, 3, 3, 9, tzinfo=UTC)


def seen(
    running: str = "",
    ended_badly: str = "",
    stuck: str = "",
    polled_at: datetime | None = AT,
    retention: int = 90,
) -> TemporalView:
    return TemporalView(
        frozenset(running.split()),
        frozenset(ended_badly.split()),
        frozenset(stuck.split()),
        polled_at,
        timedelta(days=retention),
    )


def open_loops(ids: str, untold: str = "") -> OpenLoops:
    return OpenLoops(frozenset(ids.split()), frozenset(untold.split()))


def findings(view: TemporalView, known: OpenLoops) -> dict[str, Finding]:
    return {found.check: found for found in judge(view, compare(view, known), known, AT)}


def test_all_is_well_where_both_sides_say_the_same() -> None:
    told = findings(seen(running="a b"), open_loops("a b"))
    assert is_sound(list(told.values()))
    assert told["workflows"].text == "2 open loops run as workflows"


def test_what_waits_in_the_outbox_is_not_lost() -> None:
    told = findings(seen(running="a"), open_loops("a b", untold="b"))
    assert told["workflows"].verdict == "ok"


@pytest.mark.parametrize(
    ("view", "known", "check", "says", "try_next"),
    [
        (seen(running="a"), "a b", "workflows", "unknown to Temporal: b", "boucle loops rebuild"),
        (seen(running="a b"), "a", "workflows", "running though closed: b", "boucle loops show b"),
        (seen(running="a", stuck="a"), "a", "stuck", "1 workflow whose play fails", "boucle loops show LOOP"),
        (seen(ended_badly="a"), "a", "ended", "1 workflow that ended", "boucle loops rebuild"),
        (seen(polled_at=None), "", "worker", "no worker asks for work", "boucle up, or boucle worker"),
        (
            seen(polled_at=AT - timedelta(seconds=91)),
            "",
            "worker",
            "no worker has asked for work for 91 s",
            "boucle up, or boucle worker",
        ),
    ],
)
def test_a_problem_is_named_with_what_to_try(
    view: TemporalView, known: str, check: str, says: str, try_next: str
) -> None:
    told = findings(view, open_loops(known))
    assert told[check].verdict == "problem"
    assert says in told[check].text
    assert told[check].next == try_next


def test_a_loop_whose_first_run_ended_badly_and_that_runs_again_is_well() -> None:
    told = findings(seen(running="a", ended_badly="a"), open_loops("a"))
    assert told["ended"].verdict == "ok"


def test_a_short_retention_asks_for_attention() -> None:
    told = findings(seen(retention=1), open_loops(""))
    assert told["temporal"].verdict == "attention"
    assert is_sound(list(told.values()))


def test_many_ids_are_not_all_listed() -> None:
    told = findings(seen(), open_loops("a b c d e f g"))
    assert told["workflows"].text.endswith("unknown to Temporal: a, b, c, d, e, …")


def test_numbers_are_written_for_people() -> None:
    assert [counted(number, "loop") for number in (0, 1, 2, 1234)] == [
        "0 loops",
        "1 loop",
        "2 loops",
        "1,234 loops",
    ]
