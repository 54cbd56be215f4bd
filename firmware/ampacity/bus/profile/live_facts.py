"""What the live readings of a device mean: the facts that the roles read, and the currents for the guard."""

from ampacity.bus.profile.evse_device import ONLINE
from ampacity.bus.profile.proof.conditions import first_match

if False:  # for the type checker
    from ampacity.bus.profile.evse_device import EvseDevice

STATE_CHARGING = ("C", "D")
STATE_PLUGGED = ("B", "C", "D")
STATE_BLIND = ("", "E", "F")  # in these it is unknown whether a car is there


def show_live(device: "EvseDevice", now_ms: int) -> bool:
    """A round of live readings becomes facts, and its currents go to the guard. True: the profile does not list the state that was read."""
    facts, table, readings = device.facts, device.table, device.readings
    facts.state = first_match(table["state"], readings.values)
    letter = facts.state[:1] if facts.state else ""
    unknown = not letter and _state_read(device)
    if letter not in STATE_BLIND:
        facts.plugged = letter in STATE_PLUGGED
    elif unknown:
        facts.plugged = True  # every state without a car is known: this one is none of them
    facts.charging = letter in STATE_CHARGING
    if device.link == ONLINE:
        facts.fault = first_match(table["faults"], readings.values)
    shown = device.per_terminal("current")
    if table["amps_in"] and shown and letter not in table["amps_in"]:
        shown = [0] * device.terminals  # in other states it shows what is long over
    facts.amps_da = shown and shown[: device.terminals]
    volts = device.per_terminal("voltage")
    facts.volts_dv = volts and volts[: device.terminals]
    facts.power_w = readings.named("power")
    facts.energy_wh = readings.named("energy")
    facts.energy_ms = readings.asked("energy")
    facts.updated_ms = now_ms
    device.guard.measured(device.index, shown, device.cycles["live"].sampled_ms(), now_ms)
    return unknown


def _state_read(device: "EvseDevice") -> bool:
    """Was a state read that its profile does not know?"""
    rows = device.table["state"]
    return bool(rows) and device.readings.values[rows[-1][0]] is not None
