"""Blocks of OCPP that most stations never use: each is loaded when the CSMS first asks for it, or at the start if it kept something.

Most stations never receive a reservation, a display message or a monitor; what is not loaded takes neither heap nor time.
"""

if False:  # for the type checker
    from typing import Any

    from ampacity.ocpp.interfaces import StationFace
    from ampacity.ocpp.messages import Call

BLOCKS: "tuple[tuple[str, str, str], ...]" = (
    # name, module below ampacity.ocpp with the class `Block`, its document: with one at the start the block is loaded ("": never)
    ("certificates", "security.certificates", "ocpp_certificates"),
    ("composites", "smart_charging.composite_requests", ""),
    ("display", "display.block", "ocpp_messages"),
    ("ev_schedule", "smart_charging.ev_schedule", ""),
    ("external_limits", "smart_charging.external_limits", ""),
    ("iso15118", "iso15118.block", "ocpp_v2g"),
    ("log", "diagnostics.logs", "ocpp_log"),
    ("monitoring", "monitoring.monitors", "ocpp_monitors"),
    ("publish", "publish.block", "ocpp_publish"),
    ("reservation", "reservation.block", "ocpp_reservations"),
    ("tariff", "tariff.block", ""),
)


class OptionalBlock:
    """A block that does nothing; each overrides what it needs. Its class is `Block(station, now_ms)`, and it reads what it kept."""

    def pull(self, now_ms: int) -> "Call | None":
        """The next request of ours to an accepted CSMS: (action, payload, done), or None."""
        return None

    def tick(self, now_ms: int) -> "int | None":
        """What time alone brings about; when to come again in ms, or None. now_ms: as soon as others had their turn."""
        return None

    def connected(self, now_ms: int) -> None:
        """The connection to the CSMS is open."""

    def transaction_ended(self, evse_id: int) -> None:
        """The transaction of this EVSE is over."""

    def forget_asked(self) -> None:
        """Another CSMS than before: what the former one asked for is not sent."""


class OptionalBlocks:
    """The blocks that are loaded."""

    def __init__(self, station: "StationFace", now_ms: int, blocks: "tuple[tuple[str, str, str], ...]" = BLOCKS) -> None:
        self._station = station
        self._blocks = blocks
        self._loaded: "dict[str, Any]" = {}
        self.busy = False  # a block has more to do in this moment
        self._pulled = ""  # the last block that had a request
        for name, _, document in blocks:
            if document and station.documents.get(document) is not None:
                self.get(name, now_ms)

    def find(self, name: str) -> "Any":
        """The block, or None while nothing has asked for it."""
        return self._loaded.get(name)

    def get(self, name: str, now_ms: int) -> "Any":
        """The block, loaded now if it is not yet. KeyError: there is none of this name (our mistake)."""
        if name not in self._loaded:
            for known, module, _ in self._blocks:
                if known == name:
                    self._loaded[name] = __import__("ampacity.ocpp." + module, None, None, ("Block",)).Block(self._station, now_ms)
        return self._loaded[name]

    def offered(self, name: str, now_ms: int) -> "Any":
        """As `get`; None where the image does not have this block."""
        try:
            return self.get(name, now_ms)
        except ImportError:
            return None

    def pull(self, now_ms: int) -> "Call | None":
        """The next request of any of them, or None. One that always has more waits for the others."""
        for _, name in sorted([(each <= self._pulled, each) for each in self._loaded]):
            call: "Call | None" = self._loaded[name].pull(now_ms)
            if call is not None:
                self._pulled = name
                return call
        return None

    def tick(self, now_ms: int) -> "list[int | None]":
        """What time alone brings about; when each is to be called again."""
        wakes = [self._loaded[name].tick(now_ms) for name in sorted(self._loaded)]
        self.busy = now_ms in wakes
        return wakes

    def connected(self, now_ms: int) -> None:
        """The connection to the CSMS is open."""
        for name in sorted(self._loaded):
            self._loaded[name].connected(now_ms)

    def transaction_ended(self, evse_id: int) -> None:
        """The transaction of this EVSE is over."""
        for name in sorted(self._loaded):
            self._loaded[name].transaction_ended(evse_id)

    def forget_asked(self) -> None:
        """Another CSMS than before."""
        for name in sorted(self._loaded):
            self._loaded[name].forget_asked()
