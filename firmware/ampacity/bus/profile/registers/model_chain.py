"""Registers that move: a chain of models, each with its number and length, behind a marker at one of a few addresses.

The chain is walked from its marker to its end; then it is known which models there are, and where. The profile's addresses
count from the header of a model.
"""

from ampacity.bus.client.request import ROUTINE, Request
from ampacity.bus.profile.registers.readings import span_read_pdu

if False:  # for the type checker
    from typing import Any

MARKER = b"SunS"
END = 0xFFFF
MODELS_MAX = 64
READ_HOLDING = 3


class ModelChain:
    """starts: addresses where the marker may be. `done`: `found` holds all models as (number, address of its header)."""

    def __init__(self, starts: "list[Any]") -> None:
        self._starts = starts
        self._start = -1
        self.elsewhere()

    def restart(self) -> None:
        """Look again: the device may be another one now."""
        self._start = -1
        self.elsewhere()

    def elsewhere(self) -> None:
        """It does not begin here: try the next address."""
        self._start = (self._start + 1) % len(self._starts)
        self._at = -1
        self.found: list[tuple[int, int]] = []
        self.done = False

    def at_marker(self) -> bool:
        """Is the marker itself still looked for?"""
        return self._at < 0

    def request(self, unit: int, timeout_ms: int, gap_ms: int) -> Request:
        """What must be asked next to walk on."""
        at = self._at if self._at >= 0 else self._starts[self._start]
        return Request(unit, span_read_pdu([READ_HOLDING, at, 2, []]), ROUTINE, timeout_ms, 6, gap_ms, ("chain", at))

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
        if model == END:
            self.done = True
        elif len(self.found) >= MODELS_MAX or self._at + length + 2 > 0xFFFE:
            self.elsewhere()  # no chain has so many, nor one that leaves the registers
        else:
            self.found.append((model, self._at))
            self._at += length + 2
