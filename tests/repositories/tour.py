"""One call of every read of every repository, for the facts that hold for all of them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from schedsvc.domain.changes import Place
from schedsvc.domain.events import ShowAs
from schedsvc.domain.feeds import account_feed, calendar_feed, profile_feed
from schedsvc.domain.names import AccountName, GrantName
from schedsvc.domain.roles import Role
from schedsvc.repositories.base import BookingFilter, EventFilter, EventOrder, Page, Read
from tests.repositories.records import ADA, DAY, INTRO, MONDAY, NEVER, SIDE, booking, event

Call = Callable[[Read], Awaitable[object]]

WINDOW = (MONDAY, MONDAY + DAY)
START = Place(0, 0)
FEED = calendar_feed(ADA)
PAGE = Page(10)
EVERYTHING = EventFilter(
    window=WINDOW,
    uids=(event().uid,),
    query="description",
    attendee="B@example.org",
    show_as=(ShowAs.BUSY, ShowAs.FREE),
    metadata=event().metadata,
    updated_min=NEVER,
    recurring=False,
)


async def occupying(tx: Read) -> list[object]:
    found = await tx.events.occupying(ADA, WINDOW)
    return [*found.items, *found.series]


READS: dict[str, Call] = {
    "accounts.get": lambda tx: tx.accounts.get(AccountName("ada")),
    "accounts.is_taken": lambda tx: tx.accounts.is_taken(AccountName("ada")),
    "accounts.list": lambda tx: tx.accounts.list(PAGE),
    "calendars.get": lambda tx: tx.calendars.get(ADA),
    "calendars.get_many": lambda tx: tx.calendars.get_many([ADA, SIDE]),
    "calendars.is_taken": lambda tx: tx.calendars.is_taken(ADA),
    "calendars.list": lambda tx: tx.calendars.list(None, PAGE),
    "calendars.list of an account": lambda tx: tx.calendars.list("ada", PAGE),
    "grants.get": lambda tx: tx.grants.get(GrantName(ADA, "bob")),
    "grants.get_many": lambda tx: tx.grants.get_many("bob", [ADA, SIDE]),
    "grants.list": lambda tx: tx.grants.list(ADA, PAGE),
    "grants.shared": lambda tx: tx.grants.shared("bob", Role.READER, PAGE),
    "events.get": lambda tx: tx.events.get(event().name),
    "events.by_uids": lambda tx: tx.events.by_uids(ADA, [event().uid]),
    "events.by_uid_prefixes": lambda tx: tx.events.by_uid_prefixes(ADA, [event().uid]),
    "events.list": lambda tx: tx.events.list(ADA, EventFilter(), PAGE),
    "events.list with all filters": lambda tx: tx.events.list(ADA, EVERYTHING, PAGE),
    "events.list after a key": lambda tx: tx.events.list(ADA, EventFilter(), Page(10, (MONDAY, ""))),
    "events.list of a window": lambda tx: tx.events.list(ADA, EventFilter(window=WINDOW), PAGE),
    "events.zoned_by_calendar": lambda tx: tx.events.zoned_by_calendar(ADA),
    "events.exist": lambda tx: tx.events.exist(ADA),
    "events.list of series": lambda tx: tx.events.list(ADA, EventFilter(recurring=True), PAGE),
    "events.list by update": lambda tx: tx.events.list(ADA, EventFilter(), PAGE, EventOrder.UPDATED),
    "events.by_attendee": lambda tx: tx.events.by_attendee(ADA, ["B@example.org"]),
    "events.occupying": occupying,
    "events.live": lambda tx: tx.events.live(ADA, None, START, 9, 10),
    "events.live in a window": lambda tx: tx.events.live(ADA, WINDOW, START, 9, 10),
    "profiles.get": lambda tx: tx.profiles.get(INTRO),
    "profiles.is_taken": lambda tx: tx.profiles.is_taken(INTRO),
    "profiles.by_slug": lambda tx: tx.profiles.by_slug("ada", "intro"),
    "profiles.using": lambda tx: tx.profiles.using(ADA),
    "profiles.list": lambda tx: tx.profiles.list(None, PAGE),
    "profiles.list of an account": lambda tx: tx.profiles.list("ada", PAGE),
    "bookings.get": lambda tx: tx.bookings.get(booking().name),
    "bookings.list": lambda tx: tx.bookings.list(None, None, BookingFilter(), PAGE),
    "bookings.list of an account": lambda tx: tx.bookings.list(None, "ada", BookingFilter(), PAGE),
    "bookings.list of a profile": lambda tx: tx.bookings.list(
        INTRO, None, BookingFilter(starts=WINDOW, booker_email=booking().booker.email), PAGE
    ),
    "bookings.list after a key": lambda tx: tx.bookings.list(None, None, BookingFilter(), Page(10, (MONDAY, "", ""))),
    "bookings.to_come": lambda tx: tx.bookings.to_come(INTRO, MONDAY),
    "bookings.live": lambda tx: tx.bookings.live(INTRO, None, START, 9, 10),
    "bookings.live in a window": lambda tx: tx.bookings.live(INTRO, WINDOW, START, 9, 10),
    "changes.log": lambda tx: tx.changes.log(FEED, START, 9, 10),
    "changes.net": lambda tx: tx.changes.net(FEED, 0, START, 9, 10),
    "changes.ever_inside": lambda tx: tx.changes.ever_inside(FEED, 0, 9, [event().name.event], WINDOW),
    "outbox.list": lambda tx: tx.outbox.list(PAGE),
    "outbox.list after a key": lambda tx: tx.outbox.list(Page(10, (0, ""))),
    "keys.get": lambda tx: tx.keys.get("k1"),
    "keys.list": lambda tx: tx.keys.list(),
    "heads": lambda tx: tx.heads([FEED, profile_feed(INTRO), account_feed(AccountName("ada"))]),
}
