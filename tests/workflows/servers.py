"""Temporal servers for tests: the real one, with a clock for each workflow."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from temporalio.testing import TimeSkippingConfig, WorkflowEnvironment

from boucle.worker.connection import DATA_CONVERTER, IDENTITY, bootstrap


async def start_server(*arguments: str) -> WorkflowEnvironment:
    """A server in memory, set up as the worker sets it up; a loop's time is skipped when a test says so."""
    environment = await start_bare_server(*arguments)
    await bootstrap(environment.client)
    return environment


async def start_bare_server(*arguments: str) -> WorkflowEnvironment:
    """The same, not set up: as one that has lost its file."""
    return await WorkflowEnvironment.start_time_skipping_v2(
        dev_server_existing_path=shutil.which("temporal", path=str(Path(sys.executable).parent)),
        data_converter=DATA_CONVERTER,
        identity=IDENTITY,
        dev_server_log_level="error",
        ts_config=TimeSkippingConfig(enabled=False),
        dev_server_extra_args=[
            "--dynamic-config-value",
            "frontend.WorkflowTimeSkippingEnabled=true",
            *arguments,
        ],
    )
