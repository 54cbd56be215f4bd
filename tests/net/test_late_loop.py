"""The link where a long piece of work kept the loop: what others sent or were woken for meanwhile is no trouble of theirs."""

import asyncio
import time

from link_bench import FAST, Bench, say, upgrade
from peer import accept, frame, unmask


async def answers_pings_late(bench, reader, writer):
    """After most of the time that is allowed; then nothing runs until all of it is over."""
    await upgrade(reader, writer)
    while True:
        data = await reader.read(4096)
        if not data:
            return
        for opcode, payload in unmask(data):
            if opcode == 9:
                await asyncio.sleep(0.65)  # 1300 ms of 2000
                writer.write(frame(10, payload))
                time.sleep(0.7)
                bench.sent = True


async def upgrades_late(bench, reader, writer):
    request = await reader.read(4096)
    await asyncio.sleep(0.5)
    writer.write(accept(request))
    time.sleep(0.7)
    bench.sent = True
    await reader.read(100)


async def completes_a_message_late(bench, reader, writer):
    message = frame(1, b"hello")
    await upgrade(reader, writer)
    await say(writer, message[:3])
    await asyncio.sleep(2.6)  # 52 s of 60
    writer.write(message[3:])
    time.sleep(0.6)
    bench.sent = True
    await reader.read(100)


async def stays(script, ping_interval_s, fast=2):
    """Does the link stay up?"""
    bench = Bench(script, fast=fast)
    bench.sent = False
    bench.config.ping_interval_s, bench.config.pong_timeout_ms, bench.config.handshake_timeout_ms = ping_interval_s, 2000, 2000
    async with bench:
        await bench.until(lambda: bench.sent, "sent")
        await asyncio.sleep(0.2)
        return "link.silent" not in bench.log.counters and bench.accepted == 1


async def test_a_pong_that_came_in_time_is_read_first():
    assert await stays(answers_pings_late, 1)


async def test_an_upgrade_that_came_in_time_is_read_first():
    assert await stays(upgrades_late, 0)


async def test_the_end_of_a_message_that_came_in_time_is_read_first():
    assert await stays(completes_a_message_late, 0, FAST)


async def pings_often(bench, reader, writer):
    """9 pings a second of the link's time: 10 are allowed."""
    await upgrade(reader, writer)
    begun_ms, sent = bench.clock.now_ms(), 0
    while True:
        due = (bench.clock.now_ms() - begun_ms) * 9 // 1000
        if due > sent:
            await say(writer, frame(9) * (due - sent))
            sent = due
        await asyncio.sleep(0.01)


async def test_pings_that_are_allowed_are_no_flood_where_the_loop_is_often_late():
    async with Bench(pings_often, fast=4) as bench:
        for _ in range(25):
            await asyncio.sleep(0.1)
            time.sleep(0.75)  # 3 s of the link's time
        assert bench.accepted == 1 and "link.flooded" not in bench.log.counters
