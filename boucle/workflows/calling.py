"""How plays call activities: with which timeouts, and what is tried again."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any, TypeVar

from temporalio import workflow
from temporalio.common import RetryPolicy

Argument = TypeVar("Argument")
Result = TypeVar("Result")


_RETRY = RetryPolicy(
    initial_interval=timedelta(seconds=1),
    backoff_coefficient=2,
    maximum_interval=timedelta(minutes=5),
    non_retryable_error_types=["RefusedError", "NotFoundError"],
)
_ALL_TRIES = timedelta(days=30)
_TRANSACTION = timedelta(seconds=20)
"""How long one try may take. A worker that dies in it delays the loop by the time of a workflow task."""
_WAITED_FOR = timedelta(seconds=1)
"""So long a pause before the next try is waited for in place; a longer one is a timer of the workflow."""
_DIALOGUE = timedelta(seconds=60)


async def do(activity: Callable[[Any, Argument], Result], argument: Argument) -> Result:
    """Run a short transaction and wait for what it says.

    It is a local activity: the worker that runs the play runs it, and Temporal hears of it with what the play
    decides next. Should the worker die in between, both are done again, so it has to be the same when it runs
    twice.
    """
    return await workflow.execute_local_activity_method(
        activity,
        argument,
        start_to_close_timeout=_TRANSACTION,
        schedule_to_close_timeout=_ALL_TRIES,
        retry_policy=_RETRY,
        local_retry_threshold=_WAITED_FOR,
    )


async def send(activity: Callable[[Any, Argument], Result], argument: Argument) -> Result:
    """Run a dialogue with a mail server between two short transactions, and wait for what it says."""
    return await workflow.execute_activity_method(
        activity,
        argument,
        start_to_close_timeout=_DIALOGUE,
        schedule_to_close_timeout=_ALL_TRIES,
        retry_policy=_RETRY,
    )
