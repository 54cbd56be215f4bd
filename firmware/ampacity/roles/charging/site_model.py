"""The parts of the site as components of OCPP's device model: a CSMS reads here why a car gets what it gets.

Circuits are `DistributionPanel` with the name of the circuit as its instance; buses and meters are `AmpacityBus` and `AmpacityMeter`. Every
value is worked out when it is asked for, and read-only. Currents in amperes per line, with one decimal.
"""

from ampacity.base.quantities import tenths
from ampacity.roles.charging.evse_readings import shows_now

if False:  # for the type checker
    from ampacity.roles.primary_face import PrimaryFace

CIRCUIT, BUS, METER = "DistributionPanel", "AmpacityBus", "AmpacityMeter"
LINES = ("L1", "L2", "L3")
TEXT_MAX = 1000


class SiteModel:
    """`value(component, name, variable, instance)` → text, or None where there is no such variable. name: of the circuit, bus, meter or EVSE."""

    def __init__(self, primary: "PrimaryFace") -> None:
        self._primary = primary
        site = primary.site
        self._names = {CIRCUIT: [one["name"] for one in site["circuits"]], METER: [one["name"] for one in site["meters"]],
                       BUS: [wire.name for wire in primary.buses.wires], "EVSE": [one["name"] for one in site["evses"]]}  # fmt: skip

    def components(self) -> "list[tuple[str, str]]":
        """(component, instance) of every part of the site."""
        return [(component, name) for component in (CIRCUIT, BUS, METER) for name in self._names[component]]

    def value(self, component: str, name: str, variable: str, instance: str) -> "str | None":
        """The present value as text, at most 1,000 characters; "": not known now."""
        if component == "AmpacityCtrlr":
            return self._primary.guard.mode
        if name not in self._names.get(component, ()):
            return None
        index = self._names[component].index(name)
        if component == CIRCUIT:
            return self._of_circuit(index, variable, instance)
        if component == METER:
            return self._of_meter(index, variable, instance)
        return self._of_bus(index, variable) if component == BUS else self._of_evse(index, variable)

    def _of_circuit(self, index: int, variable: str, instance: str) -> "str | None":
        guard, circuits = self._primary.guard, self._primary.site["circuits"]
        circuit = circuits[index]
        if variable == "DistributionPanel":
            return ",".join([one["name"] for one in circuits if one["parent"] == index])[:TEXT_MAX]
        if variable == "Fuse":
            at = int(instance) - 1
            return str(circuit["rating_da"][at] // 10) if at < len(circuit["rating_da"]) else None
        if variable == "Problem":
            return "true" if guard.meter_reason(index) else "false"
        if variable == "State":
            meter = guard.meter_state(index)
            text = "%s; meter %s" % (guard.mode, meter) if meter else guard.mode
            return (text + (": " + guard.meter_reason(index) if guard.meter_reason(index) else ""))[:TEXT_MAX]
        return _line(guard.margin_da(index) if variable == "Margin" else guard.other_da(index), instance)

    def _of_meter(self, index: int, variable: str, instance: str) -> "str | None":
        facts, now = self._primary.buses.meters[index].facts, shows_now(self._primary, index)
        if variable == "Power":
            return str(facts.power_w) if now and facts.power_w is not None else ""
        if variable == "Problem":
            return "false" if facts.online and not facts.fault else "true"
        lines = self._primary.site["meters"][index]["phases"]
        if LINES.index(instance) not in lines:
            return None
        return tenths(facts.amps_da[lines.index(LINES.index(instance))]) if now and facts.amps_da is not None else ""

    def _of_bus(self, index: int, variable: str) -> str:
        wire = self._primary.buses.wires[index]
        silent = [facts["name"] for facts, driver, _evse in wire.members if not driver.facts.online]
        if variable == "Problem":
            return "true" if silent else "false"
        texts = [", ".join(silent) + ": no answer" if silent else "all %d devices answer" % len(wire.members)]
        from ampacity.roles.service.status_view import counters
        trouble = counters(wire.engine).get("trouble")
        return "; ".join(texts + list(trouble or ()))[:TEXT_MAX]

    def _of_evse(self, index: int, variable: str) -> str:
        primary = self._primary
        guard, evse = primary.guard, primary.site["evses"][index]
        if variable == "Circuit":
            name: str = primary.site["circuits"][evse["circuit"]]["name"]
            return name
        if variable == "OrderedCurrent":
            order_da = guard.last_order_da(index)
            return "" if order_da is None else tenths(order_da)
        return tenths(max(guard.bound_da(index)) if variable == "BoundCurrent" else guard.reserve_da(index))


def _line(values_da: "list[int]", instance: str) -> "str | None":
    at = LINES.index(instance)
    return tenths(values_da[at]) if at < len(values_da) else None
