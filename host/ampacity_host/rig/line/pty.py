"""The real end of the line: a pty whose other side a controller opens like any serial port."""

import contextlib
import os
import termios
import tty

from ampacity_host.rig.line.characters import garble

READ_BYTES = 4096
SPEEDS = {getattr(termios, f"B{baud}"): baud for baud in (1200, 2400, 4800, 9600, 19200, 38400, 57600, 115200)}


class PtyStation:
    """`path` is for the controller's process. The slave remains open here, so that a controller can connect and disconnect."""

    def __init__(self, loop, line, name, units=None):
        self._loop = loop
        self._master, self._slave = os.openpty()
        tty.setraw(self._slave, termios.TCSANOW)
        self._set_speed(line.baud)
        os.set_blocking(self._master, False)
        self.path = os.ttyname(self._slave)
        self.station = line.attach(name, self._heard, units)
        loop.add_reader(self._master, self._controller_sent)

    def _set_speed(self, baud):
        """Until a controller opens it, it has the line's speed."""
        modes = termios.tcgetattr(self._slave)
        modes[4] = modes[5] = getattr(termios, f"B{baud}", modes[4])
        termios.tcsetattr(self._slave, termios.TCSANOW, modes)

    def _controller_sent(self):
        try:
            data = os.read(self._master, READ_BYTES)
        except OSError:
            return
        self.station.send(self._across(data))

    def _across(self, data):
        """The readable part: nothing if the controller's end is set to another speed. A pty does not keep parity."""
        line = self.station.line
        if SPEEDS.get(termios.tcgetattr(self._slave)[4], line.baud) == line.baud:
            return data
        return garble(data, line.rng, 0, len(data))

    def _heard(self, data, now_us):
        data = self._across(data)
        with contextlib.suppress(BlockingIOError):
            os.write(self._master, data)

    def flush(self):
        """Discards unread bytes and settings, as a UART after a power loss.

        A pty keeps no parity, and the C library treats the same settings as a failure the second time.
        """
        tty.setraw(self._slave, termios.TCSANOW)
        termios.tcflush(self._slave, termios.TCIOFLUSH)

    def close(self):
        if self._master < 0:
            return
        self._loop.remove_reader(self._master)
        self.station.detach()
        os.close(self._master)
        os.close(self._slave)
        self._master = self._slave = -1
