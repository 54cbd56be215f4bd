"""The `files` door on a folder, for both runtimes.

A replacement is written next to the file, synced and renamed over it. The few files that are appended to stay open:
a journal appends a hundred times to one file, and opening costs more than writing.
"""

import os

from ampacity.store.fsync import sync_file, sync_folder

if False:  # for the type checker
    from collections.abc import Iterable
    from io import FileIO
    from typing import Any

    from ampacity.store.interfaces import Content, Names

try:
    from ampacity.store.file_permissions import APPEND, FILE_MODE, FOLDER_MODE, WRITE_NEW, make_folder, open_private, restrict
except ImportError:
    APPEND, WRITE_NEW, FILE_MODE, FOLDER_MODE = "ab", "wb", 0, 0  # type: ignore[assignment]
    make_folder = os.mkdir

    def open_private(path: str, flags: "Any") -> "FileIO":
        """On a board, which has no modes."""
        return open(path, flags, buffering=0)  # type: ignore[no-any-return]

    def restrict(path: str, mode: int) -> bool:
        """No modes to correct."""
        return False


BESIDE = ".new"
ENOENT = 2
EIO = 5
EEXIST = 17
ELOOP = 40
OPEN_MAX = 4
READ_MAX = 524288  # twice the longest document
FOLDER, KIND, REGULAR = 0x4000, 0xF000, 0x8000  # in a file's mode


class DiskFiles:
    """Files of one folder, which is made if it is missing, for its owner alone. Names hold no "/".

    Errors are the system's OSError (28: full). After one nothing that was synced is lost; what was appended since is
    there in part or not at all. A folder that cannot be made or tidied is no error yet: `trouble` says why. `exposed` says that
    others may read what is kept; on a medium without file modes that is permanent and no error.
    """

    trouble = exposed = None

    def __init__(self, folder: str) -> None:
        self._folder = folder
        self._open: "list[tuple[str, FileIO]]" = []  # [(name, file)], the one opened last at the end
        self._named: "set[str]" = set()  # names that are durable
        try:
            self._make(folder)
            self._named = set(self.list())
            self._tidy(folder)
        except OSError as error:
            self.trouble = "%s: %s" % (folder, error)

    def _make(self, folder: str) -> None:
        try:
            make_folder(folder)
        except OSError as error:
            if error.errno != EEXIST and not _exists(folder):  # a medium that cannot be written says so first
                raise

    def _tidy(self, folder: str) -> None:
        theirs = restrict(folder, FOLDER_MODE)
        for name in os.listdir(folder):
            if name.endswith(BESIDE):
                os.remove(self._path(name))
            elif name in self._named and _size(self._path(name)) is not None and restrict(self._path(name), FILE_MODE):
                theirs = True
        if theirs:
            self.exposed = "other users can read %s with its passwords and keys: its file modes cannot be changed" % folder

    def read(self, name: str) -> "bytes | None":
        """All of a file, None if there is none; only the first READ_MAX bytes of one that is longer than anything that is kept here.

        Raises OSError; also for what is not a regular file: reading a pipe could wait permanently.
        """
        return self._bytes(name, 0, READ_MAX)

    def part(self, name: str, at: int, size: int) -> bytes:
        """At most `size` bytes of a file from offset `at` on; fewer only at its end, none where there is no file. Raises OSError as `read`."""
        return self._bytes(name, at, size) or b""

    def _bytes(self, name: str, at: int, most: int) -> "bytes | None":
        try:
            size = _size(self._path(name))
            if size is None:
                raise OSError(EIO, "no regular file: " + name)
            with open(self._path(name), "rb") as file:
                if at:
                    file.seek(at)
                return file.read(max(0, min(size - at, most)))  # so much is allocated at once
        except OSError as error:
            if error.errno != ENOENT:
                raise
            return None

    def holds(self, name: str, pieces: "list[bytes]") -> bool:
        """Does the file hold these pieces, one after another, and nothing else? It is read a piece at a time. Raises OSError as `read`."""
        try:
            if _size(self._path(name)) != sum([len(piece) for piece in pieces]):
                return False
            with open(self._path(name), "rb") as file:
                for piece in pieces:
                    if file.read(len(piece)) != piece:
                        return False
        except OSError as error:
            if error.errno != ENOENT:
                raise
            return False
        return True

    def append(self, name: str, data: bytes) -> None:
        """Add to the end of a file, which is made if it is missing; not yet durable. OSError: a part may have been added."""
        file = self._appender(name)
        try:
            _write_all(file, data)
        except OSError:
            self._shut(name)
            raise

    def sync(self, name: str) -> None:
        """What was appended to the file is on the medium, and so is its name. OSError: it may not be."""
        try:
            sync_file(self._appender(name))
        except OSError:
            self._shut(name)
            raise
        if name not in self._named:
            sync_folder(self._folder)
            self._named.add(name)

    def replace(self, name: str, data: "Content") -> None:
        """The file holds `data` and nothing else, or OSError and what it held before."""
        self._shut(name)
        beside = self._path(name + BESIDE)
        try:
            with open_private(beside, WRITE_NEW) as file:
                for piece in data if isinstance(data, list) else (data,):
                    _write_all(file, piece)
                sync_file(file)
            os.rename(beside, self._path(name))
        except OSError:
            self._forget(beside)
            raise
        sync_folder(self._folder)
        self._named.add(name)

    def list(self) -> "Names":
        """The names, sorted; no folders, no unfinished replacements, no links to nothing."""
        names = []
        for entry in _entries(self._folder):
            if not entry[0].endswith(BESIDE) and (entry[1] == REGULAR or _is_file(self._folder + "/" + entry[0])):
                names.append(entry[0])
        return sorted(names)

    def remove(self, name: str) -> None:
        """The file is gone; no error if there is none. OSError: it may be there still."""
        self._shut(name)
        self._forget(self._path(name))
        sync_folder(self._folder)
        self._named.discard(name)

    def close(self) -> None:
        """Let go of the open files."""
        while self._open:
            self._open.pop()[1].close()

    def _path(self, name: str) -> str:
        if "/" in name or name in ("", ".", ".."):
            raise ValueError("file name: %s" % name)
        return self._folder + "/" + name

    def _appender(self, name: str) -> "FileIO":
        for known, file in self._open:
            if known == name:
                return file
        file = open_private(self._path(name), APPEND)
        if len(self._open) >= OPEN_MAX:
            self._open.pop(0)[1].close()
        self._open.append((name, file))
        return file

    def _shut(self, name: str) -> None:
        for i, (known, file) in enumerate(self._open):
            if known == name:
                self._open.pop(i)
                file.close()
                return

    def _forget(self, path: str) -> None:
        try:
            os.remove(path)
        except OSError as error:
            if error.errno != ENOENT:
                raise


def _exists(path: str) -> bool:
    try:
        os.stat(path)
    except OSError:
        return False
    return True


def _entries(folder: str) -> "Iterable[tuple[str, int]]":
    """(name, kind, …) of what is in a folder; kind 0 where it is not known. On a board each look at a single file searches the folder."""
    if hasattr(os, "ilistdir"):
        return os.ilistdir(folder)  # type: ignore[no-any-return]  # MicroPython
    return [(name, 0) for name in os.listdir(folder)]


def _is_file(path: str) -> bool:
    try:
        return not os.stat(path)[0] & FOLDER
    except OSError as error:
        if error.errno not in (ENOENT, ELOOP):
            raise
        return False


def _size(path: str) -> "int | None":
    """In bytes; None: it is no regular file."""
    facts = os.stat(path)
    return facts[6] if facts[0] & KIND == REGULAR else None


def _write_all(file: "FileIO", data: bytes) -> None:
    while data:
        data = data[file.write(data) :]
