"""How plays call activities: with which timeouts, and what is tried again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, TypeVar

from temporalio import workflow
from temporalio.common import RetryPolicy

Argument = TypeVar("Argument")
Result = TypeVar("Result")


@dataclass(frozen=True)
class Patience:
    """How long one try may take, and how long it is tried at all."""

    one_try: timedelta
    all_tries: timedelta
    retry: RetryPolicy


_RETRY = RetryPolicy(
    initial_interval=timedelta(seconds=1),
    backoff_coefficient=2,
    maximum_interval=timedelta(minutes=5),
    non_retryable_error_types=["RefusedError", "NotFoundError"],
)
DATABASE = Patience(timedelta(seconds=20), timedelta(days=30), _RETRY)
"""A short transaction. A worker that dies in it delays the loop by one try."""
SENDING = Patience(timedelta(seconds=60), timedelta(days=30), _RETRY)
"""A dialogue with a mail server between two short transactions."""


async def do(
    activity: Callable[[Any, Argument], Result], argument: Argument, patience: Patience = DATABASE
) -> Result:
    """Run an activity and wait for what it says."""
    return await workflow.execute_activity_method(
        activity,
        argument,
        start_to_close_timeout=patience.one_try,
        schedule_to_close_timeout=patience.all_tries,
        retry_policy=patience.retry,
    )
