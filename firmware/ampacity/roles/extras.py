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

    def edge(self, now_ms):
        """A tariff or a schedule lets charging begin."""

    def told(self, name, on, now_ms):
        """The bench switches the input of that name."""

    def close(self, now_ms):
        """About to restart."""


def extras(primary):
    """The parts that this primary's site uses."""
    site, parts = primary.site, []
    if len(site["evses"]) > 1:
        from ampacity.roles.stranding import Stranding
        parts.append(Stranding(primary.guard, [evse["name"] for evse in site["evses"]], primary.log))
    if [c for c in site["circuits"] if c.get("meter", -1) >= 0]:
        from ampacity.roles.excursion_log import ExcursionLog
        parts.append(ExcursionLog(primary.guard, primary.files, primary.wallclock, primary.log))
    if site.get("safety_loads"):
        from ampacity.roles.safety_inputs import SafetyInputs
        parts.append(SafetyInputs(primary.guard, site, primary.doors, primary.log))
    if [c for c in site["circuits"] if c.get("contract_w")]:
        from ampacity.roles.sharing import Quarters
        parts.append(Quarters(primary))
    if site.get("settings", {}).get("start_delay_s"):
        from ampacity.roles.sharing import StartDelays
        parts.append(StartDelays(primary.guard, primary.doors, site["settings"]["start_delay_s"] * 1000, primary.started_ms))
    if [driver for driver in primary.locals if hasattr(driver.point.port, "temperature_c")]:
        from ampacity.roles.derating import Derating
        parts.append(Derating(primary.guard, primary.locals))
    return parts
