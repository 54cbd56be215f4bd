"""The server's side of the wire for tests: an answer to an upgrade, and unmasked frames."""

import struct
from binascii import b2a_base64
from hashlib import sha1

GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


def field(request, name):
    """The value of a field of the request head."""
    for line in request.split(b"\r\n"):
        if line.lower().startswith(name.lower() + b":"):
            return line[len(name) + 1 :].strip()
    return b""


def accept(request, protocol=b"ocpp2.0.1", more=b""):
    """The 101 answer."""
    key = b2a_base64(sha1(field(request, b"Sec-WebSocket-Key") + GUID).digest())[:-1]
    head = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: WebSocket\r\nConnection: keep-alive, Upgrade\r\n"
    return head + b"Sec-WebSocket-Accept: " + key + b"\r\nSec-WebSocket-Protocol: " + protocol + b"\r\n" + more + b"\r\n"


def frame(opcode, payload=b"", fin=True, size=None):
    """A server's frame; size: 2 or 8 bytes of length instead of as many as it needs."""
    first = opcode | (0x80 if fin else 0)
    n = len(payload)
    if size == 8 or size is None and n > 65535:
        head = struct.pack(">BBII", first, 127, 0, n)
    elif size == 2 or size is None and n > 125:
        head = struct.pack(">BBH", first, 126, n)
    else:
        head = bytes((first, n))
    return head + payload


def unmask(data):
    """[(opcode, payload)] of a client's frames."""
    frames = []
    while data:
        size, at = data[1] & 127, 2
        assert data[1] & 128, "a client's frame must be masked"
        if size == 126:
            size, at = struct.unpack(">H", data[2:4])[0], 4
        elif size == 127:
            size, at = struct.unpack(">II", data[2:10])[1], 10
        key, body = data[at : at + 4], data[at + 4 : at + 4 + size]
        frames.append((data[0] & 15, bytes([b ^ key[i & 3] for i, b in enumerate(body)])))
        data = data[at + 4 + size :]
    return frames
