"""How plays are run: those of packages in Temporal's sandbox, our own without it.

The sandbox runs a play's modules anew for every loop and enters itself for every value that passes, which
costs more than the play does. What it would refuse in our own plays, tests of their syntax refuse before.
"""

from __future__ import annotations

from collections.abc import Sequence

from temporalio.worker import (
    UnsandboxedWorkflowRunner,
    WorkflowInstance,
    WorkflowInstanceDetails,
    WorkflowRunner,
)
from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner, SandboxRestrictions
from temporalio.workflow import _Definition

_OURS = "boucle.workflows."
_PASSED_THROUGH = (
    "boucle.model",
    "boucle.decision",
    "boucle.standing",
    "boucle.terms",
    "boucle.errors",
    "boucle.activities",
    "boucle.engine",
    "boucle.rules",
    "pydantic",
    "sqlmodel",
    "sqlalchemy",
)
"""What the sandbox does not load anew; never `boucle` as a whole, which would open it."""


class PlayRunner(WorkflowRunner):
    """Runs each play as its origin asks for."""

    def __init__(self) -> None:
        restrictions = SandboxRestrictions.default.with_passthrough_modules(*_PASSED_THROUGH)
        self._sandbox = SandboxedWorkflowRunner(restrictions=restrictions)
        self._own = UnsandboxedWorkflowRunner()

    def prepare_workflow(self, defn: _Definition) -> None:
        """Try a play once, before any loop needs it."""
        self._choose(defn).prepare_workflow(defn)

    def create_instance(self, det: WorkflowInstanceDetails) -> WorkflowInstance:
        """A run of a play."""
        return self._choose(det.defn).create_instance(det)

    def set_worker_level_failure_exception_types(self, types: Sequence[type[BaseException]]) -> None:
        """As the worker asks for."""
        self._sandbox.set_worker_level_failure_exception_types(types)

    def _choose(self, play: _Definition) -> WorkflowRunner:
        return self._own if play.cls.__module__.startswith(_OURS) else self._sandbox
