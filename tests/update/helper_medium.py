"""A medium for records and slots whose power can be cut in any write: before it, after it, or in the middle of it."""

BEFORE, AFTER, TORN = "before", "after", "torn"


class PowerCut(Exception):
    """The power went; the objects of the program are dead."""


class Medium:
    """The `files` and the `tree` door on one medium. `writes`: calls that change something. `refuses`: every one of them raises OSError 30.

    Torn: of an append and of a replaced file the first half is there, and zeros or ones in place of the rest.
    """

    def __init__(self):
        self.kept = {}
        self.fresh = {}  # appended and not synced
        self.writes = 0
        self.cut_in = 0
        self.mode = BEFORE
        self.refuses = False
        self.longest_read = 0

    def cut(self, n, mode):
        """Cut the power in the n-th coming write."""
        self.cut_in, self.mode = n, mode

    def content(self, name):
        if name not in self.kept and name not in self.fresh:
            return None
        return self.kept.get(name, b"") + self.fresh.get(name, b"")

    def change(self, do, torn):
        if self.refuses:
            raise OSError(30, "read-only")
        self.writes += 1
        self.cut_in -= 1
        if self.cut_in != 0:
            do()
            return
        if self.mode == BEFORE:
            self.fresh = {}
        elif self.mode == AFTER:
            do()
            for name in sorted(self.fresh):
                self.keep(name)
        else:
            torn()
            for name in sorted(self.fresh):
                data = self.fresh[name]
                self.fresh[name] = data[: len(data) // 2] + bytes(len(data) - len(data) // 2)
                self.keep(name)
        raise PowerCut("in write %d" % self.writes)

    def keep(self, name):
        if name in self.fresh:
            self.kept[name] = self.kept.get(name, b"") + self.fresh.pop(name)

    # the `files` door

    def read(self, name):
        return self.content(name)

    def replace(self, name, data):
        def do():
            self.fresh.pop(name, None)
            self.kept[name] = bytes(data)

        def torn():
            self.kept[name] = bytes(data[: len(data) // 2]) + b"\xff" * (len(data) - len(data) // 2)

        self.change(do, torn)

    # the `tree` door

    def size(self, name):
        data = self.content(name)
        return None if data is None else len(data)

    def part(self, name, offset, size):
        self.longest_read = max(self.longest_read, size)
        return self.content(name)[offset : offset + size]

    def append(self, name, data):
        def do():
            self.fresh[name] = self.fresh.get(name, b"") + bytes(data)

        self.change(do, do)

    def sync(self, name):
        self.change(lambda: self.keep(name), lambda: None)

    def list(self, folder):
        return sorted([name for name in set(self.kept) | set(self.fresh) if name.startswith(folder + "/")])

    def remove(self, name):
        def do():
            self.kept.pop(name, None)
            self.fresh.pop(name, None)

        self.change(do, do)
