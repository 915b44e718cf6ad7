"""Whose records a caller may touch: one decision, asked by every use case before it looks anything up.

A credential bound to an account has that account's rights: all on its own records, those of a role on calendars that
are shared with it. One without administers its tenant. The answer depends on the name and the grants only, so it does
not tell what exists.
"""

from __future__ import annotations

from schedsvc.domain.errors import RoleMissing
from schedsvc.domain.names import CalendarName, GrantName
from schedsvc.domain.principals import Principal
from schedsvc.domain.profiles import BookingProfile
from schedsvc.domain.roles import Role
from schedsvc.repositories.base import Read


def require_account(principal: Principal, account: str) -> None:
    """Raises RoleMissing unless the caller owns the account."""
    if not owns(principal, account):
        raise RoleMissing(f"the credential is not for accounts/{account}", role="OWNER", resource=f"accounts/{account}")


def owns(principal: Principal, account: str) -> bool:
    """Whether the account is the caller's own, or the caller administers the tenant."""
    return principal.account is None or principal.account == account


async def require_role(tx: Read, principal: Principal, calendar: CalendarName, role: Role) -> Role:
    """The caller's role on the calendar; raises RoleMissing if it is less than `role`.

    The refusal is the same whether there is such a calendar or not. In a write, ask inside the work: under the lock of
    the calendar's feed no grant changes. Costs no query for the owner of the calendar and for those of the tenant.
    """
    if principal.account is None or principal.account == calendar.account:
        return Role.OWNER
    grant = await tx.grants.get(GrantName(calendar, principal.account))
    if grant is None or grant.role < role:
        raise role_missing(calendar, role)
    return grant.role


def role_missing(calendar: CalendarName, role: Role) -> RoleMissing:
    """What is said to whoever lacks a role, whatever else is wrong."""
    message = f"the credential needs the role {role.name} on {calendar}"
    return RoleMissing(message, role=role.name, resource=str(calendar))


async def unreadable(tx: Read, profile: BookingProfile) -> tuple[CalendarName, ...]:
    """The conflict calendars whose grant is gone since they were put into the profile; most profiles have none."""
    account = profile.name.account
    return tuple([c for c in sorted(profile.by_grant) if await tx.grants.get(GrantName(c, account)) is None])


def visible_account(principal: Principal, account: str | None) -> str | None:
    """The account to list over: the asked one, or all (None) as far as the caller may see them."""
    if account is None:
        return principal.account
    require_account(principal, account)
    return account
