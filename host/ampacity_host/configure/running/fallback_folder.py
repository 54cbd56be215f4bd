"""Temporary folder of a controller whose data folder is not writable; the store is read in place.

A worn card or a file system that the kernel has set to read-only must not keep a site from charging what it may without memory.
"""

import contextlib
import errno
import hashlib
import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

REFUSALS = (errno.EROFS, errno.EIO, errno.ENOSPC, errno.EDQUOT)


class Refuses(OSError):
    """The medium of a data folder refuses; not a mistake of the user."""


@contextlib.contextmanager
def refusing() -> Iterator[None]:
    """Distinguishes refusals of a medium from other errors."""
    try:
        yield
    except OSError as error:
        if error.errno in REFUSALS:
            raise Refuses(error.errno, error.strerror) from error
        raise


def fallback_folder(data: Path) -> Path:
    """A folder of ours alone for this data folder: the same one each time, so that two on one site still meet."""
    mark = hashlib.sha256(str(data.resolve()).encode()).hexdigest()[:16]
    folder = Path(tempfile.gettempdir()) / f"ampacity-{os.getuid()}-{mark}"
    with contextlib.suppress(FileExistsError):
        folder.mkdir(mode=0o700)
    found = folder.lstat()
    if folder.is_symlink() or not folder.is_dir() or found.st_uid != os.getuid() or found.st_mode & 0o077:
        folder = Path(tempfile.mkdtemp(prefix="ampacity-"))
    return folder


def report_refusal(data: Path, folder: Path, error: OSError) -> str:
    """The reason, on standard error and as a text for the controller's own log."""
    print(f"ampacity: {data}: {error.strerror}: the controller starts without saved state in {folder}", file=sys.stderr)
    return f"{data}: {error.strerror}"
