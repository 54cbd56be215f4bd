"""What a part of a primary that only some sites use may override.

A part has `reading(meter, now_ms)` (a meter's frame has just gone to the guard; called before the tick that
follows), `step(now_ms)` (housekeeping, each 200 ms), `limits_raised(now_ms)` (the CSMS raised a limit, at the time of a tariff or a
schedule), `input_changed(name, on, now_ms)` (an input that the bench switches) and `close(now_ms)` (the controller is about to
restart). role_parts.py makes the parts.
One with `commands` (a dict as in console/console.py) adds them to the console, and `about` (word → text) to its help.
"""


class OptionalPart:
    """A part that does nothing; the others override what they need."""

    def reading(self, meter: int, now_ms: int) -> None:
        """A meter's frame is in the guard."""

    def step(self, now_ms: int) -> None:
        """Housekeeping."""

    def limits_raised(self, now_ms: int) -> None:
        """A charging schedule of the CSMS raised a limit: many EVSEs may start at once."""

    def input_changed(self, name: str, on: bool, now_ms: int) -> None:
        """The bench switches the input of that name."""

    def close(self, now_ms: int) -> None:
        """About to restart."""
