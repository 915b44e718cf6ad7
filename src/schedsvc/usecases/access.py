"""Whose records a caller may touch: one decision, asked by every use case before it looks anything up.

A credential bound to an account works on that account alone; one without administers its tenant. The answer
depends on the name only, so it does not tell what exists.
"""

from __future__ import annotations

from schedsvc.domain.errors import RoleMissing
from schedsvc.domain.principals import Principal


def require_account(principal: Principal, account: str) -> None:
    """Raises RoleMissing unless the caller owns the account."""
    if principal.account is not None and principal.account != account:
        raise RoleMissing(f"the credential is not for accounts/{account}", role="OWNER", resource=f"accounts/{account}")


def visible_account(principal: Principal, account: str | None) -> str | None:
    """The account to list over: the asked one, or all (None) as far as the caller may see them."""
    if account is None:
        return principal.account
    require_account(principal, account)
    return account
