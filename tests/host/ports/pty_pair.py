"""A serial cable of two ptys that a test can pull out."""

import os
import pty
import select
import threading
import time
import tty


class Pair:
    """Two ptys with a copy between them: one end for pyserial, one for the firmware."""

    def __init__(self, folder):
        self.masters, self.ours, self.theirs = [], str(folder / "ours"), str(folder / "theirs")
        for link in (self.ours, self.theirs):
            master, slave = pty.openpty()
            tty.setraw(slave)
            os.set_blocking(master, False)
            if os.path.islink(link):
                os.unlink(link)
            os.symlink(os.ttyname(slave), link)
            self.masters.append(master)
            os.close(slave)
        self.on = True
        self.thread = threading.Thread(target=self.copy, daemon=True)
        self.thread.start()

    def copy(self):
        while self.on:
            for master in select.select(self.masters, [], [], 0.02)[0]:
                try:
                    data = os.read(master, 4096)
                except OSError:  # nobody has its other end open
                    time.sleep(0.005)
                    continue
                os.write(self.masters[1 - self.masters.index(master)], data)

    def close(self):
        self.on = False
        self.thread.join()
        for master in self.masters:
            os.close(master)
