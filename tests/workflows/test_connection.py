"""The namespace has what loops need, on a new server and on an old one."""

from __future__ import annotations

import asyncio
import socket

import pytest
from temporalio.api.operatorservice.v1 import ListSearchAttributesRequest
from temporalio.api.workflowservice.v1 import DescribeNamespaceRequest
from temporalio.testing import WorkflowEnvironment

from boucle.errors import UnreachableError
from boucle.worker.connection import RETENTION, SEARCH_ATTRIBUTES, bootstrap, connect


async def test_a_new_namespace_is_made_ready_and_again_is_no_change(env: WorkflowEnvironment) -> None:
    address = env.client.service_client.config.target_host
    client = await connect(address, "firm")
    await asyncio.gather(bootstrap(client), bootstrap(client))
    await bootstrap(client)
    described = await client.workflow_service.describe_namespace(DescribeNamespaceRequest(namespace="firm"))
    listed = await client.operator_service.list_search_attributes(
        ListSearchAttributesRequest(namespace="firm")
    )
    assert described.config.workflow_execution_retention_ttl.ToTimedelta() == RETENTION
    assert set(SEARCH_ATTRIBUTES) <= set(listed.custom_attributes)


async def test_no_server_is_said_in_one_line() -> None:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    with pytest.raises(UnreachableError, match=r"^Temporal at 127\.0\.0\.1:\d+ cannot be reached$"):
        await connect(f"127.0.0.1:{port}", "default")
