"""What a consumer imports: a channel that behaves well, typed stubs, the messages, and errors that can be read.

from schedsvc.client import connect, messages

async with connect("localhost:50051") as services:
    page = await services.bookings.ListSlots(messages.ListSlotsRequest(parent=profile), timeout=5)
"""

from schedsvc.client import messages
from schedsvc.client.channel import channel, service_config
from schedsvc.client.failures import Failure, Violation, failure_of
from schedsvc.client.services import Services, connect

__all__ = [
    "Failure",
    "Services",
    "Violation",
    "channel",
    "connect",
    "failure_of",
    "messages",
    "service_config",
]
