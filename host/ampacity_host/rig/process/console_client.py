"""A line to a controller's console, over its local socket."""

import asyncio
import contextlib
import json

from ampacity.base.within import within

CONNECT_S = 0.5
ANSWER_S = 1.5
PASSWORD_S = 30.0  # the controller works on a password for a second, a small one for longer
PASSWORDS = ("login ", "password ")
PROMPT = b"> "


class ConsoleLink:
    """One question after the other; the connection is made when it is needed and again after a loss."""

    def __init__(self, host, port):
        self._address = (host, port)
        self._reader = self._writer = None
        self._lock = asyncio.Lock()

    async def ask(self, line):
        """The answer's text. OSError or TimeoutError when there is none."""
        async with self._lock:
            try:
                return await within(self._ask_again(line), PASSWORD_S if line.startswith(PASSWORDS) else ANSWER_S)
            except (OSError, TimeoutError, asyncio.IncompleteReadError) as error:
                self.close()
                raise OSError(111, "the console does not answer") from error

    async def _ask_again(self, line):
        """Once more over a new connection when the old one had ended with the controller's last life."""
        old = self._writer is not None
        try:
            return await self._ask(line)
        except (OSError, asyncio.IncompleteReadError):
            self.close()
            if not old:
                raise
        return await self._ask(line)

    async def json(self, line):
        """The answer as JSON; ValueError when it is none."""
        return json.loads(await self.ask(line))

    async def _ask(self, line):
        if self._writer is None:
            self._reader, self._writer = await within(asyncio.open_connection(*self._address, limit=2**22), CONNECT_S)
            await self._reader.readuntil(PROMPT)
        self._writer.write(line.encode() + b"\n")
        await self._writer.drain()
        answer = await self._reader.readuntil(PROMPT)
        return answer[: -len(PROMPT)].decode("utf-8", "replace").rstrip("\r\n")

    def close(self):
        writer, self._reader, self._writer = self._writer, None, None
        if writer is not None:
            with contextlib.suppress(OSError):
                writer.close()
