"""Time of day over SNTP (RFC 4330, 5905): a request of 48 bytes, and what must be true of the reply.

The request carries a cookie instead of our time; only a reply that returns it counts. Seconds below 2**31 belong to the
era that begins in 2036.
"""

import struct

PORT = 123
PACKET_BYTES = 48
UNIX_EPOCH_S = 2208988800
ERA_S = 1 << 32
ROUND_TRIP_MS_MAX = 2000


def build_request(cookie: bytes) -> bytes:
    """The datagram of 48 bytes (RFC 4330, 5); cookie: 8 unpredictable bytes."""
    return bytes((0x23,)) + bytes(39) + cookie


def parse_reply(data: bytes, cookie: bytes, round_trip_ms: int) -> int:
    """Unix milliseconds at the moment the reply came. round_trip_ms: since the request left, 0..2000.

    ValueError with the reason: not the answer to this request, a server without time, a kiss of death, a late reply.
    """
    if len(data) < PACKET_BYTES:
        raise ValueError("ntp: a reply of %d bytes" % len(data))
    first, stratum = data[0], data[1]
    if first & 7 != 4 or not 1 <= first >> 3 & 7 <= 4 or bytes(data[24:32]) != cookie:
        raise ValueError("ntp: not the answer to our request")
    if stratum == 0:
        raise ValueError("ntp: the server refuses: %s" % "".join([chr(b) for b in data[12:16] if 32 < b < 127]))
    if stratum > 15 or first >> 6 == 3:
        raise ValueError("ntp: the server is not synchronised")
    if not 0 <= round_trip_ms <= ROUND_TRIP_MS_MAX:
        raise ValueError("ntp: a round trip of %d ms" % round_trip_ms)
    received, sent = _unix_ms(data, 32), _unix_ms(data, 40)
    if sent < received or sent - received > round_trip_ms + 1:
        raise ValueError("ntp: the server's own times contradict each other")
    return sent + (round_trip_ms - (sent - received)) // 2


def _unix_ms(data: bytes, at: int) -> int:
    parts: "tuple[int, int]" = struct.unpack_from(">II", data, at)
    seconds, fraction = parts
    if seconds == 0 and fraction == 0:
        raise ValueError("ntp: a time of zero")
    if seconds < 1 << 31:
        seconds += ERA_S
    return (seconds - UNIX_EPOCH_S) * 1000 + (fraction * 1000 >> 32)
