"""The ±12 V supply of the pilot: 11.4 to 12.6 V each (Table A.2), with 200 mV for the measurement, for 50 ms."""

RAIL_MV_MIN, RAIL_MV_MAX = 11200, 12800
LASTS_MS = 50


def in_range(rail_mv: "int | None", sign: int) -> bool:
    """Is the rail within its range? sign: 1 or -1 of its voltage. None (the board has no such input): True."""
    return rail_mv is None or RAIL_MV_MIN <= rail_mv * sign <= RAIL_MV_MAX


class PilotSupply:
    """`good`: no rail was out of its range for LASTS_MS; False until the first step. `minus_good`: the same for −12 V alone."""

    def __init__(self) -> None:
        self.good = self.minus_good = False
        self._plus_ms: "int | None" = None
        self._minus_ms: "int | None" = None

    def step(self, plus_mv: "int | None", minus_mv: "int | None", now_ms: int) -> None:
        """One reading of both rails in mV; None where the board cannot measure one."""
        self._plus_ms = None if in_range(plus_mv, 1) else self._since(self._plus_ms, now_ms)
        self._minus_ms = None if in_range(minus_mv, -1) else self._since(self._minus_ms, now_ms)
        self.minus_good = self._minus_ms is None or now_ms - self._minus_ms < LASTS_MS
        self.good = self.minus_good and (self._plus_ms is None or now_ms - self._plus_ms < LASTS_MS)

    def _since(self, since_ms: "int | None", now_ms: int) -> int:
        return now_ms if since_ms is None else since_ms
