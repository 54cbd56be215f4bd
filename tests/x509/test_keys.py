"""Key pairs, signatures and requests that the controller makes itself."""

from hashlib import sha256

import vectors_x509 as known
from ampacity.update.p256 import N, Verification, point
from ampacity.x509.certificate import Certificate
from ampacity.x509.ecdsa_signing import public_key, secret_of, sign
from ampacity.x509.encoding import element, integer
from ampacity.x509.request import CertificateRequest
from ampacity.x509.slices import at_once
from ampacity.x509.software_keys import SoftwareKeys
from check import raises

RFC_6979 = 0xC9AFA9D845BA75166B5C215767B1D6934E50C3DB36E89B127B8A622B120F6721  # appendix A.2.5
SIGNATURES = (
    (b"sample", "efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8"),
    (b"test", "f1abb023518351cd71d881567b1ea663ed3efcf6c5132b354f28d3b0b7d38367019f4113742a2b14bd25926b49c649155f267e60d3814b4c0cc84250e46f0083"),
)


class Documents:
    def __init__(self):
        self.kept = {}
        self.full = False

    def get(self, name):
        return self.kept.get(name)

    def put(self, name, value):
        if self.full:
            raise OSError(28)
        self.kept[name] = value

    def remove(self, name):
        self.kept.pop(name, None)


def worked(task):
    for count in range(2000):
        found = task.step()
        if found is not None:
            return found, count
    raise AssertionError("no end")


def door():
    documents = Documents()
    return SoftwareKeys(documents, lambda count: bytes(range(count))), documents


def test_signatures_are_those_of_the_standard():
    for text, wanted in SIGNATURES:
        assert at_once(sign(RFC_6979, sha256(text).digest())).hex() == wanted


def test_the_smallest_and_the_greatest_keys_sign_too():
    digest = sha256(b"x").digest()
    for secret in (1, 2, 3, N - 1, N - 2, 2**224, 2**255 % N):
        public = point(at_once(public_key(secret)))
        check = Verification(public, digest, at_once(sign(secret, digest)))
        result = None
        while result is None:
            result = check.step()
        assert result, secret


def test_every_chance_gives_a_key():
    assert secret_of(bytes(40)) == 1 and 1 <= secret_of(b"\xff" * 40) < N


def test_a_key_is_made_in_slices_kept_and_forgotten():
    keys, documents = door()
    public, slices = worked(keys.create("0"))
    assert public == Certificate(known.STATION).key.point == keys.public("0") and slices > 250
    assert "BEGIN EC PRIVATE KEY" in keys.for_tls("0")
    keys.remove("0")
    assert keys.public("0") is None and keys.for_tls("0") is None and documents.kept == {}
    with raises(KeyError):
        keys.sign("0", bytes(32))


def test_a_key_that_cannot_be_kept_is_an_error():
    keys, documents = door()
    documents.full = True
    with raises(OSError):
        worked(keys.create("0"))


def test_a_request_is_a_text_with_lines_of_64_characters():
    keys, _ = door()
    public, _ = worked(keys.create("0"))
    text, slices = worked(CertificateRequest(keys, "0", public, "S1", "Ampacity"))
    lines = text.strip().split("\n")
    assert lines[0] == "-----BEGIN CERTIFICATE REQUEST-----" and lines[-1] == "-----END CERTIFICATE REQUEST-----"
    assert all([len(line) <= 64 for line in lines[1:-1]]) and slices > 250


def test_der_is_written_with_the_shortest_length():
    assert element(4, b"x" * 127)[:3] == b"\x04\x7fx" and element(4, b"x" * 128)[:3] == b"\x04\x81\x80"
    assert element(4, b"x" * 256)[:4] == b"\x04\x82\x01\x00"
    assert integer(0) == b"\x02\x01\x00" and integer(128) == b"\x02\x02\x00\x80" and integer(2**256 - 1)[:3] == b"\x02\x21\x00"
