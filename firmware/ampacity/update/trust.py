"""Whose signature counts: root keys from the factory, and a list of signing keys that one of them has signed.

A new list has a higher counter than the one before and still names every key that was revoked: a revocation is permanent. Of two
root keys one can revoke the other; none revokes itself.
"""

from ampacity.base.errors import NotNow, Rejected
from ampacity.update.cbor import decode
from ampacity.update.cose_sign1 import KEY_ID_BYTES, KEYS_TYPE, SignedMessage, key_id
from ampacity.update.fields import UINT32_MAX, Fields, is_word
from ampacity.update.p256 import point

if False:  # for the type checker
    from collections.abc import Iterator
    from typing import Any

    from ampacity.update.p256 import Affine
    from ampacity.update.records import Record

FORMAT = 1
KEYS_MAX, REVOKED_MAX = 16, 64
LIST_BYTES_MAX = 4096
NAMES = {1: "format", 2: "counter", 3: "keys", 4: "revoked"}


class Key:
    """A signing key. public: 64 bytes; kinds: 1 application, 2 configuration, 3 both; name: for people; kid: its id."""

    def __init__(self, public: bytes, kinds: int, name: str) -> None:
        self.kid = key_id(public)
        self.public = public
        self.kinds = kinds
        self.name = name


class KeyList:
    """A list as it was read. counter: rises with each list; keys: those that sign; revoked: key ids."""

    def __init__(self, payload: bytes) -> None:
        """Raises Rejected, which names the field."""
        fields = Fields(decode(payload, "key list"), "key list", NAMES)
        fields.number(1, FORMAT, FORMAT)
        self.counter = fields.number(2, 1, UINT32_MAX)
        self.keys = [_key(each, i) for i, each in enumerate(fields.entries(3, 0, KEYS_MAX))]
        self.revoked: "list[bytes]" = fields.entries(4, 0, REVOKED_MAX)
        for i in range(len(self.revoked)):
            kid = self.revoked[i]
            if not isinstance(kid, bytes) or len(kid) != KEY_ID_BYTES or (i and kid <= self.revoked[i - 1]):
                raise fields.wrong(4, kid, "key ids of %d bytes, ascending, each once" % KEY_ID_BYTES)
        ids = [key.kid for key in self.keys]
        for kid in ids:
            if kid in self.revoked or ids.count(kid) > 1:
                raise fields.wrong(3, kid, "keys that are not revoked, each once")


def _key(entry: "Any", i: int) -> Key:
    field = "key list.keys[%d]" % i
    if not isinstance(entry, list) or len(entry) != 3 or not isinstance(entry[0], bytes):
        raise Rejected(field, "another structure", "[public key, kinds, name]")
    public, kinds, name = entry
    try:
        point(public)
    except ValueError:
        raise Rejected(field, public, "the 64 bytes of a point of P-256")
    if not isinstance(kinds, int) or not 1 <= kinds <= 3:
        raise Rejected(field + ".kinds", kinds, "1 application, 2 configuration, 3 both")
    if not is_word(name):
        raise Rejected(field + ".name", name, "1 to 32 visible ASCII characters")
    return Key(public, kinds, name)


class TrustStore:
    """The keys of one controller. record: where the signed list is kept; roots: public keys of 64 bytes, of the factory.

    `counter`: of the list in force, 0 without one; `damaged`: one was kept and cannot be read, so nothing can be installed until a list
    comes again. The list is not verified again at a start: it was before it was kept, and who can
    write this medium can replace the firmware too.
    """

    def __init__(self, record: "Record", roots: "tuple[bytes, ...]") -> None:
        self._record = record
        self.roots = roots
        self._keys: "list[Key]" = []
        self.revoked: "list[bytes]" = []
        self.counter = 0
        self.damaged = False
        raw = record.load()
        self.damaged = raw is None and record.damaged
        try:
            if raw is not None:
                self._take(KeyList(SignedMessage(raw, KEYS_TYPE, "key list").payload))
        except Rejected:  # of a later version
            self.damaged = True

    def keys(self) -> "list[Key]":
        """The keys that sign now."""
        return list(self._keys)

    def key(self, kid: bytes) -> Key:
        """The key with this id. Raises Rejected where it is revoked or unknown."""
        if kid in self.revoked:
            raise Rejected("key", kid.hex(), "a key that is not revoked")
        for each in self._keys:
            if each.kid == kid:
                return each
        raise Rejected("key", kid.hex(), "a key of the list with counter %d" % self.counter)

    def offer(self, data: bytes) -> "KeyListOffer":
        """A signed key list, at most 4096 bytes: a task to be stepped. Raises Rejected where its form is wrong."""
        return KeyListOffer(self, data)

    def replace(self, data: bytes, found: KeyList) -> None:
        """Keeps a key list whose signature was verified, and puts it in force. Raises OSError: the old one stays in force."""
        self._record.save(data)
        self._take(found)

    def _take(self, found: KeyList) -> None:
        self._keys, self.revoked, self.counter, self.damaged = found.keys, found.revoked, found.counter, False


class KeyListOffer:
    """A new key list on its way into a trust store."""

    def __init__(self, trust: TrustStore, data: bytes) -> None:
        if len(data) > LIST_BYTES_MAX:
            raise Rejected("key list", len(data), "at most %d bytes" % LIST_BYTES_MAX)
        self._trust = trust
        self._data = data
        self._message = SignedMessage(data, KEYS_TYPE, "key list")
        self._root = self._root_of(self._message.kid)
        self._work = self._run()

    def step(self) -> bool:
        """One slice; True when the list is in force. Raises Rejected: nothing was changed. OSError: it is not kept, and not in force."""
        return next(self._work)

    def _root_of(self, kid: bytes) -> "Affine":
        if kid in self._trust.revoked:
            raise Rejected("key list, key", kid.hex(), "a root key that is not revoked")
        for each in self._trust.roots:
            if key_id(each) == kid:
                return point(each)
        raise Rejected("key list, key", kid.hex(), "a root key of this controller")

    def _run(self) -> "Iterator[bool]":
        if not (yield from self._message.is_signed_by(self._root)):
            raise Rejected("signature", "wrong", "a signature of the root key over this key list")
        found = KeyList(self._message.payload)
        self._check(found)
        self._trust.replace(bytes(self._data), found)
        while True:
            yield True

    def _check(self, found: KeyList) -> None:
        if found.counter <= self._trust.counter:
            raise NotNow("counter", found.counter, "this key list has counter %d; the one in force has %d" % (found.counter, self._trust.counter))
        if self._message.kid in found.revoked:
            raise Rejected("key list.revoked", self._message.kid.hex(), "other keys than the root key that signs")
        for kid in self._trust.revoked:
            if kid not in found.revoked:
                raise Rejected("key list.revoked", "a list without a key that was revoked", "all keys that were revoked before")
        for root in self._trust.roots:
            if key_id(root) in [key.kid for key in found.keys]:
                raise Rejected("key list.keys", key_id(root), "other keys than root keys")
