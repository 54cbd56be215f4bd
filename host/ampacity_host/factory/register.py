"""The register of a production: which controller has which serial number. A line is added for each assignment and each result; none is changed."""

import csv
import os
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from io import StringIO
from pathlib import Path

from ampacity_host.update.refused import Refused

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

FILE, LOCK = "devices.csv", ".lock"
FIELDS = ("serial", "unique_id", "board", "state", "key_sha256", "certificate", "time")
ASSIGNED, PASSED, FAILED = "assigned", "passed", "failed"
SERIAL = re.compile(r"([A-Za-z0-9][A-Za-z0-9._-]*?)?(\d{1,12})")
SERIAL_MAX = 32


@dataclass(frozen=True)
class Entry:
    """A controller. certificate: its serial number, hexadecimal; time: of the line, UTC."""

    serial: str
    unique_id: str
    board: str
    state: str = ASSIGNED
    key_sha256: str = ""
    certificate: str = ""
    time: str = ""


class OtherKey(Refused):
    """This is not the controller that was registered; its result is not that one's."""


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """One run at a time in a folder, where the system has locks. Raises Refused, OSError."""
    folder.mkdir(parents=True, exist_ok=True)
    with open(folder / LOCK, "w") as file:
        if fcntl is not None:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise Refused("--out", f"another run uses {folder}; two stations have two folders") from None
        yield


class Register:
    """The register in a folder. first: the serial number of the first controller; the others count on from it."""

    def __init__(self, folder: Path, first: str) -> None:
        match = SERIAL.fullmatch(first)
        if match is None or len(first) > SERIAL_MAX:
            raise Refused("--first-serial", f"{first!r} is not allowed; use at most {SERIAL_MAX} letters, digits, . _ - that end in a number")
        self._prefix, digits = match.group(1) or "", match.group(2)
        self._first, self._digits = int(digits), len(digits)
        self._file = folder / FILE
        self._lock = threading.Lock()
        self._entries = self._read()

    def read_again(self) -> None:
        """What another run wrote since. Raises Refused, OSError."""
        with self._lock:
            self._entries = self._read()

    def entries(self) -> list[Entry]:
        """The newest line of each controller, by serial number."""
        return [self._entries[uid] for uid in sorted(self._entries, key=lambda uid: self._entries[uid].serial)]

    def assign(self, unique_id: str, board: str, time: str) -> Entry:
        """The serial number of a controller: the one that it had, or the next. Raises Refused, OSError."""
        with self._lock:
            known = self._entries.get(unique_id)
            if known is not None and known.board != board:
                raise Refused("board", f"{known.serial} was registered as {known.board}, not {board}")
            return known or self._add(Entry(self._next(), unique_id, board, time=time))

    def check_key(self, entry: Entry, key_sha256: str) -> None:
        """Raises Refused where another controller has the same key, OtherKey where this one had another."""
        with self._lock:
            for each in self._entries.values():
                if each.key_sha256 == key_sha256 and each.unique_id != entry.unique_id:
                    raise Refused("key", f"{each.serial} has the same key: the random source of these controllers is broken")
            known = self._entries[entry.unique_id]
            if known.key_sha256 not in ("", key_sha256):
                raise OtherKey("key", f"{known.serial} has another key: a second controller with this chip number, or its files were erased")
            self._entries[entry.unique_id] = replace(known, key_sha256=key_sha256)  # also before its result: two may come at once

    def ended(self, entry: Entry, state: str, time: str, **facts: str) -> Entry:
        """Adds the result of a controller. Raises OSError."""
        with self._lock:
            return self._add(replace(self._entries[entry.unique_id], state=state, time=time, **facts))

    def _next(self) -> str:
        taken = [int(each.serial[len(self._prefix) :]) for each in self._entries.values() if self._is_of_this_row(each.serial)]
        return f"{self._prefix}{max([self._first, *(number + 1 for number in taken)]):0{self._digits}}"

    def _is_of_this_row(self, serial: str) -> bool:
        return serial.startswith(self._prefix) and serial[len(self._prefix) :].isdigit()

    def _add(self, entry: Entry) -> Entry:
        whole = self._whole()
        self._file.parent.mkdir(parents=True, exist_ok=True)
        with open(self._file, "a", newline="", encoding="utf-8") as file:
            file.truncate(len(whole))
            writer = csv.DictWriter(file, FIELDS)
            if not whole:
                writer.writeheader()
            writer.writerow(vars(entry))
            file.flush()
            os.fsync(file.fileno())
        self._entries[entry.unique_id] = entry
        return entry

    def _whole(self) -> bytes:
        """The whole lines: what has no line end was cut off by a power cut, and is written again by the next run."""
        data = self._file.read_bytes() if self._file.is_file() else b""
        return data[: data.rfind(b"\n") + 1]

    def _read(self) -> dict[str, Entry]:
        whole = self._whole()
        if not whole:
            return {}
        with StringIO(whole.decode(), newline="") as file:
            reader = csv.DictReader(file)
            if tuple(reader.fieldnames or ()) != FIELDS:
                raise Refused("register", f"{self._file} has other columns than {', '.join(FIELDS)}")
            found = {}
            for number, row in enumerate(reader, 2):
                if None in row.values() or None in row:
                    raise Refused("register", f"{self._file} line {number} is cut off or too long: repair it first")
                found[row["unique_id"]] = Entry(**row)
            return found
