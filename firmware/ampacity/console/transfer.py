"""A file that comes over a console, in pieces: `transfer begin NAME SIZE SHA256`, `transfer data OFFSET BASE64`, `transfer end`.

The role names what it takes: NAME → function(size, sha256, now_ms) → sink. A sink has `offset`, the next byte that it wants; `write(offset,
data)`, of which it may take a part; `end()`, the answer for people, or None while it still works; `abort()`. All may raise Rejected and OSError.

Every answer but that of a finished `end` is `offset N`: the sender continues with byte N, and asks again where N has not moved. The
transfer belongs to the session that said `begin`: pieces and `end` of another one are refused. After a pause of any length the same `begin`
answers where to continue, also in another session, whose transfer it is from then on: the digest says that it means the same file.
"""

from binascii import a2b_base64, hexlify, unhexlify
from hashlib import sha256

from ampacity.base.errors import NotNow, Rejected
from ampacity.base.printable import is_digits
from ampacity.console.error_texts import UnknownName, UsageError

if False:  # for the type checker
    from collections.abc import Callable
    from typing import Protocol

    from ampacity.console.changes import Session

    class Sink(Protocol):
        """What takes the bytes of one transfer."""

        @property
        def offset(self) -> int: ...

        def write(self, offset: int, data: bytes) -> int: ...

        def end(self) -> "str | None": ...

        def abort(self) -> None: ...

    Open = Callable[[int, bytes, int], Sink]

USAGE = "transfer begin NAME SIZE SHA256 | data OFFSET BASE64 | end | status | abort"
DATA_BYTES_MAX = 360  # in one line of at most 512 characters
OF_SLOTS = ("bundle", "secondaries")  # what only a controller with slots takes: the first one of any role
IDLE_MS = 60000  # another sender may begin after so long a pause
SIZE_DIGITS_MAX = 10


class Transfer:
    """The transfers of one role, one at a time. sinks: name → how it is opened."""

    def __init__(self, sinks: "dict[str, Open]") -> None:
        self.sinks = sinks
        self.sink: "Sink | None" = None
        self._of: "tuple[str, int, bytes]" = ("", 0, b"")  # name, size, SHA-256
        self._moved_ms = 0
        self._sender: "Session | None" = None

    def command(self, words: "list[str]", now_ms: int, asked_by: "Session | None" = None) -> str:
        """The answer to `transfer …`, words behind the command. asked_by: the session that says it. Raises Rejected, OSError."""
        word, rest = (words[0], words[1:]) if words else ("", [])
        if word == "begin" and len(rest) == 3:
            answer = self._begin(rest[0], _number("SIZE", rest[1]), _digest(rest[2]), now_ms)
            self._sender = asked_by
            return answer
        if word == "data" and len(rest) == 2:
            self._need_sender(asked_by)
            return self._data(_number("OFFSET", rest[0]), _bytes(rest[1]), now_ms)
        if word not in ("end", "status", "abort") or rest:
            raise UsageError(USAGE, words)
        sink = self._open()
        if word == "status":
            return self._where(sink)
        if word == "abort":
            self.sink = None
            sink.abort()
            return "aborted"
        self._need_sender(asked_by)
        return self._end(sink, now_ms)

    def _need_sender(self, asked_by: "Session | None") -> None:
        if self.sink is not None and self._sender is not None and self._sender is not asked_by:
            raise NotNow("transfer", self._of[0], "it is that of %s: `transfer begin` of your file" % self._sender.who())

    def _begin(self, name: str, size: int, digest: bytes, now_ms: int) -> str:
        if name in OF_SLOTS and OF_SLOTS[0] not in self.sinks:
            raise NotNow("transfer", name, "this controller has no slots (`ampacity run --slots`); if it should have them, its log says why not")
        if name not in self.sinks:
            raise UnknownName("transfer", name, sorted(self.sinks))
        if self.sink is None or self._of != (name, size, digest):
            if self.sink is not None and now_ms - self._moved_ms < IDLE_MS:
                raise NotNow("transfer", name, "a transfer of %s is under way; wait, or `transfer abort`" % self._of[0])
            self._give_up()
            self.sink = self.sinks[name](size, digest, now_ms)
            self._of = (name, size, digest)
        self._moved_ms = now_ms
        return self._where(self.sink)

    def _data(self, offset: int, data: bytes, now_ms: int) -> str:
        sink = self._open()
        if offset + len(data) > self._of[1]:
            raise Rejected("transfer data", "%d bytes from %d on" % (len(data), offset), "at most the %d bytes of `begin`" % self._of[1])
        self._moved_ms = now_ms
        if offset <= sink.offset:
            self._guarded(lambda: sink.write(offset, data))
        return self._where(sink)

    def _end(self, sink: "Sink", now_ms: int) -> str:
        self._moved_ms = now_ms
        text = self._guarded(sink.end)
        if text is None:
            return self._where(sink)
        self.sink = None
        return str(text)

    def _guarded(self, act: "Callable[[], object]") -> object:
        """A refusal or a medium that refuses ends the transfer; the same `begin` starts it again."""
        try:
            return act()
        except (Rejected, OSError):
            self._give_up()
            raise

    def _give_up(self) -> None:
        sink, self.sink = self.sink, None
        if sink is not None:
            sink.abort()

    def _open(self) -> "Sink":
        if self.sink is None:
            raise NotNow("transfer", "", "none is under way: `transfer begin NAME SIZE SHA256`")
        return self.sink

    def _where(self, sink: "Sink") -> str:
        return "offset %d" % sink.offset


class MemorySink:
    """Takes a file of at most `most` bytes into memory; `take(data)` gets it once its SHA-256 is right, and returns the answer."""

    def __init__(self, size: int, digest: bytes, most: int, take: "Callable[[bytes], str]") -> None:
        if size > most:
            raise Rejected("SIZE", size, "at most %d bytes" % most)
        self._size, self._digest, self._take = size, digest, take
        self._data = bytearray()

    @property
    def offset(self) -> int:
        """The next byte wanted."""
        return len(self._data)

    def write(self, offset: int, data: bytes) -> int:
        """Takes all of it."""
        self._data.extend(data[len(self._data) - offset :])
        return len(data)

    def end(self) -> "str | None":
        """Checks size and digest, and hands it on; None while bytes are missing. Raises Rejected."""
        if len(self._data) < self._size:
            return None
        found = sha256(self._data).digest()
        if found != self._digest:
            raise Rejected("SHA256", str(hexlify(found), "ascii"), "the digest of `begin`: send the file again")
        return self._take(bytes(self._data))

    def abort(self) -> None:
        """Forgets what came."""
        self._data = bytearray()


def _number(field: str, text: str) -> int:
    if not is_digits(text) or len(text) > SIZE_DIGITS_MAX:
        raise Rejected(field, text, "a number of bytes")
    return int(text)


def _digest(text: str) -> bytes:
    try:
        raw = unhexlify(text) if len(text) == 64 else b""
    except ValueError:
        raw = b""
    if len(raw) != 32:
        raise Rejected("SHA256", text, "64 hexadecimal digits")
    return raw


def _bytes(text: str) -> bytes:
    try:
        data = a2b_base64(text)
    except ValueError:
        data = b""
    if not 0 < len(data) <= DATA_BYTES_MAX:
        raise Rejected("BASE64", "%d characters" % len(text), "1 to %d bytes in Base64" % DATA_BYTES_MAX)
    return data
