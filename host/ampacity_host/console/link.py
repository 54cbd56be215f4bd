"""A line to a controller's console and its answer, over its socket or a serial line; both end an answer with the prompt."""

import json
import socket
import time
from typing import Any, Protocol

PROMPT = b"> "
ANSWER_S = 15.0
ASKS = ("show", "why", "log", "scan status", "commission status", "commission lines", "commission report", "replace status")  # only look
BAUD = 115200


def only_looks(line: str) -> bool:
    """May this line be said twice?"""
    return any((line + " ").startswith(words + " ") for words in ASKS)


class LinkLost(Exception):
    """The controller does not answer; the text says where."""


class Link(Protocol):
    """What a guide needs of a console."""

    def ask(self, line: str) -> str:
        """The answer's text. LinkLost when there is none."""

    def close(self) -> None:
        """Ends it."""


def as_json(link: Link, line: str) -> Any:
    """The answer as JSON. Refused for "error: …"."""
    text = link.ask(line)
    if text.startswith("error: "):
        raise Refused(text[len("error: "):])
    return json.loads(text)


class Refused(Exception):
    """The controller said no; its own words."""


class SocketLink:
    """host, port of the console. Connects again once when an answer was lost; what does something is not said twice."""

    def __init__(self, host: str, port: int) -> None:
        self._address = (host, port)
        self._socket: "socket.socket | None" = None

    def ask(self, line: str) -> str:
        for attempt in (1, 2):
            try:
                return self._ask(line)
            except OSError as error:
                sent = self._socket is not None
                self.close()
                if attempt == 2:
                    raise LinkLost(f"no console at {self._address[0]}:{self._address[1]}: {error.strerror or error}") from None
                if sent and not only_looks(line):
                    return f"error: the connection was lost at `{line.split()[0]}`: the command may have been executed; check its status"
                time.sleep(0.5)
        raise AssertionError

    def _ask(self, line: str) -> str:
        if self._socket is None:
            self._socket = socket.create_connection(self._address, 5)
            self._socket.settimeout(ANSWER_S)
            self._until_prompt()
        self._socket.sendall(line.encode(errors="surrogateescape") + b"\n")
        return self._until_prompt()

    def _until_prompt(self) -> str:
        assert self._socket is not None
        data = b""
        while not data.endswith(PROMPT):
            piece = self._socket.recv(65536)
            if not piece:
                raise ConnectionResetError("the controller closed the connection")
            data += piece
        return data[: -len(PROMPT)].decode("utf-8", "replace").rstrip("\r\n")

    def close(self) -> None:
        if self._socket is not None:
            self._socket.close()
            self._socket = None


class SerialLink:
    """port: the name of a serial device on which a controller's console listens."""

    def __init__(self, port: str) -> None:
        import serial

        self._name = port
        try:
            self._port = serial.Serial(port, BAUD, timeout=0.2)
        except (OSError, ValueError) as error:
            raise LinkLost(f"{port}: {error}") from None
        self._port.reset_input_buffer()

    def ask(self, line: str) -> str:
        try:
            self._port.write(line.encode(errors="surrogateescape") + b"\n")
            return self._until_prompt(line)
        except OSError as error:
            raise LinkLost(f"{self._name}: {error}") from None

    def _until_prompt(self, line: str) -> str:
        """Without what a terminal may have echoed."""
        data, until_s = b"", time.monotonic() + ANSWER_S
        while not data.endswith(PROMPT):
            data += self._port.read(4096)
            if time.monotonic() > until_s:
                raise OSError("no answer")
        text = data[: -len(PROMPT)].decode("utf-8", "replace").replace("\r\n", "\n").rstrip("\n")
        return text[len(line):].lstrip("\n") if text.startswith(line) else text

    def close(self) -> None:
        self._port.close()
