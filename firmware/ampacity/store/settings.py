"""Small JSON documents by name, each replaced as a whole: after a power cut there is the old one or the new one.

A file's first line is the CRC-32 of the rest. A document that does not match it (worn flash, a hand in the folder) is
never half believed: it counts as missing, and its name is in `damaged`.
"""

from binascii import crc32

from ampacity.base.strict_json import dumps, loads

SUFFIX = ".set"
SIZE_MAX = 65536


class Settings:
    """Documents in a `files` door. Names: letters, digits, "-" and "_". size_max: bytes of one document."""

    def __init__(self, files, size_max=SIZE_MAX):
        self._files = files
        self._size_max = size_max
        self.damaged = []

    def get(self, name, default=None):
        """The document (what strict JSON gives), or `default` if there is none or it is damaged."""
        raw = self._files.read(name + SUFFIX)
        if raw is None:
            return default
        try:
            return _parse(raw, self._size_max)
        except ValueError:
            if name not in self.damaged:
                self.damaged.append(name)
            return default

    def put(self, name, value):
        """Keep a document; it is safe when this returns. OSError: the old one is still there. Same text: no write."""
        body = dumps(value).encode()
        if len(body) > self._size_max:
            raise ValueError("settings: %s is longer than %d bytes" % (name, self._size_max))
        raw = b"%08x\n" % crc32(body) + body
        if self._files.read(name + SUFFIX) != raw:
            self._files.replace(name + SUFFIX, raw)
        if name in self.damaged:
            self.damaged.remove(name)

    def remove(self, name):
        """Forget a document; no error if there is none."""
        self._files.remove(name + SUFFIX)

    def names(self):
        """The documents there are, sorted."""
        return [name[: -len(SUFFIX)] for name in self._files.list() if name.endswith(SUFFIX)]


def _parse(raw, size_max):
    if len(raw) < 9 or int(str(raw[:8], "ascii"), 16) != crc32(raw[9:]):
        raise ValueError("settings: the CRC is wrong")
    return loads(raw[9:], size_max)
