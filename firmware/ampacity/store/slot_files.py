"""The files of two update slots on a folder, for both runtimes: the `tree` door of the room `update`.

Folders are made as files need them. Appending opens the file again each time: a bundle comes in blocks of 4 KiB, and the flash is slower.
"""

import os

from ampacity.store.fsync import sync_file, sync_folder

if False:  # for the type checker
    from io import FileIO
    from typing import Any

    from ampacity.store.interfaces import Names

try:
    from ampacity.store.file_permissions import APPEND, make_folder, open_private
except ImportError:
    APPEND = "ab"  # type: ignore[assignment]
    make_folder = os.mkdir

    def open_private(path: str, flags: "Any") -> "FileIO":
        """On a board, which has no modes."""
        return open(path, flags, buffering=0)  # type: ignore[no-any-return]


ENOENT, EEXIST = 2, 17
FOLDER = 0x4000  # in a file's mode
SIZE = 6  # in what stat gives


class SlotFiles:
    """Files below one folder, which is made if it is missing. A name is `folder/…/file`; no part of it is empty, "." or "..".

    Errors are the system's OSError (28: full). The manifest of a bundle is what keeps names apart; this class only keeps them below its folder.
    """

    def __init__(self, folder: str) -> None:
        self._folder = folder
        self._unsynced: "set[str]" = set()  # folders with names that are not durable yet

    def size(self, name: str) -> "int | None":
        """Bytes of a file, None if there is none."""
        try:
            return os.stat(self._path(name))[SIZE]  # type: ignore[return-value]
        except OSError as error:
            if error.errno != ENOENT:
                raise
            return None

    def part(self, name: str, offset: int, size: int) -> bytes:
        """At most `size` bytes of a file from `offset` on."""
        with open(self._path(name), "rb") as file:
            file.seek(offset)
            return file.read(size)

    def append(self, name: str, data: bytes) -> None:
        """Add to the end of a file; it and its folders are made if they are missing. Not yet durable. OSError: a part may have been added."""
        path = self._path(name)
        if self.size(name) is None:
            self._make_folders(path)
        with open_private(path, APPEND) as file:
            while data:
                data = data[file.write(data) :]

    def sync(self, name: str) -> None:
        """All that was appended to the file is durable, and so are its name and those of its new folders."""
        path = self._path(name)
        with open_private(path, APPEND) as file:
            sync_file(file)
        for folder in sorted(self._unsynced) + [path.rpartition("/")[0]]:
            sync_folder(folder)
        self._unsynced = set()

    def list(self, folder: str) -> "Names":
        """The names of all files below a folder; none if it is not there."""
        found: "Names" = []
        waiting = [folder]
        while waiting:
            below = waiting.pop()
            try:
                entries = os.listdir(self._path(below))
            except OSError as error:
                if error.errno != ENOENT:
                    raise
                continue
            for entry in entries:
                name = below + "/" + entry
                (waiting if os.stat(self._path(name))[0] & FOLDER else found).append(name)
        return sorted(found)

    def remove(self, name: str) -> None:
        """The file is gone, durable on return; no error if there was none. Its folders stay."""
        path = self._path(name)
        try:
            os.remove(path)
        except OSError as error:
            if error.errno != ENOENT:
                raise
            return
        sync_folder(path.rpartition("/")[0])

    def _path(self, name: str) -> str:
        if not all([part not in ("", ".", "..") for part in name.split("/")]):
            raise ValueError("file name: %s" % name)
        return self._folder + "/" + name

    def _make_folders(self, path: str) -> None:
        above = self._folder
        while above:
            try:
                make_folder(above)
                self._unsynced.add(above.rpartition("/")[0] or "/")
            except OSError as error:
                if error.errno != EEXIST and not _is_folder(above):
                    raise
            at = path.find("/", len(above) + 1)
            above = path[:at] if at > 0 else ""


def _is_folder(path: str) -> bool:
    try:
        return bool(os.stat(path)[0] & FOLDER)
    except OSError:
        return False
