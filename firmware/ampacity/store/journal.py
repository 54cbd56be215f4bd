"""A queue of records that survives power cuts: what append() has returned for is there, in order, once.

It is a chain of small files (`segment`), so that adding and dropping rewrite nothing: dropping writes a mark and removes the files
that hold nothing live. Only `rewrite` replaces a file, for records between others that are to change or to go. A file that may have a
torn tail (after a cut, after a failed write) is never appended to again.
A full medium or a failed sync raises OSError and changes nothing; the next append starts a new file, whose first record
declares anything after the last acknowledged record void.
A slow medium holds the caller up: what comes with durable=False waits in memory, and each write() takes as much of it as one file holds, with two
writes to the medium at most.
"""

from ampacity.base.printable import is_digits
from ampacity.store.segment import BASE, DATA, DROP, HEAD_BYTES, PAYLOAD_MAX, decode, encode, number_bytes, number_of, walk

if False:  # for the type checker
    from collections.abc import Callable, Iterator

    from ampacity.store.interfaces import Files

ENOSPC = 28
SEGMENT_BYTES = 4096
SIZE_MAX = 65536
MARK_BYTES = HEAD_BYTES + 4  # of a BASE or a DROP


class Journal:
    """Records of one name, oldest first.

    files: the door of the store package. name: its files are `name.1`, `name.2`, … size_max: bytes on the medium; beyond
    it append() and write() raise OSError 28, or with oldest_goes the oldest file is given up; it may be set later. `unread`: how often
    the medium did not give a file, whose records are then skipped. `last`: number of the newest record, from 1; rewrite() may have
    left gaps before it. `written`: number of the last one that is durable.
    """

    def __init__(self, files: "Files", name: str, size_max: int = SIZE_MAX, segment_bytes: int = SEGMENT_BYTES, oldest_goes: bool = False) -> None:
        self._files = files
        self._name = name + "."
        self.size_max = size_max
        self._segment_bytes = min(segment_bytes, size_max // 4)
        self._oldest_goes = oldest_goes
        self._segments: "list[list[int]]" = []  # [number, last seq, bytes], oldest first
        self._closed = True  # the newest file may not be appended to
        self._waiting: "list[tuple[int, bytes]]" = []  # (seq, data) that write() has not taken yet
        self._number = 0
        self.last = self.written = 0
        self._dropped = self._marked = 0  # up to where records are dropped; up to where the medium knows it
        self.unread = 0
        self._load()
        self.written = self.last
        self._marked = self._dropped

    def append(self, data: bytes, durable: bool = True) -> int:
        """Add a record (bytes, at most 65535); its sequence number.

        durable=False: it is only safe when `written` has its number. OSError: nothing was added (28: no room).
        """
        if len(data) > PAYLOAD_MAX:
            raise ValueError("journal: a record has at most %d bytes" % PAYLOAD_MAX)
        self.last += 1
        self._waiting.append((self.last, data))
        if durable:
            try:
                self.commit()
            except OSError:
                self._waiting.pop()
                self.last -= 1
                raise
        return self.last

    def commit(self) -> None:
        """All records are safe when this returns. OSError: those since the last commit may not be, and wait."""
        while self.due:
            self.write()

    @property
    def due(self) -> bool:
        """Is there anything that the medium does not know yet?"""
        return bool(self._waiting) or self._dropped > self._marked or self._has_gone()

    @property
    def waiting_bytes(self) -> int:
        """Of records that are not durable yet."""
        return sum([len(data) for _, data in self._waiting])

    def write(self) -> None:
        """One step of what waits, with at most two writes: a file that holds nothing live goes, for that needs no mark and so works on a full
        medium; or the mark of what is dropped and the next records are made durable. OSError: they wait on.
        """
        if self._has_gone():
            return self._remove_oldest()
        number, dropped, pieces = self._number, self._dropped, []
        marks = dropped > self._marked
        size = self._segments[-1][2] if self._segments else 0
        first = HEAD_BYTES + len(self._waiting[0][1]) if self._waiting else 0
        begins = self._closed or size + MARK_BYTES + first > self._segment_bytes
        if begins:
            number, size = number + 1, 0
            pieces.append(encode(number, BASE, self.written + 1, number_bytes(dropped)))
        elif marks:
            pieces.append(encode(number, DROP, dropped, number_bytes(dropped)))
        new, last, count = MARK_BYTES * len(pieces), self.written, 0
        for seq, data in self._waiting:
            more = new + HEAD_BYTES + len(data)
            if count and size + more > self._segment_bytes:
                break
            if not self._has_room(more):
                if count or marks:
                    break
                raise OSError(ENOSPC, "journal %s full at %d bytes" % (self._name[:-1], self.size_max))
            pieces.append(encode(number, DATA, seq, data))
            new, last, count = more, seq, count + 1
        path, self._number = self._path(number), number
        try:
            self._files.append(path, pieces)
            self._files.sync(path)
        except OSError:
            self._closed = True
            if begins:
                self._forget(number)  # nothing in it was acknowledged, and a later BASE declares it void
            raise
        if begins:
            self._segments.append([number, 0, 0])
        self._closed = False
        self._segments[-1][1:] = [last, size + new]
        self.written = last
        self._marked = max(self._marked, dropped)
        del self._waiting[:count]
        return None

    def _has_gone(self) -> bool:
        return len(self._segments) > 1 and self._segments[0][1] <= self._dropped

    def _remove_oldest(self) -> None:
        number, last, _ = self._segments[0]
        self._files.remove(self._path(number))
        self._segments.pop(0)
        self._marked = max(self._marked, last)
        self._dropped = max(self._dropped, last)

    def drop_to(self, seq: int, durable: bool = True) -> None:
        """Forget all records up to and including seq permanently. durable=False: the medium learns it by write(). OSError: only in this life."""
        self._dropped = max(self._dropped, min(seq, self.last))
        if durable:
            self.commit()

    def records(self, start: int = 0) -> "Iterator[tuple[int, bytes]]":
        """Yields (seq, bytes) from the oldest, or from sequence number `start`. A file is read in pieces: nothing may be changed meanwhile."""
        start = max(start, self._dropped + 1)
        for number, last, _ in [tuple(s) for s in self._segments]:
            if last < start:
                continue
            try:
                for kind, seq, payload in walk(number, self._part_of(self._path(number))):
                    if kind == DATA and start <= seq <= last:
                        yield seq, payload
                        start = seq + 1
            except OSError:
                self.unread += 1
        for seq, payload in self._waiting:
            if seq >= start:
                yield seq, payload

    def _part_of(self, path: str) -> "Callable[[int, int], bytes]":
        return lambda at, size: self._files.part(path, at, size)

    def rewrite(self, start: int, change: "Callable[[int, bytes], bytes | None]") -> int:
        """Of the first file that holds records from sequence number `start` on, each live record becomes what change(seq, data) returns,
        and goes where that is None; what is left joins the file before if it fits there. What waits in memory comes last.

        The number to continue from; 0: there is nothing more. Sequence numbers stay. OSError: nothing has changed.
        """
        at = 0
        while at < len(self._segments) and self._segments[at][1] < start:
            at += 1
        if at == len(self._segments):
            self._waiting = self._changed(self._waiting, change)
            return 0
        number, last, _ = self._segments[at]
        base, kept = self._contents(number, last)
        changed = self._changed(kept, change)
        if at > 0 and self._joined(at, changed):
            newest = at == len(self._segments)
        else:
            data = self._encoded(number, base, changed)
            self._files.replace(self._path(number), data)
            self._segments[at][2] = len(data)
            newest = at + 1 == len(self._segments)
        self._closed = self._closed or newest
        return 0 if newest and not self._waiting else last + 1

    def _changed(self, records: "list[tuple[int, bytes]]", change: "Callable[[int, bytes], bytes | None]") -> "list[tuple[int, bytes]]":
        found = []
        for seq, data in records:
            new = change(seq, data)
            if new is not None:
                found.append((seq, new))
        return found

    def _contents(self, number: int, last: int) -> "tuple[int, list[tuple[int, bytes]]]":
        """The sequence number of the BASE of a file, and its live records."""
        data = self._files.read(self._path(number)) or b""
        records = decode(number, data)[0]
        live = [(seq, data[at:end]) for kind, seq, at, end in records if kind == DATA and self._dropped < seq <= last]
        return (records[0][1] if records else last + 1), live

    def _joined(self, at: int, records: "list[tuple[int, bytes]]") -> bool:
        """Were the records added to the file before? Then the file of number `at` is gone. A cut between the two leaves both, and the BASE of
        this one declares what was added void."""
        number, last, size = self._segments[at - 1]
        base, before = self._contents(number, last)
        data = self._encoded(number, base, before + records)
        if len(data) > self._segment_bytes:
            return False
        if len(data) != size:  # also where it holds something void, which the BASE of this one declared so
            self._files.replace(self._path(number), data)
            self._segments[at - 1][2] = len(data)
        self._files.remove(self._path(self._segments[at][0]))
        self._segments[at - 1][1] = self._segments.pop(at)[1]
        return True

    def _encoded(self, number: int, base: int, records: "list[tuple[int, bytes]]") -> bytes:
        return encode(number, BASE, base, number_bytes(self._dropped)) + b"".join([encode(number, DATA, seq, data) for seq, data in records])

    def size(self) -> int:
        """Bytes on the medium."""
        return sum([s[2] for s in self._segments])

    def _path(self, number: int) -> str:
        return self._name + str(number)

    def _has_room(self, size: int) -> bool:
        while self.size() + size > self.size_max:
            if not self._oldest_goes or len(self._segments) < 2:
                return False
            self._remove_oldest()
        return True

    def _load(self) -> None:
        for number in self._numbers():
            try:
                self._load_file(number, self._files.read(self._path(number)) or b"")
            except OSError:  # a worn medium: what it does not give is not there
                self.unread += 1
            self._number = number
        self.last = max(self.last, self._dropped)
        while len(self._segments) > 1 and self._segments[0][1] <= self._dropped:
            self._forget(self._segments.pop(0)[0])
        if self._segments and self._segments[-1][0] == self._number:
            self._reopen()

    def _reopen(self) -> None:
        """Continues in the newest file; a torn tail is cut off first."""
        number, _, size = self._segments[-1]
        try:
            data: bytes = self._files.read(self._path(number))  # type: ignore[assignment]  # it was there a moment ago
            end = decode(number, data)[1]
            if end < size:
                self._files.replace(self._path(number), data[:end])
                self._segments[-1][2] = end
            self._closed = False
        except OSError:
            pass  # no room for that: the next append begins a new file

    def _numbers(self) -> "list[int]":
        numbers = []
        try:
            names = self._files.list()
        except OSError:
            names = []
        for name in names:
            if name.startswith(self._name) and is_digits(name[len(self._name) :]):
                numbers.append(int(name[len(self._name) :]))
        return sorted(numbers)

    def _load_file(self, number: int, data: bytes) -> None:
        records = decode(number, data)[0]
        if not records:
            self._forget(number)
            return
        for kind, seq, at, stop in records:
            if kind == DATA:
                self.last = seq
                continue
            if kind == BASE:
                self._void_from(seq)
            self._dropped = max(self._dropped, number_of(data[at:stop]))
        self._segments.append([number, self.last, len(data)])

    def _void_from(self, seq: int) -> None:
        """The BASE of the next file: it knows where the acknowledged records before it end."""
        if not self._segments:
            self._dropped = seq - 1
        self.last = seq - 1
        for segment in reversed(self._segments):
            if segment[1] < seq:  # and so are all before it
                break
            segment[1] = seq - 1

    def _forget(self, number: int) -> None:
        """Remove a file that holds nothing; on a medium that cannot be written it stays, and is looked at again at the next start."""
        try:
            self._files.remove(self._path(number))
        except OSError:
            pass
