from __future__ import annotations

import io
import logging
from collections.abc import Iterator

import pytest
import structlog

from schedsvc.rpc.logs import configure


@pytest.fixture(autouse=True)
def log_output() -> Iterator[io.StringIO]:
    """Logging as the program sets it up, into a text; undone at the end."""
    root, stream = logging.getLogger(), io.StringIO()
    handlers, level = root.handlers[:], root.level
    root.handlers.clear()
    configure(logging.INFO, stream)
    yield stream
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()
