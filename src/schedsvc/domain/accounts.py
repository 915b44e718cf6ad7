"""Accounts: people, resources and groups that own calendars and booking profiles."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum

from schedsvc.domain.hours import WorkHours
from schedsvc.domain.names import AccountName


class AccountKind(IntEnum):
    """Values are stored and are those of the proto enum."""

    PERSON = 1
    RESOURCE = 2
    GROUP = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountDraft:
    """What a caller says of an account."""

    kind: AccountKind
    display_name: str
    email: str
    time_zone: str
    work_hours: WorkHours | None
    external_id: str
    attributes: Mapping[str, str]
    metadata: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Account(AccountDraft):
    """`edition` is the feed version of the account's last write; it makes the etag."""

    name: AccountName
    edition: int
    create_time: datetime
    update_time: datetime

    @property
    def etag(self) -> str:
        return f'"{self.edition}"'
