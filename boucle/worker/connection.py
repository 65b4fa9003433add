"""Speaking to Temporal: the client, and the namespace with what it must have.

`bootstrap` is idempotent and runs at every start: a server that already has a file ignores what it
is told about search attributes on its command line, and keeps histories for a day only.
"""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Mapping
from datetime import timedelta

from google.protobuf.duration_pb2 import Duration as ProtoDuration
from temporalio.api.enums.v1 import IndexedValueType
from temporalio.api.namespace.v1 import NamespaceConfig
from temporalio.api.operatorservice.v1 import AddSearchAttributesRequest, ListSearchAttributesRequest
from temporalio.api.workflowservice.v1 import (
    DescribeNamespaceRequest,
    RegisterNamespaceRequest,
    UpdateNamespaceRequest,
)
from temporalio.client import Client
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.runtime import Runtime
from temporalio.service import RPCError, RPCStatusCode

from boucle.errors import UnreachableError
from boucle.worker.interceptor import BareFailures

SEARCH_ATTRIBUTES: Mapping[str, IndexedValueType.ValueType] = {
    "BoucleCustomer": IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD,
    "BouclePlay": IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD,
    "BoucleRule": IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD,
    "BoucleStage": IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD,
    "BoucleDue": IndexedValueType.INDEXED_VALUE_TYPE_DATETIME,
    "BoucleBundle": IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD,
}
"""What operators can search loops by; opaque ids and closed lists only."""

RETENTION = timedelta(days=90)
"""How long Temporal keeps a finished history. The ledger keeps its own for ever."""

IDENTITY = "boucle"
DATA_CONVERTER = dataclasses.replace(pydantic_data_converter, failure_converter_class=BareFailures)
_PATIENCE = 60.0
_PAUSE = 0.25


async def connect(address: str, namespace: str, runtime: Runtime | None = None) -> Client:
    """A client; UnreachableError when nobody answers."""
    try:
        return await Client.connect(
            address,
            namespace=namespace,
            data_converter=DATA_CONVERTER,
            identity=IDENTITY,
            runtime=runtime,
        )
    except RuntimeError as error:
        raise UnreachableError("Temporal", address) from error


async def bootstrap(client: Client) -> None:
    """Make sure of the namespace, its retention and the search attributes; returns when they are seen."""
    async with asyncio.timeout(_PATIENCE):
        await _ensure_namespace(client)
        await _ensure_search_attributes(client)


async def _ensure_namespace(client: Client) -> None:
    retention = ProtoDuration()
    retention.FromTimedelta(RETENTION)
    if not await _has_namespace(client):
        await _register(client, retention)
    request = UpdateNamespaceRequest(
        namespace=client.namespace, config=NamespaceConfig(workflow_execution_retention_ttl=retention)
    )
    while True:  # a new namespace takes some seconds to be seen
        try:
            await client.workflow_service.update_namespace(request)
        except RPCError as error:
            if error.status != RPCStatusCode.NOT_FOUND:
                raise
            await asyncio.sleep(_PAUSE)
        else:
            return


async def _has_namespace(client: Client) -> bool:
    try:
        await client.workflow_service.describe_namespace(DescribeNamespaceRequest(namespace=client.namespace))
    except RPCError as error:
        if error.status != RPCStatusCode.NOT_FOUND:
            raise
        return False
    return True


async def _register(client: Client, retention: ProtoDuration) -> None:
    request = RegisterNamespaceRequest(
        namespace=client.namespace, workflow_execution_retention_period=retention
    )
    try:
        await client.workflow_service.register_namespace(request)
    except RPCError as error:
        if error.status != RPCStatusCode.ALREADY_EXISTS:  # another worker was faster
            raise


async def _ensure_search_attributes(client: Client) -> None:
    """Add what is missing, then wait until the server says that it has all of them."""
    while True:
        missing = set(SEARCH_ATTRIBUTES) - await _list_search_attributes(client)
        if not missing:
            return
        await _add_search_attributes(client, missing)
        await asyncio.sleep(_PAUSE)


async def _list_search_attributes(client: Client) -> set[str]:
    try:
        listed = await client.operator_service.list_search_attributes(
            ListSearchAttributesRequest(namespace=client.namespace)
        )
    except RPCError as error:
        if error.status != RPCStatusCode.NOT_FOUND:  # the namespace is not seen yet
            raise
        return set()
    return set(listed.custom_attributes)


async def _add_search_attributes(client: Client, names: set[str]) -> None:
    wanted = {name: SEARCH_ATTRIBUTES[name] for name in names}
    request = AddSearchAttributesRequest(namespace=client.namespace, search_attributes=wanted)
    try:
        await client.operator_service.add_search_attributes(request)
    except RPCError as error:
        if error.status not in {RPCStatusCode.ALREADY_EXISTS, RPCStatusCode.NOT_FOUND}:
            raise
