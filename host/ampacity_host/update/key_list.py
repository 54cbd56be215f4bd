"""The signed list of keys: read, verified, and written again with a higher counter."""

from dataclasses import dataclass, replace

import cbor2
from cryptography.hazmat.primitives.asymmetric import ec

from ampacity_host.update.cose import KEY_ID_BYTES, KEYS_TYPE, decoded, key_id, loaded, opened, sign
from ampacity_host.update.refused import Refused

FORMAT, COUNTER, KEYS, REVOKED = 1, 2, 3, 4
KINDS = {"application": 1, "configuration": 2}
KEYS_MAX, REVOKED_MAX, LIST_BYTES_MAX = 16, 64, 4096
NUMBER_MAX = 2**32 - 1


@dataclass(frozen=True)
class Key:
    """A signing key. kinds: sum of 1 for applications and 2 for configurations."""

    public: bytes
    kinds: int
    name: str

    @property
    def kid(self) -> bytes:
        return key_id(self.public)

    @property
    def kind_names(self) -> list[str]:
        return [name for name, bit in KINDS.items() if self.kinds & bit]


@dataclass(frozen=True)
class KeyList:
    """counter: rises with each list; keys: those that sign; revoked: ids of those that never do again."""

    counter: int = 0
    keys: tuple[Key, ...] = ()
    revoked: tuple[bytes, ...] = ()

    def key(self, kid: bytes) -> Key:
        """The key with this id. Raises Refused where it is revoked or unknown."""
        if kid in self.revoked:
            raise Refused("key", f"{kid.hex()} is revoked")
        for each in self.keys:
            if each.kid == kid:
                return each
        raise Refused("key", f"{kid.hex()} is not in the key list with counter {self.counter}")

    def with_key(self, key: Key) -> "KeyList":
        """The next list, with one key more. Raises Refused where it is full."""
        if len(self.keys) == KEYS_MAX:
            raise Refused("key list.keys", f"a list has at most {KEYS_MAX} keys; revoke one first")
        return replace(self, counter=self.counter + 1, keys=(*self.keys, key))

    def without(self, kid: bytes) -> "KeyList":
        """The next list, with this key revoked. Raises Refused where no more can be."""
        if len(self.revoked) == REVOKED_MAX:
            raise Refused("key list.revoked", f"a list has at most {REVOKED_MAX} revoked keys")
        return KeyList(self.counter + 1, tuple(key for key in self.keys if key.kid != kid), tuple(sorted({*self.revoked, kid})))

    def signed(self, root: ec.EllipticCurvePrivateKey) -> bytes:
        """The list as controllers take it."""
        keys = [[key.public, key.kinds, key.name] for key in self.keys]
        return sign(cbor2.dumps({FORMAT: 1, COUNTER: self.counter, KEYS: keys, REVOKED: list(self.revoked)}, canonical=True), root, KEYS_TYPE)


def is_word(value: object) -> bool:
    """1 to 32 visible ASCII characters?"""
    return isinstance(value, str) and 1 <= len(value) <= 32 and all("!" <= each <= "~" for each in value)


def is_number(value: object, low: int, high: int) -> bool:
    """An integer from low to high, and no truth value?"""
    return type(value) is int and low <= value <= high


def verify_list(data: bytes, roots: list[bytes]) -> KeyList:
    """A list that one of the root keys (64 bytes each) has signed. Raises Refused."""
    if len(data) > LIST_BYTES_MAX:
        raise Refused("key list", f"{len(data)} bytes; at most {LIST_BYTES_MAX}")
    message = opened(data, KEYS_TYPE, "key list")
    root = next((each for each in roots if key_id(each) == message.kid), None)
    if root is None:
        raise Refused("key list, key", f"{message.kid.hex()} is no root key")
    if not message.is_signed_by(root):
        raise Refused("signature", "the root key did not sign this list")
    found = read_list(message.payload)
    if message.kid in found.revoked:
        raise Refused("key list.revoked", "a root key cannot revoke itself")
    if {key_id(each) for each in roots} & {key.kid for key in found.keys}:
        raise Refused("key list.keys", "a root key signs no bundles")
    return found


def read_list(payload: bytes) -> KeyList:
    """The content of a list. Raises Refused."""
    fields = decoded(payload, "key list")
    if not isinstance(fields, dict) or set(fields) != {FORMAT, COUNTER, KEYS, REVOKED} or not all(type(key) is int for key in fields):
        raise Refused("key list", "must hold the fields 1 to 4 and nothing else")
    if not is_number(fields[FORMAT], 1, 1) or not is_number(fields[COUNTER], 1, NUMBER_MAX):
        raise Refused("key list.counter", "must be of format 1 and have a counter of 1 or more")
    keys, revoked = fields[KEYS], fields[REVOKED]
    if not isinstance(keys, list) or len(keys) > KEYS_MAX or not isinstance(revoked, list) or len(revoked) > REVOKED_MAX:
        raise Refused("key list.keys", f"must be at most {KEYS_MAX} keys and {REVOKED_MAX} revoked ones")
    if not all(isinstance(kid, bytes) and len(kid) == KEY_ID_BYTES for kid in revoked) or revoked != sorted(set(revoked)):
        raise Refused("key list.revoked", "must be key ids, ascending, each once")
    found = [_key(entry) for entry in keys]
    kids = [key.kid for key in found]
    if len(set(kids)) != len(kids) or set(kids) & set(revoked):
        raise Refused("key list.keys", "must be keys that are not revoked, each once")
    return KeyList(fields[COUNTER], tuple(found), tuple(revoked))


def _key(entry: object) -> Key:
    if not isinstance(entry, list) or len(entry) != 3 or not isinstance(entry[0], bytes) or len(entry[0]) != 64:
        raise Refused("key list.keys", "must be [public key of 64 bytes, kinds, name]")
    try:
        loaded(entry[0])
    except ValueError:
        raise Refused("key list.keys", "a public key is no point of P-256") from None
    if not is_number(entry[1], 1, 3) or not is_word(entry[2]):
        raise Refused("key list.keys", "kinds must be 1 to 3, a name 1 to 32 visible ASCII characters")
    return Key(*entry)
