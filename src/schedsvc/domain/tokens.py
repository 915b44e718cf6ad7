"""Opaque, authenticated tokens: page tokens, sync tokens.

A token is `base64url(version, key id, payload, HMAC-SHA256)`. The code is made over the payload and over what the
token is bound to (purpose, tenant, query), none of which it contains, so that a token used anywhere else does not
verify. A token never authorises anything (AIP-158).
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass

from schedsvc.domain.limits import TOKEN_BYTES

VERSION = 1
_MAC = 16


class TokenInvalid(Exception):
    """Malformed, forged, or bound to something else; which of them is not told."""


@dataclass(frozen=True, slots=True)
class Sealer:
    """Seals with the key `current`, opens with any of `keys` (ids 0..255), so that keys can be rotated."""

    keys: Mapping[int, bytes]
    current: int

    def seal(self, payload: bytes, *bound: str) -> str:
        """A URL-safe token for `payload`, bound to the given texts in their order."""
        head = bytes((VERSION, self.current))
        mac = _code(self.keys[self.current], head + payload, bound)
        return base64.urlsafe_b64encode(head + payload + mac).rstrip(b"=").decode()

    def open(self, token: str, *bound: str) -> bytes:
        """The payload; raises TokenInvalid."""
        raw = _decode(token)
        key = self.keys.get(raw[1])
        if raw[0] != VERSION or key is None:
            raise TokenInvalid
        body, mac = raw[:-_MAC], raw[-_MAC:]
        if not hmac.compare_digest(mac, _code(key, body, bound)):
            raise TokenInvalid
        return body[2:]


def _code(key: bytes, body: bytes, bound: tuple[str, ...]) -> bytes:
    context = b"".join(len(text.encode()).to_bytes(4) + text.encode() for text in bound)
    return hmac.digest(key, len(context).to_bytes(4) + context + body, hashlib.sha256)[:_MAC]


def _decode(token: str) -> bytes:
    if len(token) > TOKEN_BYTES:
        raise TokenInvalid
    try:
        raw = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError) as error:
        raise TokenInvalid from error
    if len(raw) < 2 + _MAC or base64.urlsafe_b64encode(raw).rstrip(b"=").decode() != token:
        raise TokenInvalid
    return raw
