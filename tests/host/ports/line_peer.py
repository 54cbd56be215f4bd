"""The program on the other end: opens the line with the firmware's own doors and sends back what it hears.

Runs on either runtime: line_peer.py DEVICE BAUD PARITY. A frame "wake" is answered by what `wake()` does to a read.
"""

import asyncio
import sys

from ampacity.ports.here import platform


async def echo(device, baud, parity):
    doors = platform()[0](".", {})
    line = doors.open_line({"name": "rs485-1", "port": device, "baud": baud, "parity": parity, "stop": 1})
    print("up" if line.up else "down")
    while True:
        data = await line.read(200000)
        if data == b"wake":
            line.write(await woken(doors, line))
        elif data == b"time":
            line.write(await timed_out(doors, line))
        elif data == b"stop":
            line.write(b"%d %d" % (line.counters["opened"], line.counters["lost"]))
            await doors.clock.sleep_ms(50)
            return
        elif data:
            line.write(data)


async def woken(doors, line):
    async def later():
        await doors.clock.sleep_ms(20)
        line.wake()

    task = asyncio.create_task(later())
    start_us = doors.clock.now_us()
    data = await line.read(5000000)
    await task
    return b"%d %05d" % (len(data), (doors.clock.now_us() - start_us) // 1000)


async def timed_out(doors, line):
    """The longest of twenty reads of 1,750 us, in us."""
    worst_us = 0
    for _ in range(20):
        start_us = doors.clock.now_us()
        await line.read(1750)
        worst_us = max(worst_us, doors.clock.now_us() - start_us)
    return b"%08d" % worst_us


platform()[1](echo(sys.argv[1], int(sys.argv[2]), sys.argv[3]))
