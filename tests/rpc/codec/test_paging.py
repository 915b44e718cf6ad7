"""Page tokens open for the query that they were made for and for no other."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schedsvc.domain.errors import PageTokenInvalid
from schedsvc.domain.tokens import Sealer
from schedsvc.repositories.base import Page
from schedsvc.rpc.codec.paging import Paging
from schedsvc.v1.bookings_pb2 import ListSlotsRequest
from schedsvc.v1.events_pb2 import ListEventsRequest
from tests.rpc.codec.building import build

PAGING = Paging(Sealer({1: bytes(32)}, current=1))
METHOD, TENANT = "CalendarService/ListEvents", "t1"


def request(**more: object) -> ListEventsRequest:
    return build(ListEventsRequest, parent="accounts/a/calendars/a", query="x", **more)


def token(last: tuple[str | int, ...] = (7, "e1")) -> str:
    return PAGING.token(last, request(), METHOD, TENANT)


@pytest.mark.parametrize(("asked", "size"), [(0, 250), (1, 1), (1000, 1000), (1001, 1000), (2**31 - 1, 1000)])
def test_a_page_has_the_default_size_and_never_more_than_the_greatest(asked: int, size: int) -> None:
    assert PAGING.page(request(page_size=asked), METHOD, TENANT, 250, 1000) == Page(size)


def test_there_is_no_token_after_the_last_page() -> None:
    assert PAGING.token(None, request(), METHOD, TENANT) == ""


@given(st.lists(st.integers() | st.text(), min_size=1, max_size=4))
def test_a_token_leads_on_after_the_last_record(key: list[str | int]) -> None:
    page = PAGING.page(request(page_token=token(tuple(key))), METHOD, TENANT, 250, 1000)
    assert page == Page(250, tuple(key))


def test_another_page_size_is_the_same_query() -> None:
    assert PAGING.page(request(page_token=token(), page_size=3), METHOD, TENANT, 250, 1000).size == 3


OTHERS = [
    (request(page_token=token()), "CalendarService/ListOther", TENANT),
    (request(page_token=token()), METHOD, "t2"),
    (build(ListEventsRequest, parent="accounts/b/calendars/b", query="x", page_token=token()), METHOD, TENANT),
    (build(ListEventsRequest, parent="accounts/a/calendars/a", query="y", page_token=token()), METHOD, TENANT),
    (request(page_token=token()[:-1]), METHOD, TENANT),
    (request(page_token="\0"), METHOD, TENANT),
    (request(page_token="é" * 5000), METHOD, TENANT),
]


@pytest.mark.parametrize(("asked", "method", "tenant"), OTHERS)
def test_a_token_is_good_for_nothing_else_and_all_misuse_reads_the_same(
    asked: ListEventsRequest, method: str, tenant: str
) -> None:
    with pytest.raises(PageTokenInvalid) as caught:
        PAGING.page(asked, method, tenant, 250, 1000)
    assert caught.value.message == "the page token is not one of this query; start again without it"


def test_all_pages_share_what_the_first_one_pinned() -> None:
    slots = build(ListSlotsRequest, parent="accounts/a/bookingProfiles/p")
    page, pin = PAGING.pinned_page(slots, METHOD, TENANT, 200, 1000)
    assert (page, pin) == (Page(200), ())
    slots.page_token = PAGING.token((60,), slots, METHOD, TENANT, pin=(1234,))
    assert PAGING.pinned_page(slots, METHOD, TENANT, 200, 1000) == (Page(200, (60,)), (1234,))
