"""Roles and their passwords. There is no default password; until the installer's is set only local consoles exist, with installer rights.
From then on, and once the commissioning report is signed, a session has no role without a login.

    viewer         `show`, `why`, `log`
    installer      everything that changes the site
    manufacturer   in addition the passwords of all roles, and the greatest role of each interface

A password is kept by PBKDF2 (pbkdf2.py); wrong ones cost their sender time that grows (login_throttle.py). A document that is damaged, or gone
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

NONE, VIEWER, INSTALLER, MANUFACTURER = "none", "viewer", "installer", "manufacturer"
RANKS = (NONE, VIEWER, INSTALLER, MANUFACTURER)
LOGINS = (VIEWER, INSTALLER, MANUFACTURER)
NETWORK, SERIAL = "network", "serial"
GREATEST = ((NETWORK, INSTALLER), (SERIAL, MANUFACTURER))  # interface, greatest role of a login there unless set otherwise
INTERFACES = "interfaces"
DOCUMENTS = {VIEWER: "access_viewer", INSTALLER: "access", MANUFACTURER: "access_manufacturer"}
KIND = "pbkdf2-sha256"
OLD_ROUNDS = 200
ROUNDS_KNOWN_MAX = 10000000
LENGTH_MIN, PIN_LENGTH_MIN, LENGTH_MAX = 12, 6, 64
LEFT_MS = 5000  # a login without progress for this time has been abandoned
RESET = "the saved password cannot be read; removing %s.set from the store of the controller resets it"


class Access:
    """store: documents by name. random_bytes: function(n) of the system's random source. target_us: what a new password costs.

    `commissioned`: does a signed report say that the site is in service? Then there are no rights without a password.
    """

    def __init__(self, store: "Documents", random_bytes: "Callable[[int], bytes]", target_us: int = 500000) -> None:
        self._store = store
        self._random = random_bytes
        self._target_us = target_us
        self._throttle = LoginThrottle()
        self._busy_until_ms = 0
        self.changes = 0  # of passwords and roles of interfaces since the start: each ends the logins of before
        self.commissioned: "Callable[[], bool]" = lambda: False

    def is_set(self, role: str = INSTALLER) -> bool:
        """True if a password of this role is set, also if its record is unreadable."""
        name = DOCUMENTS[role]
        return self._store.get(name) is not None or name in self._store.damaged

    def lost(self, role: str = INSTALLER) -> bool:
        """A password was set, and what is kept of it cannot be used."""
        name = DOCUMENTS[role]
        kept = self._store.get(name)
        return name in self._store.damaged or (kept is not None and record_of(kept) is None)

    def role_at(self, door: str) -> str:
        """The role of a session without a login at this interface, which has to be on this machine before a password is set. Raises nothing.

        While the medium cannot be read no login is possible, and a person at the controller has to see why: then it is the viewer's.
        """
        role = NONE
        if not self.is_set():
            role = NONE if self.commissioned() else INSTALLER
        elif door == SERIAL and DOCUMENTS[INSTALLER] in getattr(self._store, "unread", ()):
            role = VIEWER
        return role if rank(role) <= rank(self.greatest(door)) else self.greatest(door)

    def doors(self) -> "list[str]":
        """The interfaces."""
        return [door for door, _ in GREATEST]

    def greatest(self, door: str) -> str:
        """The greatest role that a login at this interface gives; a damaged list gives the network none above viewer."""
        kept = self._store.get(INTERFACES)
        if INTERFACES in self._store.damaged:
            return MANUFACTURER if door == SERIAL else VIEWER
        role = kept.get(door) if isinstance(kept, dict) else None
        return role if role in RANKS else dict(GREATEST)[door]

    def set_greatest(self, door: str, role: str) -> None:
        """From now on. Raises Rejected; at the serial interface at least the installer has to come in."""
        if door not in self.doors():
            raise Rejected("interface", door, " or ".join(self.doors()))
        known = RANKS if door == NETWORK else RANKS[2:]
        if role not in known:
            raise Rejected("interface " + door, role, ", ".join(known))
        self._store.put(INTERFACES, {each: role if each == door else self.greatest(each) for each in self.doors()})

    def change(self, text: str, role: str = INSTALLER) -> "PasswordChange":
        """The PasswordChange for a new password. Raises Rejected outside 12..64 characters (viewer 6), without repeating the value."""
        least = PIN_LENGTH_MIN if role == VIEWER else LENGTH_MIN
        if not least <= len(text) <= LENGTH_MAX:
            raise Rejected("password", "***", "%d..%d characters" % (least, LENGTH_MAX))
        if text.partition(" ")[0] in LOGINS:
            raise Rejected("password", "***", "a text that does not begin with the name of a role")
        return PasswordChange(self._store, self._random(16), text, self._target_us, DOCUMENTS[role])

    def check(self, text: str, now_ms: int, peer: str = LOCAL, role: str = INSTALLER) -> "PasswordCheck":
        """What finds out whether it is the password: its step(clock) says None until it is over, then True or False.

        peer: the source address. Raises NotNow without a password, during the wait after a wrong one, or while another login is checked.
        """
        if not self.is_set(role):
            none = "no password is set; local access needs none" if role == INSTALLER else "no password of the %s is set" % role
            raise NotNow("login", "", none)
        if self.lost(role):
            raise NotNow("login", "", RESET % DOCUMENTS[role])
        wait_ms = max(self._throttle.wait_ms(peer, now_ms), self._busy_until_ms - now_ms)
        if wait_ms > 0:
            raise NotNow("login", "", "too soon; the next attempt is possible in %d s" % ((wait_ms + 999) // 1000))
        self._throttle.begin(peer, now_ms)
        self.busy(now_ms)
        record: "Record" = record_of(self._store.get(DOCUMENTS[role]))  # type: ignore[assignment]  # not lost
        return PasswordCheck(self, text[:LENGTH_MAX], record, peer, role)

    def knows(self, peer: str) -> bool:
        """Is it this machine, or an address that has shown the password since the start?"""
        return self._throttle.knows(peer)

    def busy(self, now_ms: int) -> None:
        """One password is being looked at, and no other."""
        self._busy_until_ms = now_ms + LEFT_MS

    def tried(self, right: bool, now_ms: int, peer: str, role: str = INSTALLER) -> None:
        """What became of a password: a wrong one costs its peer a wait. Who knows a viewer's PIN only is not known for other passwords."""
        self._busy_until_ms = now_ms
        if not right:
            self._throttle.wrong(peer, now_ms)
        elif role != VIEWER:
            self._throttle.right(peer)


class PasswordChange:
    """A new password on its way into the store. step(clock): None, then True; OSError: the old one stays."""

    def __init__(self, store: "Documents", salt: bytes, text: str, target_us: int, name: str) -> None:
        self._store = store
        self._name = name
        self._salt = salt
        self._derivation = derivation(salt, text.encode(), None, target_us)

    def step(self, clock: "Clock") -> "bool | None":
        """One slice of some ms. None: call again; True: the new password is saved. OSError: the old one stays in force."""
        made = self._derivation
        if not made.step(clock):
            return None
        self._store.put(self._name, {"kind": KIND, "rounds": made.rounds, "salt": text_of(self._salt), "hash": text_of(made.digest)})
        return True


class PasswordCheck:
    """One login. record: what record_of gave."""

    def __init__(self, access: "Access", text: str, record: "Record", peer: str, role: str) -> None:
        self._access = access
        self._peer = peer
        self._role = role
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
        self._access.tried(right, clock.now_ms(), self._peer, self._role)
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


def rank(role: str) -> int:
    """0 for none up to 3 for the manufacturer."""
    return RANKS.index(role)


def higher(one: str, other: str) -> str:
    """The role with more rights."""
    return one if rank(one) >= rank(other) else other


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
