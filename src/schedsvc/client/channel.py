"""The channel to a server, set up as the service expects its callers to be."""

from __future__ import annotations

import ipaddress
import json
from collections.abc import Iterable, Sequence
from typing import Any, TypeAlias

import grpc
from google.protobuf.descriptor import MethodDescriptor, ServiceDescriptor

from schedsvc.client.credentials import bearer
from schedsvc.v1 import booking_service_pb2, calendar_service_pb2, sync_service_pb2

Option: TypeAlias = tuple[str, Any]

SERVICES: Sequence[ServiceDescriptor] = tuple(
    service
    for file in (booking_service_pb2, calendar_service_pb2, sync_service_pb2)
    for service in file.DESCRIPTOR.services_by_name.values()
)
_HARMLESS = ("Get", "List", "Query", "Suggest", "Export", "StartSync", "StreamChanges")
_RETRY = {
    "maxAttempts": 4,
    "initialBackoff": "0.1s",
    "maxBackoff": "2s",
    "backoffMultiplier": 2,
    "retryableStatusCodes": ["UNAVAILABLE"],
}


def channel(
    target: str,
    *,
    key: str | None = None,
    credentials: grpc.ChannelCredentials | None = None,
    insecure: bool = False,
    options: Iterable[Option] = (),
) -> grpc.aio.Channel:
    """A channel to `target`, such as `localhost:50051` or `dns:///schedsvc-headless:50051`.

    Methods that change nothing are tried up to four times while the server is UNAVAILABLE, calls are spread over all
    addresses of the target, and proxies of the environment are left alone. Writes are not tried again here: with a
    `request_id` the caller may do so safely.

    `key` is sent with every call. `credentials` of None means plain text, and then a key is sent to this machine only,
    unless `insecure` says that something else encrypts. Raises ValueError for a key that would travel openly.
    """
    if key and credentials is None and not insecure and not is_loopback(target):
        raise ValueError(f"the key would be sent to {target} in plain text: pass credentials, or insecure=True")
    settings = [("grpc.service_config", service_config()), ("grpc.enable_http_proxy", 0), *options]
    interceptors = bearer(key) if key else None
    if credentials is None:
        return grpc.aio.insecure_channel(target, options=settings, interceptors=interceptors)
    return grpc.aio.secure_channel(target, credentials, options=settings, interceptors=interceptors)


def service_config() -> str:
    """How calls are retried and spread, as JSON; usable with any gRPC client."""
    names = [
        {"service": service.full_name, "method": method.name}
        for service in SERVICES
        for method in service.methods
        if is_harmless(method)
    ]
    return json.dumps(
        {"loadBalancingConfig": [{"round_robin": {}}], "methodConfig": [{"name": names, "retryPolicy": _RETRY}]}
    )


def is_harmless(method: MethodDescriptor) -> bool:
    """Whether calling the method twice is the same as calling it once."""
    return method.name.startswith(_HARMLESS)


def is_loopback(target: str) -> bool:
    """Whether the target is this machine, as far as its text tells."""
    scheme, _, rest = target.rpartition(":///")
    if scheme.startswith("unix") or target.startswith("unix:"):
        return True
    host = rest.rpartition(":")[0].removeprefix("ipv4:").removeprefix("[").removesuffix("]")
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
