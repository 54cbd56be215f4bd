"""A serial device that takes nothing any more. Runs on either runtime: stuck_peer.py DEVICE; prints how often the line was lost, and
how many bytes were written before."""

import sys

from ampacity.ports.detect import detect_platform

FRAME = bytes(200)


async def write_on():
    platform = detect_platform()[0](".", {})
    line = platform.open_line({"name": "rs485-1", "port": sys.argv[1], "baud": 19200, "parity": "E", "stop": 1})
    written = 0
    while not line.counters["lost"] and written < 1000000:
        line.write(FRAME)
        written += len(FRAME)
        await platform.clock.sleep_ms(1)
    print(line.counters["lost"], written)
    line.close()


detect_platform()[1](write_on())
