"""The hardware watchdog of a controller: independent of its code, it puts the pins into their reset state."""


class HardwareWatchdog:
    """time: a timeline. bite(): resets the pins; `on_return`: called when it is fed again after it fired.

    `state`: "none" until it is first fed, then "armed" or "expired".
    """

    armed = True

    def __init__(self, time, period_ms, bite):
        self._time = time
        self._period_us = period_ms * 1000
        self._bite = bite
        self._fed_us = None
        self._bitten = False
        self._waiting = False
        self.on_return = None

    @property
    def state(self):
        if self._fed_us is None:
            return "none"
        return "expired" if self._bitten else "armed"

    def feed(self):
        self._fed_us = self._time.now_us
        if self._bitten:
            self._bitten = False
            if self.on_return is not None:
                self.on_return()
        if not self._waiting:
            self._arm()

    def _arm(self):
        self._waiting = True
        self._time.at_us(self._fed_us + self._period_us, self._check)

    def _check(self):
        self._waiting = False
        if self._time.now_us - self._fed_us < self._period_us:
            self._arm()
        else:
            self._bitten = True
            self._bite()
