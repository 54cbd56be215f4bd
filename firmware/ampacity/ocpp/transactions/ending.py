"""The end of a transaction waits until all its energy is there: between a stop and the open contactor a car draws on.

The contactor is ordered to open at once; only the Ended event waits, for a reading taken after the stop that shows no
current and an energy register asked for after that. An EVSE that does not tell when it was read ends at once, one that
draws on or is not heard after END_MS_MAX.
"""

if False:  # for the type checker
    from ampacity.ocpp.messages import Token, Values

END_MS_MAX = 15000  # a car follows within 5 s, a contactor opens under load after 6 s, then a slow register is read


class Ending:
    """A transaction that is over but for its energy. trigger, reason, token: of its Ended event."""

    def __init__(self, trigger: str, reason: str, token: "Token | None", since_ms: int) -> None:
        self.trigger = trigger
        self.reason = reason
        self.token = token
        self.since_ms = since_ms
        self.still_ms: "int | None" = None  # of the first reading that shows no current

    def complete(self, values: "Values") -> bool:
        """Is in these readings all that flowed?"""
        read_ms = values.get("read_ms")
        if read_ms is None:
            return True
        if values["flows"] or read_ms < self.since_ms:
            self.still_ms = None
            return False
        if self.still_ms is None:
            self.still_ms = read_ms
        return values.get("energy_wh") is None or values["energy_ms"] >= self.still_ms

    def over_ms(self) -> int:
        """When it ends in any case."""
        return self.since_ms + END_MS_MAX

    def document(self) -> "list[object]":
        """What of it survives a power cut."""
        return [self.trigger, self.reason, self.token]
