"""TCP without sockets: (reader, writer) pairs between tasks of the virtual loop.

A network has listeners by (host, port). A path may be down (nothing new connects, nothing passes), slow, or
keep what is sent until its fault ends, as a gateway does. Without a fault bytes arrive in the same instant.
"""

import asyncio

REFUSED, TIMED_OUT = 111, 110
CONNECT_MS_MAX = 10_000


class Path:
    """The way to one endpoint. Faults: `down`, `late` (both ways), `cut_tx`, `cut_rx` (as the device sees it), `delay_ms`,
    `twice`. What a fault holds back is kept and arrives when it ends, for that is what TCP does.
    """

    def __init__(self, time):
        self._time = time
        self.down = self.late = self.cut_tx = self.cut_rx = self.twice = False
        self.delay_ms = 0
        self._kept = []

    def _holds(self, from_device):
        return self.down or self.late or (self.cut_tx if from_device else self.cut_rx)

    def carry(self, from_device, deliver, *args):
        """Calls deliver(*args) when the path lets it through."""
        if self._holds(from_device):
            self._kept.append((from_device, deliver, args))
        elif self.delay_ms:
            self._time.at_us(self._time.now_us + self.delay_ms * 1000, deliver, *args)
        else:
            deliver(*args)

    def release(self):
        """After a fault ended: what was kept arrives in order, unless its connection is gone."""
        kept, self._kept = self._kept, []
        for one in kept:
            if self._holds(one[0]):
                self._kept.append(one)
            else:
                one[1](*one[2])


class End:
    """One end of a connection, as the other sees it. `on_data` set: bytes go there instead of into the reader."""

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
    """The face of asyncio.StreamWriter over an `End`."""

    def __init__(self, end):
        self._end = end
        self.transport = self

    def write(self, data):
        end = self._end
        if not end.closed and not end.reset:
            end.path.carry(end.is_device, end.peer._receive, bytes(data))
            if end.path.twice:
                end.path.carry(end.is_device, end.peer._receive, bytes(data))

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
        """There is nothing to wait for."""

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
        """There is nothing to wait for."""


class Network:
    """All that can be reached. A listener is called with (client end) and returns its own End's handler."""

    def __init__(self, loop):
        self._loop = loop
        self.listeners = {}
        self.paths = {}
        self.messages = 0        # writes into connections of device buses

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
        """(reader, writer); OSError when nobody listens or the path is down for long."""
        path = self.path(host, port)
        waited_ms = 0
        while path.down:
            await asyncio.sleep(0.1)
            waited_ms += 100
            if waited_ms >= CONNECT_MS_MAX:
                raise OSError(TIMED_OUT, "no way to %s:%s" % (host, port))
        accept = self.listeners.get((host, port))
        if accept is None:
            raise OSError(REFUSED, "nobody listens at %s:%s" % (host, port))
        near, far = self.pair(path)
        accept(far)
        return near.reader, MemoryWriter(near)


def serve_streams(loop, handler):
    """An `accept` that runs `await handler(reader, writer)` in a task, as asyncio.start_server does."""
    def accept(end):
        loop.create_task(handler(end.reader, MemoryWriter(end)))
    return accept
