"""One upload of a file by a PUT of HTTP/1.1 (RFC 9110, 9112): the head as bytes out, the answer as bytes in. The body never passes here.

    put = HttpPut(url, size, name, login)
    head()               the bytes to send before the body of `size` bytes
    receive(data)        bytes of the server. ValueError: that is no answer of an HTTP server
    status, location     the status code, 0 until it came; the address to which the server redirects
"""

from binascii import b2a_base64

from ampacity.net.http import parse_head

if False:  # for the type checker
    from ampacity.base.url import Url

REDIRECTS = (307, 308)  # with the same method and body


class HttpPut:
    """name: of the file, plain ASCII. login: "user:password" for HTTP Basic, "" for none."""

    def __init__(self, url: "Url", size: int, name: str, login: str) -> None:
        self._url = url
        self._size = size
        self._name = name
        self._login = login
        self._buffer = b""
        self.status = 0
        self.reason = ""
        self.location = ""

    def head(self) -> bytes:
        """The request up to its body. A path that ends with "/" is a folder: the name of the file follows."""
        path, mark, query = self._url.path.partition("?")
        path = path + self._name if path[-1:] == "/" else path
        lines = [
            "PUT %s HTTP/1.1" % (path + mark + query), "Host: " + self._url.host_header, "User-Agent: ampacity",
            "Content-Type: text/plain; charset=utf-8", 'Content-Disposition: attachment; filename="%s"' % self._name,
            "Content-Length: %d" % self._size, "Connection: close",
        ]  # fmt: skip
        if self._login:
            lines.append("Authorization: Basic " + b2a_base64(self._login.encode()).decode().strip())
        return ("\r\n".join(lines) + "\r\n\r\n").encode()

    def receive(self, data: bytes) -> None:
        """Bytes of the server, at most a few KiB at once. Answers of the kind 1xx are passed over."""
        self._buffer += data
        while not self.status and self._buffer:
            found = parse_head(self._buffer)
            if found is None:
                return
            head, end = found
            self._buffer = self._buffer[end:]
            if head.status >= 200:
                self.status, self.reason, self._buffer = head.status, head.reason, b""
                if head.status in REDIRECTS:
                    self.location = head.field("location")
