"""A device server as sold for serial lines: characters in over TCP, characters out on the line, nothing understood."""

import os
import select
import socket
import threading
import tty


class RawGateway:
    """One client at a time. path: the serial device. `port`: where it listens. `off()` and `on()`: its power."""

    def __init__(self, path):
        self._fd = os.open(path, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
        tty.setraw(self._fd)
        self.port, self._listener, self._client = 0, None, None
        self._ended = False
        self.on()
        self._thread = threading.Thread(target=self._carry, daemon=True)
        self._thread.start()

    def on(self):
        listener = socket.socket()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", self.port))
        listener.listen(1)
        self.port, self._listener = listener.getsockname()[1], listener

    def off(self):
        listener, client = self._listener, self._client
        self._listener = self._client = None
        for each in (listener, client):
            if each is not None:
                each.close()

    def close(self):
        self._ended = True
        self._thread.join(5)
        self.off()
        os.close(self._fd)

    def _carry(self):
        while not self._ended:
            sources = [self._fd] + [each for each in (self._listener, self._client) if each is not None]
            try:
                ready, _, _ = select.select(sources, [], [], 0.05)
                for source in ready:
                    self._move(source)
            except (OSError, ValueError):  # switched off meanwhile
                continue

    def _move(self, source):
        client = self._client
        if source is self._listener:
            self._client = source.accept()[0]
        elif source is client:
            data = client.recv(512)
            if data:
                os.write(self._fd, data)
            else:
                self._client = None
        elif source == self._fd:
            data = os.read(self._fd, 512)
            if client is not None:
                client.sendall(data)
