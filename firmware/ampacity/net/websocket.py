"""A WebSocket client without I/O (RFC 6455): bytes in, events out; the door asks for what is to be sent.

Garbage and false frames each end the connection with the code that the RFC names, with a clear error, and nothing of them reaches
the layer above. After that everything that still comes is ignored. Of a text that is too long the first bytes are kept and the rest is
let pass, so that the layer above can say whose it was.
"""

import os
from binascii import b2a_base64
from hashlib import sha1

from ampacity.base.compat import forget
from ampacity.base.utf8 import text as utf8_text
from ampacity.net.websocket_frames import (
    BINARY,
    CLOSE,
    CONTINUATION,
    HEAD_BYTES,
    NORMAL,
    NOT_UTF8,
    PASSED_MAX,
    PING,
    PONG,
    PROTOCOL_ERROR,
    TEXT,
    TOO_BIG,
    UNSUPPORTED,
    FrameReader,
    WebSocketError,
    encode,
)

if False:  # for the type checker
    from collections.abc import Callable
    from typing import Any

    from ampacity.base.url import Url
    from ampacity.net.http import Head

    Event = tuple[Any, ...]  # its kind, then what receive() says

GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
MESSAGE_MAX = 65536
FRAMES_AT_ONCE = 16  # before others have their turn
MESSAGE_COST, COST_BYTES = 4, 128  # of a message that came behind another, and for each so many bytes of it; of any other frame: 1
PARTS_MAX = 32  # pieces of a message that are kept apart: each takes far more room than its bytes
ABNORMAL, NO_STATUS = 1006, 1005

NEW, CONNECTING, OPEN, CLOSING, CLOSED = "new", "connecting", "open", "closing", "closed"


class WebSocketClient:
    """One connection from its upgrade to its end.

    url: of base.url; its path is asked for as it is. protocols: offered in this order; the server must take one.
    username, password: HTTP Basic if not None. message_max: bytes of a message, fragments together.
    entropy(n): n unpredictable bytes. After it opened: `protocol`. After a refused upgrade: `status`, the HTTP status.
    After an error: `fault`, a short name of its kind ("refused", "garbage", "oversized", "utf8"). `pings`: how many came. `piled`: cost
    of the frames that were sent before earlier ones were taken, see MESSAGE_COST; its reader sets it to 0.
    `more`: FRAMES_AT_ONCE frames were taken and there may be others: continue with receive(b"").
    """

    def __init__(
        self,
        url: "Url",
        protocols: "tuple[str, ...]",
        username: "str | None" = None,
        password: "str | None" = None,
        message_max: int = MESSAGE_MAX,
        entropy: "Callable[[int], bytes]" = os.urandom,
    ) -> None:
        self.state = NEW
        self.protocol: "str | None" = None
        self.status: "int | None" = None
        self.fault: "str | None" = None
        self.more = False
        self.pings = self.piled = 0
        self._url = url
        self._protocols = protocols
        self._login = None if password is None else "%s:%s" % (username or "", password)
        self._entropy = entropy
        self._key = b2a_base64(entropy(16))[:-1]
        self._message_max = message_max
        self._frames = FrameReader(message_max)
        self._head = b""
        self._parts: "list[bytes] | None" = None  # of a fragmented message
        self._parts_bytes = 0
        self._parts_piled = False
        self._out: "list[bytes]" = []

    def start(self) -> bytes:
        """The bytes of the upgrade request (RFC 6455, 4.1)."""
        self.state = CONNECTING
        lines = [
            "GET %s HTTP/1.1" % self._url.path,
            "Host: %s" % self._url.host_header,
            "Upgrade: websocket",
            "Connection: Upgrade",
            "Sec-WebSocket-Key: %s" % str(self._key, "ascii"),
            "Sec-WebSocket-Version: 13",
            "Sec-WebSocket-Protocol: %s" % ", ".join(self._protocols),
        ]
        if self._login is not None:
            lines.append("Authorization: Basic %s" % str(b2a_base64(self._login.encode())[:-1], "ascii"))
        return "\r\n".join(lines + ["", ""]).encode()

    def receive(self, data: bytes) -> "list[Event]":
        """Bytes from the server → [("open",) | ("text", str) | ("oversized", bytes, size) | ("pong",) | ("closed", code, reason) | ("error", text)].

        "oversized": a text of `size` bytes, more than message_max; only its first HEAD_BYTES were kept. After "closed" and "error" nothing
        follows; send data_to_send() and let go of the socket.
        """
        events: "list[Event]" = []
        try:
            if self.state == CONNECTING:
                data = self._upgrade(data, events)
            if self.state in (OPEN, CLOSING):
                if data:
                    self._frames.receive(data)
                self._read_frames(events)
        except WebSocketError as fault:
            self._fail(fault, events)
        return events

    @property
    def partial(self) -> bool:
        """Has a message begun that is not complete?"""
        return self._parts is not None or self._frames.partial

    def end(self) -> "list[Event]":
        """The server ended the stream: the last events."""
        if self.state == CLOSED:
            return []
        was, self.state = self.state, CLOSED
        if was == CONNECTING:
            self.fault = "refused"
            return [("error", "the server hung up before it answered the upgrade")]
        return [("closed", ABNORMAL, "the server hung up")]

    def data_to_send(self) -> bytes:
        """Bytes that the protocol wants sent now (pongs, the answer to a close); b"" if none."""
        out, self._out = self._out, []
        return b"".join(out)

    def send_before_close(self, texts: "list[str]") -> None:
        """Messages that still leave before the close frame of our own that a fault of the server's caused.

        Only between the "error" and data_to_send(); nothing happens where no close frame waits.
        """
        if self.fault is not None and self._out:
            frames = [encode(TEXT, text.encode("utf-8"), self._entropy(4)) for text in texts]
            self._out = self._out[:-1] + frames + self._out[-1:]

    def send_text(self, text: str) -> bytes:
        """The frame of a message. ValueError unless the connection is open."""
        return self._frame(TEXT, text.encode("utf-8"))

    def ping(self, payload: bytes = b"") -> bytes:
        """The frame of a ping; payload at most 125 bytes. ValueError unless the connection is open."""
        return self._frame(PING, payload)

    def close(self, code: int = NORMAL, reason: str = "") -> bytes:
        """The frame of our close; the server's answer gives ("closed", …). b"" if there is nothing to close.

        code: of RFC 6455, 7.4; reason: its first 120 bytes are sent.
        """
        if self.state != OPEN:
            return b""
        frame = self._frame(CLOSE, bytes((code >> 8, code & 255)) + reason.encode("utf-8")[:120])
        self.state = CLOSING
        return frame

    def _frame(self, opcode: int, payload: bytes) -> bytes:
        if self.state != OPEN:
            raise ValueError("websocket: it is not open")
        return encode(opcode, payload, self._entropy(4))

    def _upgrade(self, data: bytes, events: "list[Event]") -> bytes:
        from ampacity.net.http import parse_head

        self._head += data
        try:
            parsed = parse_head(self._head)
        except ValueError as error:
            raise WebSocketError(0, "refused", str(error))
        if parsed is None:
            return b""
        forget("ampacity.net.http")
        head, at = parsed
        rest, self._head = self._head[at:], b""
        self._check_upgrade(head)
        self.state = OPEN
        events.append(("open",))
        return rest

    def _check_upgrade(self, head: "Head") -> None:
        self.status = head.status
        if head.status != 101:
            raise WebSocketError(0, "refused", "the server refused the upgrade: HTTP %d %s" % (head.status, head.reason))
        if head.field("upgrade").lower() != "websocket" or not head.has_token("connection", "upgrade"):
            raise WebSocketError(0, "refused", "the answer is no upgrade to websocket")
        accept = b2a_base64(sha1(self._key + GUID).digest())[:-1]
        if head.field("sec-websocket-accept").encode() != accept:
            raise WebSocketError(0, "refused", "Sec-WebSocket-Accept does not fit our key")
        if head.field("sec-websocket-extensions"):
            raise WebSocketError(0, "refused", "the server wants an extension that was not offered")
        self.protocol = head.field("sec-websocket-protocol")
        if self.protocol not in self._protocols:
            wanted = ", ".join(self._protocols)
            raise WebSocketError(0, "refused", "the server took subprotocol '%s', offered: %s" % (self.protocol[:40], wanted))

    def _read_frames(self, events: "list[Event]") -> None:
        self.more = False
        left = FRAMES_AT_ONCE
        while self.state != CLOSED:
            if left == 0:
                self.more = True
                return
            left -= 1
            frame = self._frames.next_frame()
            if frame is None:
                return
            fin, opcode, payload = frame
            if self._frames.piled and opcode != PING:
                self.piled += self._cost(opcode, payload)
            if opcode == TEXT and fin and self._parts is None and self._frames.bytes <= self._message_max:
                events.append(self._message(payload, payload))
            elif opcode < CLOSE:
                self._data_frame(fin, opcode, payload, events)
            elif opcode == PING:
                self.pings += 1
                if self.state == OPEN:
                    self._out.append(self._frame(PONG, payload))
            elif opcode == PONG:
                events.append(("pong",))
            else:
                self._closed(payload, events)

    def _cost(self, opcode: int, payload: bytes) -> int:
        if opcode == TEXT:
            return MESSAGE_COST + len(payload) // COST_BYTES
        return 1 + (len(payload) // COST_BYTES if self._parts_piled else 0)

    def _data_frame(self, fin: bool, opcode: int, payload: bytes, events: "list[Event]") -> None:
        if opcode == BINARY:
            raise WebSocketError(UNSUPPORTED, "garbage", "a binary message")
        if (opcode == CONTINUATION) != (self._parts is not None):
            raise WebSocketError(PROTOCOL_ERROR, "garbage", "fragments of a message out of order")
        if self._parts is None:
            self._parts, self._parts_bytes, self._parts_piled = [], 0, self._frames.piled
        self._parts_bytes += self._frames.bytes
        if self._parts_bytes > self._message_max:
            self._cut(payload)
        elif payload:
            self._parts.append(payload)
            if len(self._parts) > PARTS_MAX:
                self._parts = [b"".join(self._parts)]
        if fin:
            parts, self._parts = self._parts, None
            if self._parts_bytes > self._message_max:
                events.append(("oversized", b"".join(parts), self._parts_bytes))
            else:
                events.append(self._message(parts[0] if parts else b"", *parts))

    def _message(self, first: bytes, *parts: bytes) -> "Event":
        """The text of these parts, or its beginning where the heap has no block for it."""
        try:
            return ("text", _text(parts[0] if len(parts) == 1 else b"".join(parts)))
        except MemoryError:
            return ("oversized", first[:HEAD_BYTES], self._message_max + 1)

    def _cut(self, payload: bytes) -> None:
        """Of a message that has become too long only its beginning stays."""
        if self._parts_bytes > PASSED_MAX:
            raise WebSocketError(TOO_BIG, "oversized", "a message of more than %d bytes" % PASSED_MAX)
        parts: "list[bytes]" = self._parts  # type: ignore[assignment]  # a message is under way
        if len(parts) != 1 or len(parts[0]) < HEAD_BYTES:
            parts.append(payload[:HEAD_BYTES])
        self._parts = [b"".join(parts)[:HEAD_BYTES]]

    def _closed(self, payload: bytes, events: "list[Event]") -> None:
        code, reason = NO_STATUS, ""
        if len(payload) == 1:
            raise WebSocketError(PROTOCOL_ERROR, "garbage", "a close of one byte")
        if payload:
            code, reason = payload[0] << 8 | payload[1], _text(payload[2:])
            if not (1000 <= code <= 1014 and code not in (1004, 1005, 1006) or 3000 <= code <= 4999):
                raise WebSocketError(PROTOCOL_ERROR, "garbage", "a close with code %d" % code)
        if self.state == OPEN:
            self._out.append(self._frame(CLOSE, payload[:2]))
        self.state = CLOSED
        events.append(("closed", code, reason))

    def _fail(self, fault: "WebSocketError", events: "list[Event]") -> None:
        if self.state == OPEN:
            self._out.append(self.close(fault.code, str(fault)))
        self.state = CLOSED
        self.fault = fault.kind
        events.append(("error", str(fault)))


def _text(payload: bytes) -> str:
    try:
        return utf8_text(payload)
    except ValueError:
        raise WebSocketError(NOT_UTF8, "utf8", "a text that is not UTF-8")
