"""The latest readings of an EVSE, as the station samples them: looked up in the facts of its driver when the station asks, not copied before.
And of a meter: does it still show what is now?
"""

if False:  # for the type checker
    from typing import Any

    from ampacity.ocpp.messages import Values
    from ampacity.roles.interfaces import EvseFacts
    from ampacity.roles.primary_face import PrimaryFace

FLOWS_DA = 5  # less is a measurement's last digit
AS_READ = ("energy_wh", "power_w", "amps_da", "volts_dv")  # not known while the EVSE is not heard
NAMES = AS_READ + ("last_wh", "offered_da", "offered_w", "flows", "read_ms", "energy_ms")


class EvseReadings:
    """Values (ocpp/messages.py) of one EVSE, read-only. offered_da: what its order offers. What NAMES does not have is not known."""

    offered_da: "int | None" = None

    def __init__(self, facts: "EvseFacts") -> None:
        self.facts = facts

    def get(self, name: str) -> "Any":
        """As of a dict."""
        facts = self.facts
        if name in AS_READ:
            return getattr(facts, name) if facts.online else None
        if name == "last_wh":
            return facts.energy_wh
        if name == "offered_da":
            return self.offered_da
        if name == "offered_w":
            return offered_w(self.offered_da, self.get("volts_dv"))
        if name == "flows":
            return flows(facts)
        if name == "energy_ms":
            energy_ms = getattr(facts, "energy_ms", None)
            return facts.updated_ms if energy_ms is None else energy_ms
        return facts.updated_ms if name == "read_ms" and facts.updated_ms >= 0 else None

    def __getitem__(self, name: str) -> "Any":
        return self.get(name)

    def __contains__(self, name: str) -> bool:
        return name in NAMES

    def copy(self) -> "Values":
        """As they are now, as a dict."""
        return {name: self.get(name) for name in NAMES}  # type: ignore[return-value]


def flows(facts: "EvseFacts") -> bool:
    """Does any current flow through an EVSE? By its measurement, else by its contactor, else by its state."""
    if facts.amps_da is not None:
        return max(facts.amps_da) >= FLOWS_DA
    return facts.charging if facts.contactor_closed is None else facts.contactor_closed


def offered_w(offered_da: "int | None", volts_dv: "list[int] | None") -> "int | None":
    """The power that an order offers at the measured voltages; None where they are not known."""
    if offered_da is None or not volts_dv or None in volts_dv:
        return None
    return offered_da * sum(volts_dv) // 100


def more_readings(driver: "Any") -> "Values":
    """Readings that only some EVSEs have: powers in W, one a terminal, as the profile reads them; signed: see ports/evse_hardware.py."""
    found: "Values" = {}
    signed = getattr(driver, "signed", None)
    if signed is not None:
        found["signed"] = signed
    device: "Any" = getattr(driver, "device", None)
    readings = getattr(device, "readings", None)  # of a device with a profile
    if readings is not None and readings.index("power_l1") >= 0:
        powers_w = readings.phases("power", device.terminals) if device.facts.online else None
        if powers_w and len(powers_w) == device.terminals:
            found["powers_w"] = powers_w
    return found


def shows_now(primary: "PrimaryFace", meter: int) -> bool:
    """Does this meter show what is now? It answers, and in no circuit of it the guard has found it lost or frozen."""
    circuits = primary.site["circuits"]
    states = [primary.guard.meter_state(index) for index in range(len(circuits)) if circuits[index]["meter"] == meter]
    return primary.buses.meters[meter].facts.online and "lost" not in states and "frozen" not in states
