"""DER (X.690) and PEM (RFC 7468), written."""

from binascii import b2a_base64

from ampacity.base.der import BIT_STRING, INTEGER, SEQUENCE

PEM_CHARACTERS = 64  # of a line


def element(tag: int, *parts: bytes) -> bytes:
    """One value of that tag with these parts, at most 65535 bytes."""
    body = b"".join(parts)
    size = len(body)
    if size < 0x80:
        return bytes((tag, size)) + body
    if size < 0x100:
        return bytes((tag, 0x81, size)) + body
    return bytes((tag, 0x82)) + size.to_bytes(2, "big") + body


def sequence(*parts: bytes) -> bytes:
    """A SEQUENCE of these values."""
    return element(SEQUENCE, *parts)


def integer(value: int) -> bytes:
    """An INTEGER from 0 to 2^256 - 1."""
    raw = value.to_bytes(33, "big")
    at = 0
    while at < 32 and raw[at] == 0 and raw[at + 1] < 0x80:
        at += 1
    return element(INTEGER, raw[at:])


def bit_string(content: bytes) -> bytes:
    """A BIT STRING of whole bytes."""
    return element(BIT_STRING, b"\0", content)


def pem(label: str, der: bytes) -> str:
    """The PEM text of one block, with a line feed at the end."""
    text = b2a_base64(der).decode().replace("\n", "")
    lines = [text[at : at + PEM_CHARACTERS] for at in range(0, len(text), PEM_CHARACTERS)]
    return "-----BEGIN %s-----\n%s\n-----END %s-----\n" % (label, "\n".join(lines), label)
