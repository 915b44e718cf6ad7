"""Series of events: their instances, and what becomes of those when the series or one of them is changed."""

from __future__ import annotations

from schedsvc.domain.series.editing import Edited, cancelled, edited, forgetting, overridden
from schedsvc.domain.series.extents import derived
from schedsvc.domain.series.instances import (
    cancelled_instances,
    count,
    exceptions,
    instance,
    instance_at,
    instances,
    itemized,
    items,
    last,
)
from schedsvc.domain.series.naming import original_id
from schedsvc.domain.series.shifting import with_dates_moved_along
from schedsvc.domain.series.splitting import Split, continuation, is_first, split, truncated
from schedsvc.domain.series.validity import (
    canonical,
    require_few_exceptions,
    require_recurrence,
    with_counted_start,
)

__all__ = [
    "Edited",
    "Split",
    "cancelled",
    "cancelled_instances",
    "canonical",
    "continuation",
    "count",
    "derived",
    "edited",
    "exceptions",
    "forgetting",
    "instance",
    "instance_at",
    "instances",
    "is_first",
    "itemized",
    "items",
    "last",
    "original_id",
    "overridden",
    "require_few_exceptions",
    "require_recurrence",
    "split",
    "truncated",
    "with_counted_start",
    "with_dates_moved_along",
]
