"""API keys as their holders write them: `schedsvc_{tenant}_{id}_{secret}{checksum}`.

The secret is 256 random bits, so that a plain SHA-256 of it can be stored: nothing about it can be
guessed. The checksum (CRC-32 over all before it) tells a typing error without asking the database;
it protects nothing.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import zlib
from dataclasses import dataclass, field

PREFIX = "schedsvc"
ID_BYTES = 8
SECRET_BYTES = 32

_TENANT = re.compile(r"[a-z0-9-]{1,32}")
_KEY = re.compile(
    PREFIX
    + r"_(?P<tenant>[a-z0-9-]{1,32})_(?P<id>[a-z0-9-]{1,64})"
    + r"_(?P<secret>[0-9a-f]{64})(?P<checksum>[0-9a-f]{8})"
)


def is_tenant(text: str) -> bool:
    """Whether `text` may name a tenant: 1..32 of `[a-z0-9-]`."""
    return _TENANT.fullmatch(text) is not None


@dataclass(frozen=True, slots=True)
class Credential:
    """A key that somebody holds or claims to hold. Only `text` shows the secret."""

    tenant: str
    id: str
    secret: bytes = field(repr=False)

    def text(self) -> str:
        """What the holder sends after `Bearer `."""
        head = f"{PREFIX}_{self.tenant}_{self.id}_{self.secret.hex()}"
        return f"{head}{_checksum(head)}"

    def digest(self) -> bytes:
        """What is stored in place of the secret: its SHA-256, 32 bytes."""
        return hashlib.sha256(self.secret).digest()

    def matches(self, digest: bytes) -> bool:
        """Whether the stored digest is of this secret; takes the same time for any answer."""
        return hmac.compare_digest(self.digest(), digest)


def parse(text: str) -> Credential | None:
    """What the text claims, or None if it is no key at all or was mistyped."""
    found = _KEY.fullmatch(text)
    if found is None or found["checksum"] != _checksum(text[: found.start("checksum")]):
        return None
    return Credential(found["tenant"], found["id"], bytes.fromhex(found["secret"]))


def _checksum(head: str) -> str:
    return f"{zlib.crc32(head.encode()):08x}"
