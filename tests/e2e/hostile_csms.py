"""A CSMS that means harm: text that is no JSON, calls that are none, messages too large, frames that are forbidden."""

import asyncio
import contextlib
import json
import threading
from datetime import UTC, datetime

from websockets.asyncio.server import serve
from websockets.exceptions import ConnectionClosed

from ampacity.base.within import within

BROKEN = [
    "hello", "", '[2,"1"', "5", "{}", "null", "[]", '[9,"x","y",{}]', '["2","x","Reset",{}]', '[2,5,"Reset",{}]', '[2,"u","MakeCoffee",{}]',
    '[2,"u","Reset",[]]', '[2,"u","Reset"]', '[3,"nobody",{}]', '[4,"nobody"]', '[2,"k","Reset",{"type":"OnIdle","type":"Immediate"}]',
    '[2,"n","GetVariables",{"getVariableData":NaN}]', '[2,"s","DataTransfer",{"vendorId":"\\ud800"}]', '[2,"h","Reset",{"evseId":' + "9" * 400 + "}]",
    '[2,"d","DataTransfer",{"vendorId":"x","data":' + "[" * 2000 + "]" * 2000 + "}]",
    json.dumps([2, "i" * 500, "Reset", {"type": "OnIdle"}]),
]
UNANSWERED = 1  # a result that nobody asked for
LAST = 4  # connections that it ends with something forbidden, before it behaves


class HostileCsms:
    """`url` while it runs (a thread of its own); `answers`: what the station said; `tame`: it behaves from here on."""

    def __init__(self):
        self.answers = []
        self.connections = 0
        self.tame = threading.Event()
        self._up = threading.Event()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self):
        self._thread.start()
        assert self._up.wait(30)
        return self

    def __exit__(self, *_):
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)

    def _run(self):
        asyncio.set_event_loop(self._loop)
        self._loop.run_until_complete(self._start())
        self._loop.run_forever()

    async def _start(self):
        server = await serve(self._meet, "127.0.0.1", 0, subprotocols=["ocpp2.0.1"], ping_interval=None)
        self.url = "ws://127.0.0.1:%d" % server.sockets[0].getsockname()[1]
        self._up.set()

    async def _meet(self, socket):
        number, self.connections = self.connections, self.connections + 1
        booted = asyncio.Event()
        reading = asyncio.create_task(self._answer(socket, booted))
        if number == 0:
            await within(booted.wait(), 30)
            for text in BROKEN:
                await socket.send(text)
            await self._patience(lambda: len(self.answers) >= len(BROKEN) - UNANSWERED)
        if number < LAST:
            await self._forbidden(number, socket)
        else:
            self.tame.set()
        await asyncio.wait([reading])

    async def _patience(self, condition):
        for _ in range(100):
            if condition():
                return
            await asyncio.sleep(0.1)

    async def _forbidden(self, number, socket):
        if number == 0:
            await socket.send(json.dumps([2, "big", "DataTransfer", {"vendorId": "x", "data": "A" * 1_000_000}]))
            await self._patience(lambda: any(answer[1] == "big" for answer in self.answers))
            await socket.send(b"A" * 70_000)
        elif number == 1:
            await socket.send(b"\x00\xff\x01")
        elif number == 2:
            await socket.send(b"X" * 2_000_000)
        else:
            socket.transport.write(b"\x81\x04\xff\xfe\xfd\xfc")  # a text that is none

    async def _answer(self, socket, booted):
        with contextlib.suppress(ConnectionClosed):
            await self._hear(socket, booted)

    async def _hear(self, socket, booted):
        async for text in socket:
            message = json.loads(text)
            if message[0] != 2:
                self.answers.append(message)
                continue
            now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
            accepted = {"idTokenInfo": {"status": "Accepted"}}
            answer = {"BootNotification": {"currentTime": now, "interval": 300, "status": "Accepted"},
                      "Heartbeat": {"currentTime": now}, "Authorize": accepted}.get(message[2], {})
            await socket.send(json.dumps([3, message[1], answer]))
            booted.set()
