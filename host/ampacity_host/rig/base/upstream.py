"""The CSMS side of a bench: the bench CSMS, or an external one behind a proxy that can be disconnected."""

import asyncio
from datetime import UTC, datetime
from urllib.parse import urlsplit, urlunsplit

from ampacity_host.rig.control_channel.fields import Unsupported

LOOPBACK = ("127.0.0.1", "localhost")


def address_of(url):
    """(host, port) of a WebSocket URL."""
    parts = urlsplit(url)
    return parts.hostname, parts.port or (443 if parts.scheme == "wss" else 80)


def with_port(url, port):
    """The URL with another port."""
    parts = urlsplit(url)
    return urlunsplit((parts.scheme, "%s:%d" % (parts.hostname, port), parts.path, parts.query, ""))


class Upstream:
    """csms: the bench CSMS (host/ampacity_host/csms) or None; link: the proxy or path that `set_down` disconnects.

    flush(): runs everything that is due now (virtual clock).
    """

    def __init__(self, csms, link, flush=lambda: None):
        self.csms = csms
        self.link = link
        self._flush = flush

    @property
    def can_call(self):
        return self.csms is not None

    def set_down(self, on):
        if self.link is not None:
            self.link.set_down(on)
        else:
            raise Unsupported("this rig cannot pull the plug of a CSMS on another machine")

    def set_nameless(self, on):
        """The CSMS's name cannot be resolved: existing connections remain, new ones fail."""
        if self.link is None:
            raise Unsupported("this rig does not resolve the names of other machines")
        self.link.set_nameless(on)

    def now_iso(self):
        """The time of the CSMS, in whole seconds."""
        return datetime.fromtimestamp(self.csms.unix_ms() // 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")

    def send(self, method, payload):
        """A call without waiting for its answer."""
        self.csms.send_call(method, payload)
        self._flush()

    async def call(self, method, payload, timeout_ms):
        """{"result": …} or {"error": {"code", "description"}}; an error answer if the station does not answer in time."""
        if self.csms is None:
            raise Unsupported("there is no bench CSMS")
        call = asyncio.ensure_future(self.csms.call(method, payload, timeout_ms))
        await asyncio.sleep(0)
        self._flush()
        return await call

    def frames(self, since_ms):
        return [frame for frame in self.csms.frames if frame["t_ms"] >= since_ms]
