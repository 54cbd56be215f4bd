"""The parts of a primary that only some sites use (part.py): each is imported when the site file asks for it, and only then."""

if False:  # for the type checker
    from ampacity.roles.optional.part import OptionalPart
    from ampacity.roles.primary_face import PrimaryFace


def role_parts(primary: "PrimaryFace") -> "list[OptionalPart]":
    """The parts that this primary's site uses."""
    site = primary.site
    parts: "list[OptionalPart]" = []
    if len(site["evses"]) > 1:
        from ampacity.roles.optional.starvation import Starvation
        parts.append(Starvation(primary.guard, [evse["name"] for evse in site["evses"]], primary.device_log))
    if [c for c in site["circuits"] if c.get("meter", -1) >= 0]:
        from ampacity.roles.optional.excursion_log import ExcursionLog
        parts.append(ExcursionLog(primary.guard, primary.files, primary.wallclock, primary.log))
    if site.get("safety_loads"):
        from ampacity.roles.optional.safety_inputs import SafetyInputs
        parts.append(SafetyInputs(primary.guard, site, primary.platform, primary.log))
    if [c for c in site["circuits"] if c.get("contract_w")]:
        from ampacity.roles.optional.demand_intervals import DemandIntervals
        parts.append(DemandIntervals(primary))
    if site.get("settings", {}).get("start_delay_s"):
        from ampacity.roles.optional.demand_intervals import StartDelays
        parts.append(StartDelays(primary.guard.optional, primary.platform, site["settings"]["start_delay_s"] * 1000, primary.started_ms))
    if primary.locals:
        from ampacity.roles.optional.derating import Derating
        parts.append(Derating(primary.guard, primary.locals))
    if primary.platform.boot.get("update") or primary.platform.boot.get("slot"):
        from ampacity.roles.optional.update import update_parts
        parts += update_parts(primary)
    return parts
