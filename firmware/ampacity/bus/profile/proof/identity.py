"""Who answers: its fingerprint for the guard, and whether two devices answer in turn at one address."""

if False:  # for the type checker
    from ampacity.bus.profile.evse_device import EvseDevice

ALTERNATING_MS = 600000         # units are not exchanged twice in this time
BLANK = ("", "0", "65535", "4294967295")
STARTING_MS = 60000  # a device that starts may show a blank serial number for so long
AGAIN_MS = 2000  # it is read again after this


class Identity:
    """The fingerprints of the device that answers now and of the device before."""

    _fingerprint: "str | None" = None
    _previous: "tuple[str | None, int]" = (None, 0)  # who answered before, and until when
    _blank_ms = (-1, -1)  # since when it shows a blank serial number, and when it was read last

    def __init__(self, device: "EvseDevice") -> None:
        self._device = device

    def read(self, now_ms: int) -> None:
        """The identity registers were read."""
        device = self._device
        device.identified = True
        fingerprint = device.audit.fingerprint()
        if fingerprint in BLANK and self._starts(now_ms):
            device.hold_ms["audit"] = now_ms + AGAIN_MS
        elif fingerprint is not None:
            if fingerprint not in BLANK:
                self._blank_ms = (-1, -1)
            device.guard.evidence(device.index, "fingerprint", fingerprint, now_ms)
            if self._fingerprint not in (None, fingerprint):
                self._check_alternating(fingerprint, now_ms)
                device.order.forget()  # another unit: the orders to the last one say nothing about it
            self._fingerprint = fingerprint
        for name in ("serial", "firmware"):
            value = device.readings.named(name)
            setattr(device.facts, name, None if value is None else str(value))

    def _starts(self, now_ms: int) -> bool:
        """May it be starting, so that a blank serial number says nothing?"""
        since_ms, read_ms = self._blank_ms
        if read_ms < 0 or now_ms - read_ms > STARTING_MS:
            since_ms = now_ms
        self._blank_ms = (since_ms, now_ms)
        return now_ms - since_ms < STARTING_MS

    def _check_alternating(self, fingerprint: str, now_ms: int) -> None:
        """Another one than before. If it is the one before that again, two answer in turn."""
        if fingerprint == self._previous[0] and now_ms - self._previous[1] < ALTERNATING_MS:
            self._device.facts.fault = "two devices answer in turn: %s and %s" % (self._fingerprint, fingerprint)
            self._device.guard.duplicate(self._device.index, now_ms)
        self._previous = (self._fingerprint, now_ms)
