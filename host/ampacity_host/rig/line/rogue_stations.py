"""Rogue stations: one that sends random characters, a second primary that polls, a client that may write."""

from ampacity_host.rig.line.characters import with_crc

BABBLE_EVERY_MS = 40
POLL_EVERY_MS = 300
WRITE_EVERY_MS = 1_000


class RogueStation:
    """Attaches a station to the line and sends until `stop`."""

    def __init__(self, line, name, every_ms, frame, jitter_ms=0, waits=True):
        self._line = line
        self._every_ms, self._jitter_ms, self._waits = every_ms, jitter_ms, waits
        self._frame = frame
        self._station = line.attach(name, _ignore)
        self._entry = None
        self._next()

    def _next(self):
        line = self._line
        wait_ms = self._every_ms + (line.rng.below(self._jitter_ms) if self._jitter_ms else 0)
        self._entry = line.time.at_ms(line.time.now_ms + wait_ms, self._transmit)

    def _transmit(self):
        if not (self._waits and self._line.busy()):
            self._station.send(self._frame(self._line))
        self._next()

    def stop(self):
        self._line.time.cancel(self._entry)
        self._station.detach()


def _ignore(data, now_us):
    """A rogue station does not receive."""


def babbler(line):
    """Random characters, without carrier sense."""
    return RogueStation(line, "babble", BABBLE_EVERY_MS,
                    lambda one: bytes(one.rng.below(256) for _ in range(4 + one.rng.below(20))), 30, waits=False)


def second_primary(line, units):
    """Reads a register of one unit after another, like a second primary."""
    turn = [0]

    def frame(one):
        turn[0] += 1
        unit = units[turn[0] % len(units)] if units else 1
        return with_crc(bytes((unit, 3, 0, 0, 0, 1)))
    return RogueStation(line, "second-primary", POLL_EVERY_MS, frame, 200)


def foreign_client(line, bodies):
    """Sends these request bodies (unit + PDU) in turn; without any, it reads."""
    turn = [0]

    def frame(one):
        turn[0] += 1
        return with_crc(bodies[turn[0] % len(bodies)])
    return RogueStation(line, "foreign-client", WRITE_EVERY_MS, frame, 300)
