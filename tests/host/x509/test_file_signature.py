"""The verifier of signatures over files against `cryptography`, which makes them."""

from hashlib import sha256

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

from ampacity.x509.certificate import PublicKey, key_of
from ampacity.x509.file_signature import verify_file
from ampacity.x509.slices import at_once

DATA = b"firmware" * 1000
PSS = padding.PSS
SHA = hashes.SHA256()
BITS = {bits: rsa.generate_private_key(65537, bits) for bits in (2048, 2049, 2055, 3072)}  # 2049: the encoded message is a byte shorter


def raw_of(key):
    """The content of the BIT STRING of its public key."""
    if isinstance(key, ec.EllipticCurvePrivateKey):
        return key.public_key().public_bytes(serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint)
    return key.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.PKCS1)


def verdict(key, signature, data=DATA):
    return at_once(verify_file(key_of(raw_of(key)), sha256(data).digest(), signature))


@pytest.mark.parametrize("bits", BITS)
@pytest.mark.parametrize("salt", [PSS.DIGEST_LENGTH, PSS.MAX_LENGTH, 0, 20])
def test_rsa_pss_with_a_salt_of_any_length(bits, salt):
    key = BITS[bits]
    good = key.sign(DATA, PSS(padding.MGF1(SHA), salt), SHA)
    assert verdict(key, good)
    assert not verdict(key, good, DATA + b"x")
    assert not verdict(BITS[3072 if bits == 2048 else 2048], good)
    for at in (0, len(good) // 2, len(good) - 1):
        assert not verdict(key, good[:at] + bytes((good[at] ^ 1,)) + good[at + 1 :])
    for wrong in (b"", good[1:], good + b"\0", b"\xff" * len(good), bytes(len(good))):
        assert not verdict(key, wrong)


def test_what_is_signed_otherwise_with_rsa_is_refused():
    key = BITS[2048]
    for scheme, digest in ((padding.PKCS1v15(), SHA), (PSS(padding.MGF1(hashes.SHA1()), 32), SHA), (PSS(padding.MGF1(SHA), 32), hashes.SHA384())):
        assert not verdict(key, key.sign(DATA, scheme, digest))


def test_ecdsa():
    key = ec.generate_private_key(ec.SECP256R1())
    good = key.sign(DATA, ec.ECDSA(SHA))
    assert verdict(key, good) and not verdict(key, good, b"other")
    assert not verdict(ec.generate_private_key(ec.SECP256R1()), good)
    for wrong in (b"", good[:-1], good + b"\0", b"\x30\x00"):
        assert not verdict(key, wrong)


def test_a_key_of_another_kind_is_no_key():
    with pytest.raises(ValueError, match="P-256 or RSA"):
        at_once(verify_file(PublicKey(""), bytes(32), b""))
    for raw in (b"", b"\4" + bytes(64), b"\4" * 65, raw_of(ec.generate_private_key(ec.SECP384R1()))):
        with pytest.raises(ValueError):
            key_of(raw)
