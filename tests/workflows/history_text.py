"""Everything that a Temporal history says, payloads decoded, as one text."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Iterator
from typing import Any

from temporalio.client import Client


def plain_text(history: str) -> str:
    """The JSON of a history, with every payload readable in its place."""
    return "\n".join(_texts(json.loads(history)))


def _texts(value: Any, key: str = "") -> Iterator[str]:
    if isinstance(value, dict):
        for name, part in value.items():
            yield name
            yield from _texts(part, name)
    elif isinstance(value, list):
        for part in value:
            yield from _texts(part, key)
    else:
        yield _decoded(value) if key in {"data", "encoding"} else str(value)


def _decoded(value: str) -> str:
    try:
        return base64.b64decode(value, validate=True).decode("utf-8")
    except (binascii.Error, UnicodeDecodeError):
        return value


async def read_histories(client: Client, loop: str) -> list[str]:
    """The history of every run of a loop, in JSON."""
    runs = [run.run_id async for run in client.list_workflows(f'WorkflowId = "{loop}"')]
    return [
        (await client.get_workflow_handle(loop, run_id=run_id).fetch_history()).to_json() for run_id in runs
    ]
