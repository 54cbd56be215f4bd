"""A primary with two slots as the station of a Conversation, on either runtime: its boot stage, its role, and a download over real sockets.

Time is moved by `run`; a Conversation outside plays the CSMS. On MicroPython, where no loop runs, `breathe` lets the download go on.
"""

import asyncio
import sys

for _folder in ("tests", "tests/roles"):
    if _folder not in sys.path:
        sys.path.insert(0, _folder)

from helper_csms import OCPP  # noqa: E402
from helper_garage import site  # noqa: E402
from helper_updates import Root, UpdatingGarage  # noqa: E402


def aborted(writer):
    """The connection is gone; writer: of either runtime."""
    if hasattr(writer, "transport"):
        writer.transport.abort()
    else:
        writer.s.close()


class UpdatingStation:
    """The face of a Station towards its link, and the hands of an electrician. EVSE 1 is the primary's own, EVSE 2 a secondary."""

    def __init__(self):
        self._root = Root()
        self._root.__enter__()
        self._garage = UpdatingGarage(self._root, site(ocpp=OCPP))
        self._begin()

    def _begin(self):
        platform, upstream = self._garage.platform, self._garage.primary.upstream
        platform.connect = asyncio.open_connection
        platform.abort = aborted
        upstream.left = lambda now_ms: True
        self._acting = upstream.acting

    def close(self):
        self._root.__exit__(None, None, None)

    def start(self):
        """The power returns, or the restart that was asked for takes place: the boot stage, then the firmware."""
        self._garage.start()
        self._begin()

    # the link

    def connected(self, now_ms):
        self._acting.connected(now_ms)

    def disconnected(self, now_ms):
        self._acting.disconnected(now_ms)

    def receive(self, text, now_ms):
        self._acting.receive(text, now_ms)

    def next(self, now_ms):
        return self._acting.next(now_ms)

    # time and facts

    def run(self, duration_ms):
        """Time goes by; True: the controller asks for a restart."""
        self._garage.run(duration_ms)
        return bool(self._garage.platform.resets)

    def breathe(self, real_ms):
        """MicroPython: other tasks have their turn for so long."""

        async def rest():
            await asyncio.sleep_ms(real_ms)

        asyncio.get_event_loop().run_until_complete(rest())

    def plug(self, evse_id, state):
        """The car at an EVSE: "A" none, "B" connected, "C" charging."""
        port = self._garage.port if evse_id == 1 else self._garage.unit.port
        port.car = state

    def card(self, evse_id, token, now_ms):
        self._garage.primary.upstream.token(evse_id - 1, token, "ISO14443", now_ms)

    def transaction(self, evse_id):
        return self._garage.primary.upstream.transaction(evse_id - 1)

    def runs(self):
        """The version that the boot stage has started."""
        return self._garage.runs

    def shown(self):
        """`show update`."""
        return self._garage.show()

    def hold(self, on):
        """`update hold`."""
        self._garage.say("update hold " + ("on" if on else "off"))
