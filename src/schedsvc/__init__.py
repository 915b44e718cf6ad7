"""schedsvc: calendars, availability and bookings as one asynchronous gRPC service."""
