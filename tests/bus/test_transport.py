"""The asyncio around the engines, with a line and a connection of the test's own."""

import asyncio

from helper_driver import Asker, reply_to

from ampacity.bus.client.rtu_client import RtuClient
from ampacity.bus.client.tcp_client import TcpClient
from ampacity.bus.modbus.mbap import mbap_frame
from ampacity.bus.transport import run_rtu, run_tcp, serve_tcp

REPLY = b"\x03\x04\x00\x01\x00\x02"


class Clock:
    """Moves a little each time that somebody looks, and while somebody waits."""

    def __init__(self):
        self.us = 10**9

    def now_us(self):
        self.us += 300
        return self.us

    def now_ms(self):
        return self.us // 1000

    async def sleep_ms(self, ms):
        self.us += ms * 1000
        await asyncio.sleep(0)


class Line:
    """Answers each read request as the unit would, 10 ms later."""

    def __init__(self, clock):
        self.clock = clock
        self.sent = []
        self.answer = b""

    def write(self, data):
        self.sent.append(data)
        self.answer = reply_to(data)

    async def read(self, timeout_us):
        await asyncio.sleep(0)
        answer, self.answer = self.answer, b""
        self.clock.us += 10000 if answer else timeout_us
        return answer


class Peer:
    """Reader and writer of one connection; answers up to `answers` requests, then ends it."""

    def __init__(self, answers):
        self.left = answers
        self.data = b""
        self.event = asyncio.Event()
        self.closed = False

    def write(self, data):
        if self.left:
            self.left -= 1
            self.data += mbap_frame((data[0] << 8) | data[1], data[6], REPLY)
        self.event.set()

    async def drain(self):
        await asyncio.sleep(0)

    async def read(self, size):
        await self.event.wait()
        self.event.clear()  # nothing to answer any more: the end
        data, self.data = self.data, b""
        return data

    def close(self):
        self.closed = True


async def until(condition):
    for _ in range(500):
        if condition():
            return
        await asyncio.sleep(0.002)
    raise AssertionError("it never came")


async def test_a_line_is_served():
    clock, asker = Clock(), Asker(5)
    line = Line(clock)
    task = asyncio.create_task(run_rtu(RtuClient({"baud": 19200}, [asker]), line, clock))
    await until(lambda: len(asker.replies) >= 3)
    task.cancel()
    assert asker.failures == []


async def test_a_connection_is_served_and_restored_when_it_ends():
    clock, asker, peers, aborted = Clock(), Asker(5), [], []

    async def connect(host, port):
        await asyncio.sleep(0)
        if len(peers) == 1 and not aborted[1:]:
            aborted.append("refused")
            raise OSError(111)
        peers.append(Peer(3))
        return peers[-1], peers[-1]

    engine = TcpClient({}, [asker])
    task = asyncio.create_task(run_tcp(engine, connect, "host", 502, clock, aborted.append))
    await until(lambda: len(asker.replies) >= 5)
    task.cancel()
    assert len(peers) >= 2 and aborted[0] is peers[0]


async def test_an_order_does_not_wait_for_the_next_poll():
    clock, asker, peer = Clock(), Asker(5), Peer(100)
    asker.urgency = lambda now_ms: (3, now_ms) if asker.orders else (3, now_ms + 40)

    async def connect(host, port):
        await asyncio.sleep(0)
        return peer, peer

    engine = TcpClient({}, [asker])
    task = asyncio.create_task(run_tcp(engine, connect, "host", 502, clock))
    await until(lambda: engine.wake is not None)
    asker.orders = [(0, b"\x03\x00\x07\x00\x02")]
    engine.wake()
    await until(lambda: asker.replies)
    assert not asker.orders and len(asker.replies) == 1
    task.cancel()
    await until(lambda: peer.closed)


class Pouring:
    """The other end of a connection with `count` pieces of data at once; keeps in which turn each was read, and each answer written."""

    def __init__(self, data, count):
        self.data, self.left = data, count
        self.turn, self.turns, self.said = 0, [], []

    async def read(self, size):
        if self.left == 0:
            return b""
        self.left -= 1
        self.turns.append(self.turn)
        return self.data

    def write(self, data):
        self.said.append(self.turn)

    async def drain(self):
        pass

    async def others(self):
        while True:
            self.turn += 1
            await asyncio.sleep(0)


class Sink:
    """An engine, or a session, that answers each request."""

    broken = False
    left = 0

    def receive(self, data, now_us=None):
        self.left = 5

    def next(self, now_ms):
        self.left -= 1
        return b"answer" if self.left >= 0 else None


async def test_a_client_that_floods_requests_leaves_others_a_turn_between_any_two_answers():
    peer = Pouring(b"x", 50)
    task = asyncio.create_task(peer.others())
    await serve_tcp(Sink(), (peer, peer), Clock(), lambda now_ms: None)
    task.cancel()
    assert len(peer.said) == len(set(peer.said)) == 250


async def test_a_device_that_floods_frames_leaves_others_a_turn_between_any_two_pieces():
    peer = Pouring(b"\x00\x01\x00\x00\x00\x03\x01\x83\x02", 50)

    async def connect(host, port):
        if peer.left == 0:
            raise OSError(111, "gone")
        return peer, peer

    other = asyncio.create_task(peer.others())
    serving = asyncio.create_task(run_tcp(TcpClient({}, []), connect, "127.0.0.1", 502, Clock(), lambda writer: None))
    await until(lambda: peer.left == 0)
    serving.cancel()
    other.cancel()
    assert len(peer.turns) == len(set(peer.turns)) == 50
