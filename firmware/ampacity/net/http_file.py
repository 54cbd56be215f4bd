"""The server's side of one request for one file by HTTP/1.1 (RFC 9110, 9112): bytes in, the head of the answer out, and which part follows.

    request = FileRequest(path, size, mark)
    receive(data)        True once the request is complete: `answer()` is what to send, then the bytes `first` to `last` of the file
    found                it is a GET or HEAD of this file; `sends`: bytes of the file follow

GET and HEAD of exactly one path, with a Range of one part; everything else gets an error with an empty body. One request for each
connection. A request has at most HEAD_MAX bytes; what follows its head is not read.
"""

from ampacity.base.printable import is_digits
from ampacity.net.http import parse_request

if False:  # for the type checker
    from ampacity.net.http import Head

HEAD_MAX = 2048
DIGITS_MAX = 10
REASONS = (
    (200, "OK"), (206, "Partial Content"), (400, "Bad Request"), (404, "Not Found"), (405, "Method Not Allowed"), (416, "Range Not Satisfiable"),
    (431, "Request Header Fields Too Large"),
)  # fmt: skip


class FileRequest:
    """path: of the file, from "/" on; size: its bytes, at least 1; mark: a text that no other content of this path has."""

    def __init__(self, path: str, size: int, mark: str) -> None:
        self._path = path
        self._size = size
        self._mark = '"%s"' % mark
        self._buffer = b""
        self._is_head = False
        self.status = 0
        self.first, self.last = 0, size - 1

    def receive(self, data: bytes) -> bool:
        """Bytes of the client, at most HEAD_MAX at once. True: the request is there, or was refused."""
        self._buffer += data
        try:
            found = parse_request(self._buffer, HEAD_MAX)
        except ValueError:
            self.status = 431 if len(self._buffer) > HEAD_MAX else 400
            return True
        if found is not None:
            self._buffer = b""
            self.status = self._judge(found[0], found[1], found[2])
        return found is not None

    @property
    def found(self) -> bool:
        """Is it a request for the file?"""
        return self.status in (200, 206)

    @property
    def sends(self) -> bool:
        """Do bytes of the file follow the head?"""
        return self.found and not self._is_head

    def answer(self) -> bytes:
        """The head of the answer."""
        reason = [text for status, text in REASONS if status == self.status][0]
        lines = ["HTTP/1.1 %d %s" % (self.status, reason), "Connection: close", "Content-Length: %d" % self._length()]
        if self.found:
            lines += ["Content-Type: application/octet-stream", "Accept-Ranges: bytes", "ETag: " + self._mark]
        if self.status == 206:
            lines.append("Content-Range: bytes %d-%d/%d" % (self.first, self.last, self._size))
        elif self.status == 416:
            lines.append("Content-Range: bytes */%d" % self._size)
        elif self.status == 405:
            lines.append("Allow: GET, HEAD")
        return ("\r\n".join(lines) + "\r\n\r\n").encode()

    def _length(self) -> int:
        return self.last - self.first + 1 if self.found else 0

    def _judge(self, method: str, target: str, head: "Head") -> int:
        """The status of the answer. A target may be absolute (RFC 9112, 3.2.2)."""
        if target[:7].lower() == "http://":
            target = "/" + target[7:].partition("/")[2]
        if not head.field("host"):
            return 400
        if target != self._path:
            return 404
        if method not in ("GET", "HEAD"):
            return 405
        self._is_head = method == "HEAD"
        if method == "HEAD" or head.field("if-range") not in ("", self._mark):
            return 200
        return self._choose(head.field("range"))

    def _choose(self, text: str) -> int:
        """The part that a Range asks for; all of it where that is none, or several (RFC 9110, 14.2)."""
        unit, mark, part = text.partition("=")
        first, dash, last = part.strip().partition("-")
        if unit.strip().lower() != "bytes" or not mark or not dash or not _is_number(first) or not _is_number(last) or not first + last:
            return 200
        if not first:
            start, end = max(0, self._size - int(last)), self._size - 1
            start = self._size if int(last) == 0 else start
        else:
            start, end = int(first), min(int(last), self._size - 1) if last else self._size - 1
            if last and int(last) < start:
                return 200
        if start >= self._size:
            return 416
        self.first, self.last = start, end
        return 206


def _is_number(text: str) -> bool:
    """Digits, or nothing."""
    return not text or len(text) <= DIGITS_MAX and is_digits(text)
