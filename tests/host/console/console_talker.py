"""A controller's console that is none: it answers what it was given to answer."""

import socket
import threading


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
