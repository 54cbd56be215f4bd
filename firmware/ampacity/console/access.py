"""Who may change things: the installer. There is no default password; until one is set only local doors lead here.

The password is kept as a salted, iterated SHA-256; wrong ones cost time that grows.
"""

import hashlib
from binascii import hexlify, unhexlify

from ampacity.base.errors import Rejected

DOCUMENT = "access"
ROUNDS = 200  # 60 ms on a microcontroller: more would stall the loop, so the password is long instead
LENGTH_MIN, LENGTH_MAX = 12, 64
WAIT_MS_MIN, WAIT_MS_MAX = 1000, 300000


class Access:
    """store: documents by name. random_bytes: function(n) of the system's random source."""

    def __init__(self, store, random_bytes):
        self._store = store
        self._random = random_bytes
        self._wait_ms = WAIT_MS_MIN
        self._wait_until_ms = None

    def is_set(self):
        return bool(self._store.get(DOCUMENT))

    def set_password(self, text):
        """Raises Rejected for one that is too short or too long; its value is not repeated."""
        if not LENGTH_MIN <= len(text) <= LENGTH_MAX:
            raise Rejected("password", "***", "%d..%d characters" % (LENGTH_MIN, LENGTH_MAX))
        salt = self._random(16)
        self._store.put(DOCUMENT, {"salt": text_of(salt), "hash": text_of(digest(salt, text))})

    def check(self, text, now_ms):
        """Is it the password? Raises Rejected while a wrong one before still costs time."""
        if self._wait_until_ms is not None and now_ms < self._wait_until_ms:
            seconds = (self._wait_until_ms - now_ms + 999) // 1000
            raise Rejected("login", "too soon", "the password again after %d s" % seconds)
        kept = self._store.get(DOCUMENT)
        right = bool(kept) and same(digest(unhexlify(kept["salt"]), text[:LENGTH_MAX]), unhexlify(kept["hash"]))
        self._wait_until_ms = None if right else now_ms + self._wait_ms
        self._wait_ms = WAIT_MS_MIN if right else min(2 * self._wait_ms, WAIT_MS_MAX)
        return right


def digest(salt, text):
    value = text.encode()
    for _ in range(ROUNDS):
        value = hashlib.sha256(salt + value).digest()
    return value


def same(a, b):
    """Equal, in a time that does not depend on where they differ."""
    difference = len(a) ^ len(b)
    for x, y in zip(a, b):
        difference |= x ^ y
    return difference == 0


def text_of(data):
    return str(hexlify(data), "ascii")
