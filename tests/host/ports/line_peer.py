"""The program on the other end: opens the line with the firmware's own doors and sends back what it hears.

Runs on either runtime: line_peer.py DEVICE BAUD PARITY. A frame "wake" is answered by what `wake()` does to a read.
"""

import asyncio
import sys

from ampacity.ports.detect import detect_platform


async def echo(device, baud, parity):
    platform = detect_platform()[0](".", {})
    line = platform.open_line({"name": "rs485-1", "port": device, "baud": baud, "parity": parity, "stop": 1})
    print("up" if line.up else "down")
    while True:
        data = await line.read(200000)
        if data == b"wake":
            line.write(await woken(platform, line))
        elif data == b"time":
            line.write(await timed_out(platform, line))
        elif data == b"stop":
            line.write(b"%d %d" % (line.counters["opened"], line.counters["lost"]))
            await platform.clock.sleep_ms(50)
            return
        elif data:
            line.write(data)


async def woken(platform, line):
    async def later():
        await platform.clock.sleep_ms(20)
        line.wake()

    task = asyncio.create_task(later())
    start_us = platform.clock.now_us()
    data = await line.read(5000000)
    await task
    return b"%d %05d" % (len(data), (platform.clock.now_us() - start_us) // 1000)


async def timed_out(platform, line):
    """The longest of twenty reads of 1,750 us, in us."""
    worst_us = 0
    for _ in range(20):
        start_us = platform.clock.now_us()
        await line.read(1750)
        worst_us = max(worst_us, platform.clock.now_us() - start_us)
    return b"%08d" % worst_us


detect_platform()[1](echo(sys.argv[1], int(sys.argv[2]), sys.argv[3]))
