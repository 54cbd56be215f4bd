"""The narrow walk through a certificate: the role it names, and everything that is not quite DER refused."""

from ampacity.base.rng import Rng
from ampacity.bus.server.der import ROLE_OID, extension, role
from check import raises


def value(tag, *parts):
    """DER of a value with the shortest length."""
    body = b"".join(parts)
    size = len(body)
    if size < 128:
        return bytes((tag, size)) + body
    if size < 256:
        return bytes((tag, 0x81, size)) + body
    return bytes((tag, 0x82, size >> 8, size & 255)) + body


def extension_of(oid, content, critical=None):
    flag = b"" if critical is None else value(0x01, b"\xff" if critical else b"\x00")
    return value(0x30, value(0x06, oid), flag, value(0x04, content))


def certificate(*extensions, behind=b"", before=b""):
    """Shaped like one; what the walk does not look into is short."""
    fields = value(0xA0, value(0x02, b"\x02")) + value(0x02, b"\x01") + value(0x30) * 5 + before
    if extensions:
        fields += value(0xA3, value(0x30, *extensions))
    return value(0x30, value(0x30, fields + behind), value(0x30), value(0x03, b"\x00" * 70))


OTHER = extension_of(b"\x55\x1d\x13", value(0x30), True)


def named(text):
    return extension_of(ROLE_OID, value(0x0C, text.encode()))


def test_the_role_is_read_among_other_extensions():
    assert role(certificate(OTHER, named("Operator"), OTHER)) == "Operator"
    assert role(certificate(extension_of(ROLE_OID, value(0x0C, b"Primary"), False))) == "Primary"
    assert role(certificate(OTHER)) is None
    assert role(certificate()) is None


def test_long_forms_of_lengths_are_followed_where_they_are_needed():
    big = extension_of(b"\x55\x1d\x11", b"x" * 300)
    assert extension(certificate(big, named("Reader")), b"\x55\x1d\x11") == b"x" * 300
    assert role(certificate(big, named("Reader"))) == "Reader"


def test_a_role_other_than_one_plain_text_is_refused():
    for content in (
        value(0x13, b"Operator"),  # printable, not UTF-8
        value(0x0C, b""),
        value(0x0C, b"x" * 65),
        value(0x0C, b"a\xc3\xa9"),
        value(0x0C, b"a\nb"),
        value(0x0C, b"Operator") + b"\x00",
        value(0x30, value(0x0C, b"Operator")),
        b"",
        b"Operator",
    ):
        with raises(ValueError):
            role(certificate(extension_of(ROLE_OID, content)))


def test_malformed_der_is_refused():
    good = certificate(OTHER, named("Operator"))
    wrong = [
        b"",
        good[:-1],
        good + b"\x00",
        b"\x30\x80" + good[2:] + b"\x00\x00",  # indefinite
        b"\x31" + good[1:],
        certificate(named("Operator"), named("Installer")),  # twice
        certificate(named("Operator"), named("Operator")),
        certificate(named("Operator"), behind=value(0x02, b"\x01")),
        certificate(extension_of(ROLE_OID, value(0x0C, b"Operator")) + b"\x05\x00"),
        certificate(value(0x30, value(0x06, ROLE_OID), value(0x01, b""), value(0x04, value(0x0C, b"Operator")))),
        certificate(value(0x30, value(0x04, b"x"))),
        certificate(value(0x31, value(0x06, ROLE_OID), value(0x04, b""))),
        certificate(*[OTHER] * 65),
        certificate(OTHER, before=value(0x02, b"\x01") * 64),
        value(0x30, value(0x04, b"")),
    ]
    long_form = value(0x0C, b"Operator")
    wrong.append(certificate(extension_of(ROLE_OID, long_form[:1] + b"\x81" + long_form[1:])))  # longer than it need be
    wrong.append(certificate(extension_of(ROLE_OID, long_form[:1] + b"\x84\x00\x00\x00" + long_form[1:])))
    for n, der in enumerate(wrong):
        with raises(ValueError):
            role(der)
            raise AssertionError("accepted: %d" % n)


def test_a_mangled_certificate_is_either_refused_or_read():
    rng = Rng(5)
    good = certificate(OTHER, named("Operator"), extension_of(b"\x55\x1d\x11", b"y" * 140))
    roles = set()
    for _ in range(3000):
        der = bytearray(good)
        for _ in range(1 + rng.below(3)):
            der[rng.below(len(der))] = rng.below(256)
        if rng.chance(200):
            der = der[: rng.below(len(der))]
        try:
            roles.add(role(bytes(der)))
        except ValueError:
            roles.add("refused")
    assert "refused" in roles and "Operator" in roles and "Installer" not in roles
