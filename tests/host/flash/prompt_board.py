"""A board on a desk: a real MicroPython that shows its prompt on a pty, with a folder as its file system, and a cable that can be pulled."""

import os
import pty
import subprocess
import threading
import time
import tty
from pathlib import Path

from tools.micropython.find import find

RAW_PROMPT = Path(__file__).with_name("paste_prompt.py")


class PromptBoard:
    """link: the device, which exists while the cable is in; folder: the file system, at `mount`."""

    def __init__(self, link, folder, mount="/"):
        self.link, self.folder, self.mount = str(link), folder, mount
        folder.mkdir(exist_ok=True)
        self.plug()

    def plug(self):
        """The cable is in, and the interpreter starts."""
        self._ours, self._theirs = pty.openpty()
        tty.setraw(self._theirs)
        self._process = subprocess.Popen([find(), str(RAW_PROMPT), self.mount], cwd=self.folder, stdin=self._ours, stdout=self._ours)
        os.symlink(os.ttyname(self._theirs), self.link)

    def pull(self):
        """The cable is out, and the board without power."""
        os.unlink(self.link)
        self._process.kill()
        self._process.wait()
        os.close(self._ours)
        os.close(self._theirs)

    def pull_when(self, name, size, away_s):
        """A hand that pulls the cable once a file has so many bytes, and plugs it in again, or never with None."""

        def work():
            file = self.folder / name
            while not (file.is_file() and file.stat().st_size >= size):
                time.sleep(0.002)
            self.pull()
            if away_s is not None:
                time.sleep(away_s)
                self.plug()

        hand = threading.Thread(target=work, daemon=True)
        hand.start()
        return hand

    def files(self):
        """path → content of all files."""
        found = {path.relative_to(self.folder).as_posix(): path.read_bytes() for path in self.folder.rglob("*") if path.is_file()}
        found.pop("resets", None)  # a note of the prompt's own
        return found

    def close(self):
        if os.path.islink(self.link):
            self.pull()
