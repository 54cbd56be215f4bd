"""Part 6, B: the waits before the link connects again."""

import asyncio

from link_bench import Bench, echo, say, upgrade
from peer import frame

from ampacity.base.clock import Clock
from ampacity.base.within import within
from ampacity.net.timed_event import TimedEvent

WAIT_S = 4


async def closed_closed_refused(bench, reader, writer):
    """Two connections that the server closes, one that it does not accept, and one that stays."""
    bench.seen.append(("attempt", bench.clock.now_ms()))
    if bench.accepted == 4:
        return await echo(bench, reader, writer)
    if bench.accepted == 3:
        await reader.read(4096)
        await say(writer, b"HTTP/1.1 503 Service Unavailable\r\n\r\n")
    else:
        await upgrade(reader, writer)
        await say(writer, frame(8, b"\x03\xe8"))
    bench.seen.append(("end", bench.clock.now_ms()))


async def test_TC_B_57_CS_the_wait_begins_at_its_minimum_and_doubles():
    bench = Bench(closed_closed_refused)
    bench.seen = []
    bench.config.retry_wait_min_s, bench.config.retry_repeat_times = WAIT_S, 2
    async with bench:
        await bench.until(lambda: bench.accepted == 4 and bench.link.online, "back")
    times = [at_ms for _, at_ms in bench.seen]
    assert [what for what, _ in bench.seen] == ["attempt", "end"] * 3 + ["attempt"]
    waits_ms = [times[i + 1] - times[i] for i in (1, 3, 5)]
    assert waits_ms[0] >= 1000 * WAIT_S and waits_ms[1] >= 1000 * WAIT_S
    assert waits_ms[2] >= 2000 * WAIT_S

class ClockWithoutMemory(Clock):
    """The first sleep finds no memory."""

    now_ms = now_us = lambda self: 0
    asked = 0

    async def sleep_ms(self, duration_ms):
        self.asked += 1
        if self.asked == 1:
            raise MemoryError
        await asyncio.sleep(0)


async def test_a_wait_whose_timer_finds_no_memory_ends_early_and_the_next_one_has_a_timer():
    clock = ClockWithoutMemory()
    event = TimedEvent(clock)
    for asked in (1, 2):
        event.clear()
        await within(event.wait(5), 2)
        assert clock.asked == asked


async def test_the_first_wait_after_a_reconnection_on_request_is_the_shortest():
    bench = Bench(echo)
    bench.config.retry_wait_min_s = 10
    async with bench:
        await bench.until(lambda: bench.link.online, "up")
        bench.platform.down = True
        bench.link.reconnect()
        await bench.until(lambda: len(bench.platform.asked) == 2, "tried at once")
        since_ms = bench.clock.now_ms()
        await bench.until(lambda: len(bench.platform.asked) == 3, "tried again")
        took_ms = bench.clock.now_ms() - since_ms
        assert 9000 <= took_ms < 15000, took_ms


async def closes_at_once(bench, reader, writer):
    await upgrade(reader, writer)
    await say(writer, frame(8, b"\x03\xe8"))


async def test_a_server_that_closes_without_a_message_is_a_trouble():
    bench = Bench(closes_at_once)
    bench.config.retry_wait_min_s = 1000
    async with bench:
        await bench.until(lambda: "disconnected" in bench.station.seen, "ended")
        await asyncio.sleep(0.05)
        assert (bench.link.trouble or "").endswith(" has ended")
