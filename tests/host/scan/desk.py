"""A line in virtual time with simulated devices on it, each at its own setting, and somebody who asks."""

from types import SimpleNamespace

from ampacity_host.rig.devices import make_device

START_US = (2**30 - 60_000) * 1000
BITS = {"N": 10, "E": 11, "O": 11}


class Plant(SimpleNamespace):
    """What a device measures and switches here: a car that draws nothing."""

    def __init__(self):
        meter = {"amps_a": [1.5, 1.5, 1.5], "volts_v": [230.1, 231.2, 229.3]}
        super().__init__(**meter, car_state="A", amps_da=[0, 0, 0], volts_dv=[2300, 2310, 2290], energy_wh=1234, limit_da=0)


class Clock:
    def now_ms(self):
        return START_US // 1000


def device(name, unit, seed=1, framing="rtu"):
    return make_device(name, unit, Plant(), Clock(), seed, framing)


class Desk:
    """devices: [(device, (baud, parity, stop))]. Frames reach those at the same setting; others hear nothing."""

    def __init__(self, scan, devices, talkers=()):
        self.scan, self.devices, self.talkers = scan, devices, list(talkers)
        self.now_us = START_US
        self.sent = []  # (now_us, setting, frame)
        self._queue = []

    @property
    def setting(self):
        facts = self.scan.facts
        return (facts.get("baud"), facts.get("parity"), facts.get("stop"))

    def run(self, seconds):
        """Until it is over, at most so long. True: it is over."""
        end_us = self.now_us + seconds * 1_000_000
        while self.now_us < end_us and not self.scan.over:
            facts = self.scan.facts
            out, wake_us = self.scan.next(self.now_us)
            if out and self.scan.facts is facts:
                self._say(out)
            due = [at for at, _ in self._queue] + [at for at, _, _ in self.talkers] + [wake_us]
            self.now_us = max(self.now_us + 1, min(due))
            self._hear()
        return self.scan.over

    def _char_us(self):
        baud, parity, _ = self.setting
        return BITS[parity] * 1_000_000 // baud if baud else 1

    def _say(self, data):
        self.sent.append((self.now_us, self.setting, bytes(data)))
        end_us = self.now_us + len(data) * self._char_us()
        answers = []
        for device, setting in self.devices:
            if setting == self.setting or not setting[0]:
                device.tick(self.now_us // 1000)
                answers += [(max(at, end_us + 4000), frame) for frame, at in device.receive(bytes(data), end_us)]
        spans = sorted((at, at + len(frame) * self._char_us(), frame) for at, frame in answers)
        for start, end, frame in spans:
            others = [one for one in spans if one[2] is not frame and one[0] < end and start < one[1]]
            self._queue.append((end, mixed(frame) if others else frame))

    def _hear(self):
        for _, frame in [entry for entry in self._queue if entry[0] <= self.now_us]:
            self.scan.receive(frame, self.now_us)
        self._queue = [entry for entry in self._queue if entry[0] > self.now_us]
        for entry in [one for one in self.talkers if one[0] <= self.now_us]:
            self.talkers.remove(entry)
            _, setting, frame = entry
            self.scan.receive(frame if setting == self.setting else mixed(frame), self.now_us)


def mixed(frame):
    """A frame that another one, or another speed, has spoilt."""
    return bytes(byte ^ (0x15 + at * 7 & 0xFF) for at, byte in enumerate(frame))
