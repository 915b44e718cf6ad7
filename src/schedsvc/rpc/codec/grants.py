"""Grants on the wire."""

from __future__ import annotations

from collections.abc import Callable

from schedsvc.domain.grants import Grant
from schedsvc.domain.names import AccountName, parse_account
from schedsvc.domain.roles import Role
from schedsvc.rpc.codec import patches
from schedsvc.rpc.codec.time import encode_datetime
from schedsvc.usecases.grants import GrantDraft
from schedsvc.v1 import calendars_pb2
from schedsvc.v1 import grants_pb2 as pb


def decode(message: pb.Grant) -> GrantDraft:
    return GrantDraft(parse_account(message.grantee), Role(message.role))


def encode(grant: Grant) -> pb.Grant:
    """The grant as it is answered."""
    return pb.Grant(
        name=str(grant.name),
        grantee=str(AccountName(grant.name.grantee)),
        role=encode_role(grant.role),
        etag=grant.etag,
        create_time=encode_datetime(grant.create_time),
        update_time=encode_datetime(grant.update_time),
    )


def patch(request: pb.UpdateGrantRequest) -> Callable[[Grant], GrantDraft]:
    """From the grant as it is to the one asked for; raises InvalidInput when applied."""
    merged = patches.merger(request.grant, request.update_mask, "grant")
    return lambda current: decode(merged(encode(current)))


def encode_role(role: Role) -> calendars_pb2.AccessRole.ValueType:
    return calendars_pb2.AccessRole.ValueType(role)
