"""One RS-485 pair with stations on it: half duplex, all stations receive all frames, overlapping frames are corrupted.

A station sends with `send`; its characters take their transmission time and reach all other stations. In `chunked` mode they
arrive as from a UART's FIFO, at most 16 characters or 2 ms at once. Otherwise a whole frame arrives in one event together
with its last character, and stations with declared unit addresses are not woken for frames to other addresses, which they
would discard unread. A fault on the line or on a station switches the line to chunks and wakes all stations.
"""

from ampacity.base.rng import Rng
from ampacity_host.rig.line.characters import char_us, chunk_bytes, garble
from ampacity_host.rig.line.line_faults import LineFaults


class Station:
    """A transceiver on the line. `receive(data, now_us)` is called with the received bytes."""

    def __init__(self, line, name, receive, units):
        self.line, self.name, self.receive, self.units = line, name, receive, units
        self.faults = line.drop(name)
        self.free_us = 0
        self.primary = units is None

    def send(self, data):
        self.line.send(self, data)

    def detach(self):
        self.line.detach(self)


class Transmission:
    __slots__ = ("station", "data", "start_us", "end_us", "spoilt")

    def __init__(self, station, data, start_us, end_us):
        self.station, self.data, self.start_us, self.end_us = station, data, start_us, end_us
        self.spoilt = None


class Line:
    """time: a timeline; baud, parity, stop as in the site file. Counts `frames` and `errors`."""

    def __init__(self, time, name, baud=19200, parity="E", stop=1, chunked=False, seed=1):
        self.time, self.name, self.baud, self.parity = time, name, baud, parity
        self._char = char_us(baud, parity, stop)
        self._chunk = chunk_bytes(*self._char)
        self.chunked = chunked
        self.rng = Rng(seed * 7919 + len(name) + sum(name.encode()) * 31)
        self.stations = []
        self.faults = LineFaults()
        self._drops = {}
        self._air = []
        self._by_unit = {}
        self.frames = self.errors = 0
        self.troubled = False
        self.on_frame = None       # called with (station, data) for each frame that begins

    def attach(self, name, receive, units=None):
        """units: the addresses to which it answers; None: it receives everything (a primary, a monitor)."""
        station = Station(self, name, receive, units)
        self.stations.append(station)
        self._by_unit.clear()
        return station

    def readdress(self, station, units):
        """Its device answers to these addresses from now on."""
        station.units = units
        self._by_unit.clear()

    def drop(self, name):
        """The faults at the connection of `name`; they remain when its device is replaced."""
        return self._drops.setdefault(name, LineFaults())

    def detach(self, station):
        if station in self.stations:
            self.stations.remove(station)
        self._by_unit.clear()

    def set_to(self, baud, parity):
        """Is a controller with this setting compatible with the devices of the line?"""
        return (baud, parity) == (self.baud, self.parity)

    def silence_us(self):
        """The 3.5 characters that end a frame."""
        return 1750 if self.baud > 19200 else -(-7 * self._char[0] // (2 * self._char[1]))

    def busy(self):
        now_us = self.time.now_us
        return any(sent.end_us > now_us for sent in self._air)

    def send(self, station, data):
        """The station starts to send, now or after its present transmission."""
        if not data:
            return
        data = bytes(data)
        start_us = max(self.time.now_us, station.free_us)
        span_us = self._char[0] * len(data) // self._char[1]
        sent = Transmission(station, data, start_us, start_us + span_us)
        station.free_us = sent.end_us
        self.frames += 1
        if not self.troubled or not self._is_disconnected(station):
            self._collide(sent)
        if self.on_frame is not None:
            self.on_frame(station, data)
        if self.chunked or self.troubled:
            self._plan_chunks(sent)
        else:
            self.time.at_us(sent.end_us, self._arrive, sent)

    def fault_changed(self):
        """To be called when a fault on the line or on a station begins or ends."""
        self.troubled = bool(self.faults) or any(self._drops.values())

    def _is_disconnected(self, station):
        return station.faults.is_sender_cut() or self.faults.has("cut")

    def _collide(self, sent):
        """Marks the overlapping characters on both sides."""
        air, now_us = self._air, self.time.now_us
        if air:
            air = self._air = [one for one in air if one.end_us > now_us]
            for other in air:
                if other.station is not sent.station and other.end_us > sent.start_us and other.start_us < sent.end_us:
                    self._spoil(other, sent)
                    self._spoil(sent, other)
        air.append(sent)

    def _spoil(self, sent, other):
        char = self._char
        first = max(0, (other.start_us - sent.start_us) * char[1] // char[0])
        last = -(-(other.end_us - sent.start_us) * char[1] // char[0])
        sent.spoilt = (first, last) if sent.spoilt is None else (min(first, sent.spoilt[0]), max(last, sent.spoilt[1]))
        self.errors += 1

    def _plan_chunks(self, sent):
        char, step = self._char, self._chunk
        for first in range(0, len(sent.data), step):
            last = min(first + step, len(sent.data))
            self.time.at_us(sent.start_us + char[0] * last // char[1], self._chunk_arrives, sent, first, last)

    def _arrive(self, sent):
        data, station = sent.data, sent.station
        if sent.spoilt or self.troubled:
            self._chunk_arrives(sent, 0, len(data))
            return
        unit = data[0] if data[:1] != b":" else 0  # in ASCII the address is unknown before decoding
        listeners = self._by_unit.get(unit)
        if listeners is None:
            listeners = self._by_unit[unit] = [
                one for one in self.stations if one.units is None or unit == 0 or unit in one.units]
        for one in listeners:
            if one is not station:
                one.receive(data, sent.end_us)

    def _chunk_arrives(self, sent, first, last):
        data = sent.data
        if sent.spoilt:
            data = garble(data, self.rng, *sent.spoilt)
        whole = last == len(data)
        for station in list(self.stations):
            self._reach(station, sent, data[first:last], first, whole)

    def _reach(self, station, sent, piece, first, whole):
        sender = sent.station
        echo = station is sender
        if echo and not (sender.faults.has("echo") or (self.faults.has("echo") and sender.primary)):
            return
        if not self.troubled:
            station.receive(piece, self.time.now_us)
            return
        chain = [sender.faults, self.faults] if echo else [sender.faults, self.faults, station.faults]
        for at, faults in enumerate(chain):
            way = "sends" if at == 0 else "line" if at == 1 else "hears"
            piece = faults.bend(piece, way, sender, first, whole, sent, self, station)
            if piece is None:
                return
        station.receive(piece, self.time.now_us)
