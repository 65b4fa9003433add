"""Plays run in a sandbox that refuses what would make a replay differ."""

from __future__ import annotations

import asyncio

from temporalio.api.enums.v1 import EventType
from temporalio.client import WorkflowHandle
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Worker

from boucle.standing import LoopRef
from boucle.worker.play_runner import PlayRunner
from tests.workflows.clock_reader import ClockReader


async def first_failure(handle: WorkflowHandle[ClockReader, str]) -> str:
    async with asyncio.timeout(20):
        async for event in handle.fetch_history_events(wait_new_event=True):
            if event.event_type == EventType.EVENT_TYPE_WORKFLOW_TASK_FAILED:
                return event.workflow_task_failed_event_attributes.failure.message
    raise AssertionError("the history ended without a failure")


async def test_a_play_that_reads_the_clock_is_refused(env: WorkflowEnvironment) -> None:
    async with Worker(
        env.client, task_queue="sandbox", workflows=[ClockReader], workflow_runner=PlayRunner()
    ):
        handle = await env.client.start_workflow(
            ClockReader.run, LoopRef(loop="l"), id="clock-reader", task_queue="sandbox"
        )
        assert "Cannot access datetime.datetime.now" in await first_failure(handle)
        await handle.terminate()
