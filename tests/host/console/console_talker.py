"""A controller's console that is none: it answers what it was given to answer."""

import os
import socket
import threading
import time
import tty

from ampacity.console.line_editor import LineEditor

PROMPT = b"> "


def talker(answers, drop_first=False):
    """A console on a free port that answers each line with answers[line]; drop_first: the first connection ends early."""
    server = socket.create_server(("127.0.0.1", 0))

    def serve():
        for number in range(2):
            connection, _ = server.accept()
            connection.sendall(b"> ")
            while data := connection.recv(4096):
                if drop_first and number == 0:
                    break
                connection.sendall(answers[data.decode().strip()].encode() + b"\n> ")
            connection.close()
    threading.Thread(target=serve, daemon=True).start()
    return server.getsockname()


class SerialTalker:
    """A console on a serial device: `name`. answer: line → bytes in front of the prompt; None: the controller has started, and greets.

    greets_s: its greeting, in front of the rest, comes so long after the first bytes of a program; first_s: as long does its first answer
    last. deaf: what comes before the greeting is lost.
    """

    def __init__(self, answer, greets_s=None, first_s=0.0, deaf=False):
        self.lines = []
        self._answer, self._greets_s, self._first_s, self._deaf = answer, greets_s, first_s, deaf
        self._controller, self._terminal = os.openpty()
        tty.setraw(self._terminal)
        self.name = os.ttyname(self._terminal)
        threading.Thread(target=self._serve, daemon=True).start()

    def say(self, data):
        """Bytes that answer nothing."""
        os.write(self._controller, data)

    def _serve(self):
        data = os.read(self._controller, 4096)
        if self._greets_s is not None:
            time.sleep(self._greets_s)
            self.say(PROMPT)
        if self._deaf:
            data = b""
        time.sleep(self._first_s)
        while True:
            while b"\n" in data:
                line, _, data = data.partition(b"\n")
                self._hear(line)
            data += os.read(self._controller, 4096)

    def _hear(self, line):
        if b"\x15" in line:  # as a person's: the firmware's own echo
            editor = LineEditor(PROMPT, lambda before, begun: [])
            line = [editor.take(byte) for byte in line + b"\n"][-1]
            self.say(editor.out)
        told = b""
        if line:
            self.lines.append(line.decode())
            told = self._answer(line.decode())
        self.say((told or b"") + PROMPT)
