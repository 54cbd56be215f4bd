"""What a line, a gateway or a stranger makes of a frame: the same bent bytes for the same seed, on both runtimes.

Some keep a right checksum on purpose (another unit, function, length, count, anything at all in the PDU): a checksum
must not be the only thing that an engine looks at. `sound` holds the frames of the last result whose checksum is right.
"""

from ampacity.bus.modbus.frames import rtu_frame
from ampacity.bus.modbus.mbap import mbap_frame

FUNCTIONS = (1, 2, 3, 4, 5, 6, 7, 8, 15, 16, 17, 22, 23, 43, 65, 100)
LENGTHS = (0, 1, 2, 3, 5, 7, 246, 247, 252, 253, 254, 255)
SERIAL = ("bits", "bytes", "cut", "headless", "joined", "twice", "unit", "function", "length", "wild", "exception", "noise")
STREAM = ("transaction", "protocol", "size", "unit", "function", "length", "wild", "exception", "bytes", "cut", "joined", "twice", "noise")


class Bender:
    """counts: how often each kind was made; `bent`: how many frames did not stay as they were."""

    def __init__(self, rng):
        self.rng = rng
        self.counts = {}
        self.bent = 0
        self.sound = ()
        self.well = (20, 100, 500)[rng.below(3)]  # so many of 1000 stay as they are
        self.serial_kinds, self.stream_kinds = self._some(SERIAL), self._some(STREAM)

    def _some(self, kinds):
        """What happens in this life: everything, or only this and that, so that it comes further."""
        if self.rng.chance(400):
            return kinds
        some = [kind for kind in kinds if self.rng.chance(400)]
        return some or kinds[:2]

    def _kind(self, kinds):
        rng = self.rng
        if rng.chance(self.well):
            return "intact"
        self.bent += 1
        kind = kinds[rng.below(len(kinds))]
        self.counts[kind] = self.counts.get(kind, 0) + 1
        return kind

    # serial

    def serial(self, frame, other):
        """Bytes in place of `frame`; other: a second frame to join it with."""
        kind = self._kind(self.serial_kinds)
        self.sound = ()
        if kind == "intact":
            self.sound = (frame,)
            return frame
        if kind == "joined" or kind == "twice":
            after = other if kind == "joined" else frame
            self.sound = (frame, after)
            return frame + self._filler() + after
        if kind in ("unit", "function", "length", "wild", "exception"):
            frame = rtu_frame(self._unit(frame[0], kind), self._pdu(frame[1:-2], kind))
            self.sound = (frame,)
            return frame
        return self._spoilt(frame, kind)

    def _spoilt(self, frame, kind):
        """Without a right checksum, but for chance."""
        rng, size = self.rng, len(frame)
        if kind == "bits":
            data = bytearray(frame)
            for _ in range(1 + rng.below(3)):
                data[rng.below(size)] ^= 1 << rng.below(8)
            return bytes(data)
        if kind == "bytes":
            data = bytearray(frame)
            for _ in range(1 + rng.below(4)):
                data[rng.below(size)] = rng.below(256)
            return bytes(data)
        if kind == "cut":
            return frame[: 1 + rng.below(size)]
        if kind == "headless":
            return frame[rng.below(size) :]
        return rng.bytes(1 + rng.below(300 if rng.chance(100) else 40))

    def _filler(self):
        """Between joined frames: mostly nothing."""
        return self.rng.bytes(1 + self.rng.below(3)) if self.rng.chance(200) else b""

    # Modbus TCP

    def stream(self, frame, other):
        """The same for a frame with its MBAP header."""
        rng = self.rng
        kind = self._kind(self.stream_kinds)
        self.sound = ()
        if kind == "intact":
            return frame
        if kind == "joined":
            return frame + other
        if kind == "twice":
            return frame + frame
        if kind in ("unit", "function", "length", "wild", "exception"):
            transaction = (frame[0] << 8) | frame[1]
            return mbap_frame(transaction, self._unit(frame[6], kind), self._pdu(frame[7:], kind))
        if kind in ("transaction", "protocol", "size"):
            data = bytearray(frame)
            at = {"transaction": 0, "protocol": 2, "size": 4}[kind]
            data[at + 1] = (data[at + 1] + (255, 1, rng.below(256))[rng.below(3)]) & 0xFF
            if rng.chance(200):
                data[at] = rng.below(256)
            return bytes(data)
        return self._spoilt(frame, kind)

    # what both share

    def _unit(self, unit, kind):
        return (0, 1, 247, 248, 255, self.rng.below(256))[self.rng.below(6)] if kind == "unit" else unit

    def _pdu(self, pdu, kind):
        rng = self.rng
        if kind == "function":
            return bytes((FUNCTIONS[rng.below(len(FUNCTIONS))],)) + pdu[1:]
        if kind == "exception":
            return bytes(((pdu[0] if pdu and rng.chance(800) else rng.below(128)) | 0x80, rng.below(12)))
        if kind == "length":
            return self._other_length(pdu)
        if kind == "wild" and pdu:
            data = bytearray(pdu)
            for _ in range(1 + rng.below(6)):
                data[rng.below(len(data))] = (0, 0xFF, 0x80, rng.below(256))[rng.below(4)]
            return bytes(data)
        return pdu

    def _other_length(self, pdu):
        """Another byte count, a tail cut off, or one grown on; sometimes as long as a frame can be, or longer."""
        rng = self.rng
        what = rng.below(4)
        if what == 0 and len(pdu) > 1:
            data = bytearray(pdu)
            data[5 if pdu[0] == 16 and len(pdu) > 5 else 1] = LENGTHS[rng.below(len(LENGTHS))]
            return bytes(data)
        if what == 1:
            return pdu[: 1 + rng.below(len(pdu) + 1)]
        if what == 2:
            return pdu + rng.bytes(1 + rng.below(8))
        return pdu + rng.bytes(rng.below(260 - len(pdu)) if len(pdu) < 259 else 1)

    def pieces(self, data):
        """The same bytes as a UART, an adapter or a socket hands them over."""
        rng = self.rng
        if rng.chance(600):
            return [data]
        most = (1, 3, 16, 64)[rng.below(4)]
        parts, at = [], 0
        while at < len(data):
            size = 1 + rng.below(most)
            parts.append(data[at : at + size])
            at += size
        return parts
