"""A length in DER, at each of its edges: what is cut off, too long, or longer than it need be is refused."""

from ampacity.bus.server.der import extension, inside, role, take
from check import raises

NAME = b"\x2a\x03"


def value(tag, content):
    size = len(content)
    if size < 0x80:
        return bytes((tag, size)) + content
    if size < 0x100:
        return bytes((tag, 0x81, size)) + content
    return bytes((tag, 0x82, size >> 8, size & 0xFF)) + content


def refused(data, at=0, end=None):
    with raises(ValueError):
        take(data, at, len(data) if end is None else end)


def test_a_value_begins_behind_its_length_and_ends_within_what_holds_it():
    assert take(b"\x30\x00", 0, 2) == (0x30, 2, 2) and take(b"\xff\xff\x04\x02ab", 2, 6) == (4, 4, 6)
    refused(b"\x30")
    refused(b"\x04\x02ab", 0, 3)
    refused(b"\x04\x03ab")
    refused(b"\x1f\x00")
    assert take(b"\x1e\x00", 0, 2)[0] == 0x1E


def test_a_long_length_has_one_to_three_bytes_and_no_more_than_it_needs():
    for head, size in ((b"\x04\x81\x80", 0x80), (b"\x04\x81\xff", 0xFF), (b"\x04\x82\x01\x00", 0x100), (b"\x04\x82\xff\xff", 0xFFFF),
                       (b"\x04\x83\x01\x00\x00", 0x10000)):  # fmt: skip
        assert take(head + bytes(size), 0, len(head) + size) == (4, len(head), len(head) + size)
        refused(head + bytes(size), 0, len(head) + size - 1)
    for head in (b"\x04\x80", b"\x04\x81\x7f", b"\x04\x82\x00\xff", b"\x04\x83\x00\xff\xff", b"\x04\x84\x00\x01\x00\x00"):
        refused(head + bytes(0x10000))
    for head in (b"\x04\x81", b"\x04\x82\x01", b"\x04\x83\x01\x00"):
        refused(head)


def test_a_nested_value_has_its_tag_and_nothing_follows_it():
    assert inside(b"\x30\x02ab", 0, 4, 0x30) == (2, 4)
    for data, tag in ((b"\x30\x02ab", 0x31), (b"\x30\x01ab", 0x30)):
        with raises(ValueError):
            inside(data, 0, 4, tag)


def certificate(*extensions, fields=0, tail=b""):
    listed = value(0xA3, value(0x30, b"".join(extensions)))
    return value(0x30, value(0x30, value(0x02, b"\x01") * fields + listed + tail) + value(0x30, b"") + value(0x03, b"\x00"))


def one(name=NAME, content=b"xyz", critical=b""):
    return value(0x30, value(0x06, name) + critical + value(0x04, content))


def test_an_extension_is_found_among_others_and_only_once():
    true = value(0x01, b"\xff")
    assert extension(certificate(one(b"\x2a\x04"), one(), fields=3), NAME) == b"xyz"
    assert extension(certificate(one(critical=true)), NAME) == b"xyz" and extension(certificate(one()), b"\x2a\x09") is None
    assert extension(certificate(*[one(b"\x2a\x04")] * 62 + [one()]), NAME) == b"xyz"
    for wrong in (certificate(one(), one()), certificate(one(critical=value(0x01, b"\xff\xff"))), certificate(value(0x31, b"")),
        certificate(one(), tail=b"\x02\x00"),
                  certificate(value(0x30, value(0x04, b"") * 2)), certificate(*[one(b"\x2a\x04")] * 64), certificate(one(), fields=64)):  # fmt: skip
        with raises(ValueError):
            extension(wrong, NAME)
    assert extension(certificate(one(), fields=62), NAME) == b"xyz"
    assert extension(value(0x30, value(0x30, b"\x02\x01\x01")), NAME) is None


def test_a_role_has_1_to_64_plain_characters():
    oid = b"\x2b\x06\x01\x04\x01\x83\x89\x0c\x86\x22\x01"
    for text in (b"a", b" ~", b"x" * 64):
        assert role(certificate(one(oid, value(0x0C, text)))) == str(text, "ascii")
    for text in (b"", b"x" * 65, b"\x1f", b"\x7f"):
        with raises(ValueError):
            role(certificate(one(oid, value(0x0C, text))))
    assert role(certificate(one())) is None
