"""A small client of the control channel, for tests, demonstrations and interactive use."""

import json
import socket


class RigError(Exception):
    """The rig refused a request; `answer` is its whole answer."""

    def __init__(self, answer):
        super().__init__(answer.get("error"))
        self.answer = answer


class Operations:
    """Each operation of the control channel as a method; `answer(op, **fields)` of the class sends it."""

    def __getattr__(self, op):
        if op.startswith("_"):
            raise AttributeError(op)
        return lambda **fields: self.ask(op, **fields)

    def ask(self, op, **fields):
        """The answer's fields; RigError if `ok` is false."""
        answer = self.answer(op, **fields)
        if not answer["ok"]:
            raise RigError(answer)
        return answer


class RigClient(Operations):
    """address: "HOST:PORT" of the ready line. `rig.plug(evse="evse-1")` sends the operation `plug` and returns its answer.

    Raises RigError if the rig refuses, OSError if it is not reachable.
    """

    def __init__(self, address, timeout_s=30):
        host, _, port = address.rpartition(":")
        self._socket = socket.create_connection((host, int(port)), timeout_s)
        self._file = self._socket.makefile("rwb")
        self._number = 0

    def answer(self, op, **fields):
        """The whole answer, also a refusal."""
        self._number += 1
        self._file.write((json.dumps({"id": self._number, "op": op, **fields}) + "\n").encode())
        self._file.flush()
        line = self._file.readline()
        if not line:
            raise ConnectionResetError("the rig is gone")
        return json.loads(line)

    def close(self):
        self._file.close()
        self._socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
