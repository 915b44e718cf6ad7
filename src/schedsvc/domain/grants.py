"""Grants: calendars shared with other accounts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from schedsvc.domain.names import GrantName
from schedsvc.domain.roles import Role


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """The role of one account on a calendar of another; its id is that of the grantee.

    `edition` is the feed version of the calendar at the grant's last write; it makes the etag, and tells a grant that
    was taken back and given again from the one before.
    """

    name: GrantName
    role: Role
    edition: int
    create_time: datetime
    update_time: datetime

    @property
    def etag(self) -> str:
        return f'"{self.edition}"'
