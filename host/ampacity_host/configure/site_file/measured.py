"""What needs a meter: surplus, contracted power, generation and safety loads."""

from ampacity_host.configure.site_file.circuit_tree import by_name, each_phase, evses_under, inside, reference, upward
from ampacity_host.configure.site_file.mistakes import Collector
from ampacity_host.configure.site_file.parser import SiteFile, Table


def check_measured(site: SiteFile, collector: Collector) -> None:
    """Surplus, contracted power and generation are measured: their circuits have a meter. No meter measures two circuits."""
    first: dict[str, Table] = {}
    for circuit in site.circuits:
        if circuit["meter"] and first.setdefault(circuit["meter"], circuit) is not circuit:
            wrong = f'"{circuit["meter"]}" already measures circuit "{first[circuit["meter"]]["name"]}"'
            collector.add(circuit, "meter", wrong, "name another meter, or leave it out")
        if any(each_phase(circuit["generation_a"], 1)) and not any(above["meter"] for above in upward(circuit["name"], site)):
            right = "write meter = … here or at a circuit above"
            collector.add(circuit, "generation_a", "needs a meter that measures this circuit", right)
        if circuit["contract_kw"] and not circuit["meter"]:
            collector.add(circuit, "contract_kw", "needs a meter on this circuit", "write meter = …")
    if site.solar is not None:
        check_solar(site.solar, site, collector)
    safety_loads(site, collector)


def check_solar(solar: Table, site: SiteFile, collector: Collector) -> None:
    """Its circuit has a meter and generation, and feeds its EVSEs."""
    circuits, evses = by_name(site.circuits), by_name(site.evses)
    reference(solar, "circuit", circuits, "circuit", collector)
    for name in solar["evses"] or ():
        if name not in evses:
            collector.add(solar, "evses", f'there is no EVSE "{name}"', "have: " + ", ".join(evses))
    if solar["circuit"] not in circuits:
        return
    here = site.circuits[circuits[solar["circuit"]]]
    if not here["meter"]:
        collector.add(solar, "circuit", "has no meter to measure the surplus", "name a circuit with a meter")
    fed = inside(here, site)
    if here["meter"] and not any(any(each_phase(circuit["generation_a"], 1)) or "generation_a" in circuit.broken for circuit in fed):
        right = f'write generation_a = … at circuit "{here["name"]}" or where the generation is'
        collector.add(solar, "circuit", "no generation is declared on this circuit or below it", right)
    below = {evse["name"] for evse in evses_under(here, site)}
    outside = [evse for evse in site.evses if evse["name"] in (solar["evses"] or evses) and evse["name"] not in below]
    if outside:
        right = f'leave it out of evses, or name a circuit above "{outside[0]["circuit"]}"'
        key = "evses" if solar["evses"] else "circuit"
        collector.add(solar, key, f'{outside[0].where} is not below circuit "{here["name"]}", whose meter shows the surplus', right)


def safety_loads(site: SiteFile, collector: Collector) -> None:
    """Each has one existing input or meter, and names existing EVSEs."""
    meters, evses, first = by_name(site.meters), by_name(site.evses), by_name(site.safety_loads)
    for load in site.safety_loads:
        if load["name"] and first[load["name"]] != load.index:
            collector.add(load, "name", f'"{load["name"]}" is taken', "give each its own name")
        if (load["meter"] is None) == (load["input"] is None) and not load.broken:
            collector.add(load, "input", "needs either meter or input", 'write meter = … or input = "gpio:N"')
        reference(load, "meter", meters, "meter", collector)
        for circuit in site.circuits:
            if load["meter"] and circuit["meter"] == load["meter"] and evses_under(circuit, site):
                wrong = f'"{load["meter"]}" also measures {evses_under(circuit, site)[0].where}, below {circuit.where}'
                collector.add(load, "meter", wrong, "name a separate meter of this load alone")
        for name in load["evses"] or ():
            if name not in evses:
                collector.add(load, "evses", f'there is no EVSE "{name}"', "have: " + ", ".join(evses))
