"""The narrow walk through a certificate against a library that reads all of it."""

from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID
from hypothesis import given, settings
from hypothesis import strategies as st

from ampacity.bus.server.der import ROLE_OID, extension, role
from certificates import ROLE, Authority

CA = Authority()
USAGE = (x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH]), False)
PLAIN = st.text(st.characters(min_codepoint=32, max_codepoint=126), min_size=1, max_size=64)


def test_every_extension_of_a_real_certificate_is_found_as_the_library_finds_it():
    pair = CA.issue("client", role="Operator", extensions=(USAGE,), rsa_bits=2048)
    read = x509.load_der_x509_certificate(pair.der)
    for each in read.extensions:
        oid = each.oid.dotted_string.split(".")
        arcs = bytes((int(oid[0]) * 40 + int(oid[1]),)) + b"".join(base128(int(arc)) for arc in oid[2:])
        assert extension(pair.der, arcs) == each.value.public_bytes(), each
    assert role(pair.der) == "Operator" and role(CA.pair.der) is None
    assert base128(50316) in ROLE_OID and ROLE.dotted_string == "1.3.6.1.4.1.50316.802.1"


def base128(arc):
    out = bytes((arc & 127,))
    while arc := arc >> 7:
        out = bytes((arc & 127 | 128,)) + out
    return out


@settings(max_examples=40, deadline=None)
@given(PLAIN)
def test_any_plain_text_is_a_role(text):
    assert role(CA.issue("client", role=text).der) == text


REAL = CA.issue("client", role="Operator", extensions=(USAGE,)).der


@settings(max_examples=600, deadline=None)
@given(st.lists(st.tuples(st.integers(0, len(REAL) - 1), st.integers(0, 255)), min_size=1, max_size=4), st.integers(0, len(REAL)))
def test_a_mangled_certificate_is_refused_or_gives_one_plain_role(changes, size):
    der = bytearray(REAL)
    for at, byte in changes:
        der[at] = byte
    for data in (bytes(der), bytes(der[:size])):
        try:
            named = role(data)
        except ValueError:
            continue
        assert named is None or (1 <= len(named) <= 64 and named.isascii() and named.isprintable())
