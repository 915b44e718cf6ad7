"""Who calls, and which methods a credential opens."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from typing import TypeAlias

from schedsvc.domain.errors import InvalidInput, ScopeMissing, Unauthenticated, Violation
from schedsvc.domain.names import parse_account
from schedsvc.domain.principals import Principal, Scope
from schedsvc.usecases.credentials import REFUSED

Authenticate: TypeAlias = Callable[[str], Awaitable[Principal]]

ACT_AS = "x-act-as"
"""The metadata by which an administrator takes the place of an account."""

ANYONE = Principal(tenant="default", id="anonymous", scopes=frozenset(Scope))
"""Every caller of a deployment without API keys."""

_ADMIN = frozenset({Scope.ADMIN})
_READ = frozenset({Scope.READ})
_WRITE = frozenset({Scope.WRITE})
_BOOK = frozenset({Scope.BOOK})
_SYNC = frozenset({Scope.SYNC})

SCOPES: Mapping[str, frozenset[Scope]] = {
    "CalendarService/CreateAccount": _ADMIN,
    "CalendarService/GetAccount": _READ,
    "CalendarService/ListAccounts": _READ,
    "CalendarService/UpdateAccount": _ADMIN,
    "CalendarService/DeleteAccount": _ADMIN,
    "CalendarService/CreateCalendar": _WRITE,
    "CalendarService/GetCalendar": _READ,
    "CalendarService/ListCalendars": _READ,
    "CalendarService/UpdateCalendar": _WRITE,
    "CalendarService/DeleteCalendar": _WRITE,
    "CalendarService/CreateGrant": _WRITE,
    "CalendarService/GetGrant": _READ,
    "CalendarService/ListGrants": _READ,
    "CalendarService/UpdateGrant": _WRITE,
    "CalendarService/DeleteGrant": _WRITE,
    "CalendarService/CreateEvent": _WRITE,
    "CalendarService/GetEvent": _READ,
    "CalendarService/ListEvents": _READ,
    "CalendarService/UpdateEvent": _WRITE,
    "CalendarService/DeleteEvent": _WRITE,
    "CalendarService/ListInstances": _READ,
    "CalendarService/GetSeries": _READ,
    "CalendarService/RespondToEvent": _WRITE,
    "CalendarService/MoveEvent": _WRITE,
    "CalendarService/BatchWriteEvents": _WRITE,
    "CalendarService/QueryFreeBusy": _READ,
    "CalendarService/SuggestTimes": _READ,
    "CalendarService/ImportCalendar": _WRITE,
    "CalendarService/ExportCalendar": _READ,
    "BookingService/CreateBookingProfile": _WRITE,
    "BookingService/GetBookingProfile": _READ,
    "BookingService/ListBookingProfiles": _READ,
    "BookingService/UpdateBookingProfile": _WRITE,
    "BookingService/DeleteBookingProfile": _WRITE,
    "BookingService/ListSlots": _BOOK | _READ,
    "BookingService/CreateBooking": _BOOK,
    "BookingService/GetBooking": _READ,
    "BookingService/ListBookings": _READ,
    "BookingService/CancelBooking": _BOOK,
    "SyncService/StartSync": _SYNC,
    "SyncService/ListChanges": _SYNC,
    "SyncService/ListUpdated": _SYNC,
    "SyncService/ListDeleted": _SYNC,
    "SyncService/StreamChanges": _SYNC,
}
"""Which scopes open a method: one of them is enough, and ADMIN opens all. What is not listed is not served."""


class Identity:
    """Tells callers by their API keys. `authenticate` of None: there are no keys, and everybody may do everything."""

    def __init__(self, authenticate: Authenticate | None) -> None:
        self._authenticate = authenticate

    async def principal(self, authorization: str) -> Principal:
        """The caller behind a value of the metadata `authorization`. Raises Unauthenticated, always with one text."""
        if self._authenticate is None:
            return ANYONE
        scheme, _, key = authorization.partition(" ")
        if scheme.lower() != "bearer":
            raise Unauthenticated(REFUSED)
        return await self._authenticate(key.strip())


def acting(principal: Principal, name: str) -> Principal:
    """The caller in the place of the account `accounts/x`: with its roles, and with the scopes of the credential.

    Raises ScopeMissing unless the caller administers the tenant, InvalidInput if the name is none.
    """
    if principal.account is not None or Scope.ADMIN not in principal.scopes:
        message = f"{ACT_AS} needs a credential with the scope admin that is bound to no account"
        raise ScopeMissing(message, scope=Scope.ADMIN)
    try:
        return replace(principal, account=parse_account(name).account)
    except ValueError:
        raise InvalidInput([Violation(ACT_AS, "must be a name of the form accounts/{account}")]) from None


def demand(principal: Principal, scopes: frozenset[Scope]) -> None:
    """Raises ScopeMissing unless the caller has one of the scopes."""
    if scopes.isdisjoint(principal.scopes) and Scope.ADMIN not in principal.scopes:
        wanted = " or ".join(sorted(scopes))
        raise ScopeMissing(f"the credential needs the scope {wanted}", scope=wanted)
