"""The services of the contract."""

from __future__ import annotations

from collections.abc import Mapping

from google.protobuf.descriptor import ServiceDescriptor

from schedsvc.v1 import booking_service_pb2, calendar_service_pb2, sync_service_pb2

_FILES = (calendar_service_pb2, booking_service_pb2, sync_service_pb2)

DESCRIPTORS: Mapping[str, ServiceDescriptor] = {
    service.full_name: service for file in _FILES for service in file.DESCRIPTOR.services_by_name.values()
}
"""By full name."""
