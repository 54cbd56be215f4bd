"""One controller for a data folder, and one for a serial device: the second is refused.

The kernel's own lock (flock) where it can be had: it ends with the process, however that ends, so nothing stale is left.
A runtime that cannot call it writes its process identity instead, and checks whether that process still lives; a board has one
program and needs neither.
"""

import os

from ampacity.base.errors import Busy
from ampacity.base.printable import is_digits
from ampacity.ports.line import BUSY

NAME = "lock"
LOCK_EX_NB = 2 | 4
O_RDONLY = 0
O_RDWR_CREAT = 0x2 | 0x40
O_RDWR_NOCTTY_NONBLOCK = 0x2 | 0x100 | 0x800

try:
    import fcntl

    def flock(fd: int) -> bool:
        """Lock an open file, without waiting. False: another process has it."""
        try:
            fcntl.flock(fd, LOCK_EX_NB)
        except OSError:
            return False
        return True

    def open_fd(path: str, flags: int) -> int:
        """A file's number; flags as the kernel's open(2). OSError: it cannot be opened."""
        return os.open(path, flags, 0o600)

    close_fd = os.close

except ImportError:
    try:
        import ffi

        _libc = ffi.open(None)
        _flock = _libc.func("i", "flock", "ii")
        _open = _libc.func("i", "open", "sii")
        close_fd = _libc.func("i", "close", "i")

        def flock(fd: int) -> bool:
            """False: another process has it."""
            return bool(_flock(fd, LOCK_EX_NB) == 0)

        def open_fd(path: str, flags: int) -> int:
            """A file's number; flags as the kernel's open(2). OSError: it cannot be opened."""
            fd: int = _open(path, flags, 0o600)
            if fd < 0:
                raise OSError(2, path)
            return fd

    except (ImportError, OSError):
        flock = None  # type: ignore[assignment]


def holder_text(text: str) -> str:
    """ "process 123" of what a lock's holder wrote into it."""
    words = text.split()
    return "process " + words[0] if words and is_digits(words[0]) else "another process"


def own_process() -> str:
    """ "PID START BOOT": this process in words that no later one has."""
    stat = _read("/proc/self/stat")
    return "%s %s %s" % (stat.split(" ", 1)[0], _started(stat), _read("/proc/sys/kernel/random/boot_id").strip())


def is_running(text: str) -> bool:
    """Is the process that wrote this there now? What is not to be understood, or is of an earlier start, is not."""
    words = text.split()
    if len(words) != 3 or not is_digits(words[0]) or words[2] != _read("/proc/sys/kernel/random/boot_id").strip():
        return False
    return words[1] == _started(_read("/proc/%s/stat" % words[0]))


def _started(stat: str) -> str:
    """The 22nd field, counted behind the program's name, which may hold anything."""
    words = stat[stat.rfind(")") + 1 :].split()
    return words[19] if len(words) > 19 else "-"


def _read(path: str) -> str:
    try:
        with open(path) as file:
            return file.read(4096)
    except OSError:
        return ""


class FolderLock:
    """Held from its making to close() or the end of the process. Busy: another controller runs on that folder.

    `trouble`: why there is no lock in it, on a medium that cannot be written; None where there is one.
    """

    trouble = None

    def __init__(self, folder: str, name: str = NAME) -> None:
        self._path = path = folder + "/" + name
        self._fd: "int | None" = None
        before = _read(path)
        mine = own_process()
        if flock is not None:
            taken = self._lock(folder)
        else:
            taken = before == mine or not is_running(before)
        if not taken:
            raise Busy("data folder %s is in use by %s; end that one first" % (folder, holder_text(_read(path))))
        try:
            with open(path, "w") as file:
                file.write(mine)
        except OSError as error:
            os.listdir(folder)  # OSError: there is no such folder
            self.trouble = str(error)

    def _lock(self, folder: str) -> bool:
        """A file that cannot be written can still be locked. A missing file cannot: then there is no lock."""
        try:
            self._fd = open_fd(self._path, O_RDWR_CREAT)
        except OSError as error:
            os.listdir(folder)
            self.trouble = str(error)
            try:
                self._fd = open_fd(self._path, O_RDONLY)
            except OSError:
                return True
        taken = flock(self._fd)
        if not taken:
            self.close()
        return taken

    def close(self) -> None:
        """Give it back."""
        if self._fd is not None:
            close_fd(self._fd)
            self._fd = None


def claim(fd: int) -> None:
    """Lock an open device for as long as it is open. OSError(EBUSY): another program has it."""
    if flock is not None and not flock(fd):
        raise OSError(BUSY, "in use by another program")


def look(path: str) -> None:
    """Busy if another program has the device; a missing device is free."""
    if flock is None:
        return
    try:
        fd = open_fd(path, O_RDWR_NOCTTY_NONBLOCK)
    except OSError:
        return
    free = flock(fd)
    close_fd(fd)
    if not free:
        raise Busy("serial device %s is in use by another program; end that one first" % path)
