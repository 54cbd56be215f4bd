"""The link: whatever the server does, it is counted, logged, and the connection comes back."""

import asyncio
import os
import time

from peer import accept, frame, unmask

from ampacity.base.clock import Clock
from ampacity.base.log import Log
from ampacity.base.rng import Rng
from ampacity.base.within import within
from ampacity.net.link import Link, LinkConfig
from check import raises

try:
    ticks_us = time.ticks_us
except AttributeError:

    def ticks_us():
        return time.monotonic_ns() // 1000


FAST = 20  # the link's time runs faster than the loop's


class FastClock(Clock):
    def __init__(self, fast=FAST):
        self.start_us = ticks_us()
        self.fast = fast

    def now_us(self):
        return (ticks_us() - self.start_us) * self.fast + 2**30 * 1000

    async def sleep_ms(self, duration_ms):
        await asyncio.sleep(duration_ms / 1000 / self.fast)


class Platform:
    """Connections on loopback, and a network that can be down."""

    def __init__(self):
        self.down = False
        self.asked = []

    async def connect(self, host, port):
        self.asked.append((host, port))
        if self.down:
            raise OSError(113, "no route to host")
        return await asyncio.open_connection(host, port)


class Station:
    """Says what is in `queue`, keeps what it hears."""

    def __init__(self):
        self.queue = []
        self.seen = []

    def connected(self, now_ms):
        self.seen.append("connected")

    def disconnected(self, now_ms):
        self.seen.append("disconnected")

    def receive(self, text, now_ms):
        self.seen.append(text)

    def next(self, now_ms):
        return (self.queue.pop(0) if self.queue else None), None


class Bench:
    """A link to a server that does to each connection what `script` (an async function of reader, writer) says."""

    def __init__(self, script, station=None, fast=FAST):
        self.script = script
        self.accepted = 0
        self.station = station or Station()
        self.log = Log()
        self.platform = Platform()
        self.config = LinkConfig("", "AMP-0001", "secret")
        self.config.retry_wait_min_s = 0
        self.config.retry_random_range_s = 0
        self.clock = FastClock(fast)
        self.link = Link(self.platform, self.station, self.config, self.clock, self.log, rng=Rng(1))

    async def serve(self, reader, writer):
        self.accepted += 1
        try:
            await self.script(self, reader, writer)
        except (OSError, EOFError):
            pass
        writer.close()
        try:
            await writer.wait_closed()
        except OSError:
            pass

    async def listen(self):
        """At a port that happens to be free: MicroPython cannot tell which one the system took for 0."""
        for _ in range(50):
            self.port = 20000 + int.from_bytes(os.urandom(2), "big") % 12000
            try:
                self.server = await asyncio.start_server(self.serve, "127.0.0.1", self.port)
                self.config.url = "ws://localhost:%d" % self.port
                return
            except OSError:
                pass
        raise OSError(98, "no free port")

    async def __aenter__(self):
        await self.listen()
        self.task = asyncio.create_task(self.link.run())
        return self

    async def __aexit__(self, *error):
        self.link.stop()
        await within(self.task, 5)
        self.server.close()
        if hasattr(self.server, "task"):  # MicroPython closes the socket when the server's task runs next
            await asyncio.sleep(0.01)

    async def until(self, condition, text):
        for _ in range(3000):
            if condition():
                return
            await asyncio.sleep(0.01)
        raise AssertionError("never %s; counters %s, log %s" % (text, self.log.counters, self.log.since(0)[-3:]))


async def upgrade(reader, writer):
    request = b""
    while not request.endswith(b"\r\n\r\n"):
        request += await reader.read(4096)
    writer.write(accept(request))
    await writer.drain()
    return request


async def say(writer, data):
    writer.write(data)
    await writer.drain()


async def echo(bench, reader, writer):
    """Answers each message with itself."""
    await upgrade(reader, writer)
    while True:
        data = await reader.read(4096)
        if not data:
            return
        for opcode, payload in unmask(data):
            if opcode == 1:
                await say(writer, frame(1, payload))
            elif opcode == 8:
                await say(writer, frame(8, payload))
                return
            elif opcode == 9:
                await say(writer, frame(10, payload))


async def test_messages_go_both_ways_and_stop_closes_properly():
    async with Bench(echo) as bench:
        bench.station.queue.append("first")
        await bench.until(lambda: "first" in bench.station.seen, "echoed")
        assert bench.link.online
        bench.station.queue.append("second \u00e9")
        bench.link.wake()
        await bench.until(lambda: "second \u00e9" in bench.station.seen, "echoed again")
    assert bench.station.seen == ["connected", "first", "second \u00e9", "disconnected"]
    assert bench.platform.asked == [("127.0.0.1", bench.port)] and not bench.link.online
    assert bench.log.counters == {"link.connects": 1, "link.drops": 1}


async def bad_then_echo(bench, reader, writer):
    """The first connection gets the garbage; the next ones an echo."""
    if bench.accepted == 1:
        if bench.upgrade_first:
            await upgrade(reader, writer)
        await say(writer, bench.bad)
        bench.answer = await reader.read(4096)
        bench.answer = await reader.read(4096) if bench.upgrade_first is False else bench.answer
    else:
        await echo(bench, reader, writer)


async def served_again(bench):
    await bench.until(lambda: bench.accepted >= 2, "back")
    bench.station.queue.append("again")
    bench.link.wake()
    await bench.until(lambda: "again" in bench.station.seen, "served")


async def test_each_kind_of_bad_server_is_counted_and_the_link_comes_back():
    for counter, bad, first in (
        ("link.garbage", b"\xff\xff\xff\xff", True),
        ("link.oversized", frame(1, b"x" * 66000)[:100], True),
        ("link.utf8", frame(1, b"\xff\xfe"), True),
        ("link.refused", b"HTTP/1.1 401 Unauthorized\r\n\r\n", False),
        ("link.refused", b"HTTP/1.1 404 Not Found\r\n\r\n", False),
        ("link.refused", b"\x00garbage\x00", False),
    ):
        bench = Bench(bad_then_echo)
        bench.bad, bench.upgrade_first = bad, first
        async with bench:
            await served_again(bench)
        assert bench.log.counters[counter] == 1, (counter, bench.log.counters)
        if first:
            code = {"link.garbage": 1002, "link.oversized": 1009, "link.utf8": 1007}[counter]
            opcode, payload = unmask(bench.answer)[-1]
            assert opcode == 8 and payload[:2] == bytes((code >> 8, code & 255)), (counter, payload)


async def close_then_echo(bench, reader, writer):
    if bench.accepted == 1:
        await upgrade(reader, writer)
        await say(writer, frame(8, b"\x03\xe9restart"))
        await reader.read(100)
    else:
        await echo(bench, reader, writer)


async def test_a_server_that_closes_is_called_again():
    async with Bench(close_then_echo) as bench:
        await bench.until(lambda: bench.accepted == 2 and bench.link.online, "back")
    assert "link closed: code=1001 restart" in [line[3] for line in bench.log.since(0)]
    assert bench.station.seen.count("connected") == 2 == bench.station.seen.count("disconnected")


async def silent_then_echo(bench, reader, writer):
    if bench.accepted == 1:
        await upgrade(reader, writer)
        while await reader.read(4096):
            pass
    else:
        await echo(bench, reader, writer)


async def test_a_server_that_answers_no_ping_is_left():
    bench = Bench(silent_then_echo)
    bench.config.ping_interval_s, bench.config.pong_timeout_ms = 1, 2000
    async with bench:
        await bench.until(lambda: bench.accepted == 2 and bench.link.online, "back")
        await asyncio.sleep(0.3)  # six pings, all answered
        assert bench.accepted == 2
    assert bench.log.counters["link.silent"] == 1 and "no pong" in str(bench.log.since(0))


async def mute_then_echo(bench, reader, writer):
    if bench.accepted == 1:
        while await reader.read(4096):
            pass
    else:
        await echo(bench, reader, writer)


async def test_a_server_that_never_answers_the_upgrade_is_left():
    bench = Bench(mute_then_echo)
    bench.config.handshake_timeout_ms = 3000
    async with bench:
        await bench.until(lambda: bench.accepted == 2 and bench.link.online, "back")
    assert bench.log.counters["link.silent"] == 1


async def deaf_then_echo(bench, reader, writer):
    if bench.accepted == 1:
        await upgrade(reader, writer)
        await asyncio.sleep(3)
    else:
        await echo(bench, reader, writer)


async def test_a_server_that_does_not_read_is_left():
    bench = Bench(deaf_then_echo)
    bench.config.send_timeout_ms, bench.config.ping_interval_s = 3000, 0
    bench.station.queue = ["x" * 60000] * 200
    async with bench:
        await bench.until(lambda: bench.log.counters.get("link.silent"), "given up")
        bench.station.queue = []
        await bench.until(lambda: bench.accepted == 2 and bench.link.online, "back")
    assert "has not read" in str([line for line in bench.log.since(0) if "lost" in line[3]])


async def test_while_the_network_is_down_attempts_go_on_and_are_counted():
    bench = Bench(echo)
    bench.platform.down = True
    async with bench:
        await bench.until(lambda: bench.log.counters.get("link.failed", 0) >= 2, "tried twice")
        bench.platform.down = False
        await bench.until(lambda: bench.link.online, "up")
    assert "no route" in str(bench.log.since(0))


async def test_a_false_url_is_said_and_a_new_one_is_taken_at_once():
    bench = Bench(echo)
    bench.config.retry_wait_min_s = 1000
    await bench.listen()
    good, bench.config.url = bench.config.url, "http://localhost"
    bench.task = asyncio.create_task(bench.link.run())
    try:
        await bench.until(lambda: bench.log.counters.get("link.failed"), "refused")
        bench.config.url = good
        bench.link.reconnect()
        await bench.until(lambda: bench.link.online, "up")
        bench.link.reconnect()
        await bench.until(lambda: bench.accepted == 2 and bench.link.online, "up again")
    finally:
        await bench.__aexit__()
    assert "ws://" in bench.log.since(0)[0][3]


async def test_an_error_of_our_own_station_is_not_hidden():
    bench = Bench(echo)

    def broken(text, now_ms):
        raise KeyError("a bug")

    bench.station.receive = broken
    bench.station.queue.append("x")
    await bench.listen()
    with raises(KeyError):
        await bench.link.run()
    bench.server.close()
    await asyncio.sleep(0.01)


async def refused_then_closed(bench, reader, writer):
    """The first is refused, the second answers one message and closes, the third is an echo."""
    if bench.accepted == 1:
        await reader.read(4096)
        await say(writer, b"HTTP/1.1 403 Forbidden\r\n\r\n")
        return
    if bench.accepted == 2:
        await upgrade(reader, writer)
        await say(writer, frame(1, b"hello") + frame(8, b"\x03\xe8"))
        await reader.read(4096)
        return
    await echo(bench, reader, writer)


async def test_the_trouble_is_the_newest_and_there_is_none_while_connected():
    async with Bench(refused_then_closed) as bench:
        assert bench.link.trouble is None
        seen = []
        failed = bench.link.failed
        bench.link.failed = lambda counter, text: (failed(counter, text), seen.append(bench.link.trouble))
        bench.config.retry_wait_min_s = 1
        await bench.until(lambda: "hello" in bench.station.seen and not bench.link.online, "closed")
        assert "HTTP 403" in seen[0]
        await bench.until(lambda: bench.link.trouble == "the connection to %s has ended" % bench.config.url, "told")
        bench.link.reconnect()
        await bench.until(lambda: bench.link.online, "up")
        assert bench.link.trouble is None


async def asks_twice(bench, reader, writer):
    """A question in good order and a message that is too large, in one piece; keeps what comes back."""
    if bench.accepted > 1:
        await echo(bench, reader, writer)
        return
    await upgrade(reader, writer)
    await say(writer, frame(1, b"question") + frame(1, b"x" * 66000)[:100])
    data = b""
    while True:
        more = await reader.read(4096)
        if not more:
            break
        data += more
    bench.heard = unmask(data)


async def test_what_was_asked_before_a_message_that_ends_the_connection_is_still_answered():
    async with Bench(asks_twice) as bench:
        bench.heard = None
        receive = bench.station.receive

        def answering(text, now_ms):
            receive(text, now_ms)
            bench.station.queue.append("answer to " + text)

        bench.station.receive = answering
        await bench.until(lambda: bench.heard is not None, "ended")
        assert [payload for opcode, payload in bench.heard if opcode == 1] == [b"answer to question"]
        assert [payload[:2] for opcode, payload in bench.heard if opcode == 8] == [b"\x03\xf1"] and bench.heard[-1][0] == 8
        await bench.until(lambda: bench.log.counters.get("link.connects") == 2, "back")
    assert bench.log.counters["link.oversized"] == 1


class Talkative(Station):
    """Answers each message at once; keeps how many answers ever waited together, and what others did meanwhile."""

    def __init__(self, turns):
        super().__init__()
        self.most, self.turns, self.between = 0, turns, []

    def receive(self, text, now_ms):
        self.seen.append(text)
        self.queue.append("answer " + text)
        self.most = max(self.most, len(self.queue))
        self.between.append(self.turns[0])


async def pours(bench, reader, writer):
    """All messages at once, whatever is said to them."""
    await upgrade(reader, writer)
    await say(writer, frame(1, b"x") * 500)
    while await reader.read(4096):
        pass


async def test_messages_that_come_all_at_once_are_taken_one_by_one_and_others_have_their_turn():
    turns = [0]

    async def others():
        while True:
            turns[0] += 1
            await asyncio.sleep(0)

    async with Bench(pours, Talkative(turns)) as bench:
        task = asyncio.create_task(others())
        await bench.until(lambda: bench.station.seen.count("x") == 500, "taken")
        task.cancel()
    station = bench.station
    assert station.most == 1, station.most
    stuck = [n for n in range(1, 500) if station.between[n] == station.between[n - 1]]
    assert not stuck, len(stuck)


async def pings_for_ever(bench, reader, writer):
    """Pings without end, and nothing is read; the next connection gets an echo."""
    if bench.accepted > 1:
        return await echo(bench, reader, writer)
    await upgrade(reader, writer)
    bench.pinged = 0
    for _ in range(100):
        await say(writer, frame(9, b"p" * 125) * 1000)
        bench.pinged += 1000
    return None


async def test_a_server_that_sends_pings_without_end_is_left_and_counted():
    async with Bench(pings_for_ever) as bench:
        await served_again(bench)
        assert bench.log.counters["link.flooded"] == 1, bench.log.counters
        assert bench.pinged < 100000
    assert any(["more than 10 pings a second" in text for _n, _ms, _level, text in bench.log.since(0)])


async def a_hundred_pings(bench, reader, writer):
    await upgrade(reader, writer)
    await say(writer, b"".join([frame(9, b"%d" % n) for n in range(200)]))
    data = b""
    while data.count(b"\x8a") < 200 and len(data) < 5000:
        data += await reader.read(4096)
    bench.pongs = [payload for opcode, payload in unmask(data) if opcode == 10]
    await reader.read(10)


async def test_pings_within_the_bound_are_all_answered_in_their_order():
    async with Bench(a_hundred_pings) as bench:
        bench.pongs = []
        await bench.until(lambda: len(bench.pongs) >= 200, "answered")
        assert bench.pongs == [b"%d" % n for n in range(200)] and bench.link.online


async def pours_for_ever(bench, reader, writer):
    """Frames without end that ask for no answer, each kind on a connection of its own; then an echo."""
    if bench.accepted > len(bench.floods):
        return await echo(bench, reader, writer)
    await upgrade(reader, writer)
    flood = bench.floods[bench.accepted - 1]
    for _ in range(200):
        await say(writer, flood)
    return None


async def test_a_server_that_sends_messages_without_waiting_is_left_and_counted():
    async with Bench(pours_for_ever, fast=1) as bench:
        bench.floods = [
            frame(1, b"x") * 1000, frame(10) * 2000, frame(1, b"[", fin=False) + frame(0, b" ", fin=False) * 2000 + frame(0, b"]"),
            frame(1, b"x" * 9000) * 8,
        ]
        await bench.until(lambda: bench.accepted >= 5, "left four times")
        await served_again(bench)
        assert bench.log.counters["link.flooded"] == 4, bench.log.counters
        assert bench.station.seen.count("x") < 1000
    assert any(["more than 20 messages a second" in text for _n, _ms, _level, text in bench.log.since(0)])


async def asks_one_by_one(bench, reader, writer):
    await upgrade(reader, writer)
    for _ in range(1500):
        await say(writer, frame(1, b"x"))
        if not await reader.read(4096):
            return
    await reader.read(10)


async def test_a_server_that_waits_for_each_answer_may_ask_at_any_rate():
    async with Bench(asks_one_by_one, Talkative([0]), fast=1) as bench:
        await bench.until(lambda: bench.station.seen.count("x") == 1500, "asked")
        assert bench.link.online and "link.flooded" not in bench.log.counters


async def fails_and_answers_in_turn(bench, reader, writer):
    """Every other connection gets one message and is over."""
    if bench.accepted % 2:
        return
    await upgrade(reader, writer)
    await say(writer, frame(1, b"x") + frame(8))
    await reader.read(10)


async def test_a_server_that_answers_once_between_failures_is_called_ever_more_rarely():
    async with Bench(fails_and_answers_in_turn) as bench:
        config = bench.link.config
        config.retry_wait_min_s, config.retry_random_range_s, config.retry_repeat_times = 1, 0, 3
        begun_ms = bench.clock.now_ms()
        await bench.until(lambda: bench.accepted >= 7, "called")
        took_ms = bench.clock.now_ms() - begun_ms
        assert took_ms >= 14000, took_ms  # 1 + 1 + 2 + 2 + 4 + 4 s; where each answer makes the wait short it is 8 s
