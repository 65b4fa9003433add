"""What a play has told the server in each recorded history: its fingerprint.

`python -m tests.workflows.play_commands` adds the histories that are new; `--rewrite` takes all anew.
"""

from __future__ import annotations

import json
import sys
from base64 import b64decode
from collections.abc import Mapping
from pathlib import Path
from typing import Any

_IN_PLACE = "core_local_activity"
FOLDER = Path(__file__).parent / "histories"
FILE = Path(__file__).parent / "play_commands.json"

_COMMANDS: Mapping[str, str] = {
    "ACTIVITY_TASK_SCHEDULED": "activity",
    "TIMER_STARTED": "timer",
    "TIMER_CANCELED": "timer cancelled",
    "UPSERT_WORKFLOW_SEARCH_ATTRIBUTES": "search attributes",
    "WORKFLOW_EXECUTION_UPDATE_ACCEPTED": "act accepted",
    "WORKFLOW_EXECUTION_UPDATE_COMPLETED": "act answered",
    "WORKFLOW_EXECUTION_COMPLETED": "completed",
    "WORKFLOW_EXECUTION_CONTINUED_AS_NEW": "continued as new",
    "WORKFLOW_EXECUTION_CANCELED": "cancelled",
}
"""The events that a command of the play makes, which a replay must make again in this order."""


def list_commands(history: Mapping[str, Any]) -> list[str]:
    """The commands of one history, in order; an activity, a transaction and a patch by their names."""
    found = []
    for event in history["events"]:
        kind = str(event["eventType"]).removeprefix("EVENT_TYPE_")
        if kind == "MARKER_RECORDED":
            found.append(_tell_marker(event["markerRecordedEventAttributes"]))
        elif kind in _COMMANDS:
            found.append(" ".join(filter(None, (_COMMANDS[kind], _name(event)))))
    return found


def read_recorded() -> dict[str, list[str]]:
    """The commands of every committed history, by its name."""
    paths = sorted(FOLDER.glob("*.json"))
    return {path.stem: list_commands(json.loads(path.read_text(encoding="utf-8"))) for path in paths}


def read_committed() -> dict[str, list[str]]:
    """The fingerprint: what each history held when it was taken up."""
    found: dict[str, list[str]] = json.loads(FILE.read_text(encoding="utf-8"))
    return found


def write(*, anew: bool) -> None:
    """Take new histories up; all of them `anew` where no loop in flight can be of the old ones."""
    known = {} if anew or not FILE.exists() else read_committed()
    text = json.dumps({**read_recorded(), **known}, indent=1, sort_keys=True)
    FILE.write_text(text + "\n", encoding="utf-8")


def _tell_marker(marker: Mapping[str, Any]) -> str:
    """A marker is what was done in place (a local activity), or a patch."""
    if marker["markerName"] != _IN_PLACE:
        return "patch"
    (payload,) = marker["details"]["data"]["payloads"]
    return f"transaction {json.loads(b64decode(payload['data']))['activity_type']}"


def _name(event: Mapping[str, Any]) -> str:
    scheduled = event.get("activityTaskScheduledEventAttributes")
    return str(scheduled["activityType"]["name"]) if scheduled else ""


if __name__ == "__main__":
    write(anew="--rewrite" in sys.argv[1:])
