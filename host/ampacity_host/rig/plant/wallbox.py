"""A plain wallbox between a limit and the car: the power part of every simulated device.

It offers its limit to a plugged car, closes when the car requests it, and opens when the request ends, or six seconds after
a pause that the car does not follow.
"""

CLOSE_MS = 200
OPEN_MS = 100
FORCE_OPEN_MS = 6_000


class Wallbox:
    """`set_limit(limit_da)`: the limit that the device obeys now; 0 or anything below 6 A is a pause."""

    def __init__(self, point):
        self._point = point
        self._time = point.plant.time
        self._pending = None
        self._plugged = False
        self.limit_da = 0
        self.powered = True
        point.listeners.append(self._see)

    def set_limit(self, limit_da):
        if limit_da != self.limit_da:
            self.limit_da = limit_da
            self.refresh()

    def device_fault(self, kind, on):
        """A fault that the device plays; what it offers changes by itself."""
        self._point.device_fault(kind, on)

    def set_power(self, on):
        self.powered = on
        self.refresh()

    def refresh(self):
        point = self._point
        if not self.powered:
            point.drive("f", 0, False)
            return
        plugged = point.car is not None
        point.offer(min(self.limit_da, point.max_da) if plugged else 0, point.commanded and plugged, plugged)
        self._see(point)

    def _see(self, point):
        if (point.car is not None) != self._plugged:
            self._plugged = point.car is not None
            self.refresh()
        asks = self.powered and point.letter in "CD"
        if self._pending is not None:
            return
        if asks != point.commanded:
            self._pending = self._time.at_ms(self._time.now_ms + (CLOSE_MS if asks else OPEN_MS), self._switch)
        elif asks and point.pilot != "pwm":
            self._pending = self._time.at_ms(self._time.now_ms + FORCE_OPEN_MS, self._force)

    def _switch(self):
        self._pending = None
        point = self._point
        asks = self.powered and point.letter in "CD"
        if asks and point.pilot != "pwm":
            self._see(point) if point.commanded else None
            return
        point.offer(point.offer_da, asks, point.locked)
        if not asks and point.car is not None:
            self.refresh()

    def _force(self):
        self._pending = None
        if self._point.pilot != "pwm":
            self._point.offer(0, False, self._point.locked)
