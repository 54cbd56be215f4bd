"""Inputs of safety loads: a contact that is closed while the load rests, so that a broken wire sheds too.

On the bench the doors bring events instead of pins.
"""

from ampacity.base.errors import Rejected
from ampacity.roles.optional.part import OptionalPart


class SafetyInputs(OptionalPart):
    """Reads the pins named in the site facts in each pass of the housekeeping."""

    def __init__(self, guard, site, platform, log):
        self.guard = guard
        self.log = log
        self.pins = []  # (load, function that reads the pin)
        for load in site["safety_loads"]:
            if load.get("input"):
                read = platform.input(load["input"])
                if read is not None:
                    self.pins.append((load["name"], read))

    def step(self, now_ms):
        for name, read in self.pins:
            try:
                self.guard.safety_load(name, not read(), now_ms)
            except OSError as e:  # no signal: after its time it sheds
                self.log.counter("input_errors")
                if self.log.counters["input_errors"] == 1:
                    self.log.add("error", "input of %s: %s" % (name, e), now_ms)

    def told(self, name, on, now_ms):
        """The bench says so."""
        try:
            self.guard.safety_load(name, on, now_ms)
        except Rejected as e:
            self.log.add("warning", str(e), now_ms)
