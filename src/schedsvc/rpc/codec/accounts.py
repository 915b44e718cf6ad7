"""Accounts on the wire."""

from __future__ import annotations

from collections.abc import Callable

from schedsvc.domain.accounts import Account, AccountDraft, AccountKind
from schedsvc.rpc.codec import patches
from schedsvc.rpc.codec.time import decode_work_hours, encode_datetime, encode_work_hours
from schedsvc.v1 import accounts_pb2 as pb


def decode(message: pb.Account) -> AccountDraft:
    """With the defaults: a PERSON, in UTC."""
    return AccountDraft(
        kind=AccountKind(message.kind or AccountKind.PERSON),
        display_name=message.display_name,
        email=message.email,
        time_zone=message.time_zone or "UTC",
        work_hours=decode_work_hours(message.work_hours) if message.HasField("work_hours") else None,
        external_id=message.external_id,
        attributes=dict(message.attributes),
        metadata=dict(message.metadata),
    )


def encode(account: Account) -> pb.Account:
    """The account as it is answered."""
    return pb.Account(
        name=str(account.name),
        kind=pb.Account.Kind.ValueType(account.kind),
        display_name=account.display_name,
        email=account.email,
        time_zone=account.time_zone,
        work_hours=encode_work_hours(account.work_hours) if account.work_hours else None,
        external_id=account.external_id,
        attributes=account.attributes,
        metadata=account.metadata,
        etag=account.etag,
        create_time=encode_datetime(account.create_time),
        update_time=encode_datetime(account.update_time),
    )


def patch(request: pb.UpdateAccountRequest) -> Callable[[Account], AccountDraft]:
    """From the account as it is to the one asked for; raises InvalidInput when applied."""
    merged = patches.merger(request.account, request.update_mask, "account")
    return lambda current: decode(merged(encode(current)))
