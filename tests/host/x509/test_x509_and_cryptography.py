"""The reader, the verifier and the signer of the firmware against `cryptography`, which reads all of it."""

import hashlib
import os

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, utils
from cryptography.x509.oid import NameOID
from hypothesis import given, settings
from hypothesis import strategies as st

from ampacity.ocpp.security.handlers import read_pem
from ampacity.update.p256 import N
from ampacity.x509.certificate import CERT_SIGN, DIGITAL_SIGNATURE, Certificate
from ampacity.x509.chain import is_signed_by, verify_chain
from ampacity.x509.ecdsa_signing import public_key, sign
from ampacity.x509.hash_data import hash_data
from ampacity.x509.request import CertificateRequest
from ampacity.x509.sha512 import digest
from ampacity.x509.signatures import verify
from ampacity.x509.slices import at_once
from ampacity.x509.software_keys import SoftwareKeys
from certificate_authority import StationAuthority, name_of

NOW_MS = 1795176000000
FRAME = "-----BEGIN CERTIFICATE-----\n%s\n-----END CERTIFICATE-----\n"
NAMES = st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=40)
CHANGES = st.lists(st.tuples(st.integers(0, 2000), st.integers(0, 255)), min_size=1, max_size=4)
ROOTS = {kind: StationAuthority(NOW_MS, kind, kind=kind, digest=each) for kind, each in
         (("ec", hashes.SHA256), ("rsa", hashes.SHA384), ("ec384", hashes.SHA512))}
USAGE = (x509.KeyUsage(True, False, False, False, False, False, False, False, False), True)


def der_of(certificate):
    return certificate.public_bytes(serialization.Encoding.DER)


LEAF = ROOTS["ec"].signed(name_of("S1", "Müller & Söhne"), ROOTS["rsa"].key.public_key(), (-1, 100), more=[USAGE])


@pytest.mark.parametrize("made", [*(root.certificate for root in ROOTS.values()), LEAF], ids=[*ROOTS, "leaf"])
def test_the_reader_reads_what_the_library_reads(made):
    found = Certificate(der_of(made))
    assert int.from_bytes(found.serial, "big") == made.serial_number
    assert (found.issuer, found.subject) == (made.issuer.public_bytes(), made.subject.public_bytes())
    assert (found.not_before_s, found.not_after_s) == (made.not_valid_before_utc.timestamp(), made.not_valid_after_utc.timestamp())
    assert found.common_name == made.subject.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value
    assert found.organization == made.subject.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)[0].value
    assert (found.signed, found.signature) == (made.tbs_certificate_bytes, made.signature)
    assert found.is_ca == (made is not LEAF)
    if made is LEAF:
        assert found.may_use(DIGITAL_SIGNATURE) and not found.may_use(CERT_SIGN)
        assert found.key.modulus == made.public_key().public_numbers().n


@pytest.mark.parametrize("algorithm", ["SHA256", "SHA384", "SHA512"])
@pytest.mark.parametrize("kind", ROOTS)
def test_hash_data_is_that_of_an_ocsp_request(kind, algorithm):
    root = Certificate(der_of(ROOTS[kind].certificate))
    ours = hash_data(root, root.key_raw, algorithm)
    assert list(ours.values()) == list(ROOTS[kind].hash_data(algorithm).values())


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=600))
def test_the_long_digests_are_those_of_the_library(data):
    assert at_once(digest(data, 48)) == hashlib.sha384(data).digest() and at_once(digest(data, 64)) == hashlib.sha512(data).digest()


@settings(max_examples=15, deadline=None)
@given(st.integers(1, N - 1), st.binary(min_size=32, max_size=32))
def test_a_signature_is_the_deterministic_one_of_the_library(secret, hashed):
    key = ec.derive_private_key(secret, ec.SECP256R1())
    made = key.sign(hashed, ec.ECDSA(utils.Prehashed(hashes.SHA256()), deterministic_signing=True))
    numbers = utils.decode_dss_signature(made)
    assert at_once(sign(secret, hashed)) == b"".join(number.to_bytes(32, "big") for number in numbers)
    point = key.public_key().public_numbers()
    assert at_once(public_key(secret)) == point.x.to_bytes(32, "big") + point.y.to_bytes(32, "big")


@settings(max_examples=10, deadline=None)
@given(NAMES, NAMES)
def test_a_request_is_one_of_the_library_whatever_the_names(serial, organization):
    kept = {}
    keys = SoftwareKeys(type("Kept", (), {"get": kept.get, "put": kept.__setitem__})(), os.urandom)
    task = keys.create("0")
    while (public := task.step()) is None:
        pass
    request = CertificateRequest(keys, "0", public, serial, organization)
    while (text := request.step()) is None:
        pass
    found = x509.load_pem_x509_csr(text.encode())
    assert found.is_signature_valid and [each.value for each in found.subject] == [organization, serial]
    secret = serialization.load_pem_private_key(keys.for_tls("0").encode(), None)
    assert secret.public_key().public_numbers() == found.public_key().public_numbers()


@pytest.mark.parametrize("kind", ["ec", "rsa"])
def test_an_issuer_is_the_one_that_the_library_verifies(kind):
    made = ROOTS[kind].signed(name_of("S1", "x"), LEAF.public_key(), (-1, 1))
    for other in ROOTS:
        issued = Certificate(der_of(made))
        try:
            made.verify_directly_issued_by(ROOTS[other].certificate)
            ours = True
        except Exception:
            ours = False
        assert at_once(is_signed_by(issued, Certificate(der_of(ROOTS[other].certificate)))) == ours == (other == kind)


REAL = [der_of(LEAF), *(der_of(root.certificate) for root in ROOTS.values())]


@settings(max_examples=1500, deadline=None)
@given(st.sampled_from(REAL), CHANGES, st.integers(0, 1200), st.binary(max_size=8))
def test_a_mangled_certificate_is_refused_cleanly_or_read_as_the_library_reads_it(real, changes, size, more):
    der = bytearray(real)
    for at, byte in changes:
        der[at % len(der)] = byte
    for data in (bytes(der), bytes(der[:size]), bytes(der[:size]) + more + bytes(der[size:]), bytes(der) + more):
        try:
            found = Certificate(data)
        except ValueError:
            continue
        try:
            library = x509.load_der_x509_certificate(data)
        except ValueError:
            continue  # it looks at more than the reader does
        assert int.from_bytes(found.serial, "big") == library.serial_number
        assert (found.signed, found.signature) == (library.tbs_certificate_bytes, library.signature)


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(["ec", "rsa"]), st.integers(0, 2000), st.integers(1, 255), st.booleans())
def test_no_changed_certificate_has_a_valid_signature(kind, at, change, in_signature):
    root = Certificate(der_of(ROOTS[kind].certificate))
    signed, signature = bytearray(root.signed), bytearray(root.signature)
    changed = signature if in_signature else signed
    changed[at % len(changed)] ^= change
    assert at_once(verify(root.key, root.algorithm, bytes(signed), bytes(signature))) is False


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=300), st.text(max_size=200))
def test_any_bytes_and_any_text_give_a_clean_error(data, text):
    for make in (lambda: Certificate(data), lambda: read_pem(text, 5), lambda: read_pem(FRAME % text, 5)):
        with pytest.raises(ValueError):
            make()


def test_a_chain_of_three_is_verified_as_the_library_does():
    one = StationAuthority(NOW_MS, "one", parent=ROOTS["rsa"])
    two = StationAuthority(NOW_MS, "two", parent=one)
    leaf = two.signed(name_of("S1", "x"), LEAF.public_key(), (-1, 1))
    chain = [Certificate(der_of(each)) for each in (leaf, two.certificate, one.certificate)]
    roots = [Certificate(der_of(root.certificate)) for root in ROOTS.values()]
    assert at_once(verify_chain(chain, roots, NOW_MS // 1000)).der == REAL[2]
    with pytest.raises(ValueError, match="not signed by the next one"):
        at_once(verify_chain([chain[0], chain[2]], roots, NOW_MS // 1000))


PSS_ROOT = StationAuthority(NOW_MS, "PSS root", kind="rsa", pss=True)
DIGESTS = {"SHA256": hashes.SHA256, "SHA384": hashes.SHA384, "SHA512": hashes.SHA512, "another": hashes.SHA224}
PSS_OID = bytes.fromhex("2a864886f70d01010a")


def of_pss(digest="SHA256", mask="SHA256", salt=32):
    """The DER of a certificate that an authority signed so."""
    PSS_ROOT.digest, PSS_ROOT.mask, PSS_ROOT.salt = DIGESTS[digest], DIGESTS[mask], salt
    return der_of(PSS_ROOT.signed(name_of("S1", "X"), PSS_ROOT.key.public_key(), (-1, 100)))


@pytest.mark.parametrize("salt", [0, 1, 20, 32, 190, 222])
def test_the_parameters_of_rsa_pss_are_read_and_a_salt_of_each_length_is_verified(salt):
    root, found = Certificate(der_of(PSS_ROOT.certificate)), Certificate(of_pss(salt=salt))
    assert found.algorithm == ("PSS", "SHA256", salt)
    assert at_once(is_signed_by(found, root))
    for other in (salt + 1, 21 if salt != 21 else 22):
        assert not at_once(verify(root.key, ("PSS", "SHA256", other), found.signed, found.signature))


@pytest.mark.parametrize(("digest", "mask"), [(a, b) for a in DIGESTS for b in ("SHA256", "SHA512") if (a, b) != ("SHA256", "SHA256")])
def test_rsa_pss_with_another_digest_is_refused(digest, mask):
    root = Certificate(der_of(PSS_ROOT.certificate))
    found = Certificate(of_pss(digest, mask, 20))
    assert found.algorithm is None
    with pytest.raises(ValueError, match="RSA-PSS with SHA-256 for both"):
        at_once(is_signed_by(found, root))


def test_parameters_of_rsa_pss_that_differ_from_the_signed_ones_or_are_of_another_form_are_refused():
    made = of_pss()
    assert made.count(PSS_OID) == 2
    outer, params = made.rindex(PSS_OID), len(PSS_OID)
    salt = made.index(b"\xa2\x03\x02\x01\x20", outer)
    for at, byte, match in (
        (salt + 4, 21, "two signature algorithms"),  # another salt where nothing is signed
        (salt + 4, 0x80, "RSA-PSS parameters of another form"),  # below 0
        (salt, 0xA3, "RSA-PSS parameters of another form"),
        (salt, 0xA1, "RSA-PSS parameters|der: "),  # a field twice
        (outer + params, 0x31, "der: tag 31, expected 30"),
    ):
        with pytest.raises(ValueError, match=match):
            Certificate(made[:at] + bytes((byte,)) + made[at + 1 :])
