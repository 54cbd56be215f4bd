"""Small JSON documents by name, each replaced as a whole: after a power cut there is the old one or the new one.

A file's first line is the CRC-32 of the rest. A document that does not match it, or cannot be read (worn flash, a hand in the
folder), is never used in part: it counts as missing, and its name is in `damaged`. So does one whose content has another shape than the
role declares for it (base/document_shape.py). Of documents on which trust rests one that was there and is gone is damaged,
too: their names are kept in a document of their own.
"""

from binascii import crc32

from ampacity.base.document_shape import WrongShape, check_shape
from ampacity.base.strict_json import dump_pieces, loads

if False:  # for the type checker
    from collections.abc import Callable
    from typing import Any

    from ampacity.base.log import Log
    from ampacity.store.interfaces import Files

SUFFIX = ".set"
NAMES = "trusted"  # names of the documents on which trust rests, of those that there were
SIZE_MAX = 65536
AGAIN_MS = 2000  # after a medium refused
EIO = 5


class DocumentStore:
    """Documents in a `files` door. Names: letters, digits, "-" and "_". size_max: bytes of one document. trusted: names of
    those that must not vanish unseen.
    """

    _shape_of: "Callable[[str], str | None] | None" = None
    _report: "Callable[[str, str], object] | None" = None

    def __init__(self, files: "Files", size_max: int = SIZE_MAX, trusted: "tuple[str, ...]" = ()) -> None:
        self._files = files
        self._size_max = size_max
        self._trusted = trusted
        self._names_due = False  # they are not all written down
        self._there: "list[str]" = []  # names of trusted documents that there were
        self.damaged: "list[str]" = []
        self.unread: "list[str]" = []  # those of them that the medium did not give: it may have them still, so nothing is written over them
        if trusted:
            self._look()

    def declare(self, shape_of: "Callable[[str], str | None]", report: "Callable[[str, str], object]") -> None:
        """shape_of(name): the shape of that document, None: any. report(name, why): called once for a
        damaged document, until it is written again."""
        self._shape_of, self._report = shape_of, report
        found, self.damaged = self.damaged, []
        for name in found + [NAMES]:
            self.get(name)

    def get(self, name: str, default: "Any" = None) -> "Any":
        """The document (what strict JSON gives), or `default` if there is none or it is damaged."""
        try:
            raw = self._files.read(name + SUFFIX)
            if raw is None:
                if name in self._there:
                    self.distrust(name, "it is gone")
                return default
            value = _parse(raw, self._size_max)
            shape = self._shape_of(name) if self._shape_of is not None else None
            if shape is not None:
                check_shape(value, shape)
            return value
        except OSError:
            if name not in self.unread:
                self.unread.append(name)
            why = "it cannot be read"
        except WrongShape as e:
            why = str(e)
        except ValueError:
            why = "its content does not match its checksum"
        self.distrust(name, why)
        return default

    def distrust(self, name: str, why: str) -> None:
        """The document counts as damaged until it is written; also by its owner, where its fields contradict each other."""
        if name not in self.damaged:
            self.damaged.append(name)
            if self._report is not None:
                self._report(name, why)

    def put(self, name: str, value: "Any") -> None:
        """Keep a document; it is safe when this returns. OSError: the old one is still there. Same text: no write.

        ValueError: it is longer than size_max bytes, or strict JSON cannot write it.
        """
        if name in self.unread:
            raise OSError(EIO, "stored data could not be read: restart when the medium works")
        self._write(name, value)
        if name in self._trusted and name not in self._there:
            self._there.append(name)
            self._names_due = True
        if self._names_due:
            try:
                self._write(NAMES, sorted(self._there))
                self._names_due = False
            except OSError:  # the document itself is safe; its name with the next one
                pass
        for whole in (name, NAMES):
            if whole in self.damaged:
                self.damaged.remove(whole)

    def remove(self, name: str) -> None:
        """Forget a document; no error if there is none. OSError: it may be there still."""
        if name in self._there:
            self._there.remove(name)
            self._write(NAMES, sorted(self._there))
        self._files.remove(name + SUFFIX)

    def give_up(self, name: str) -> None:
        """What the medium did not give may be written over."""
        if name in self.unread:
            self.unread.remove(name)

    def readable(self, name: str) -> bool:
        """Does the medium give it now?"""
        try:
            self._files.read(name + SUFFIX)
        except OSError:
            return False
        return True

    def _write(self, name: str, value: "Any") -> None:
        pieces = dump_pieces(value)
        if sum([len(piece) for piece in pieces]) > self._size_max:
            raise ValueError("settings: %s is longer than %d bytes" % (name, self._size_max))
        crc = 0
        for piece in pieces:
            crc = crc32(piece, crc)
        pieces.insert(0, b"%08x\n" % crc)
        if not self._holds(name, pieces):
            self._files.replace(name + SUFFIX, pieces)

    def _holds(self, name: str, pieces: "list[bytes]") -> bool:
        try:
            return self._files.holds(name + SUFFIX, pieces)
        except OSError:  # then it is rewritten
            return False

    def _look(self) -> None:
        """Which of the trusted documents there were, and are; what an earlier version wrote is taken in."""
        known = self.get(NAMES, [])
        known = [name for name in known if name in self._trusted] if isinstance(known, list) else []
        self._there = [name for name in self._trusted if name in known or self._exists(name)]
        self._names_due = len(self._there) != len(known)  # they are written with the next document

    def _exists(self, name: str) -> bool:
        try:
            return self._files.read(name + SUFFIX) is not None
        except OSError:
            return True

    def names(self) -> "list[str]":
        """The documents there are, sorted, without ".set". Raises OSError."""
        return [name[: -len(SUFFIX)] for name in self._files.list() if name.endswith(SUFFIX) and name != NAMES + SUFFIX]


class KeptDocuments:
    """Documents that a failing medium does not stop: what is not kept is counted, logged once, and tried again by its owner.

    documents: a DocumentStore; counter: of the log, one for each write that failed.

    `failing`: names of the documents that are not kept now.
    """

    def __init__(self, documents: "DocumentStore", log: "Log", counter: str) -> None:
        self.documents = documents
        self.log = log
        self.failing: "list[str]" = []
        self._counter = counter
        self._known: "dict[str, Any]" = {}
        self._tried_ms = 0

    def known(self, name: str, empty: "Any") -> "Any":
        """The document, or `empty`; from now on `keep` writes only what differs from it."""
        self._known[name] = self.documents.get(name) or empty
        return self._known[name]

    def keep(self, name: str, value: "Any", now_ms: int) -> None:
        """As `put`, once for each change since `known`; a medium that refuses is asked again after AGAIN_MS."""
        if value == self._known[name] or (name in self.failing and now_ms - self._tried_ms < AGAIN_MS):
            return
        self._tried_ms = now_ms
        if self.put(name, value, now_ms):
            self._known[name] = value

    def put(self, name: str, value: object, now_ms: int) -> bool:
        """Keep a document; False and, the first time, a line in the log when the medium refuses."""
        try:
            self.documents.put(name, value)
        except (OSError, ValueError) as e:  # no room, or it is too long
            self.log.counter(self._counter)
            if name not in self.failing:
                self.failing.append(name)
                self.log.add("error", "storage: %s not kept: %s" % (name, e), now_ms)
            return False
        if name in self.failing:
            self.failing.remove(name)
        return True


def _parse(raw: bytes, size_max: int) -> "Any":
    if len(raw) < 9 or raw[8:9] != b"\n" or int(str(raw[:8], "ascii"), 16) != crc32(raw[9:]):
        raise ValueError("settings: the CRC is wrong")
    return loads(raw[9:], size_max)
