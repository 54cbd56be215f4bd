"""What no client of a line-by-line port says: a browser's request, a TLS handshake, binary protocols.

A web page can make a browser connect to a port of its machine and send lines there, after a
head that the browser writes. A port without a login therefore closes the connection at that head, before any command.
"""

VERSION = b"HTTP/"


def is_other_protocol(line: bytes) -> bool:
    """Is this line (bytes, without its end) the head of HTTP, or binary?"""
    words = line.split()
    if b"\x00" in line or line[:1] == b"\x16":  # no text has these; each TLS handshake begins with one
        return True
    return len(words) > 1 and words[-1][: len(VERSION)].upper() == VERSION
