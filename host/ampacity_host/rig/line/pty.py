"""The line's real end: a pty whose other side a controller opens like any serial port."""

import contextlib
import os
import termios
import tty

READ_BYTES = 4096


class PtyStation:
    """`path` is for the controller's process. The slave stays open here, so that a controller may come and go."""

    def __init__(self, loop, line, name, units=None):
        self._loop = loop
        self._master, self._slave = os.openpty()
        tty.setraw(self._slave, termios.TCSANOW)
        os.set_blocking(self._master, False)
        self.path = os.ttyname(self._slave)
        self.station = line.attach(name, self._heard, units)
        loop.add_reader(self._master, self._said)

    def _said(self):
        try:
            data = os.read(self._master, READ_BYTES)
        except OSError:
            return
        self.station.send(data)

    def _heard(self, data, now_us):
        with contextlib.suppress(BlockingIOError):
            os.write(self._master, data)

    def flush(self):
        """Forgets what nobody has read, and its settings, as a UART that was without power.

        A pty keeps no parity, and the C library takes the same settings a second time for a failure.
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
