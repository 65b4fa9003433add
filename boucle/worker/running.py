"""The worker: plays, activities, the dispatcher and the reconciler, until it is told to stop."""

from __future__ import annotations

import asyncio
import gc
import logging
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta

from temporalio.client import Client
from temporalio.worker import PollerBehaviorAutoscaling, Worker

from boucle.activities import Means, list_activities
from boucle.worker.connection import IDENTITY, bootstrap, connect
from boucle.worker.dispatcher import Dispatcher
from boucle.worker.installed_workflows import load_workflows
from boucle.worker.interceptor import Discretion
from boucle.worker.play_runner import PlayRunner
from boucle.worker.reconciler import Reconciler

_log = logging.getLogger(__name__)

_THREADS = 12
"""Messages at once. There are threads for transitions besides: none waits for a mail server that is slow."""
_CACHED = 200
_TASKS = 8
"""Workflow tasks at once. Their clock starts when they are taken, so a worker that takes more than it
can work in seconds does all of them in vain, again and again."""
_GRACE = timedelta(seconds=30)


@dataclass(frozen=True)
class WorkerConfig:
    """Where Temporal answers, and what the activities work with."""

    address: str
    namespace: str
    task_queue: str
    means: Means


async def run_worker(config: WorkerConfig, stop: asyncio.Event) -> None:
    """Work until `stop` is set, then finish what was begun. UnreachableError without a server."""
    leave_loaded_alone()
    client = await connect(config.address, config.namespace)
    await bootstrap(client)
    await work(client, config.means, config.task_queue, stop)


def leave_loaded_alone() -> None:
    """Keep the garbage collector from looking again and again at what is loaded for good.

    A worker makes many objects that end with their transaction; of those in rings, a run that left the cache
    is the largest, and has to be found soon.
    """
    load_workflows()
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 5, 5)


async def work(client: Client, means: Means, task_queue: str, stop: asyncio.Event) -> None:
    """As `run_worker`, over a client that is connected to a server that is set up."""
    for unusable in load_workflows().unusable:
        _log.error("%s", unusable)
    dispatcher = Dispatcher(client, means.database, task_queue)
    reconciler = Reconciler(client, means.database, task_queue)
    with ThreadPoolExecutor(_THREADS + _TASKS, thread_name_prefix="activity") as threads:
        async with make_worker(client, means, task_queue, threads):
            await asyncio.gather(dispatcher.run(stop), reconciler.run(stop))


def make_worker(client: Client, means: Means, task_queue: str, threads: ThreadPoolExecutor) -> Worker:
    """A worker of all plays and activities. The database has a connection for each of its threads."""
    return Worker(
        client,
        task_queue=task_queue,
        workflows=[*load_workflows().workflows.values()],
        activities=list_activities(means),
        activity_executor=threads,
        max_concurrent_activities=_THREADS,
        max_concurrent_local_activities=_TASKS,
        max_concurrent_workflow_tasks=_TASKS,
        max_cached_workflows=_CACHED,
        workflow_runner=PlayRunner(),
        interceptors=[Discretion()],
        identity=IDENTITY,
        graceful_shutdown_timeout=_GRACE,
        workflow_task_poller_behavior=PollerBehaviorAutoscaling(),
        activity_task_poller_behavior=PollerBehaviorAutoscaling(),
    )
