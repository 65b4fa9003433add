"""What Temporal's server knows of our loops, asked for comparing it with the database."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from google.protobuf.duration_pb2 import Duration as ProtoDuration
from temporalio.api.enums.v1 import TaskQueueType
from temporalio.api.taskqueue.v1 import TaskQueue
from temporalio.api.workflowservice.v1 import DescribeNamespaceRequest, DescribeTaskQueueRequest
from temporalio.client import Client

_ENDED_BADLY = "ExecutionStatus IN ('Terminated', 'Failed', 'TimedOut', 'Canceled')"
_STUCK = (
    "ExecutionStatus = 'Running' AND TemporalReportedProblems IN "
    "('category=WorkflowTaskFailed', 'category=WorkflowTaskTimedOut')"
)


@dataclass(frozen=True)
class TemporalView:
    """Workflows of one task queue by loop id, and who polls it.

    `polled_at` is when a worker last asked for work; None when none did in the last five minutes.
    """

    running: frozenset[str]
    ended_badly: frozenset[str]
    stuck: frozenset[str]
    polled_at: datetime | None
    retention: timedelta


async def view(client: Client, task_queue: str) -> TemporalView:
    """Ask for all of it."""
    return TemporalView(
        running=await list_ids(client, task_queue, "ExecutionStatus = 'Running'"),
        ended_badly=await list_ids(client, task_queue, _ENDED_BADLY),
        stuck=await list_ids(client, task_queue, _STUCK),
        polled_at=await _polled_at(client, task_queue),
        retention=await _retention(client),
    )


async def list_ids(client: Client, task_queue: str, query: str) -> frozenset[str]:
    """The ids of the workflows that a visibility query finds on the queue."""
    found = client.list_workflows(f"TaskQueue = '{task_queue}' AND {query}")
    return frozenset([run.id async for run in found])


async def _polled_at(client: Client, task_queue: str) -> datetime | None:
    answer = await client.workflow_service.describe_task_queue(
        DescribeTaskQueueRequest(
            namespace=client.namespace,
            task_queue=TaskQueue(name=task_queue),
            task_queue_type=TaskQueueType.TASK_QUEUE_TYPE_WORKFLOW,
        )
    )
    asked = (poller.last_access_time.ToDatetime(tzinfo=UTC) for poller in answer.pollers)
    return max(asked, default=None)


async def _retention(client: Client) -> timedelta:
    answer = await client.workflow_service.describe_namespace(
        DescribeNamespaceRequest(namespace=client.namespace)
    )
    period: ProtoDuration = answer.config.workflow_execution_retention_ttl
    return period.ToTimedelta()
