"""Who answers: its fingerprint for the guard, and whether two devices answer in turn at one address."""

if False:  # for the type checker
    from ampacity.bus.profile.evse_device import EvseDevice

ALTERNATING_MS = 600000         # units are not exchanged twice in this time


class Identity:
    """The fingerprints of the device that answers now and of the device before."""

    _fingerprint: "str | None" = None
    _previous: "tuple[str | None, int]" = (None, 0)  # who answered before, and until when

    def __init__(self, device: "EvseDevice") -> None:
        self._device = device

    def read(self, now_ms: int) -> None:
        """The identity registers were read."""
        device = self._device
        device.identified = True
        fingerprint = device.audit.fingerprint()
        if fingerprint is not None:
            device.guard.evidence(device.index, "fingerprint", fingerprint, now_ms)
            if self._fingerprint not in (None, fingerprint):
                self._check_alternating(fingerprint, now_ms)
                device.order.forget()  # another unit: the orders to the last one say nothing about it
            self._fingerprint = fingerprint
        for name in ("serial", "firmware"):
            value = device.readings.named(name)
            setattr(device.facts, name, None if value is None else str(value))

    def _check_alternating(self, fingerprint: str, now_ms: int) -> None:
        """Another one than before. If it is the one before that again, two answer in turn."""
        if fingerprint == self._previous[0] and now_ms - self._previous[1] < ALTERNATING_MS:
            self._device.facts.fault = "two devices answer in turn: %s and %s" % (self._fingerprint, fingerprint)
            self._device.guard.duplicate(self._device.index, now_ms)
        self._previous = (self._fingerprint, now_ms)
