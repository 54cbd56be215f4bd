"""What a device was last seen to show: values by field index, each with the time at which it was asked.

Also makes the requests: a span is [function code, address, count, [[field index, offset], …]].
"""

from ampacity.bus.client.request import Request
from ampacity.bus.profile.registers.codec import COUNT, NAME, SCALE, decode

if False:  # for the type checker
    from typing import Any

NEVER_MS = -1
PHASES = ("_l1", "_l2", "_l3")


def span_read_pdu(span: "list[Any]", base: int = 0) -> bytes:
    """The request for a span of registers, or of coils; base: what its address counts from."""
    return bytes([span[0]]) + (base + span[1]).to_bytes(2, "big") + span[2].to_bytes(2, "big")


def span_reply_length(span: "list[Any]") -> int:
    """Bytes of the reply's PDU."""
    return 2 + (span[2] * 2 if span[0] > 2 else (span[2] + 7) // 8)


def value_write_pdu(code: int, address: int, data: bytes) -> bytes:
    """A write of one value: function code 5 (coil), 6 or 16; data: its registers."""
    start = bytes([code]) + address.to_bytes(2, "big")
    if code == 5:
        return start + (b"\xff\x00" if data != b"\x00\x00" else b"\x00\x00")
    if code == 6:
        return start + data
    return start + (len(data) // 2).to_bytes(2, "big") + bytes([len(data)]) + data


class Readings:
    """Values of all fields of a profile. What was never read is None."""

    def __init__(self, compiled: "dict[str, Any]") -> None:
        self.fields = compiled["fields"]
        self.reads = compiled["reads"]
        self.values: list[Any] = [None] * len(self.fields)
        self.asked_ms = [NEVER_MS] * len(self.fields)
        self.raw: dict[tuple[str, int], bytes] = {}
        self.denied: dict[int, bool] = {}  # fields that it would not show when asked last
        self._base = 0
        self._requests: dict[tuple[str, int], Request] = {}
        self._index: dict[str, int] = {}
        for index in range(len(self.fields)):
            self._index[self.fields[index][NAME]] = index

    def begin_at(self, base: int) -> None:
        """All addresses count from here."""
        if base != self._base:
            self._base = base
            self._requests = {}

    def request(self, unit: int, group: str, at: int, priority: int, timeout_ms: int, gap_ms: int) -> Request:
        """The request for span number `at` of a group; the same object each time, with its encoded frame."""
        request = self._requests.get((group, at))
        if request is None:
            span = self.reads[group][at]
            request = Request(unit, span_read_pdu(span, self._base), priority, timeout_ms, span_reply_length(span), gap_ms, ("read", group, at))
            self._requests[(group, at)] = request
        request.priority = priority
        request.certain = True
        request.follows = False
        request.sent_ms = NEVER_MS
        return request

    def take(self, group: str, at: int, pdu: bytes, asked_ms: int) -> bool:
        """Keep what a reply shows. False: the reply is not of the asked form, nothing was kept."""
        span = self.reads[group][at]
        if len(pdu) != span_reply_length(span) or pdu[0] != span[0] or pdu[1] != len(pdu) - 2:
            return False
        data = bytes(pdu[2:])
        self.raw[(group, at)] = data
        for index, offset in span[3]:  # scale registers come first
            self.values[index] = self._decode(index, offset, data, span[0])
            self.asked_ms[index] = asked_ms
            if index in self.denied:
                del self.denied[index]
        return True

    def refused(self, group: str, at: int) -> None:
        """The device would not show this span: what it showed before is no reading of now."""
        for index, _ in self.reads[group][at][3]:
            self.forget(index)
            self.denied[index] = True

    def split(self, group: str, at: int) -> int:
        """From now on each value of this span is asked for by itself; how many requests that adds."""
        span = self.reads[group][at]
        if len(span[3]) < 2:
            return 0
        step = 1 if span[0] <= 2 else 0
        single = [[span[0], span[1] + offset, step or self.fields[index][COUNT], [[index, 0]]] for index, offset in span[3]]
        self.reads = dict(self.reads)
        self.reads[group] = self.reads[group][:at] + single + self.reads[group][at + 1 :]
        self._requests = {}
        self.raw = {}
        return len(single) - 1

    def _decode(self, index: int, offset: int, data: bytes, code: int) -> "int | str | None":
        field = self.fields[index]
        if code <= 2:
            return (data[offset // 8] >> (offset % 8)) & 1
        power = self.values[field[SCALE]] if field[SCALE] >= 0 else 0
        if power is None:
            return None
        return decode(field, data[offset * 2 : (offset + field[COUNT]) * 2], power)

    def forget(self, index: int) -> None:
        """What a field showed is over."""
        self.values[index] = None
        self.asked_ms[index] = NEVER_MS

    def index(self, name: str) -> int:
        """The index of a field by its name; -1 where the profile has no such field."""
        return self._index.get(name, -1)

    def named(self, name: str) -> "Any":
        """The value of a field by its name, a number or a text; None where it was not read, or the profile has no such field."""
        index = self._index.get(name, -1)
        return self.values[index] if index >= 0 else None

    def asked(self, name: str) -> "int | None":
        """When a field was last asked for, by its name."""
        index = self._index.get(name, -1)
        return self.asked_ms[index] if index >= 0 else None

    def indexes(self, names: "tuple[Any, ...]") -> "list[Any]":
        """Of those fields that the profile has."""
        return [self._index[name] for name in names if name in self._index]

    def phases(self, start: str, count: int = 3) -> "list[Any] | None":
        """Values of start_l1 to start_l3, the first count of them, as many as there are; None as soon as one is missing."""
        found: list[Any] = []
        for phase in PHASES[:count]:
            index = self._index.get(start + phase, -1)
            if index >= 0:
                if self.values[index] is None:
                    return None
                found.append(self.values[index])
        return found or None

    def mark(self, group: str) -> "tuple[Any, ...]":
        """All bytes that a group last showed: changes when any bit did."""
        return tuple([self.raw.get((group, at), b"") for at in range(len(self.reads[group]))])

    def asked_since(self, indexes: "list[Any]", since_ms: int) -> bool:
        """Was each of these fields asked for at since_ms or later, and answered?"""
        for index in indexes:
            if self.asked_ms[index] < since_ms:
                return False
        return True
