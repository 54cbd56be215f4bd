"""One GET of a file by HTTP/1.1 (RFC 9110, 9112): bytes in, parts of the body out. No chunks, no compression, no body in memory.

    get = HttpGet(url, start, mark, size_max)
    request()            the bytes to send
    receive(data)        the part of the body in them; `at` is behind it. ValueError: this is no file for us, with the reason
    done(), location     the body is complete; the address to which the server redirects

It continues at `start` with a Range. `mark` is the validator of the file that was read before, so that a file that has changed
comes from its beginning. A server that ignores the Range gives all of it, too: `at` says where the body begins.
"""

from ampacity.base.printable import is_digits
from ampacity.base.url import shown_url
from ampacity.net.http import parse_head

if False:  # for the type checker
    from ampacity.base.url import Url
    from ampacity.net.http import Head

REDIRECTS = (301, 302, 303, 307, 308)
DIGITS_MAX = 10


class HttpGet:
    """size_max: a longer file is refused. `size`: of the whole file, None until the head is there; `mark`: its strong validator, or ""."""

    def __init__(self, url: "Url", start: int, mark: str, size_max: int) -> None:
        self._url = url
        self._size_max = size_max
        self._buffer = b""
        self._headed = False
        self.mark = mark
        self.at = start
        self.size: "int | None" = None
        self.location = ""

    def request(self) -> bytes:
        """The request, with a Range where a part was read before."""
        lines = [
            "GET %s HTTP/1.1" % self._url.path, "Host: " + self._url.host_header, "User-Agent: ampacity", "Accept-Encoding: identity",
            "Connection: close",
        ]  # fmt: skip
        if self.at:
            lines.append("Range: bytes=%d-" % self.at)
            if self.mark:
                lines.append("If-Range: " + self.mark)
        return ("\r\n".join(lines) + "\r\n\r\n").encode()

    def receive(self, data: bytes) -> bytes:
        """Bytes of the server, at most a few KiB at once; the part of the body in them. ValueError: see above."""
        if not self._headed:
            self._buffer += data
            found = parse_head(self._buffer)
            if found is None:
                return b""
            data, self._buffer, self._headed = self._buffer[found[1] :], b"", True
            self._judge(found[0])
        if self.size is None:
            return b""
        data = data[: self.size - self.at]
        self.at += len(data)
        return data

    def done(self) -> bool:
        """Is the body complete?"""
        return self.size is not None and self.at >= self.size

    def _judge(self, head: "Head") -> None:
        if head.status in REDIRECTS and head.field("location"):
            self.location = head.field("location")
            return
        if head.status not in (200, 206):
            raise ValueError("http: the server answers %d %s" % (head.status, head.reason))
        for name in ("transfer-encoding", "content-encoding"):
            if head.field(name) not in ("", "identity"):
                raise ValueError("http: %s %s is not supported" % (name, head.field(name)[:40]))
        if head.status == 200:
            self.at, self.size = 0, _number(head.field("content-length"), "content-length")
        else:
            self.size = self._continued(head.field("content-range"))
        if self.size > self._size_max:
            raise ValueError("http: a file of %d bytes is too long: at most %d" % (self.size, self._size_max))
        mark = head.field("etag")
        self.mark = mark if mark[:1] == '"' else ""

    def _continued(self, text: str) -> int:
        """The size of the whole file by `bytes FIRST-LAST/SIZE`."""
        unit, _, rest = text.partition(" ")
        part, _, size = rest.partition("/")
        if unit != "bytes" or part.partition("-")[0] != "%d" % self.at:
            raise ValueError("http: another part than the one asked for: %s" % text[:60])
        return _number(size, "content-range")


def _number(text: str, name: str) -> int:
    if not text or len(text) > DIGITS_MAX or not is_digits(text):
        raise ValueError("http: no length in %s" % name)
    return int(text)


def redirected(url: "Url", location: str) -> str:
    """The text of the URL to which `url` redirects: absolute, or a path of the same server. ValueError: it leaves TLS, or is relative."""
    if location[:1] == "/" and location[:2] != "//":
        return "%s://%s%s" % (url.scheme, url.host_header, location)
    if location[:8].lower() != "https://" and (url.scheme == "https" or location[:7].lower() != "http://"):
        raise ValueError("http: a redirection to %s is not followed" % shown_url(location))
    return location
