"""A program for either runtime: closed_at_once.py DEVICE opens a line and loses it before any other task had a turn, then lives on."""

import asyncio
import sys
import time

from ampacity.ports.detect import detect_platform


async def main():
    line = detect_platform()[0](".", {}).open_line({"name": "rs485-1", "port": sys.argv[1], "baud": 19200, "parity": "E", "stop": 1})
    time.sleep(0.05)  # the refusal comes meanwhile
    line.write(b"12345678")
    line.close()
    await asyncio.sleep(0.05)
    print("lives")


detect_platform()[1](main())
