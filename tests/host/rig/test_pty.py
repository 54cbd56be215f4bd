"""The real end of a line: a controller may come, go and come again."""

import asyncio
import os
import termios

from ampacity.ports.line import tty_modes
from ampacity.ports.linux import set_modes
from ampacity_host.rig.base.timeline import Timeline
from ampacity_host.rig.line.line import Line
from ampacity_host.rig.line.pty import PtyStation


async def test_a_controller_that_starts_again_can_set_the_line_up_again():
    station = PtyStation(asyncio.get_running_loop(), Line(Timeline(), "rs485-1", 19200, "E", 1, True, 1), "primary")
    try:
        for _ in range(3):
            station.flush()
            fd = os.open(station.path, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
            set_modes(fd, tty_modes({"baud": 19200, "parity": "E", "stop": 1}))
            assert termios.tcgetattr(fd)[4:6] == [termios.B19200] * 2
            os.close(fd)
    finally:
        station.close()
