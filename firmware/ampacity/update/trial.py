"""The trial of a slot that was just started: confirmed when the controller works, rolled back when time is up.

A fact is one thing that shows that it works: the safety loop ran, a bus answered, the CSMS is online. All that are needed have to be
seen again and again for SETTLE_MS; a fact is out of date RECENT_MS after it was seen.
"""

if False:  # for the type checker
    from ampacity.update.slots import Slots

SAFETY_LOOP, BUS, OCPP = "safety loop", "bus", "OCPP"
SETTLE_MS = 120_000
RECENT_MS = 60_000
MINUTE_MS = 60_000
CONFIRMED, ROLLED_BACK = "confirmed", "rolled back"


class Trial:
    """The trial of the slot that runs. needed: the facts that this site can show; floor: of the manifest, in force once it is confirmed.

    The first minute was counted by the boot. `outcome`: None, CONFIRMED or ROLLED_BACK; after the latter the controller has to restart.
    """

    def __init__(self, slots: "Slots", needed: "tuple[str, ...]", floor: int, now_ms: int) -> None:
        self._slots = slots
        self._needed = needed
        self._floor = floor
        self._seen: "dict[str, int]" = {}
        self._healthy_since: "int | None" = None
        self._minute_ends_ms = now_ms + MINUTE_MS
        self._ends_ms = now_ms + MINUTE_MS * (slots.state.minutes + 1)
        self.outcome: "str | None" = None

    def saw(self, fact: str, now_ms: int) -> None:
        """A fact is true now."""
        self._seen[fact] = now_ms

    def missing(self, now_ms: int) -> "list[str]":
        """The needed facts that were not seen in the last 60 s."""
        return [each for each in self._needed if each not in self._seen or now_ms - self._seen[each] > RECENT_MS]

    def step(self, now_ms: int) -> "str | None":
        """To be called at least each second; the outcome once there is one.

        A medium that refuses a write is tried again until time is up; a count that cannot be kept starts the confirmed slot at the next boot.
        """
        if self.outcome is None:
            try:
                self._step(now_ms)
            except OSError:
                if now_ms >= self._ends_ms:
                    self.outcome = ROLLED_BACK
        return self.outcome

    def _step(self, now_ms: int) -> None:
        missing = self.missing(now_ms)
        if missing:
            self._healthy_since = None
        elif self._healthy_since is None:
            self._healthy_since = now_ms
        if self._healthy_since is not None and now_ms - self._healthy_since >= SETTLE_MS:
            self._slots.confirm(self._floor)
            self.outcome = CONFIRMED
        elif now_ms >= self._minute_ends_ms:
            self._next_minute(missing, now_ms)

    def _next_minute(self, missing: "list[str]", now_ms: int) -> None:
        if self._slots.charge_minute():
            self._minute_ends_ms = now_ms + MINUTE_MS
            return
        self._slots.roll_back("not seen: " + ", ".join(missing) if missing else "not healthy for long enough")
        self.outcome = ROLLED_BACK
