"""BookingService: decode, call, encode."""

from __future__ import annotations

from typing import Any

from google.protobuf.empty_pb2 import Empty

from schedsvc.domain.names import AccountName, parse_account, parse_booking, parse_profile
from schedsvc.rpc.calls import Call
from schedsvc.rpc.codec import bookings, profiles, ranges, slots
from schedsvc.rpc.codec.names import account_parent, booking_parent
from schedsvc.rpc.codec.paging import Paging
from schedsvc.usecases.bookings import BookingQuery, Bookings
from schedsvc.usecases.profiles import Profiles, ProfileView
from schedsvc.usecases.slots import Slots
from schedsvc.v1.booking_profiles_pb2 import (
    BookingProfile,
    CreateBookingProfileRequest,
    DeleteBookingProfileRequest,
    GetBookingProfileRequest,
    ListBookingProfilesRequest,
    ListBookingProfilesResponse,
    UpdateBookingProfileRequest,
)
from schedsvc.v1.bookings_pb2 import (
    Booking,
    CancelBookingRequest,
    CreateBookingRequest,
    GetBookingRequest,
    ListBookingsRequest,
    ListBookingsResponse,
    ListSlotsRequest,
    ListSlotsResponse,
)


class BookingServicer:
    def __init__(self, *, profiles: Profiles, slots: Slots, bookings: Bookings, paging: Paging) -> None:
        self._profiles = profiles
        self._slots = slots
        self._bookings = bookings
        self._paging = paging

    async def create_booking_profile(self, request: CreateBookingProfileRequest, call: Call) -> BookingProfile:
        parent = parse_account(request.parent)
        draft = profiles.decode(request.booking_profile, parent.account)
        options = call.options(request, _profile)
        return _profile(await self._profiles.create(call.principal, options, parent, request.booking_profile_id, draft))

    async def get_booking_profile(self, request: GetBookingProfileRequest, call: Call) -> BookingProfile:
        return _profile(await self._profiles.get(call.principal, parse_profile(request.name)))

    async def list_booking_profiles(
        self, request: ListBookingProfilesRequest, call: Call
    ) -> ListBookingProfilesResponse:
        page = self._paging.page(request, call.method, call.audience, default=50, maximum=500)
        account = account_parent(request.parent)
        found = await self._profiles.list(call.principal, AccountName(account) if account else None, page)
        token = self._paging.token(found.last, request, call.method, call.audience)
        return ListBookingProfilesResponse(booking_profiles=map(_profile, found.records), next_page_token=token)

    async def update_booking_profile(self, request: UpdateBookingProfileRequest, call: Call) -> BookingProfile:
        name, etag = parse_profile(request.booking_profile.name), request.booking_profile.etag
        options = call.options(request, _profile)
        patch = profiles.patch(request)
        return _profile(await self._profiles.update(call.principal, options, name, etag, patch))

    async def delete_booking_profile(self, request: DeleteBookingProfileRequest, call: Call) -> Empty:
        await self._profiles.delete(
            call.principal,
            call.options(request, _empty),
            parse_profile(request.name),
            etag=request.etag,
            force=request.force,
            allow_missing=request.allow_missing,
        )
        return Empty()

    async def list_slots(self, request: ListSlotsRequest, call: Call) -> ListSlotsResponse:
        page, pin = self._paging.pinned_page(request, call.method, call.audience, default=200, maximum=1000)
        found = await self._slots.list(call.principal, slots.decode(request, page, pin))
        token = self._paging.token(slots.last(found), request, call.method, call.audience, (found.as_of,))
        return slots.encode(found, token)

    async def create_booking(self, request: CreateBookingRequest, call: Call) -> Booking:
        parent, draft = parse_profile(request.parent), bookings.decode(request.booking)
        options = call.options(request, bookings.encode)
        made = await self._bookings.create(call.principal, options, parent, request.booking_id, draft)
        return bookings.encode(made)

    async def get_booking(self, request: GetBookingRequest, call: Call) -> Booking:
        return bookings.encode(await self._bookings.get(call.principal, parse_booking(request.name)))

    async def list_bookings(self, request: ListBookingsRequest, call: Call) -> ListBookingsResponse:
        page = self._paging.page(request, call.method, call.audience, default=100, maximum=500)
        profile, account = booking_parent(request.parent)
        query = BookingQuery(
            profile,
            AccountName(account) if account else None,
            ranges.decode_starts(request),
            bookings.decode_states(request),
            request.booker_email,
        )
        found = await self._bookings.list(call.principal, query, page)
        token = self._paging.token(found.last, request, call.method, call.audience)
        return ListBookingsResponse(bookings=map(bookings.encode, found.records), next_page_token=token)

    async def cancel_booking(self, request: CancelBookingRequest, call: Call) -> Booking:
        options, name = call.options(request, bookings.encode), parse_booking(request.name)
        cancelled = await self._bookings.cancel(call.principal, options, name, reason=request.reason, etag=request.etag)
        return bookings.encode(cancelled)


def _profile(view: ProfileView) -> BookingProfile:
    return profiles.encode(view.profile, view.effective_hours)


def _empty(_: Any) -> Empty:
    return Empty()
