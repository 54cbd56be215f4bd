"""TCP without sockets: (reader, writer) pairs between tasks of the virtual loop.

A network has listeners by (host, port). A path may be down (no new connections, no data), slow, or retain data until its
fault ends, as a gateway does. Without a fault bytes arrive in the same instant.
"""

import asyncio

from ampacity.base.rng import Rng
from ampacity_host.rig.virtual.loop import spawn

REFUSED, TIMED_OUT, NO_NAME = 111, 110, -2
FRAME_BITS = 30 * 11     # of an exchange on the line behind a gateway
CONNECT_MS_MAX = 10_000


DOWN = ("cut", "network_down")
FLAGS = {"cut_tx": "cut_tx", "cut_rx": "cut_rx", "late": "late", "duplicate": "twice", "echo": "echo",
         "wrong_unit": "wrong_unit"}
BABBLE_EVERY_MS = 200


class Path:
    """The way to one endpoint. Faults: `down`, `late` (both ways), `cut_tx`, `cut_rx` (as the device sees it), `delay_ms`,
    `twice`; data that they retain arrives when they end, as with TCP. A gateway's line behind it: `lost_permillion` of the
    messages are lost (noise that a checksum detects), `echo` (the primary receives its own messages), `wrong_unit` (replies
    with the address of another unit), `babbles` (unrequested bytes).
    """

    def __init__(self, time):
        self._time = time
        self.down = self.late = self.cut_tx = self.cut_rx = self.twice = self.echo = self.wrong_unit = False
        self.babbles = False
        self.nameless = False    # its name cannot be resolved
        self.delay_ms = self.lost_permillion = 0
        self.messages = 0        # messages sent into it
        self.ears = []           # each a function that passes bytes to the primary's end of a connection
        self._faults = {}        # (kind, source) -> its options
        self._kept = []
        self._rng = Rng(1)

    def set_fault(self, kind, on, options, source=None):
        """A fault of the control channel on this path; the same kind from another source is another one."""
        if on:
            self._faults[kind, source] = options
        else:
            self._faults.pop((kind, source), None)
        given = [one for (each, _), one in self._faults.items() if each == kind]
        if kind == "delay":
            self.delay_ms = max((int(one.get("ms", 100)) for one in given), default=0)
        elif kind == "noise":
            self.lost_permillion = max((int(min(1.0, one.get("ber", 0.001) * FRAME_BITS) * 1_000_000) for one in given), default=0)
        elif kind == "babble":
            self.babbles, babbled = bool(given), self.babbles
            if given and not babbled:
                self._babble()
        elif kind in DOWN:
            self.down = any(each in DOWN for each, _ in self._faults)
        else:
            setattr(self, FLAGS[kind], bool(given))
        self.release()

    def _babble(self):
        if self.babbles:
            junk = bytes(self._rng.below(256) for _ in range(4 + self._rng.below(20)))
            for ear in list(self.ears):
                ear(junk)
            self._time.at_us(self._time.now_us + BABBLE_EVERY_MS * 1000, self._babble)

    def bend(self, data, from_device):
        """The bytes of one message as they arrive, None if they do not."""
        if self.lost_permillion and self._rng.below(1_000_000) < self.lost_permillion:
            return None
        if self.wrong_unit and from_device and len(data) > 7:
            return data[:6] + bytes((data[6] % 247 + 1,)) + data[7:]
        return data

    def pass_on(self, data, from_device, deliver, echoed=None):
        """One message on its path: deliver(data) when and as often as it arrives; echoed(data): it returns to its sender."""
        data = self.bend(data, from_device)
        if data is None:
            return
        for _ in range(2 if self.twice else 1):
            self.carry(from_device, deliver, data)
        if self.echo and not from_device:
            self.carry(True, echoed, data)

    def _holds(self, from_device):
        return self.down or self.late or (self.cut_tx if from_device else self.cut_rx)

    def carry(self, from_device, deliver, *args):
        """Calls deliver(*args) when the path lets it pass."""
        if self._holds(from_device):
            self._kept.append((from_device, deliver, args))
        elif self.delay_ms:
            self._time.at_us(self._time.now_us + self.delay_ms * 1000, deliver, *args)
        else:
            deliver(*args)

    def release(self):
        """After the end of a fault: retained data arrives in order, unless its connection has ended."""
        kept, self._kept = self._kept, []
        for one in kept:
            if self._holds(one[0]):
                self._kept.append(one)
            else:
                one[1](*one[2])


class End:
    """One end of a connection, as the other end sees it. With `on_data`, bytes go there instead of to the reader."""

    def __init__(self, loop, path, is_device):
        self.loop, self.path, self.is_device = loop, path, is_device
        self.reader = asyncio.StreamReader(limit=2**20, loop=loop)
        self.peer = None
        self.closed = self.reset = False
        self.on_data = None
        self.on_lost = None

    def _receive(self, data):
        if self.closed or self.reset:
            return
        if self.on_data is not None:
            self.on_data(data)
        else:
            self.reader.feed_data(data)

    def _end(self):
        if not self.reader.at_eof() and not self.reset:
            self.reader.feed_eof()
        self._lost()

    def _break(self):
        self.reset = True
        if self.reader.exception() is None:
            self.reader.set_exception(ConnectionResetError(104, "connection reset"))
        self._lost()

    def _lost(self):
        lost, self.on_lost = self.on_lost, None
        if lost is not None:
            lost()


class MemoryWriter:
    """The interface of asyncio.StreamWriter over an `End`."""

    def __init__(self, end):
        self._end = end
        self.transport = self

    def write(self, data):
        end = self._end
        if end.closed or end.reset:
            return
        end.path.messages += 1
        end.path.pass_on(bytes(data), end.is_device, end.peer._receive, end._receive)

    def writelines(self, parts):
        self.write(b"".join(parts))

    async def drain(self):
        if self._end.reset:
            raise ConnectionResetError(104, "connection reset")

    def close(self):
        end = self._end
        if not end.closed:
            end.closed = True
            end.path.carry(end.is_device, end.peer._end)

    def abort(self):
        end = self._end
        if not end.closed:
            end.closed = True
            end.peer.closed_by_reset = True
            end.peer._break()
            end._break()

    async def wait_closed(self):
        """No wait is necessary."""

    def is_closing(self):
        return self._end.closed or self._end.reset

    def can_write_eof(self):
        return False

    def get_extra_info(self, name, default=None):
        return ("127.0.0.1", 0) if name in ("peername", "sockname") else default


class Server:
    def __init__(self, network, address):
        self._network, self._address = network, address

    def close(self):
        self._network.listeners.pop(self._address, None)

    async def wait_closed(self):
        """No wait is necessary."""


class Network:
    """All reachable addresses. A listener is called with (client end) and returns the handler of its own End."""

    def __init__(self, loop):
        self._loop = loop
        self.listeners = {}
        self.paths = {}

    def path(self, host, port):
        return self.paths.setdefault((host, port), Path(self._loop))

    def serve(self, host, port, accept):
        """accept(end) is called for each connection with the server's End (its `on_data`, or its reader)."""
        self.listeners[(host, port)] = accept
        return Server(self, (host, port))

    def pair(self, path):
        near, far = End(self._loop, path, False), End(self._loop, path, True)
        near.peer, far.peer = far, near
        return near, far

    async def connect(self, host, port):
        """(reader, writer); OSError if the port is closed or the path is down for long."""
        path = self.path(host, port)
        if path.nameless:
            raise OSError(NO_NAME, "no address for %s" % host)
        waited_ms = 0
        while path.down:
            await asyncio.sleep(0.1)
            waited_ms += 100
            if waited_ms >= CONNECT_MS_MAX:
                raise OSError(TIMED_OUT, "no way to %s:%s" % (host, port))
        accept = self.listeners.get((host, port))
        if accept is None:
            raise OSError(REFUSED, "no server at %s:%s" % (host, port))
        near, far = self.pair(path)
        path.ears = [one for one in path.ears if not one.__self__.closed and not one.__self__.reset] + [near._receive]
        accept(far)
        return near.reader, MemoryWriter(near)


def serve_streams(loop, handler, owner):
    """An `accept` that runs `await handler(reader, writer)` in a task of its owner, as asyncio.start_server does."""
    def accept(end):
        spawn(loop, owner, handler(end.reader, MemoryWriter(end)))
    return accept
