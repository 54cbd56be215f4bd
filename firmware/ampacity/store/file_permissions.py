"""Folders and files for their owner alone, from the first byte on: mode 0700 and 0600, whatever the umask is.

The C library's own calls where MicroPython has `ffi`. ImportError where it has not: a board has one user and no modes.
"""

import os

if False:  # for the type checker
    from io import FileIO
    from typing import Any

FOLDER_MODE, FILE_MODE = 0o700, 0o600
OTHERS = 0o077
NOT_OURS = (1, 13, 22, 38, 95)  # EPERM, EACCES, EINVAL, ENOSYS, ENOTSUP: what media without modes say
WRITE_NEW = 0x1 | 0x40 | 0x200  # O_WRONLY, O_CREAT, O_TRUNC
APPEND = 0x1 | 0x40 | 0x400  # O_APPEND

try:
    os.open  # noqa: B018 - only CPython has it

    def make_folder(path: str) -> None:
        """A new folder. OSError: there is one, or there cannot be one."""
        os.mkdir(path, FOLDER_MODE)

    def open_private(path: str, flags: "Any") -> "FileIO":
        """An unbuffered file for writing; flags: WRITE_NEW or APPEND. OSError if it cannot be."""
        return open(os.open(path, flags | os.O_CLOEXEC, FILE_MODE), "wb", buffering=0)

    def _change(path: str, mode: int) -> None:
        os.chmod(path, mode)

except AttributeError:
    import ffi  # ImportError on a board
    import uctypes

    try:
        _libc = ffi.open(None)
        _errno_at = _libc.func("p", "__errno_location", "")
        _open = _libc.func("i", "open", "sii")
        _mkdir = _libc.func("i", "mkdir", "si")
        _chmod = _libc.func("i", "chmod", "si")

        def _checked(result: int, path: str) -> int:
            if result < 0:
                raise OSError(uctypes.struct(_errno_at(), {"number": uctypes.INT32}).number, path)
            return result

        def make_folder(path: str) -> None:
            """A new folder. OSError: there is one, or there cannot be one."""
            _checked(_mkdir(path, FOLDER_MODE), path)

        def open_private(path: str, flags: "Any") -> "FileIO":
            """An unbuffered file for writing; flags: WRITE_NEW or APPEND. OSError if it cannot be."""
            return open(_checked(_open(path, flags, FILE_MODE), path), "wb", buffering=0)

        def _change(path: str, mode: int) -> None:
            _checked(_chmod(path, mode), path)

    except OSError:
        raise ImportError("no C library")


def restrict(path: str, mode: int) -> bool:
    """Removes the access of other users. True: they still have access, because the medium keeps no modes or the file has another owner.

    mode: FILE_MODE or FOLDER_MODE. OSError: it is not there, or the medium refuses.
    """
    if not os.stat(path)[0] & OTHERS:
        return False
    try:
        _change(path, mode)
    except OSError as error:
        if error.errno not in NOT_OURS:
            raise
    return bool(os.stat(path)[0] & OTHERS)
