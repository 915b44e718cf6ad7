"""Page tokens (AIP-158): where a list goes on, bound to its audience, the method and the rest of the request."""

from __future__ import annotations

import hashlib
import json
from copy import deepcopy
from dataclasses import dataclass
from typing import Literal, Protocol

from schedsvc.domain.errors import PageTokenInvalid
from schedsvc.domain.tokens import Sealer, TokenInvalid
from schedsvc.repositories.base import Page

Key = tuple[str | int, ...]
"""What a list is sorted by; or what all its pages have in common."""

_PURPOSE = "page"
_TEXT = "the page token is not one of this query; start again without it"


class PagedRequest(Protocol):
    """What every List request has (AIP-158)."""

    page_size: int
    page_token: str

    def ClearField(self, field_name: Literal["page_size", "page_token"]) -> None: ...

    def SerializeToString(self, *, deterministic: bool = ...) -> bytes: ...


@dataclass(frozen=True, slots=True)
class Paging:
    """Makes page tokens and reads them."""

    sealer: Sealer

    def page(self, request: PagedRequest, method: str, audience: str, default: int, maximum: int) -> Page:
        """Where the page lies. A size of 0 is `default`, one above `maximum` that; raises PageTokenInvalid."""
        return self.pinned_page(request, method, audience, default, maximum)[0]

    def pinned_page(
        self, request: PagedRequest, method: str, audience: str, default: int, maximum: int
    ) -> tuple[Page, Key]:
        """Also what `token` pinned on the page before, `()` on the first page."""
        size = min(request.page_size or default, maximum)
        if not request.page_token:
            return Page(size), ()
        after, pin = self._opened(request, method, audience)
        return Page(size, tuple(after)), tuple(pin)

    def token(
        self,
        last: Key | None,
        request: PagedRequest,
        method: str,
        audience: str,
        pin: Key = (),
    ) -> str:
        """The `next_page_token` after the record with the sort key `last`; empty if it is None."""
        if last is None:
            return ""
        payload = json.dumps([last, pin], separators=(",", ":")).encode()
        return self.sealer.seal(payload, _PURPOSE, audience, method, _digest(request))

    def _opened(self, request: PagedRequest, method: str, audience: str) -> tuple[Key, Key]:
        try:
            bound = (_PURPOSE, audience, method, _digest(request))
            payload = self.sealer.open(request.page_token, *bound)
        except TokenInvalid:
            raise PageTokenInvalid(_TEXT) from None
        after, pin = json.loads(payload)
        return after, pin


def _digest(request: PagedRequest) -> str:
    """Of the request without its place in the list."""
    rest = deepcopy(request)
    rest.ClearField("page_size")
    rest.ClearField("page_token")
    return hashlib.sha256(rest.SerializeToString(deterministic=True)).hexdigest()
