"""Faults of a line or of the drop of one station, and their effects on the bytes.

A fault on a device's drop names directions from the device's point of view: `cut_tx` affects its transmission, `cut_rx` its
reception. On a whole bus they affect every device: none of its transmissions arrives, or it receives nothing.
"""

from ampacity_host.rig.line.characters import noisy, with_crc

KINDS = ("cut", "cut_tx", "cut_rx", "noise", "delay", "late", "duplicate", "echo", "babble", "wrong_unit",
         "second_primary", "foreign_client")
DUPLICATE_GAP_US = 6_000


class LineFaults:
    """The active faults at one place: kind -> its options. Pieces retained by `late` wait here."""

    def __init__(self):
        self._on = {}
        self._kept = []

    def __bool__(self):
        return bool(self._on)

    def has(self, kind):
        return kind in self._on

    def option(self, kind, name, default=None):
        return self._on.get(kind, {}).get(name, default)

    def set(self, kind, options):
        self._on[kind] = options

    def clear(self, kind):
        """The fault's options, None if it was not on."""
        return self._on.pop(kind, None)

    def release(self, time):
        """Delivers the pieces retained by `late`, in order."""
        kept, self._kept = self._kept, []
        for station, piece in kept:
            time.at_us(time.now_us, station.receive, piece, time.now_us)

    def is_sender_cut(self):
        return bool(self._on) and (self.has("cut") or self.has("cut_tx"))

    def bend(self, piece, way, sender, first, whole, sent, line, station):
        """The piece as it is passed on; None: not now, or never."""
        on = self._on
        if not on:
            return piece
        if self._stops(way, sender):
            return None
        if "noise" in on:
            piece = noisy(piece, line.rng, on["noise"].get("ber", 0.001))
        if "wrong_unit" in on and way != "hears" and not sender.primary:
            piece = _other_unit(sent.data, first, len(piece))
        if "late" in on:
            self._kept.append((station, piece))
            return None
        if "duplicate" in on and whole:
            line.time.at_us(line.time.now_us + DUPLICATE_GAP_US, _again, station, sent.data, line.time)
        if "delay" in on:
            wait_us = int(on["delay"].get("ms", 100) * 1000)
            line.time.at_us(line.time.now_us + wait_us, _again, station, piece, line.time)
            return None
        return piece

    def _stops(self, way, sender):
        on = self._on
        if "cut" in on:
            return True
        if way == "line":
            return ("cut_tx" in on and not sender.primary) or ("cut_rx" in on and sender.primary)
        return ("cut_tx" in on and way == "sends") or ("cut_rx" in on and way == "hears")


def _again(station, piece, time):
    station.receive(piece, time.now_us)


def _other_unit(frame, first, length):
    """The same piece of the frame, as if sent by another unit, with a valid CRC."""
    unit = frame[0] % 247 + 1
    return with_crc(bytes((unit,)) + frame[1:-2])[first:first + length]
