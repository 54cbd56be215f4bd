"""The residual current detector: its trips, and its test before current may flow.

The test current must make it trip within `trip_within_ms`; when the test current is off it must let go in the same time. It is tested
while the contactor is open: after each plug-in (`every` "session"), or before the first closing and then each 24 h ("day").
A failed test counts as a trip; the next plug-in repeats it.
"""

if False:  # for the type checker
    from ampacity.point.interfaces import Facts

DAY_MS = 86400000
SHOW_MS = 1000  # a trip is shown so long at least: the detector lets go as soon as the contactor is open


class ResidualCurrent:
    """`tripped`: it tripped, or failed its test. `test`: output of the test current. `ready`: the contactor may close.

    facts: table `rcd` of the board, None: the board has none.
    """

    def __init__(self, facts: "Facts | None") -> None:
        self._facts = facts or {}
        self._has_test = bool(facts and facts.get("test"))
        self.state = "untested" if self._has_test else "passed"  # untested, testing, releasing, passed, failed
        self.tripped = False
        self.test = False
        self._tripped_ms: "int | None" = None
        self._state_ms = 0
        self._passed_ms = 0
        self._plugged = False

    @property
    def ready(self) -> bool:
        """Is it tested, and has it not tripped?"""
        return self.state == "passed" and not self.tripped

    def step(self, trip: bool, plugged: bool, is_open: bool, now_ms: int) -> None:
        """One reading. plugged: a car is there; is_open: the contactor is."""
        if self._has_test:
            self._renew(plugged, now_ms)
            self._test(trip, plugged and is_open, now_ms)
        expected = self.state in ("testing", "releasing")
        if trip and not expected:
            self._tripped_ms = now_ms
        shown = self._tripped_ms is not None and now_ms - self._tripped_ms < SHOW_MS
        self.tripped = self.state == "failed" or shown

    def _renew(self, plugged: bool, now_ms: int) -> None:
        """When a test that was passed, or failed, counts no longer."""
        came, self._plugged = plugged and not self._plugged, plugged
        old = self.state == "passed" and now_ms - self._passed_ms >= DAY_MS
        if self.state == "passed" and self._facts["every"] == "session" and came or old or (self.state == "failed" and came):
            self._go("untested", now_ms)

    def _test(self, trip: bool, possible: bool, now_ms: int) -> None:
        passed_ms, within_ms = now_ms - self._state_ms, self._facts["trip_within_ms"]
        if self.state == "untested":
            if possible and not trip:
                self._go("testing", now_ms)
        elif self.state == "testing":
            if trip:
                self._go("releasing", now_ms)
            elif passed_ms >= within_ms:
                self._go("failed", now_ms)
        elif self.state == "releasing":
            if not trip:
                self._passed_ms = now_ms
                self._go("passed", now_ms)
            elif passed_ms >= within_ms:
                self._go("failed", now_ms)
        self.test = self.state == "testing" and now_ms - self._state_ms < self._facts["test_ms"]

    def _go(self, state: str, now_ms: int) -> None:
        self.state = state
        self._state_ms = now_ms
