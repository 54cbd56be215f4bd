"""Objects of another process as if they were here, over a pair of pipes: the same code on CPython and inside MicroPython.

A message is 8 decimal digits, the length in bytes, and then a JSON text. The side that asks waits for the reply, and meanwhile answers
what the other side asks of it; so a function given to the other process may be called there.

Plain values (None, bool, int, float, str, bytes, and lists, tuples and dicts of them) are copied; any other object stays where it is, and
the other side gets a `Far` for it. An attribute that is a list or a dict is copied, too; `FarList` passes changes on.
An exception of the other side is raised here: a builtin one as itself, others as `FarError`.

Inside MicroPython: `micropython tests/host/ocpp/far_objects.py` serves until its input ends.
"""

import builtins
import json
import sys

PLAIN = (bool, int, float, str)
METHODS = ("bound_method", "method", "function", "closure", "builtin_function_or_method")


class FarError(Exception):
    """An exception of the other process: the name of its class, and its text."""


class FarEnded(Exception):
    """The other process is gone."""


class Far:
    """An object of the other process."""

    def __init__(self, peer, number):
        self.far_ = (peer, number, {})

    def __getattr__(self, name):
        peer, number, methods = self.far_
        if name in methods:
            return methods[name]
        value = peer.ask(["get", number, name])
        if isinstance(value, FarMethod):
            methods[name] = value
        return value

    def __setattr__(self, name, value):  # only CPython calls it
        if name == "far_":
            return super().__setattr__(name, value)
        peer, number, methods = self.far_
        methods.pop(name, None)
        return peer.ask(["set", number, name, peer.packed(value)])

    def __call__(self, *args, **named):
        peer, number, _ = self.far_
        return peer.ask(["call", number, [peer.packed(a) for a in args], peer.packed(named)])

    def __len__(self):
        return self.far_[0].ask(["len", self.far_[1]])

    def __bool__(self):
        return self.far_[0].ask(["bool", self.far_[1]])

    def __iter__(self):
        return iter(self.far_[0].ask(["list", self.far_[1]]))

    def __getitem__(self, key):
        peer, number, _ = self.far_
        return peer.ask(["item", number, peer.packed(key)])


class FarMethod(Far):
    """A function of the other process: kept by the object that has it."""


class FarList(list):
    """The copy of a list that the other process owns; it is emptied and filled there, too."""

    def __init__(self, items, far):
        super().__init__(items)
        self.far = far

    def clear(self):
        self.far.clear()
        super().clear()

    def append(self, item):
        self.far.append(item)
        super().append(item)

    def pop(self, *index):
        self.far.pop(*index)
        return super().pop(*index)

    def __setitem__(self, index, items):
        if index != slice(None):
            raise TypeError("only the whole list can be replaced from here")
        self.far.clear()
        for item in items:
            self.far.append(item)
        super().__setitem__(index, items)

    def __delitem__(self, index):
        if index != slice(None):
            raise TypeError("only the whole list can be emptied from here")
        self.clear()


class Peer:
    """One end of the two pipes; read(n) gives exactly n bytes or fewer at the end, write(bytes)."""

    def __init__(self, read, write):
        self._read = read
        self._write = write
        self.forget()

    def forget(self):
        """Let go of all objects that the other side holds."""
        self._objects = []
        self._numbers = {}

    def ask(self, request):
        """The answer of the other side to a request."""
        self._send(request)
        while True:
            message = self._receive()
            if message is None:
                raise FarEnded("the other process has ended")
            if message[0] == "value":
                return self.unpacked(message[1])
            if message[0] == "error":
                raise self._raised(message[1], message[2])
            self._answer(message)

    def serve(self):
        """Answer until the input ends."""
        message = self._receive()
        while message is not None:
            self._answer(message)
            message = self._receive()

    def packed(self, value, owned=False):
        """A value as JSON can carry it. owned: an attribute, whose changes have to arrive here."""
        if value is None or type(value) in PLAIN:
            return value
        if isinstance(value, bytes):
            return {"=bytes": value.hex()}
        if isinstance(value, tuple):
            return {"=tuple": [self.packed(v) for v in value]}
        if isinstance(value, list):
            items = [self.packed(v) for v in value]
            return {"=owned": items, "by": self._number(value)} if owned else items
        if isinstance(value, dict):
            return {"=dict": [[self.packed(k), self.packed(v)] for k, v in value.items()]}
        if isinstance(value, Far):
            return {"=yours": value.far_[1]}
        kind = "=method" if type(value).__name__ in METHODS else "=object"
        return {kind: self._number(value)}

    def unpacked(self, value):
        """The value that `packed` of the other side was given."""
        if isinstance(value, list):
            return [self.unpacked(v) for v in value]
        if not isinstance(value, dict):
            return value
        if "=bytes" in value:
            return bytes.fromhex(value["=bytes"])
        if "=tuple" in value:
            return tuple([self.unpacked(v) for v in value["=tuple"]])
        if "=owned" in value:
            return FarList([self.unpacked(v) for v in value["=owned"]], Far(self, value["by"]))
        if "=dict" in value:
            return {self.unpacked(k): self.unpacked(v) for k, v in value["=dict"]}
        if "=yours" in value:
            return self._objects[value["=yours"]]
        return FarMethod(self, value["=method"]) if "=method" in value else Far(self, value["=object"])

    def _number(self, value):
        number = self._numbers.get(id(value))
        if number is None:
            number = self._numbers[id(value)] = len(self._objects)
            self._objects.append(value)
        return number

    def _answer(self, request):
        try:
            reply = ["value", self._done(request)]
        except Exception as error:
            reply = ["error", type(error).__name__, self.packed(tuple([a if type(a) in PLAIN else str(a) for a in error.args]))]
        self._send(reply)

    def _done(self, request):
        what = request[0]
        if what == "load":
            module = __import__(request[1], None, None, [request[2]])
            return self.packed(getattr(module, request[2]))
        if what == "forget":
            return self.forget()
        value = self._objects[request[1]]
        if what == "get":
            return self.packed(getattr(value, request[2]), True)
        if what == "set":
            return setattr(value, request[2], self.unpacked(request[3]))
        if what == "call":
            return self.packed(value(*self.unpacked(request[2]), **self.unpacked(request[3])))
        if what == "item":
            return self.packed(value[self.unpacked(request[2])])
        return self.packed({"len": len, "bool": bool, "list": list}[what](value))

    def _raised(self, name, args):
        known = getattr(builtins, name, None)
        args = self.unpacked(args)
        if isinstance(known, type) and issubclass(known, Exception):
            return known(*args)
        return FarError(name, *args)

    def _send(self, message):
        data = json.dumps(message).encode()
        self._write(("%08d" % len(data)).encode() + data)

    def _receive(self):
        head = self._read(8)
        return json.loads(self._read(int(head))) if head else None


if __name__ == "__main__":
    Peer(sys.stdin.buffer.read, sys.stdout.buffer.write).serve()
