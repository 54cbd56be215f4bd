"""Inputs of safety loads: a contact that is closed while the load rests, so that a broken wire sheds too.

On the bench the doors bring events instead of pins.
"""

from ampacity.base.errors import Rejected
from ampacity.roles.optional.part import OptionalPart

if False:  # for the type checker
    from collections.abc import Callable

    from ampacity.base.log import Log
    from ampacity.circuit.guard import Guard
    from ampacity.roles.interfaces import RolePlatform, SiteFacts


class SafetyInputs(OptionalPart):
    """Reads the pins named in the site facts in each pass of the housekeeping."""

    def __init__(self, guard: "Guard", site: "SiteFacts", platform: "RolePlatform", log: "Log") -> None:
        self.guard = guard
        self.log = log
        self.pins: "list[tuple[str, Callable[[], bool]]]" = []  # (load, function that reads the pin)
        for load in site["safety_loads"]:
            if load.get("input"):
                read = platform.input(load["input"])
                if read is not None:
                    self.pins.append((load["name"], read))

    def step(self, now_ms: int) -> None:
        """Housekeeping: every pin is read; one that cannot be read sheds after its time (rule 3.6)."""
        for name, read in self.pins:
            try:
                self.guard.safety_load(name, not read(), now_ms)
            except OSError as e:  # no signal: after its time it sheds
                self.log.counter("input_errors")
                if self.log.counters["input_errors"] == 1:
                    self.log.add("error", "input of %s: %s" % (name, e), now_ms)

    def input_changed(self, name: str, on: bool, now_ms: int) -> None:
        """The bench says so."""
        try:
            self.guard.safety_load(name, on, now_ms)
        except Rejected as e:
            self.log.add("warning", str(e), now_ms)
