"""Parts of a primary that only some sites use: each is imported when the site file asks for it, and only then.

A part has `reading(meter, now_ms)` (a meter's frame has just gone to the guard; called before the tick that
follows), `step(now_ms)` (housekeeping) and `close(now_ms)` (the controller is about to restart).
"""


class Part:
    """A part that does nothing; the others override what they need."""

    def reading(self, meter, now_ms):
        """A meter's frame is in the guard."""

    def step(self, now_ms):
        """Housekeeping."""

    def told(self, name, on, now_ms):
        """The bench switches the input of that name."""

    def close(self, now_ms):
        """About to restart."""


def extras(primary):
    """The parts that this primary's site uses."""
    site, parts = primary.site, []
    if [c for c in site["circuits"] if c.get("meter", -1) >= 0]:
        from ampacity.roles.excursion_log import ExcursionLog
        parts.append(ExcursionLog(primary.guard, primary.files, primary.wallclock, primary.log))
    if site.get("safety_loads"):
        from ampacity.roles.safety_inputs import SafetyInputs
        parts.append(SafetyInputs(primary.guard, site, primary.doors, primary.log))
    return parts
