"""The `truth` part of `state`: the real currents, from the plant."""

from ampacity_host.rig.plant.power_path import duty_da
from ampacity_host.rig.plant.worst import amps

EV_ANSWERS_MAX = 8


def truth(rig):
    """{"circuits": …, "evses": …} as the control channel's `state` carries it."""
    plant = rig.plant
    return {"circuits": {circuit.name: _circuit(circuit) for circuit in plant.circuits},
            "evses": {point.name: _evse(rig, point) for point in plant.points}}


def _circuit(circuit):
    return {"rating": [amps(da) for da in circuit.rating_da], "amps": [amps(da) for da in circuit.amps_da],
            "other": [amps(da) for da in circuit.other_da], "background": [amps(da) for da in circuit.background_da]}


def _evse(rig, point):
    return {"pilot": point.state_text, "order_a": order_a(rig, point), "told_a": told_a(rig, point),
            "amps": [amps(da) for da in per_phase(rig, point)],
            "terminals": [amps(da) for da in point.terminal_amps_da()],
            "contactor": point.closed, "energy_wh": point.energy_wh, "plugged": point.car is not None,
            "hungry": point.car is not None and point.car.wants_charge, "ev_answers": point.ev_answers[-EV_ANSWERS_MAX:],
            "watchdog": rig.watchdog_of(point)}


def order_a(rig, point):
    """The limit that the device obeys now: that of a simulated device, else the offer of its pilot."""
    host = rig.hosts.get(point.name)
    if host is not None:
        return amps(host.device.limit_da or 0) if host.alive else 0.0
    return _offered_a(point.pilot, point.permille)


def told_a(rig, point):
    """The last order that it received, whatever its faults make of it: what the registers of a simulated device hold, else the
    duty cycle that its controller asks for."""
    host = rig.hosts.get(point.name)
    if host is not None:
        return amps(min(host.device.target_da(), host.device.max_da)) if host.alive else 0.0
    return _offered_a(*point.asked)


def _offered_a(pilot, permille):
    if pilot != "pwm":
        return 0.0
    return round(permille * 0.06, 1) if permille <= 850 else amps(duty_da(permille))


def per_phase(rig, point):
    """Its current on each supply phase, in dA."""
    out = [0] * rig.plant.phases
    for lines, value_da in zip(point.terminals, point.terminal_amps_da(), strict=False):
        for phase in lines:
            out[phase] += value_da
    return out
