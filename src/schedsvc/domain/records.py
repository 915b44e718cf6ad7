"""Drafts and records: a record is its draft plus what the server knows of it."""

from __future__ import annotations

from dataclasses import fields
from typing import Any


def fields_of(draft: Any, of: type) -> dict[str, Any]:
    """The values that `draft` has for the fields of the dataclass `of`, to build or change a record with."""
    return {field.name: getattr(draft, field.name) for field in fields(of)}
