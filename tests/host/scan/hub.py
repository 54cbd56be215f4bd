"""A serial device of this computer with simulated charge points and meters on its line, each at its own speed."""

import os
import pty
import select
import termios
import threading
import time
import tty

from desk import Plant, mixed

from ampacity_host.rig.devices import make_device

SPEEDS = {getattr(termios, f"B{baud}"): baud for baud in (1200, 2400, 4800, 9600, 19200, 38400, 57600, 115200)}
CHAR_BITS = 11


class Now:
    def now_ms(self):
        return time.monotonic_ns() // 1_000_000


def device(name, unit, seed=1):
    return make_device(name, unit, Plant(), Now(), seed, "rtu")


class Hub:
    """devices: [(device, baud)]. `path`: what to open. `twin_gap_s`: how much later the second of two devices answers."""

    def __init__(self, devices, chatter=None, twin_gap_s=None):
        self._devices, self._chatter, self._twin_gap_s = devices, chatter, twin_gap_s
        self._master, self._slave = pty.openpty()
        tty.setraw(self._slave)
        self.path = os.ttyname(self._slave)
        self.heard = []  # (baud, frame)
        self._ended = False
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._ended = True
        self._thread.join(5)
        os.close(self._master)
        os.close(self._slave)

    def _baud(self):
        return SPEEDS.get(termios.tcgetattr(self._slave)[4], 0)

    def _run(self):
        due_s = 0.0
        while not self._ended:
            ready, _, _ = select.select([self._master], [], [], 0.02)
            if ready:
                self._serve(os.read(self._master, 512))
            if self._chatter and time.monotonic() > due_s:
                due_s = time.monotonic() + 0.7
                baud, frame = self._chatter
                os.write(self._master, frame if baud == self._baud() else mixed(frame))

    def _serve(self, frame):
        baud = self._baud()
        self.heard.append((baud, frame))
        time.sleep(len(frame) * CHAR_BITS / baud)
        now_us = time.monotonic_ns() // 1000
        answers = []
        for one, speed in self._devices:
            if speed == baud:
                one.tick(now_us // 1000)
                answers += [answer for answer, _ in one.receive(frame, now_us)]
        if not answers:
            return
        time.sleep(0.015)
        if len(answers) > 1 and self._twin_gap_s is None:
            answers = [mixed(answers[0])]
        for answer in answers:
            time.sleep(len(answer) * CHAR_BITS / baud)
            os.write(self._master, answer)
            time.sleep(self._twin_gap_s or 0)
