"""What leaves an activity as an error: its type and an error id. Details stay in the local log.

A database error quotes values, an SMTP refusal names the address: neither may reach a history.
"""

from __future__ import annotations

import logging
import secrets
from typing import Any

from temporalio.api.failure.v1 import Failure
from temporalio.converter import DefaultFailureConverter, PayloadConverter
from temporalio.exceptions import ApplicationError
from temporalio.worker import ActivityInboundInterceptor, ExecuteActivityInput, Interceptor

from boucle.errors import RefusedError

_log = logging.getLogger(__name__)


class Discretion(Interceptor):
    """Wraps every activity of the worker."""

    def intercept_activity(self, next: ActivityInboundInterceptor) -> ActivityInboundInterceptor:  # noqa: A002 the base names it
        """The wrapped activity."""
        return _DiscreetActivity(next)


class _DiscreetActivity(ActivityInboundInterceptor):
    async def execute_activity(self, input: ExecuteActivityInput) -> Any:  # noqa: A002 the base names it
        try:
            return await self.next.execute_activity(input)
        except ApplicationError:
            raise
        except RefusedError as error:
            raise ApplicationError(error.reason, type="RefusedError", non_retryable=True) from None
        except Exception as error:  # noqa: BLE001 whatever it is, its text must not travel
            raise _discreet(error) from None


def _discreet(error: Exception) -> ApplicationError:
    error_id = secrets.token_hex(4)
    kind = type(error).__name__
    _log.error("activity failed, error id %s", error_id, exc_info=error)
    return ApplicationError(f"{kind}, error id {error_id}", type=kind)


class BareFailures(DefaultFailureConverter):
    """Failures without stack traces: those name paths of the machine, and stand in the log."""

    def to_failure(
        self, exception: BaseException, payload_converter: PayloadConverter, failure: Failure
    ) -> None:
        """As the base does, then without the traces."""
        super().to_failure(exception, payload_converter, failure)
        bare = failure
        while True:
            bare.stack_trace = ""
            if not bare.HasField("cause"):
                break
            bare = bare.cause
