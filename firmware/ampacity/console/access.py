"""Installer rights. There is no default password; until one is set only local consoles exist.

The password is kept by PBKDF2 (pbkdf2.py); wrong ones cost their sender time that grows (login_throttle.py). A document that is damaged, or gone
although a password was set, gives no installer rights: access to the data folder ends that (docs/operate.md). Records of
earlier versions (200 rounds of SHA-256) still work, and are converted at the next login.
"""

import hashlib
from binascii import hexlify, unhexlify

from ampacity.base.errors import NotNow, Rejected
from ampacity.console.login_throttle import LOCAL, LoginThrottle

if False:  # for the type checker
    from collections.abc import Callable
    from typing import Any, Protocol

    from ampacity.base.clock import Clock
    from ampacity.console.pbkdf2 import Derivation

    Record = tuple[bytes, bytes, int | None]  # salt; hash; rounds, None for an earlier version's

    class Documents(Protocol):
        """Documents by name, as the store keeps them."""

        damaged: list[str]

        def get(self, name: str) -> Any:
            """The document, None if there is none or it is damaged."""

        def put(self, name: str, value: Any) -> None:
            """Keep it. Raises OSError; then the old one is still there."""

DOCUMENT = "access"
KIND = "pbkdf2-sha256"
OLD_ROUNDS = 200
ROUNDS_KNOWN_MAX = 10000000
LENGTH_MIN, LENGTH_MAX = 12, 64
LEFT_MS = 5000  # a login without progress for this time has been abandoned
RESET = "the saved password cannot be read; removing access.set from the store of the controller resets it"


class Access:
    """store: documents by name. random_bytes: function(n) of the system's random source. target_us: what a new password costs."""

    def __init__(self, store: "Documents", random_bytes: "Callable[[int], bytes]", target_us: int = 500000) -> None:
        self._store = store
        self._random = random_bytes
        self._target_us = target_us
        self._throttle = LoginThrottle()
        self._busy_until_ms = 0

    def is_set(self) -> bool:
        """True if a password is set, also if its record is unreadable."""
        return self._store.get(DOCUMENT) is not None or DOCUMENT in self._store.damaged

    def lost(self) -> bool:
        """A password was set, and what is kept of it cannot be used."""
        kept = self._store.get(DOCUMENT)
        return DOCUMENT in self._store.damaged or (kept is not None and record_of(kept) is None)

    def change(self, text: str) -> "PasswordChange":
        """The PasswordChange for a new password. Raises Rejected outside 12..64 characters, without repeating the value."""
        if not LENGTH_MIN <= len(text) <= LENGTH_MAX:
            raise Rejected("password", "***", "%d..%d characters" % (LENGTH_MIN, LENGTH_MAX))
        return PasswordChange(self._store, self._random(16), text, self._target_us)

    def check(self, text: str, now_ms: int, peer: str = LOCAL) -> "PasswordCheck":
        """What finds out whether it is the password: its step(clock) says None until it is over, then True or False.

        peer: the source address. Raises NotNow without a password, during the wait after a wrong one, or while another login is checked.
        """
        if not self.is_set():
            raise NotNow("login", "", "no password is set; local access needs none")
        if self.lost():
            raise NotNow("login", "", RESET)
        wait_ms = max(self._throttle.wait_ms(peer, now_ms), self._busy_until_ms - now_ms)
        if wait_ms > 0:
            raise NotNow("login", "", "too soon; the next attempt is possible in %d s" % ((wait_ms + 999) // 1000))
        self._throttle.begin(peer, now_ms)
        self.busy(now_ms)
        record: "Record" = record_of(self._store.get(DOCUMENT))  # type: ignore[assignment]  # not lost
        return PasswordCheck(self, text[:LENGTH_MAX], record, peer)

    def knows(self, peer: str) -> bool:
        """Is it this machine, or an address that has shown the password since the start?"""
        return self._throttle.knows(peer)

    def busy(self, now_ms: int) -> None:
        """One password is being looked at, and no other."""
        self._busy_until_ms = now_ms + LEFT_MS

    def tried(self, right: bool, now_ms: int, peer: str) -> None:
        """What became of a password: a wrong one costs its peer a wait."""
        self._busy_until_ms = now_ms
        if right:
            self._throttle.right(peer)
        else:
            self._throttle.wrong(peer, now_ms)


class PasswordChange:
    """A new password on its way into the store. step(clock): None, then True; OSError: the old one stays."""

    def __init__(self, store: "Documents", salt: bytes, text: str, target_us: int) -> None:
        self._store = store
        self._salt = salt
        self._derivation = derivation(salt, text.encode(), None, target_us)

    def step(self, clock: "Clock") -> "bool | None":
        """One slice of some ms. None: call again; True: the new password is saved. OSError: the old one stays in force."""
        made = self._derivation
        if not made.step(clock):
            return None
        self._store.put(DOCUMENT, {"kind": KIND, "rounds": made.rounds, "salt": text_of(self._salt), "hash": text_of(made.digest)})
        return True


class PasswordCheck:
    """One login. record: what record_of gave."""

    def __init__(self, access: "Access", text: str, record: "Record", peer: str) -> None:
        self._access = access
        self._peer = peer
        self._text = text
        self._salt, self._kept, self._rounds = record
        self._derivation = None if self._rounds is None else derivation(self._salt, text.encode(), self._rounds)
        self._renewing: "PasswordChange | None" = None

    def step(self, clock: "Clock") -> "bool | None":
        """One slice of some ms. None: call again; else whether the password is right."""
        if self._renewing is not None:
            return self._renewed(clock)
        self._access.busy(clock.now_ms())
        made = self._derivation
        if made is not None and not made.step(clock):
            return None
        right = same(old_digest(self._salt, self._text) if made is None else made.digest, self._kept)
        self._access.tried(right, clock.now_ms(), self._peer)
        if made is None and right and len(self._text) >= LENGTH_MIN:
            self._renewing = self._access.change(self._text)
            return None
        return right

    def _renewed(self, clock: "Clock") -> "bool | None":
        try:
            return self._renewing.step(clock)  # type: ignore[union-attr]
        except OSError:  # the record as it was still opens
            return True


def record_of(kept: "Any") -> "Record | None":
    """(salt, hash of 32 bytes, rounds or None for an earlier version's) of a document; None: it is none."""
    try:
        salt, value, rounds = unhexlify(kept["salt"]), unhexlify(kept["hash"]), kept.get("rounds")
        known = kept.get("kind") == KIND and isinstance(rounds, int) and 1 <= rounds <= ROUNDS_KNOWN_MAX
        if len(value) == 32 and salt and (known or (rounds is None and "kind" not in kept)):
            return salt, value, rounds
    except (KeyError, TypeError, ValueError, AttributeError):
        pass
    return None


def derivation(*facts: "Any") -> "Derivation":
    """The derivation; its module is loaded on demand."""
    from ampacity.console.pbkdf2 import Derivation

    return Derivation(*facts)


def same(a: bytes, b: bytes) -> bool:
    """Equal, in a time that does not depend on where they differ."""
    difference = len(a) ^ len(b)
    for x, y in zip(a, b):
        difference |= x ^ y
    return difference == 0


def old_digest(salt: bytes, text: str) -> bytes:
    """The hash of earlier versions: 200 rounds of SHA-256 over salt and password; 32 bytes."""
    value = text.encode()
    for _ in range(OLD_ROUNDS):
        value = hashlib.sha256(salt + value).digest()
    return value


def text_of(data: bytes) -> str:
    """Bytes as lower-case hexadecimal text."""
    return str(hexlify(data), "ascii")
