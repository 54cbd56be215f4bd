"""Registers that move: a chain of models, each with its number and length, behind a marker at one of a few addresses.

The profile's addresses count from the header of the model that is looked for; this finds where that header is.
"""

from ampacity.bus.profile_reads import read_pdu
from ampacity.bus.request import ROUTINE, Request

MARKER = b"SunS"
END = 0xFFFF
MODELS_MAX = 64
READ_HOLDING = 3


class Chain:
    """starts: addresses where the marker may be; models: numbers of which the first one found is read."""

    def __init__(self, starts: list, models: list) -> None:
        self._starts = starts
        self._models = models
        self.restart()

    def restart(self) -> None:
        """Look again: the device may be another one now."""
        self.base = -1
        self._start = 0
        self._at = -1
        self._steps = 0

    def request(self, unit: int, timeout_ms: int, gap_ms: int) -> Request:
        """What must be asked next to know where the model is."""
        at = self._at if self._at >= 0 else self._starts[self._start]
        return Request(unit, read_pdu([READ_HOLDING, at, 2, []]), ROUTINE, timeout_ms, 6, gap_ms, ("chain", at))

    def reply(self, pdu: bytes) -> None:
        """Two registers: the marker, or a model's number and length."""
        data = bytes(pdu[2:6])
        if self._at < 0:
            if data == MARKER:
                self._at = self._starts[self._start] + 2
            else:
                self.elsewhere()
            return
        model, length = int.from_bytes(data[:2], "big"), int.from_bytes(data[2:], "big")
        self._steps += 1
        if model in self._models:
            self.base = self._at
        elif model == END or self._steps > MODELS_MAX or self._at + length + 2 > 0xFFFF:
            self.elsewhere()
        else:
            self._at += length + 2

    def elsewhere(self) -> None:
        """It does not begin here: try the next address."""
        self._start = (self._start + 1) % len(self._starts)
        self._at = -1
        self._steps = 0
