"""Watts of an outside limit as amperes: at the highest voltage measured, rounded down (safety.md section 5)."""


def _volts_dv(primary, index):
    """The highest voltage that an EVSE's device or a meter reports, deci-volt, at least the site's nominal one."""
    volts_dv = list(primary.points.facts(index).volts_dv or [])
    for reading in primary.readings:
        if reading and reading.get("volts_dv"):
            volts_dv += [value for value in reading["volts_dv"] if value]
    return max([primary.site["voltage_v"] * 10] + volts_dv)


def _between_lines(terminals):
    return len(terminals) == 1 and len(terminals[0]) == 2


def evse_watts_to_da(primary, index, watts, phases=None):
    """Most amperes per phase of one EVSE at which it stays below watts."""
    facts = primary.site["evses"][index]
    terminals = facts["terminals"]
    volts_dv = _volts_dv(primary, index)
    if _between_lines(terminals):
        reported = primary.points.facts(index).volts_dv
        if not reported:
            volts_dv = line_to_line_dv(primary.site, volts_dv)
        return watts * 100 // volts_dv
    count = min(phases or len(terminals), len(terminals))
    return watts * 100 // (count * volts_dv)


def line_to_line_dv(site, volts_dv):
    """Voltage between two lines: twice the line's on a split system, √3 of it on a wye."""
    if site["system"] == "split":
        return 2 * volts_dv
    return volts_dv * 1732 // 1000 + 1


def watts_to_da(primary, target, watts, phases=None):
    """A limit in watts on ("evse", i) or on all of our EVSEs below a circuit, in da per supply phase."""
    kind, index = target
    if kind == "evse":
        return evse_watts_to_da(primary, index, watts, phases)
    count = phases or lines_used(primary.site)
    highest_dv = max([_volts_dv(primary, i) for i in range(len(primary.site["evses"]))] + [primary.site["voltage_v"] * 10])
    return watts * 100 // (count * highest_dv)


def lines_used(site):
    """On how many supply phases our EVSEs can draw at all."""
    used = []
    for evse in site["evses"]:
        for lines in evse["terminals"]:
            for line in lines:
                if line not in used:
                    used.append(line)
    return max(1, len(used))
