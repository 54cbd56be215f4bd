"""How a runtime flushes to the medium: os.fsync, or the C library's where MicroPython has `ffi`."""

import os

if False:  # for the type checker
    from typing import Any

try:
    _fsync = os.fsync

    def sync_file(file: "Any") -> None:
        """All of an open file is on the medium when this returns. OSError if it cannot be."""
        file.flush()
        _fsync(file.fileno())

    def sync_folder(path: str) -> None:
        """The names in a folder are on the medium when this returns."""
        fd = os.open(path, os.O_RDONLY)
        try:
            _fsync(fd)
        finally:
            os.close(fd)

except AttributeError:
    try:
        import ffi

        _libc = ffi.open("libc.so.6")
        _c_fsync = _libc.func("i", "fsync", "i")
        _c_open = _libc.func("i", "open", "si")
        _c_close = _libc.func("i", "close", "i")

        def sync_file(file: "Any") -> None:
            """All of an open file is on the medium when this returns. OSError if it cannot be."""
            file.flush()
            if _c_fsync(file.fileno()) != 0:
                raise OSError(5, "fsync failed")

        def sync_folder(path: str) -> None:
            """The names in a folder are on the medium when this returns."""
            fd = _c_open(path, 0)
            if fd < 0:
                raise OSError(2, "no such folder: " + path)
            _c_fsync(fd)
            _c_close(fd)

    except ImportError:

        def sync_file(file: "Any") -> None:
            """A board's file system commits on flush."""
            file.flush()

        def sync_folder(path: str) -> None:
            """A board's file system commits names at once."""
