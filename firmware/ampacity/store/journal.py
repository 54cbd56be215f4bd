"""A queue of records that survives power cuts: what append() has returned for is there, in order, once.

It is a chain of small files (`segment`), so that adding and dropping rewrite nothing: dropping writes a mark and removes the files
that hold nothing live. Only `rewrite` replaces a file, for records between others that are to change or to go. A file that may have a
torn tail (after a cut, after a failed write) is never appended to again.
A full medium or a failed sync raises OSError and changes nothing; the next append starts a new file, whose first record
declares anything after the last acknowledged record void.
A slow medium holds the caller up: batch with append(…, durable=False) and commit() once a tick.
"""

from ampacity.base.printable import is_digits
from ampacity.store.segment import BASE, DATA, DROP, HEAD_BYTES, PAYLOAD_MAX, decode, encode, number_bytes, number_of, walk

if False:  # for the type checker
    from collections.abc import Callable, Iterator

    from ampacity.store.interfaces import Files

ENOSPC = 28
SEGMENT_BYTES = 4096
SIZE_MAX = 65536


class Journal:
    """Records of one name, oldest first.

    files: the door of the store package. name: its files are `name.1`, `name.2`, … size_max: bytes on the medium; beyond
    it append() raises OSError 28, or with oldest_goes the oldest file is given up and its records counted in
    `pushed_out`; it may be set later. `damaged`: bytes of old files that were torn. `unread`: how often the
    medium did not give a file, whose records are then skipped. `first`, `last`: sequence numbers of what is
    held (first > last: nothing); rewrite() may have left gaps between them.
    """

    def __init__(self, files: "Files", name: str, size_max: int = SIZE_MAX, segment_bytes: int = SEGMENT_BYTES, oldest_goes: bool = False) -> None:
        self._files = files
        self._name = name + "."
        self.size_max = size_max
        self._segment_bytes = min(segment_bytes, size_max // 4)
        self._oldest_goes = oldest_goes
        self._segments: "list[list[int]]" = []  # [number, last seq, bytes], oldest first
        self._closed = True  # the newest file may not be appended to
        self._dirty = False
        self._number = 0
        self._last = 0
        self._dropped = 0
        self.pushed_out = 0
        self.damaged = self.unread = 0
        self._load()

    @property
    def first(self) -> int:
        """Sequence number of the oldest record that is held, from 1; above `last`: nothing is."""
        return self._dropped + 1

    @property
    def last(self) -> int:
        """Sequence number of the newest record, 0 before the first."""
        return self._last

    def __len__(self) -> int:
        return self._last - self._dropped

    def append(self, data: bytes, durable: bool = True) -> int:
        """Add a record (bytes, at most 65535); its sequence number.

        durable=False: it is only safe after commit(). OSError: nothing was added (28: no room).
        """
        if len(data) > PAYLOAD_MAX:
            raise ValueError("journal: a record has at most %d bytes" % PAYLOAD_MAX)
        self._make_room(len(data) + 2 * HEAD_BYTES + 4)
        seq = self._last + 1
        self._write(DATA, seq, data, durable)
        self._last = seq
        self._segments[-1][1] = seq
        return seq

    def commit(self) -> None:
        """All records are safe when this returns. OSError: those since the last commit may not be, and stay queued."""
        if self._dirty:
            self._sync()

    def drop_to(self, seq: int) -> None:
        """Forget all records up to and including seq permanently. OSError: some of the oldest of them may be forgotten.

        Whole files go first: that needs no mark and so works on a full medium.
        """
        seq = min(seq, self._last)
        while len(self._segments) > 1 and self._segments[0][1] <= seq:
            self._files.remove(self._path(self._segments[0][0]))
            self._dropped = max(self._dropped, self._segments.pop(0)[1])
        if seq > self._dropped:
            self._write(DROP, seq, number_bytes(seq), True)
            self._dropped = seq

    def records(self, start: int = 0) -> "Iterator[tuple[int, bytes]]":
        """Yields (seq, bytes) from the oldest, or from sequence number `start`. A file is read in pieces: nothing may be changed meanwhile."""
        start = max(start, self.first)
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

    def _part_of(self, path: str) -> "Callable[[int, int], bytes]":
        return lambda at, size: self._files.part(path, at, size)

    def rewrite(self, start: int, change: "Callable[[int, bytes], bytes | None]") -> int:
        """Of the first file that holds records from sequence number `start` on, each live record becomes what change(seq, data) returns,
        and goes where that is None; what is left joins the file before if it fits there.

        The number to continue from; 0: that was the newest file. Sequence numbers stay. OSError: nothing has changed.
        """
        at = 0
        while at < len(self._segments) and self._segments[at][1] < start:
            at += 1
        if at == len(self._segments):
            return 0
        number, last, _ = self._segments[at]
        self.commit()
        base, kept = self._contents(number, last)
        changed = []
        for seq, data in kept:
            new = change(seq, data)
            if new is not None:
                changed.append((seq, new))
        if at > 0 and self._joined(at, changed):
            newest = at == len(self._segments)
        else:
            self._exchange(at, base, changed)
            newest = at + 1 == len(self._segments)
        self._closed = self._closed or newest
        return 0 if newest else last + 1

    def _contents(self, number: int, last: int) -> "tuple[int, list[tuple[int, bytes]]]":
        """The sequence number of the BASE of a file, and its live records."""
        data = self._files.read(self._path(number)) or b""
        records = decode(number, data)[0]
        live = [(seq, data[at:end]) for kind, seq, at, end in records if kind == DATA and self.first <= seq <= last]
        return (records[0][1] if records else last + 1), live

    def _joined(self, at: int, records: "list[tuple[int, bytes]]") -> bool:
        """Were the records added to the file before? Then the file of number `at` is gone. A cut between the two leaves both, and the BASE of
        this one declares what was added void."""
        number, last, _ = self._segments[at - 1]
        base, before = self._contents(number, last)
        data = self._encoded(number, base, before + records)
        if len(data) > self._segment_bytes:
            return False
        self._files.replace(self._path(number), data)  # also where nothing was added: it has the mark of what was dropped, and nothing void
        self._segments[at - 1][2] = len(data)
        self._files.remove(self._path(self._segments[at][0]))
        self._segments[at - 1][1] = self._segments.pop(at)[1]
        return True

    def _exchange(self, at: int, base: int, records: "list[tuple[int, bytes]]") -> None:
        number = self._segments[at][0]
        data = self._encoded(number, base, records)
        self._files.replace(self._path(number), data)
        self._segments[at][2] = len(data)

    def _encoded(self, number: int, base: int, records: "list[tuple[int, bytes]]") -> bytes:
        return encode(number, BASE, base, number_bytes(self._dropped)) + b"".join([encode(number, DATA, seq, data) for seq, data in records])

    def oldest(self) -> "tuple[int, bytes] | None":
        """(seq, bytes) of the oldest record, or None."""
        for record in self.records():
            return record
        return None

    def size(self) -> int:
        """Bytes on the medium."""
        return sum([s[2] for s in self._segments])

    def _path(self, number: int) -> str:
        return self._name + str(number)

    def _write(self, kind: int, seq: int, payload: bytes, durable: bool) -> None:
        size = self._segments[-1][2] if self._segments else 0
        try:
            if self._closed or size + HEAD_BYTES + len(payload) > self._segment_bytes:
                self._begin_file(kind, seq, payload, durable)
            else:
                record = encode(self._number, kind, seq, payload)
                self._segments[-1][2] += len(record)
                self._append(record, durable)
        except OSError:
            self._closed = True
            raise

    def _append(self, data: bytes, durable: bool) -> None:
        self._files.append(self._path(self._number), data)
        self._dirty = True
        if durable:
            self._sync()

    def _sync(self) -> None:
        try:
            self._files.sync(self._path(self._segments[-1][0]))
        except OSError:
            self._closed = True
            raise
        self._dirty = False

    def _begin_file(self, kind: int, seq: int, payload: bytes, durable: bool) -> None:
        """A new file with its BASE and its first record; the one before is made durable first."""
        if self._dirty:
            self._sync()
        self._number += 1
        base = encode(self._number, BASE, self._last + 1, number_bytes(self._dropped))
        record = base + encode(self._number, kind, seq, payload)
        self._segments.append([self._number, self._last, len(record)])
        try:
            self._append(record, durable)
        except OSError:
            self._segments.pop()
            self._dirty = False
            self._forget(self._number)  # nothing in it was acknowledged, and a later BASE declares it void
            raise
        self._closed = False

    def _make_room(self, size: int) -> None:
        while self.size() + size > self.size_max:
            if not self._oldest_goes or len(self._segments) < 2:
                raise OSError(ENOSPC, "journal %s full at %d bytes" % (self._name[:-1], self.size_max))
            before = self._dropped
            self.drop_to(self._segments[0][1])
            self.pushed_out += self._dropped - before

    def _load(self) -> None:
        for number in self._numbers():
            try:
                self._load_file(number, self._files.read(self._path(number)) or b"")
            except OSError:  # a worn medium: what it does not give is not there
                self.unread += 1
            self._number = number
        self._last = max(self._last, self._dropped)
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
        records, end = decode(number, data)
        self.damaged += len(data) - end
        if not records:
            self._forget(number)
            return
        for kind, seq, at, stop in records:
            if kind == DATA:
                self._last = seq
                continue
            if kind == BASE:
                self._void_from(seq)
            self._dropped = max(self._dropped, number_of(data[at:stop]))
        self._segments.append([number, self._last, len(data)])

    def _void_from(self, seq: int) -> None:
        """The BASE of the next file: it knows where the acknowledged records before it end."""
        if not self._segments:
            self._dropped = seq - 1
        self._last = seq - 1
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
