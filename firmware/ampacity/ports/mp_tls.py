"""TLS on MicroPython: contexts, and a stream whose handshake goes one record at a time.

The library does all that it can at each call: with a whole flight of the server's at hand it would check two signatures
and agree on a key before the loop runs again. So its socket is one that hands over a record and then, until the loop has
had its turn, nothing. The library also takes its numbers from the collected heap; where the heap is collected each so
many bytes a handshake would cause a dozen collections, so while it computes the heap is collected only when it is full.

The runtime's own stream polls a TLS socket each millisecond; this one waits for the plain socket below, and asks the
library first, which may hold bytes already.
"""

import asyncio
import gc
import io
import time
from asyncio import core

import tls

from ampacity.base.errors import Rejected
from ampacity.ports import tls_handshakes as handshakes
from ampacity.ports.mp_io import abort_stream, readable, wake_waiters
from ampacity.ports.tls_credentials import NO_1_3, SUITES, TLS_1_3, check_names
from ampacity.ports.tls_errors import CLOSED, tls_error

if False:  # for the type checker
    from collections.abc import Callable
    from typing import Any

    from ampacity.ports.interfaces import Handler, Refused, Serving
    from ampacity.ports.tls_credentials import TlsCredentials

HEAD_BYTES = 5
SHAKING_MAX = 2  # simultaneous handshakes: each takes 27 KiB before its client is authenticated
SHAKING_MS = 4000  # a longer handshake is ended when another client sends data
CLOSE, POLL = 4, 3  # requests of the stream protocol
TLS13 = "TLS1-3-"
ALERT, PROTOCOL_VERSION = 21, 70  # of a record; of an alert


def suites(known: "list[str]", tls_min: str) -> "list[str]":
    """The runtime's names of our suites, its TLS 1.3 ones first. The library has no setting for the lowest version: with suites of TLS 1.3
    alone it speaks nothing older. Rejected: it has none."""
    wanted = ["TLS-" + name.replace("-AES", "-WITH-AES-") for name in SUITES]
    newer = [name for name in known if name.startswith(TLS13) and "CCM" not in name]
    if tls_min == TLS_1_3:
        if not newer:
            raise Rejected("tls_min", TLS_1_3, NO_1_3)
        return newer
    return newer + [name for name in wanted if name in known]


def context(files: "TlsCredentials", server_side: bool, on_leaf: "Callable[[bytes], object] | None" = None) -> "Any":
    """An SSLContext of TlsCredentials. on_leaf(DER): called with the peer's own certificate once its chain was read.

    Rejected: material that the library refuses.
    """
    made = tls.SSLContext(tls.PROTOCOL_TLS_SERVER if server_side else tls.PROTOCOL_TLS_CLIENT)
    made.set_ciphers(suites(made.get_ciphers(), files.tls_min))
    made.verify_mode = tls.CERT_REQUIRED
    for der in files.roots:
        try:
            made.load_verify_locations(der)
        except (ValueError, OSError) as error:
            raise Rejected("root_pem", str(error), "root certificates")
    if files.key is not None:
        _load_own(made, files)
    if on_leaf is not None:

        def seen(der: bytes, depth: int) -> int:
            if depth == 0:
                on_leaf(bytes(der))
            return 0

        made.verify_callback = seen
    return made


def _load_own(made: "Any", files: "TlsCredentials") -> None:
    """PEM where the runtime reads it, for the whole chain; on a board DER: the certificate alone."""
    for chain, key in ((files.chain_pem, files.key_pem), (files.chain[0], files.key)):
        try:
            made.load_cert_chain(chain, key)
            return
        except (ValueError, OSError):
            pass
    raise Rejected("key_pem", "unreadable", "the private key that belongs to certificate_pem")


def today() -> str:
    """The date by this runtime's clock."""
    return "%04d-%02d-%02d" % time.gmtime()[:3]


class RecordByRecord(io.IOBase):
    """The socket of a plain stream for the library. While `slow` it gives a record and then nothing, until `held` is cleared."""

    def __init__(self, plain: "Any") -> None:
        self._plain = plain  # which lets go of its socket when it is aborted
        self.slow = True
        self.held = False
        self.full = False  # the last write found no room
        self.alert: "int | None" = None  # the number of the alert that came in clear text
        self._head = b""
        self._left = HEAD_BYTES
        self._in_head = True

    def readinto(self, buffer: bytearray) -> "int | None":
        """What the plain socket gives; its errors as numbers, for nothing may be raised through the library."""
        if self.slow and self.held:
            return None
        try:
            if not self.slow:
                return self._plain.s.readinto(buffer)
            size = self._plain.s.readinto(memoryview(buffer)[: self._left])
        except OSError as error:
            return -error.errno  # type: ignore[operator]
        if size:
            self._count(buffer, size)
        return size

    def _count(self, buffer: bytearray, size: int) -> None:
        if self._in_head:
            self._head += bytes(memoryview(buffer)[:size])
        self._left -= size
        if self._left:
            return
        if self._in_head:
            self._in_head, self._left = False, self._head[3] << 8 | self._head[4]
        if not self._left:
            if self._head[0] == ALERT and not self._in_head:
                self.alert = buffer[size - 1]
            self._in_head, self._head, self._left = True, b"", HEAD_BYTES
            self.held = True

    def write(self, data: bytes) -> "int | None":
        """What the plain socket takes; its errors as numbers below 0."""
        try:
            size = self._plain.s.write(data)
        except OSError as error:
            return -error.errno  # type: ignore[operator]
        self.full = not size
        return size

    def ioctl(self, request: int, argument: int) -> int:
        """Closes the plain socket, and says yes to every poll."""
        if request == CLOSE:
            self._plain.s.close()
        return argument if request == POLL else 0


class TlsStream:
    """Reader and writer of one TLS connection over a connected plain stream of asyncio's.

    A client's handshake is done by its first drain(), a server's by shake(); read() of a client waits for it. What goes
    wrong with it is an OSError in our words. peer: whom the other is meant to be, for these words.
    """

    certificate: "bytes | None"  # of the peer, as DER; TlsServer.accept sets it

    def __init__(self, plain: "Any", made: "Any", peer: "str | None", server_side: bool = False, server_hostname: "str | None" = None) -> None:
        self.under = plain
        self.peer = peer
        self._records = RecordByRecord(plain)
        self._out = b""
        self._in = b""
        self._server = server_side
        self._shaken = asyncio.Event()
        self._broken: "OSError | None" = None
        self.s = self._wrapped(made, server_side, server_hostname)

    def _wrapped(self, made: "Any", server_side: bool, server_hostname: "str | None") -> "Any":
        """A session takes a block of 17 KiB: if there is none, after a collection there may be one."""
        for _ in range(2):
            try:
                return made.wrap_socket(
                    self._records, server_side=server_side, server_hostname=server_hostname, do_handshake_on_connect=False
                )
            except (OSError, MemoryError):
                gc.collect()
        self.raw.close()
        raise OSError(12, "tls: no memory for a session")

    @property
    def raw(self) -> "Any":
        """The plain socket below."""
        return self.under.s

    def get_extra_info(self, name: str) -> None:
        """Nothing is known of a connection here."""
        return None

    async def shake(self) -> None:
        """A server's handshake; returns when the client has sent its first bytes, or ended."""
        self._in = await self._shake(self.s.read, 1) or b""

    async def read(self, size: int) -> bytes:
        """At most size bytes; b"" when the other has ended."""
        if not self._shaken.is_set() and not self._server:
            await self._shaken.wait()
        if self._broken is not None:
            raise self._broken
        if self._in:
            data, self._in = self._in, b""
            return data
        while True:
            data = self._call(self.s.read, size)
            if data is not None:
                return data
            await readable(self.raw)

    def write(self, data: bytes) -> None:
        """Leaves with the next drain()."""
        self._out += data

    async def drain(self) -> None:
        """Until all that was written has left; a client shakes hands first. OSError in our words."""
        data, self._out = self._out, b""
        if data and not self._shaken.is_set():
            count = await self._shake(self.s.write, data)
            data = data[count:]
        while data:
            count = self._call(self.s.write, data)
            if count:
                data = data[count:]
            elif self._records.full:
                await writable(self.raw)
            else:
                await asyncio.sleep(0)

    def close(self) -> None:
        """End the connection at once."""
        wake_waiters(self.raw)
        abort_stream(self)

    async def wait_closed(self) -> None:
        """It is closed already."""

    def _call(self, function: "Callable[[Any], Any]", argument: "Any") -> "Any":
        try:
            return function(argument)
        except OSError as error:
            if error.args and error.args[0] == CLOSED:
                return b"" if function == self.s.read else len(argument)
            raise

    async def _shake(self, function: "Callable[[Any], Any]", argument: "Any") -> "Any":
        """Call function(argument) until it succeeds: the library shakes hands first."""
        records = self._records
        try:
            while True:
                done = _roomy(function, argument)
                if done is not None:
                    records.slow = False
                    return done
                if records.held:
                    records.held = False
                    await asyncio.sleep(0)
                elif records.full:
                    records.full = False
                    await writable(self.raw)
                else:
                    await readable(self.raw)
        except (ValueError, OSError) as error:
            cause = OSError("alert protocol version") if records.alert == PROTOCOL_VERSION else error
            self._broken = tls_error(cause, self.peer or "", today())
            raise self._broken
        finally:
            self._shaken.set()


def _roomy(function: "Callable[[Any], Any]", argument: "Any") -> "Any":
    """Call it while the heap is collected only when it is full."""
    each = gc.threshold()
    gc.threshold(-1)
    try:
        return function(argument)
    finally:
        gc.threshold(each)


class TlsServer:
    """A separate context per connection, so that the certificate belongs to this peer."""

    def __init__(self, files: "TlsCredentials") -> None:
        self._files = files
        context(files, True)  # says now what is wrong with it

    async def accept(self, plain: "Any", peer: str) -> "TlsStream":
        """The secured stream, with `certificate`: the peer's own as DER. OSError in our words."""
        leaves: "list[bytes]" = []
        stream = TlsStream(plain, context(self._files, True, leaves.append), peer, server_side=True)
        shaken = False
        try:
            await stream.shake()
            shaken = True
        finally:
            if not shaken:
                stream.close()
        stream.certificate = leaves[-1] if leaves else None
        return stream

    def serving(self, platform: "Serving", handler: "Handler", refused: "Refused") -> "Handler":
        """The handler of plain connections that secures each before `await handler(reader, writer)`. refused(text): one was not."""

        async def secured(_reader: "Any", plain: "Any") -> "tuple[TlsStream, TlsStream]":
            stream = await self.accept(plain, "a client at %s" % platform.peer_host(plain))
            return stream, stream

        return handshakes.serving(platform, (spoken, secured), (SHAKING_MAX, SHAKING_MS), handler, refused)


async def spoken(plain: "Any") -> None:
    """Until it has sent a byte, or ended."""
    await readable(plain.s)


def client(files: "TlsCredentials") -> "Any":
    """The context of a client."""
    return context(files, False, lambda der: check_names(der, files.wildcards))


def writable(stream: "Any") -> "Any":
    """Coroutine: until the pollable object takes bytes, or failed."""
    yield core._io_queue.queue_write(stream)
