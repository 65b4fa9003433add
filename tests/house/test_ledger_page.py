from __future__ import annotations

import re
from pathlib import Path

from boucle.engine.ledger_events import EVENT_TYPES
from boucle.model import ClockState, EffectState

PAGE = (Path(__file__).parents[2] / "docs" / "ledger.md").read_text(encoding="utf-8")
SOURCES = Path(__file__).parents[2] / "boucle" / "engine"
ABOUT = "response|bundle|customer|loop|clock|case|task|person|contact|act|effect|offer"
EVENT = re.compile(rf'"((?:{ABOUT})\.[a-z_]+)"')
BUILT = {f"clock.{state}" for state in ClockState} | {f"effect.{state}" for state in EffectState}
"""Events whose name is put together from a state."""


def row(name: str) -> str:
    meaning, personal = EVENT_TYPES[name].meaning, EVENT_TYPES[name].personal
    return f"| `{name}` | {meaning} | {', '.join(f'`{field}`' for field in personal)} |"


def test_every_event_is_documented_as_it_is() -> None:
    documented = [line for line in PAGE.splitlines() if re.match(r"\| `[a-z]+\.[a-z]+` \|", line)]
    assert documented == [row(name) for name in sorted(EVENT_TYPES)]


def test_every_listed_event_is_written_somewhere() -> None:
    written = {
        name
        for path in SOURCES.rglob("*.py")
        if path.name != "ledger_events.py"
        for name in EVENT.findall(path.read_text(encoding="utf-8"))
    }
    assert set(EVENT_TYPES) - BUILT <= written
