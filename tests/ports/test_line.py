"""The serial line over a fake device: deadlines, waking, loss and back-off."""

import asyncio

from ampacity.base.clock import Clock
from ampacity.base.errors import Rejected
from ampacity.ports.detect import detect_platform
from ampacity.ports.line import Line, tty_modes
from check import raises


class Bench(Clock):
    """A clock that the waiter moves, and a device that the test breaks."""

    def __init__(self):
        self.us = 0
        self.present = True
        self.on_data = self.on_lost = None
        self.written = b""
        self.opened_at_ms = []
        self.script = []

    def now_us(self):
        return self.us

    def open_tty(self, on_data, on_lost):
        self.opened_at_ms.append(self.now_ms())
        if not self.present:
            raise OSError(2, "absent")
        self.on_data, self.on_lost = on_data, on_lost
        return self

    async def wait(self, duration_us):
        if self.script:
            after_us, action = self.script.pop(0)
            self.us += min(after_us, duration_us)
            action()
        else:
            self.us += duration_us

    def wake(self):
        pass

    def write(self, data):
        if not self.present:
            raise OSError(5, "gone")
        self.written += data

    def close(self):
        pass


def bench_line():
    bench = Bench()
    return bench, Line(bench.open_tty, bench, bench)


async def test_a_read_returns_as_soon_as_bytes_come():
    bench, line = bench_line()
    bench.script = [(300, lambda: bench.on_data(b"\x01\x02"))]
    assert await line.read(5000) == b"\x01\x02"
    assert bench.us == 300


async def test_a_read_without_bytes_ends_at_its_time():
    bench, line = bench_line()
    assert await line.read(5000) == b""
    assert bench.us == 5000


async def test_waking_ends_a_waiting_read_and_also_a_later_one():
    bench, line = bench_line()
    bench.script = [(100, line.wake)]
    assert await line.read(5000) == b""
    assert bench.us == 100
    line.wake()
    assert await line.read(5000) == b""
    assert bench.us == 100
    assert await line.read(5000) == b""
    assert bench.us == 5100


async def test_a_lost_device_is_reopened_with_growing_pauses():
    bench, line = bench_line()
    bench.present = False
    line.write(b"never seen")
    assert line.counters["lost"] == 1 and line.counters["dropped_bytes"] == 10
    await line.read(2000000)
    assert bench.opened_at_ms == [0, 100, 300, 700, 1500]
    bench.present = True
    await line.read(2000000)
    assert bench.opened_at_ms[-1] == 3100 and line.up


async def test_bytes_as_long_after_the_opening_as_the_pause_end_the_growth_of_the_pauses():
    bench, line = bench_line()
    bench.on_lost()
    await line.read(300000)
    bench.on_data(b"x")
    await line.read(0)
    at_ms = bench.now_ms()
    bench.on_lost()
    await line.read(1000000)
    assert bench.opened_at_ms[-1] - at_ms == 100


async def test_a_device_that_gives_a_byte_and_is_lost_again_is_reopened_ever_more_rarely():
    bench, line = bench_line()
    for _ in range(8):
        bench.on_data(b"x")
        bench.on_lost()
        while not line.up:
            await line.read(100000)
    pauses_ms = [bench.opened_at_ms[n + 1] - bench.opened_at_ms[n] for n in range(8)]
    assert pauses_ms == [100, 200, 400, 800, 1600, 3200, 5000, 5000], pauses_ms


async def test_unread_data_is_bounded_and_counted():
    bench, line = bench_line()
    bench.on_data(b"a" * 5000)
    assert len(await line.read(0)) == 4096
    assert line.counters["dropped_bytes"] == 904


async def test_a_closed_line_ends_its_read():
    bench, line = bench_line()
    bench.script = [(100, line.close)]
    assert await line.read(5000) == b""
    assert bench.us == 100


def test_settings_that_no_line_has_are_refused_by_name():
    for facts, field in (({"baud": 9601}, "baud"), ({"parity": "M"}, "parity"), ({"stop": 3}, "stop")):
        with raises(Rejected) as e:
            tty_modes(facts)
        assert e.field == field


def test_parity_and_stop_bits_reach_the_device():
    assert tty_modes({"baud": 19200, "parity": "E", "stop": 1}) == (0x10, 0x30 | 0x80 | 0x800 | 0x100, 14)
    assert tty_modes({"baud": 9600, "parity": "N", "stop": 2}) == (0, 0x30 | 0x80 | 0x800 | 0x40, 13)
    assert tty_modes({"baud": 115200, "parity": "O", "stop": 1})[1] & 0x300 == 0x300


async def test_the_platforms_waiter_ends_at_its_time_and_early_when_woken():
    platform = detect_platform()[0](".", {})
    waiter = platform.waiter()
    start_us = platform.clock.now_us()
    await waiter.wait(3300)
    assert platform.clock.now_us() - start_us >= 3000
    started_us = platform.clock.now_us()

    async def wake_soon():
        await platform.clock.sleep_ms(5)
        waiter.wake()

    task = asyncio.create_task(wake_soon())
    await waiter.wait(5000000)
    await task
    assert platform.clock.now_us() - started_us < 2000000
