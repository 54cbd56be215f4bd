"""The head of an HTTP/1.1 response or request: first line and fields, bounded. No body, no chunks: an upgrade has none."""

from ampacity.base.printable import is_digits

HEAD_MAX = 4096


class Head:
    """status (int), reason (str), fields (dict: lower-case name → value, repeated ones joined with ", ")."""

    def __init__(self, status: int, reason: str, fields: "dict[str, str]") -> None:
        self.status = status
        self.reason = reason
        self.fields = fields

    def field(self, name: str) -> str:
        """The value, "" if it is missing."""
        return self.fields.get(name, "")

    def has_token(self, name: str, token: str) -> bool:
        """Is `token` one of the comma-separated values? Case does not matter."""
        return token in [t.strip().lower() for t in self.field(name).split(",")]


def parse_head(data: bytes, size_max: int = HEAD_MAX) -> "tuple[Head, int] | None":
    """(Head, where the rest begins), or None while it is not complete. ValueError: not HTTP, or over size_max bytes."""
    if not b"HTTP/1.".startswith(bytes(data[:7])):
        raise ValueError("http: not an HTTP response")
    lines = _lines(data, size_max)
    if lines is None:
        return None
    status, reason = _status(lines[0])
    return Head(status, reason, _fields(lines[1:])), data.find(b"\r\n\r\n") + 4


def parse_request(data: bytes, size_max: int) -> "tuple[str, str, Head] | None":
    """(method, target, its fields as a Head with status 0) of a request, or None while its head is not complete. ValueError: not HTTP/1.x, or
    over size_max bytes."""
    lines = _lines(data, size_max)
    if lines is None:
        return None
    parts = lines[0].split(" ")
    if len(parts) != 3 or parts[2] not in ("HTTP/1.1", "HTTP/1.0") or not parts[0] or not parts[1]:
        raise ValueError("http: no request in %s" % lines[0][:40])
    return parts[0], parts[1], Head(0, "", _fields(lines[1:]))


def _lines(data: bytes, size_max: int) -> "list[str] | None":
    """The lines of a head, None while it is not complete."""
    end = data.find(b"\r\n\r\n")
    if end > size_max or end < 0 and len(data) > size_max:
        raise ValueError("http: a head of more than %d bytes" % size_max)
    return None if end < 0 else "".join([chr(b) for b in data[:end]]).split("\r\n")


def _status(line: str) -> "tuple[int, str]":
    parts = line.split(" ", 2)
    if len(parts) < 2 or len(parts[1]) != 3 or not is_digits(parts[1]):
        raise ValueError("http: no status in %s" % line[:40])
    return int(parts[1]), parts[2][:80] if len(parts) > 2 else ""


def _fields(lines: "list[str]") -> "dict[str, str]":
    fields: "dict[str, str]" = {}
    for line in lines:
        name, mark, value = line.partition(":")
        if not mark or not name or name != name.strip():
            raise ValueError("http: no field in %s" % line[:40])
        name, value = name.lower(), value.strip()
        fields[name] = fields[name] + ", " + value if name in fields else value
    return fields
