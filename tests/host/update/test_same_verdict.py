"""The firmware's own verification and the one by `cryptography` and `cbor2` come to the same verdict on bundles, key lists and signatures."""

from hashlib import sha256

import cbor2
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given, settings
from hypothesis import strategies as st

from ampacity.base.errors import Rejected
from ampacity.update import cbor, p256
from ampacity.update.install import Install
from ampacity.update.manifest import APPLICATION, CONFIGURATION, Device
from ampacity.update.records import Record
from ampacity.update.slots import Slots
from ampacity.update.trust import TrustStore
from ampacity_host.update import bundle, cose, key_list
from ampacity_host.update.refused import Refused
from tests.deep import sample
from tests.update.helper_medium import Medium

ROOT, RELEASE, INSTALLER = (ec.derive_private_key(number, ec.SECP256R1()) for number in (11, 12, 13))
ROOT_PUBLIC, RELEASE_PUBLIC, INSTALLER_PUBLIC = (cose.raw_public(key.public_key()) for key in (ROOT, RELEASE, INSTALLER))
KEYS = key_list.KeyList(1, (key_list.Key(RELEASE_PUBLIC, 1, "release"), key_list.Key(INSTALLER_PUBLIC, 2, "installer")))
KEYS_DATA = KEYS.signed(ROOT)
FILES = [("app.mpy", b"content of it"), ("empty", b""), ("lib/b.mpy", bytes(70))]
CONTENT = b"".join(data for _, data in FILES)
FIELDS = {1: 2, 2: "ampacity", 3: 1, 4: ["board-a", "board-b"], 5: "1.0", 6: 5, 7: 2, 8: [list(each) for each in bundle.listed(FILES)], 9: []}


def framed(message, content=CONTENT):
    return b"AMPB\0\2" + len(message).to_bytes(2, "big") + message + content


def signed(payload, key=RELEASE, content=CONTENT):
    return framed(cose.sign(payload, key, cose.BUNDLE_TYPE), content)


GOOD = signed(cbor2.dumps(FIELDS, canonical=True))


def trusting(roots=(ROOT_PUBLIC,), data=KEYS_DATA):
    trust = TrustStore(Record(Medium(), "keys"), roots)
    offer = trust.offer(data)
    while not offer.step():
        pass
    return trust


TRUST = trusting()


def firmware_accepts(data):
    """Does a controller with board-a, serial SN-1 and a floor of 3 take it?"""
    medium = Medium()
    slots = {kind: Slots(Record(medium, str(kind)), medium) for kind in (APPLICATION, CONFIGURATION)}
    for each in slots.values():
        each.state.floor = 3
    taking = Install(slots, TRUST, Device("ampacity", "board-a", "SN-1", 2**32))
    try:
        while not taking.ready:
            if taking.step() and not taking.ready:
                if taking.offset >= len(data):
                    return False
                taking.write(taking.offset, data[taking.offset :])
        if taking.offset < len(data):
            taking.write(taking.offset, data[taking.offset :])
    except Rejected:
        return False
    return True


def host_accepts(data):
    try:
        bundle.verify(data, KEYS, bundle.Device("board-a", "SN-1", 3, "ampacity"))
    except Refused:
        return False
    return True


def same(data):
    assert firmware_accepts(data) == host_accepts(data), data.hex()
    return host_accepts(data)


def test_a_good_bundle_is_accepted_by_both():
    assert same(GOOD)


def edit(data, edits):
    changed = bytearray(data)
    for at, kind, value in edits:
        at %= len(changed) + 1
        if kind == 0 and at < len(changed):
            changed[at] ^= value or 1
        elif kind == 1:
            changed[at:at] = bytes([value])
        elif kind == 2:
            del changed[at : at + 1 + value % 3]
        elif kind == 3:
            changed[at:] = b""
        elif kind == 4:
            changed[at:at] = changed[at : at + value]
    return bytes(changed)


EDITS = st.lists(st.tuples(st.integers(0, 2000), st.integers(0, 4), st.integers(0, 255)), min_size=1, max_size=3)


@settings(max_examples=300)
@given(EDITS)
def test_neither_accepts_a_mutated_bundle(edits):
    data = edit(GOOD, edits)
    assert same(data) == (data == GOOD)


@pytest.mark.parametrize("at", sample(range(0, len(GOOD), 3), 4))
def test_neither_accepts_a_bundle_with_one_changed_byte(at):
    assert not same(GOOD[:at] + bytes([GOOD[at] ^ 0x21]) + GOOD[at + 1 :])


@settings(max_examples=300)
@given(EDITS)
def test_a_mutated_manifest_with_a_right_signature_has_the_same_verdict(edits):
    same(signed(edit(cbor2.dumps(FIELDS, canonical=True), edits)))


WORDS = st.one_of(st.sampled_from(["", "a", "board-a", "ampacity", "SN-1", "x" * 32, "x" * 33, "a b", "\u00fc", "1.0"]), st.text(max_size=4))
PATHS = st.sampled_from("a A a/b a/B a/b/c a-b ../a /a a//b .a a/.b b B/c x/y/z/1/2/3 x/y/z/1/2/3/4".split() + ["z" * 101])
NUMBERS = st.one_of(st.integers(-2, 8), st.sampled_from([2**31 - 1, 2**31, 2**32 - 1, 2**32, 2**64 - 1]))
ENTRIES = st.tuples(PATHS, st.just(0), st.just(sha256(b"").digest())).map(list)
SORTED_WORDS = st.lists(WORDS, max_size=3, unique=True).map(sorted)
ODD = st.one_of(st.none(), st.booleans(), st.floats(), st.binary(max_size=3), st.just({}), st.just([]), st.just([[]]))
CHANGES = st.fixed_dictionaries({}, optional={
    1: NUMBERS, 2: WORDS, 3: NUMBERS, 4: st.one_of(st.lists(WORDS, max_size=3), SORTED_WORDS, ODD), 5: st.one_of(WORDS, ODD),
    6: st.one_of(NUMBERS, ODD), 7: st.one_of(NUMBERS, ODD), 9: st.one_of(SORTED_WORDS, st.just(["SN-1"]), ODD), 10: NUMBERS})  # fmt: skip


@settings(max_examples=400)
@given(CHANGES, st.sampled_from([RELEASE, INSTALLER, ROOT]))
def test_a_manifest_of_any_fields_has_the_same_verdict(changes, key):
    same(signed(cbor2.dumps(FIELDS | changes, canonical=True), key))


@settings(max_examples=300)
@given(st.one_of(st.lists(ENTRIES, max_size=4), st.lists(ENTRIES, max_size=4, unique_by=lambda each: each[0]).map(sorted), ODD))
def test_a_list_of_any_paths_has_the_same_verdict(entries):
    same(signed(cbor2.dumps(FIELDS | {8: entries}, canonical=True), content=b""))


VALUES_OF_HEADERS = st.one_of(st.sampled_from([-7, -8, cose.BUNDLE_TYPE, cose.KEYS_TYPE]), ODD)
HEADERS = st.dictionaries(st.sampled_from([1, 2, 3, 4, 5, "x"]), VALUES_OF_HEADERS, max_size=4)


@settings(max_examples=200)
@given(HEADERS, HEADERS, st.booleans())
def test_any_header_has_the_same_verdict(changes, unprotected, good):
    """Signed over what it says."""
    protected = {1: -7, 3: cose.BUNDLE_TYPE, 4: cose.key_id(RELEASE_PUBLIC)}
    raw = cbor2.dumps(protected if good else protected | changes, canonical=True)
    payload = cbor2.dumps(FIELDS, canonical=True)
    made = cose.opened(cose.sign(payload, RELEASE, cose.BUNDLE_TYPE), cose.BUNDLE_TYPE, "x")
    signature = made.signature if raw == made.protected else resigned(raw, payload)
    same(framed(cbor2.dumps(cbor2.CBORTag(18, [raw, unprotected, payload, signature]), canonical=True)))


def resigned(protected, payload):
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import utils

    r, s = utils.decode_dss_signature(RELEASE.sign(cose.to_be_signed(protected, payload), ec.ECDSA(hashes.SHA256())))
    return r.to_bytes(32, "big") + s.to_bytes(32, "big")


@settings(max_examples=200)
@given(EDITS, st.booleans())
def test_a_mutated_key_list_has_the_same_verdict(edits, resign):
    payload = cose.opened(KEYS_DATA, cose.KEYS_TYPE, "x").payload
    data = cose.sign(edit(payload, edits), ROOT, cose.KEYS_TYPE) if resign else edit(KEYS_DATA, edits)
    try:
        key_list.verify_list(data, [ROOT_PUBLIC])
        host = True
    except Refused:
        host = False
    try:
        trusting(data=data)
        firmware = True
    except Rejected:
        firmware = False
    assert host == firmware, data.hex()


VALUES = st.recursive(
    st.one_of(st.integers(-(2**64), 2**64 - 1), st.binary(max_size=40), st.text(max_size=30)),
    lambda below: st.one_of(st.lists(below, max_size=4), st.dictionaries(st.integers(0, 300), below, max_size=4)),
    max_leaves=12,
)


def depth(value):
    below = list(value.values()) if isinstance(value, dict) else value if isinstance(value, list) else None
    return 0 if below is None else 1 + max([depth(each) for each in below], default=0)


@given(VALUES)
def test_cbor_is_written_and_read_as_by_another_implementation(value):
    """Keys of one sign: where they differ, that library still sorts by length first (RFC 7049)."""
    if depth(value) <= cbor.DEPTH_MAX:
        assert cbor.decode(cbor2.dumps(value, canonical=True), "x") == value
        assert cbor2.loads(cbor.encode(value)) == value


@settings(max_examples=400)
@given(st.binary(max_size=30))
def test_any_bytes_that_are_read_are_read_as_by_another_implementation_and_have_one_form(data):
    try:
        value = cbor.decode(data, "x")
    except Rejected:
        return
    assert cbor2.loads(data) == value and cbor.encode(value) == data


EDGES = st.sampled_from([0, 1, 2, p256.N - 1, p256.N, p256.N + 1, p256.P, 2**256 - 1, (p256.N + 1) // 2])
SCALARS = st.one_of(EDGES, st.integers(0, 2**256 - 1))
PRIVATE = st.one_of(st.integers(1, 5), st.integers(p256.N - 5, p256.N - 1), st.integers(1, p256.N - 1))


@settings(max_examples=150)
@given(PRIVATE, st.binary(min_size=32, max_size=32), SCALARS, SCALARS,
       st.sampled_from(["right", "other s", "any r", "any s", "any"]))  # fmt: skip
def test_any_signature_has_the_same_verdict(private, digest, r, s, kind):
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import utils

    key = ec.derive_private_key(private, ec.SECP256R1())
    algorithm = ec.ECDSA(utils.Prehashed(hashes.SHA256()))
    right_r, right_s = utils.decode_dss_signature(key.sign(digest, algorithm))
    r, s = {"right": (right_r, right_s), "other s": (right_r, p256.N - right_s), "any r": (r, right_s), "any s": (right_r, s), "any": (r, s)}[kind]
    try:
        key.public_key().verify(utils.encode_dss_signature(r, s), digest, algorithm)
        host = True
    except InvalidSignature:
        host = False
    public = cose.raw_public(key.public_key())
    check = p256.Verification(p256.point(public), digest, r.to_bytes(32, "big") + s.to_bytes(32, "big"))
    while check.step() is None:
        pass
    assert check.step() is host
