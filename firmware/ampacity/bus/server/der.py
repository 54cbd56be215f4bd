"""A strict walk through a certificate's DER (X.690) to one extension: what decides about rights is read narrowly.

No more than that: the certificate was checked by the TLS library before. Indefinite lengths, lengths longer than they
need be, what is left over, and an extension that is there twice are all refused.
"""

from ampacity.base.der import BOOLEAN, OCTET_STRING, OID, SEQUENCE, UTF8_STRING, inside, take

VERSION, EXTENSIONS = 0xA0, 0xA3
FIELDS_MAX = 64
# 1.3.6.1.4.1.50316.802.1: the role in a client's certificate (MODBUS/TCP Security Protocol Specification, 2018-07-24)
ROLE_OID = b"\x2b\x06\x01\x04\x01\x83\x89\x0c\x86\x22\x01"
ROLE_CHARACTERS_MAX = 64


def extension(certificate: bytes, oid: bytes) -> "bytes | None":
    """The content of the extension with that object identifier (DER of its arcs), None without one. ValueError: no such DER."""
    start, end = inside(certificate, 0, len(certificate), SEQUENCE)
    tag, start, end = take(certificate, start, end)  # the part that is signed
    if tag != SEQUENCE:
        raise ValueError("der: no certificate")
    for _ in range(FIELDS_MAX):
        if start == end:
            return None
        tag, content, start_next = take(certificate, start, end)
        if tag == EXTENSIONS:
            if start_next != end:
                raise ValueError("der: fields behind the extensions")
            return _find(certificate, inside(certificate, content, start_next, SEQUENCE), oid)
        start = start_next
    raise ValueError("der: %d fields or more" % FIELDS_MAX)


def _find(data: bytes, space: "tuple[int, int]", oid: bytes) -> "bytes | None":
    at, end = space
    found = None
    for _ in range(FIELDS_MAX):
        if at == end:
            return found
        tag, start, stop = take(data, at, end)
        if tag != SEQUENCE:
            raise ValueError("der: an extension that is no sequence")
        name, value = _extension(data, start, stop)
        if name == oid:
            if found is not None:
                raise ValueError("der: an extension is present twice")
            found = value
        at = stop
    raise ValueError("der: %d extensions or more" % FIELDS_MAX)


def _extension(data: bytes, at: int, end: int) -> "tuple[bytes, bytes]":
    """(object identifier, content of the octet string) of one extension."""
    tag, start, stop = take(data, at, end)
    if tag != OID:
        raise ValueError("der: an extension without a name")
    name = bytes(data[start:stop])
    if stop < end and data[stop] == BOOLEAN:
        tag, start, stop = take(data, stop, end)
        if stop - start != 1:
            raise ValueError("der: a false truth value")
    start, stop = inside(data, stop, end, OCTET_STRING)
    return name, bytes(data[start:stop])


def role(certificate: bytes) -> "str | None":
    """The role in a client's certificate, None where it names none. ValueError: not readable as one, so no rights either."""
    value = extension(certificate, ROLE_OID)
    if value is None:
        return None
    start, stop = inside(value, 0, len(value), UTF8_STRING)
    if not 1 <= stop - start <= ROLE_CHARACTERS_MAX:
        raise ValueError("der: a role of %d bytes" % (stop - start))
    for byte in value[start:stop]:
        if not 0x20 <= byte < 0x7F:
            raise ValueError("der: a role that is not plain text")
    return str(value[start:stop], "ascii")
