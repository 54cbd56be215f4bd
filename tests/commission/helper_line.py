"""A line in virtual time: units that answer reads from a table, each at its own setting, and others that talk."""

from ampacity.bus.modbus.frames import crc_ok, rtu_frame

START_US = (2**30 - 60000) * 1000
BITS = {"N": 10, "E": 11, "O": 11}


class Unit:
    """registers: {(function, address): [words]}; what is not there is refused. identity: reply of 43/14, or None."""

    def __init__(self, unit, setting=(19200, "E", 1), registers=None, identity=None):
        self.unit = unit
        self.setting = setting
        self.registers = registers or {}
        self.identity = identity
        self.asked = []
        self.deaf = 0  # so many requests are slept through
        self.lost = ()  # reads (function, address) whose replies are lost
        self.mute_on_refusal = False

    def answer(self, frame):
        if frame[0] != self.unit or not crc_ok(frame):
            return None
        self.asked.append(frame[1:-2])
        if self.deaf:
            self.deaf -= 1
            return None
        pdu = self._reply(frame[1:-2])
        if (frame[1], frame[2] << 8 | frame[3]) in self.lost:
            return None
        if pdu[0] & 0x80 and self.mute_on_refusal:
            return None
        return rtu_frame(self.unit, pdu)

    def _reply(self, pdu):
        if pdu[0] == 43:
            return self.identity or b"\xab\x01"
        at, count = pdu[1] << 8 | pdu[2], pdu[3] << 8 | pdu[4]
        out = b""
        for k in range(count):
            words = self.registers.get((pdu[0], at + k))
            if words is None:
                return bytes((pdu[0] | 0x80, 2))
            out += bytes((words >> 8, words & 0xFF))
        return bytes((pdu[0], len(out))) + out


class Line:
    """`run(seconds)`: until the scan is over; True if it is. talkers: [(when_us, setting, frame)]."""

    def __init__(self, scan, units=(), talkers=()):
        self.scan = scan
        self.units = units
        self.talkers = list(talkers)
        self.now_us = START_US
        self.sent = []
        self._queue = []

    def setting(self):
        facts = self.scan.facts
        return (facts["baud"], facts["parity"], facts["stop"])

    def run(self, seconds):
        end_us = self.now_us + seconds * 1000000
        while self.now_us < end_us and not self.scan.over:
            out, wake_us = self.scan.next(self.now_us)
            if out:
                self._say(out)
            times = [q[0] for q in self._queue] + [t[0] for t in self.talkers] + [wake_us]
            self.now_us = max(self.now_us + 1, min(times))
            self._hear()
        return self.scan.over

    def _say(self, frame):
        now = self.setting()
        self.sent.append((self.now_us, now, bytes(frame)))
        char_us = BITS[now[1]] * 1000000 // now[0]
        at_us = self.now_us + len(frame) * char_us + 5000
        answers = [unit.answer(bytes(frame)) for unit in self.units if unit.setting == now]
        for answer in [answer for answer in answers if answer]:
            at_us += len(answer) * char_us
            self._queue.append((at_us, answer))
            at_us += 6000

    def _hear(self):
        now_us = self.now_us
        due = [q for q in self._queue if q[0] <= now_us]
        self._queue = [q for q in self._queue if q[0] > now_us]
        for _at, frame in due:
            self.scan.receive(frame, now_us)
        due = [t for t in self.talkers if t[0] <= now_us]
        self.talkers = [t for t in self.talkers if t[0] > now_us]
        for _at, setting, frame in due:
            spoilt = bytes([byte ^ 0x5A for byte in frame])
            self.scan.receive(frame if setting == self.setting() else spoilt, now_us)
