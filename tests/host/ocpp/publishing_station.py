"""A primary that may publish firmware as the station of a Conversation, on either runtime, with real sockets: see updating_station.py."""

import asyncio
import sys

for _folder in ("tests", "tests/roles"):
    if _folder not in sys.path:
        sys.path.insert(0, _folder)

from helper_publishing import Folder, PublishingGarage  # noqa: E402


class PublishingStation:
    """The face of a Station towards its link, and the hands of an electrician."""

    def __init__(self):
        self._folder = Folder()
        self._folder.__enter__()
        self._garage = PublishingGarage(self._folder)

    def close(self):
        self._garage.power_off()
        self._folder.__exit__()

    def start(self):
        """The power returns."""
        self._garage.start()

    def connected(self, now_ms):
        """The garage has connected it."""

    def disconnected(self, now_ms):
        self._garage.acting.disconnected(now_ms)

    def receive(self, text, now_ms):
        self._garage.acting.receive(text, now_ms)

    def next(self, now_ms):
        return self._garage.acting.next(now_ms)

    def run(self, duration_ms):
        """Time goes by."""
        self._garage.run(duration_ms)

    def breathe(self, real_ms):
        """MicroPython: other tasks have their turn for so long."""

        async def rest():
            await asyncio.sleep_ms(real_ms)

        asyncio.get_event_loop().run_until_complete(rest())

    def address(self):
        """Host and port of the published file."""
        return self._garage.ocpp["publish_address"]

    def holds(self):
        """Bytes of the file that is kept, -1: none is."""
        kept = self._folder.kept
        return -1 if kept is None else len(kept)

    def damage(self):
        """The medium loses the end of the file."""
        with open(self._folder.path + "/publish/file", "r+b") as file:
            data = file.read()
        with open(self._folder.path + "/publish/file", "wb") as file:
            file.write(data[:100])
