"""P-256 against vectors that another implementation has judged, and COSE_Sign1 around it."""

from hashlib import sha256

from helper_bundle import RELEASE, STRANGER, signed, times
from vectors_p256 import VECTORS

from ampacity.base.errors import Rejected
from ampacity.update.cbor import encode
from ampacity.update.cose_sign1 import BUNDLE_TYPE, KEYS_TYPE, SignedMessage, digest, key_id
from ampacity.update.p256 import GENERATOR, N, P, Verification, add, double, point
from check import raises


def judged(key, message_digest, signature):
    check = Verification(key, message_digest, signature)
    while True:
        result = check.step()
        if result is not None:
            return result


def test_every_vector_is_judged_as_by_another_implementation():
    for name, key, message_digest, signature, valid in VECTORS:
        try:
            known = point(bytes.fromhex(key))
            found = judged(known, bytes.fromhex(message_digest), bytes.fromhex(signature))
        except ValueError:
            found = False
        assert found is valid, name


def test_one_slice_is_a_small_part_of_the_work_and_the_result_stays():
    _, key, message_digest, signature, _ = VECTORS[0]
    check = Verification(point(bytes.fromhex(key)), bytes.fromhex(message_digest), bytes.fromhex(signature))
    slices = 1
    while check.step() is None:
        slices += 1
    assert slices == 256 // 16 + 256 + 1
    assert check.step() is True and check.step() is True


def test_a_signature_or_digest_of_another_length_is_refused():
    _, key, message_digest, signature, _ = VECTORS[0]
    known, hashed, made = point(bytes.fromhex(key)), bytes.fromhex(message_digest), bytes.fromhex(signature)
    for wrong in (b"", made[:63], made + b"\0", b"\0" + made, made[:32]):
        assert judged(known, hashed, wrong) is False
    assert judged(known, hashed[:31], made) is False and judged(known, hashed + b"\0", made) is False


def test_a_key_of_another_length_is_none():
    for raw in (b"", bytes(63), bytes(65), b"\4" + bytes(64)):
        with raises(ValueError):
            point(raw)


def test_points_add_up_where_the_formula_has_exceptions():
    one = GENERATOR + (1,)
    opposite = (GENERATOR[0], -GENERATOR[1], 1)
    assert add(one, opposite) is None and add(None, None) is None and double(None) is None
    assert add(None, one) == one and add(one, None) == one and add(one, one) == double(one)
    assert times(N - 1, one) == (GENERATOR[0], P - GENERATOR[1]) and times(N + 1, one) == GENERATOR
    assert times(6, one) == times(3, times(2, one) + (1,))


def test_the_example_of_rfc_9052_appendix_c_2_1_is_verified():
    protected, payload = bytes.fromhex("a10126"), b"This is the content."
    key = "bac5b11cad8f99f9c72b05cf4b9e26d244dc189f745228255a219a86d6a09eff" + "20138bf82dc1b6d562be0fa54ab7804a3a64b6d72ccfed6b6fb6ed28bbfc117e"
    made = "8eb33e4ca31d1c465ab05aac34cc6b23d58fef5c083106c4d25a91aef0b0117e" + "2af9a291aa32e14ab834dc56ed2a223444547e01f11d3b0916e5a4c345cacb36"
    known = point(bytes.fromhex(key))
    assert judged(known, digest(protected, payload), bytes.fromhex(made))
    assert not judged(known, digest(protected, payload + b"."), bytes.fromhex(made))


def finished(work):
    """The result of a task that is a generator."""
    while True:
        try:
            next(work)
        except StopIteration as end:
            return end.value


def test_a_message_is_verified_with_the_key_that_signed_and_with_no_other():
    raw = signed(b"payload", RELEASE, BUNDLE_TYPE)
    message = SignedMessage(raw, BUNDLE_TYPE, "bundle")
    assert message.payload == b"payload" and message.kid == RELEASE.kid == key_id(RELEASE.public)
    assert finished(message.is_signed_by(point(RELEASE.public)))
    assert not finished(message.is_signed_by(point(STRANGER.public)))
    changed = SignedMessage(raw.replace(b"payload", b"paxload"), BUNDLE_TYPE, "bundle")
    assert not finished(changed.is_signed_by(point(RELEASE.public)))


def test_a_message_in_any_other_form_is_refused_by_the_name_of_its_part():
    kid = RELEASE.kid
    good = {1: -7, 3: BUNDLE_TYPE, 4: kid}
    for protected, unprotected, signature, place in (
        ({1: -7, 3: KEYS_TYPE, 4: kid}, {}, bytes(64), "content type"),
        ({1: -8, 3: BUNDLE_TYPE, 4: kid}, {}, bytes(64), "algorithm"),
        ({1: -7, 3: BUNDLE_TYPE, 4: kid[:7]}, {}, bytes(64), "key id"),
        ({1: -7, 3: BUNDLE_TYPE, 4: "text"}, {}, bytes(64), "key id"),
        ({1: -7, 3: BUNDLE_TYPE}, {}, bytes(64), "protected header"),
        ({1: -7, 2: [3], 3: BUNDLE_TYPE, 4: kid}, {}, bytes(64), "protected header"),
        (good, {4: kid}, bytes(64), "unprotected header"),
        (good, {}, bytes(63), "signature"),
        (good, {}, bytes(65), "signature"),
        ([], {}, bytes(64), "protected header"),
    ):  # fmt: skip
        raw = b"\xd2" + encode([encode(protected), unprotected, b"", signature])
        with raises(Rejected) as e:
            SignedMessage(raw, BUNDLE_TYPE, "bundle")
        assert e.field == "bundle, " + place, e.field


def test_another_structure_or_tag_is_refused():
    parts = [encode({1: -7, 3: BUNDLE_TYPE, 4: RELEASE.kid}), {}, b"", bytes(64)]
    for raw in (b"", b"\xd2", encode(parts), b"\xd1" + encode(parts), b"\xd2" + encode(parts[:3]), b"\xd2" + encode({1: 2}),
                b"\xd2" + encode(parts + [1]), b"\xd2" + encode(["x", {}, b"", bytes(64)]), b"\xd2" + encode(parts) + b"\0"):  # fmt: skip
        with raises(Rejected):
            SignedMessage(raw, BUNDLE_TYPE, "bundle")


def test_the_digest_is_that_of_the_sig_structure():
    assert digest(b"\xa1\1\x26", b"x" * 300) == sha256(encode(["Signature1", b"\xa1\1\x26", b"", b"x" * 300])).digest()
