"""The control channel: TCP, one JSON object per line, several clients, the operations of each in order.

It has no login. Since any web page can make a browser send to it, it closes connections of browsers before any operation.
"""

import asyncio
import json

from ampacity.base.protocol_sniffing import is_other_protocol
from ampacity.base.within import within
from ampacity_host.rig.control_channel.fields import FieldError, Fields, Unsupported

LINE_BYTES_MAX = 2**24
ANSWER_S_MAX = 1.9
SLOW_OPS = ("advance", "csms")


class ControlServer:
    """ops: an object with `names()` and `async run(name, Fields) -> dict`. `stopped` is set by the op `stop`."""

    def __init__(self, ops):
        self._ops = ops
        self._server = None
        self._clients = set()
        self.stopped = asyncio.Event()

    async def start(self, host, port):
        """Listens; returns the address as "HOST:PORT"."""
        self._server = await asyncio.start_server(self._serve, host, port, limit=LINE_BYTES_MAX)
        name = self._server.sockets[0].getsockname()
        return "%s:%d" % (name[0], name[1])

    async def close(self):
        if self._server is not None:
            self._server.close()
        for task in list(self._clients):
            task.cancel()
        await asyncio.gather(*self._clients, return_exceptions=True)

    async def _serve(self, reader, writer):
        task = asyncio.current_task()
        self._clients.add(task)
        try:
            await self._serve_requests(reader, writer)
        except (OSError, asyncio.CancelledError):
            pass
        finally:
            self._clients.discard(task)
            writer.close()

    async def _serve_requests(self, reader, writer):
        while True:
            try:
                line = await reader.readline()
            except ValueError:
                writer.write(encode({"id": None, "ok": False, "error": "a line is at most %d bytes" % LINE_BYTES_MAX}))
                await writer.drain()
                return
            if not line or (line[:1] != b"{" and is_other_protocol(line)):
                return
            if line.strip():
                answer = await self.answer(line)
                writer.write(encode(answer))
                await writer.drain()
                self.after_answer(answer)

    def after_answer(self, answer):
        """Actions after an answer was sent."""
        if answer.get("ok") and answer.pop("stopping", False):
            self.stopped.set()

    async def answer(self, line):
        """The answer to one request line; never raises."""
        request = None
        try:
            request = parse(line)
            return {"id": request.get("id"), "ok": True, **(await self._run(request) or {})}
        except Unsupported as error:
            return {"id": request.get("id"), "ok": False, "unsupported": True, "error": str(error)}
        except FieldError as error:
            return {"id": request.get("id") if request else None, "ok": False, "error": str(error)}
        except TimeoutError:
            return {"id": request.get("id"), "ok": False, "error": "%s took longer than it may" % request.get("op")}
        except Exception as error:
            return {"id": request.get("id") if request else None, "ok": False, "error": "the rig's own fault: %r" % error}

    async def _run(self, request):
        name = request.get("op")
        if not isinstance(name, str):
            raise FieldError("op", name, "one of " + ", ".join(self._ops.names()))
        work = self._ops.run(name, Fields(request))
        if name in SLOW_OPS:
            return await work
        return await within(work, ANSWER_S_MAX)


def parse(line):
    """The request of a line; FieldError if it is not one JSON object."""
    try:
        request = json.loads(line, parse_constant=no_number)
    except (ValueError, RecursionError) as error:
        raise FieldError("request", line[:60].decode("utf-8", "replace"), "one JSON object a line (%s)" % error) from error
    if not isinstance(request, dict):
        raise FieldError("request", request, "a JSON object")
    return request


def no_number(name):
    """NaN and Infinity are not JSON, neither in a request nor in an answer."""
    raise ValueError("%s is no number" % name)


def encode(answer):
    return (json.dumps({key: value for key, value in answer.items() if key != "stopping"}) + "\n").encode()
