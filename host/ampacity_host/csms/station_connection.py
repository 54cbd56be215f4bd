"""One station's connection: an asyncio protocol over `websockets`' sans-I/O server, so that it runs on a socket and on an
in-memory transport alike, without a separate task."""

import asyncio
import base64
from urllib.parse import unquote

from websockets.exceptions import InvalidHandshake
from websockets.frames import Opcode
from websockets.http11 import Request
from websockets.protocol import OPEN
from websockets.server import ServerProtocol


class StationConnection(asyncio.Protocol):
    """identity, password (as the station gave them), subprotocol; send(text); close(code)."""

    def __init__(self, csms):
        self._csms = csms
        self._ws = ServerProtocol(subprotocols=csms.subprotocols, max_size=csms.message_max)
        self._transport = None
        self._parts = []
        self.identity = None
        self.password = None
        self.path = None
        self.opened = False

    @property
    def subprotocol(self):
        """The one agreed on, None before."""
        return self._ws.subprotocol

    @property
    def is_open(self):
        return self.opened and self._ws.state is OPEN

    # ---- the transport's side

    def connection_made(self, transport):
        self._transport = transport

    def data_received(self, data):
        self._ws.receive_data(data)
        self._step()

    def eof_received(self):
        self._ws.receive_eof()
        self._step()

    def connection_lost(self, error=None):
        self._transport = None
        if self.opened:
            self.opened = False
            self._csms.session_lost(self)

    # ---- the CSMS's side

    def send(self, text):
        """A message to the station; ConnectionError if it is gone."""
        if not self.is_open:
            raise ConnectionError(f"{self.identity} is not connected")
        self._ws.send_text(text.encode())
        self._flush()

    def close(self, code=1001, reason=""):
        """Begin the closing handshake."""
        if self.is_open:
            self._ws.send_close(code, reason)
            self._flush()

    def abort(self):
        """Drop the connection without a word."""
        if self._transport is not None:
            self._transport.abort()

    # ---- inside

    def _step(self):
        for event in self._ws.events_received():
            if isinstance(event, Request):
                self._handshake(event)
            elif event.opcode in (Opcode.TEXT, Opcode.BINARY, Opcode.CONT):
                self._parts.append(event.data)
                if event.fin:
                    text, self._parts = b"".join(self._parts), []
                    self._flush()
                    self._csms.message(self, text.decode("utf-8", "replace"))
        self._flush()
        if self._ws.parser_exc is not None and self.opened:
            self._csms.finding(self, None, f"broken WebSocket: {self._ws.parser_exc}")

    def _handshake(self, request):
        self.path = request.path
        self.identity = unquote(request.path.split("?")[0].rsplit("/", 1)[-1]) or "?"
        self.password = basic_password(request.headers.get("Authorization", ""))
        status = self._csms.refusal(self)
        try:
            response = self._ws.reject(status, "refused\n") if status else self._ws.accept(request)
        except InvalidHandshake as error:
            response = self._ws.reject(400, f"{error}\n")
        self._ws.send_response(response)
        self._flush()
        if response.status_code == 101:
            self.opened = True
            self._csms.session_opened(self)

    def _flush(self):
        for data in self._ws.data_to_send():
            if self._transport is None:
                return
            if data:
                self._transport.write(data)
            else:
                self._transport.close()


def basic_password(field):
    """The password of a Basic Authorization field, None if there is none."""
    scheme, _, word = field.partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        return base64.b64decode(word).decode("utf-8", "replace").partition(":")[2]
    except ValueError:
        return None
