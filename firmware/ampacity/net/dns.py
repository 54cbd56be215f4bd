"""Names → addresses by an own query over UDP (RFC 1035). `getaddrinfo` would block the loop, and with it the safety tick.

The core builds a query and reads a reply: bounded, deaf to anything that is not the answer to this very question, and
safe against names that point at themselves (a pointer must point backwards). IPv4 addresses only.
"""

import struct

if False:  # for the type checker
    from typing import Any

REPLY_MAX = 1500
TYPE_A, TYPE_CNAME, CLASS_IN = 1, 5, 1
NAME_MAX = 255
TTL_MIN_S, TTL_MAX_S = 30, 3600
RECORDS_MAX = 64


def encode_name(host: str) -> bytes:
    """Wire form of a host name. ValueError: empty or too long labels, other than ASCII."""
    out = bytearray()
    for label in host.rstrip(".").split("."):
        raw = label.encode()
        if not 1 <= len(raw) <= 63 or max(raw) > 126 or min(raw) < 33:
            raise ValueError("dns: not a host name: %s" % host[:60])
        out.append(len(raw))
        out.extend(raw.lower())
    out.append(0)
    if len(out) > NAME_MAX:
        raise ValueError("dns: a name of more than 255 bytes")
    return bytes(out)


def build_query(query_id: int, host: str) -> bytes:
    """The datagram that asks for the IPv4 addresses of host (RFC 1035, 4.1); query_id 0..65535, unpredictable. ValueError: no host name."""
    return struct.pack(">HHHHHH", query_id, 0x0100, 1, 0, 0, 0) + encode_name(host) + struct.pack(">HH", TYPE_A, CLASS_IN)


def parse_reply(data: bytes, query_id: int, host: str) -> "tuple[list[str], int]":
    """(["192.0.2.1", …], ttl_s), both from the records of host or of the names it is an alias of; [] if it has none.

    ttl_s is within 30..3600. ValueError: not an answer to this query, or garbage. OSError(2): the server says that there
    is no such name; OSError(5): it could not say.
    """
    if not 12 <= len(data) <= REPLY_MAX:
        raise ValueError("dns: a reply of %d bytes" % len(data))
    got_id, flags, questions, answers = struct.unpack_from(">HHHH", data, 0)
    wanted = encode_name(host)
    if got_id != query_id or not flags & 0x8000 or questions != 1 or answers > RECORDS_MAX:
        raise ValueError("dns: a reply to another query")
    name, at = read_name(data, 12)
    if name != wanted or _fields(data, at, ">HH") != (TYPE_A, CLASS_IN):
        raise ValueError("dns: a reply to another question")
    if flags & 15 == 3:
        raise OSError(2, "no such host: %s" % host)
    if flags & 15:
        raise OSError(5, "the name server failed with code %d" % (flags & 15))
    return _addresses(data, at + 4, answers, wanted)


def _addresses(data: bytes, at: int, answers: int, wanted: bytes) -> "tuple[list[str], int]":
    found = []
    ttl_s = TTL_MAX_S
    for _ in range(answers):
        name, at = read_name(data, at)
        kind, klass, ttl, size = _fields(data, at, ">HHIH")
        at += 10
        if at + size > len(data):
            raise ValueError("dns: a record is cut off")
        if name == wanted and klass == CLASS_IN:
            if kind == TYPE_CNAME:
                wanted = read_name(data, at)[0]
                ttl_s = min(ttl_s, ttl)
            elif kind == TYPE_A and size == 4:
                found.append("%d.%d.%d.%d" % tuple(data[at : at + 4]))
                ttl_s = min(ttl_s, ttl)
        at += size
    return found, max(TTL_MIN_S, ttl_s)


def read_name(data: bytes, at: int) -> "tuple[bytes, int]":
    """(wire form in lower case, where it ends) of the name at `at`. ValueError: cut off, too long, a pointer not back."""
    out = bytearray()
    end = None
    limit = at  # pointers must lead to before this
    while True:
        size = data[at] if at < len(data) else 255
        if size == 0:
            out.append(0)
            return bytes(out), at + 1 if end is None else end
        if size >= 0xC0:
            target = _fields(data, at, ">H")[0] & 0x3FFF
            end = at + 2 if end is None else end
            if target >= limit:
                raise ValueError("dns: a name that points forward")
            at = limit = target
        elif size > 63 or at + 1 + size > len(data) or len(out) + size + 2 > NAME_MAX:
            raise ValueError("dns: a false name")
        else:
            out.extend(data[at : at + 1])
            out.extend(data[at + 1 : at + 1 + size].lower())
            at += 1 + size


def _fields(data: bytes, at: int, form: str) -> "tuple[Any, ...]":
    if at + struct.calcsize(form) > len(data):
        raise ValueError("dns: cut off")
    return struct.unpack_from(form, data, at)


def servers_of(text: str) -> "list[str]":
    """The IPv4 name servers in the text of a resolv.conf, in its order, at most 3."""
    servers = []
    for line in text.split("\n"):
        words = line.split()
        if len(words) >= 2 and words[0] == "nameserver" and ":" not in words[1]:
            servers.append(words[1])
    return servers[:3]
