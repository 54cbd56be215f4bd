"""The pilot that is driven, between what the machine orders and the pin.

After 5 % duty, which asks for digital communication, a car must see a steady pilot for 3 s before a duty that means amperes
(T_step_X1 of ISO 15118-3); an order for one is held back so long.
"""

from ampacity.point.duty import vehicle_reads

STEP_X1_MS = 3000


class PilotOutput:
    """`shown`: (kind, permille) at the pin now, as in EvseHardware.set_pilot."""

    def __init__(self) -> None:
        self.shown: "tuple[str, int]" = ("x1", 0)
        self._digital = False
        self._steady_ms: "int | None" = None

    def order(self, pilot: "tuple[str, int]", now_ms: int) -> "tuple[str, int]":
        """What the pin shows for this order."""
        wanted = pilot
        if pilot[0] == "pwm" and vehicle_reads(pilot[1])[0] == "digital":
            self._digital, self._steady_ms = True, None
        elif self._digital:
            wanted = self._step(pilot, now_ms)
        self.shown = wanted
        return wanted

    def _step(self, pilot: "tuple[str, int]", now_ms: int) -> "tuple[str, int]":
        if self._steady_ms is None:
            self._steady_ms = now_ms
        if now_ms - self._steady_ms < STEP_X1_MS:
            return ("x1", 0) if pilot[0] == "pwm" else pilot
        self._digital, self._steady_ms = False, None
        return pilot
