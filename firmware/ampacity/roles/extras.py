"""The parts of a primary that only some sites use (part.py): each is imported when the site file asks for it, and only then."""


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
        parts.append(StartDelays(primary.guard.extras, primary.doors, site["settings"]["start_delay_s"] * 1000, primary.started_ms))
    if [driver for driver in primary.locals if hasattr(driver.point.port, "temperature_c")]:
        from ampacity.roles.derating import Derating
        parts.append(Derating(primary.guard, primary.locals))
    return parts
