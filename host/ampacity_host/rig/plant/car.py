"""A car: its connection and its demand."""

from ampacity_host.rig.control_channel.fields import FieldError
from ampacity_host.rig.plant.overdraw import FIELDS as OVERDRAW_FIELDS
from ampacity_host.rig.plant.overdraw import Overdraw, overdraw_from

FIELDS = ("phases", "max_a", "min_a", "battery_kwh", "soc", "need_kwh", "ramp_a_per_s", "reaction_ms", "obeys", "state_d", "mac",
          "sleep_ms", "hold_ms", "then_phases", "then_ms", *OVERDRAW_FIELDS)  # of `plug`; car_from_fields reads them
J5_PER_WH = 360_000_000  # energy is counted in da x dv x ms = 10 uJ; 3600 J per watt-hour


class Car:
    """The car of the control channel's `plug`: currents in dA, energy in Wh, times in ms.

    phases 1..3 are the terminals it loads, counted from the first. `need_wh` is the energy until it is full. `obeys` False
    draws `max_da` whatever the pilot offers; `state_d` requests ventilation (3 V). `sleep_ms` > 0: after this time without an
    offer it sleeps, and then needs `wake_ms` to react. `hold_ms` > 0: after a lower offer it draws the old current for this
    time, then follows at once. `overdraw`: how far it departs from its offer. `then_phases`: the terminals that it loads from
    `then_ms` after its plug-in; 0: no change.
    """

    def __init__(self, phases=3, max_da=320, min_da=60, need_wh=48_000, ramp_da_per_s=100, reaction_ms=500,
                 obeys=True, state_d=False, mac=None, sleep_ms=0, wake_ms=10_000, hold_ms=0, overdraw=None,
                 then_phases=0, then_ms=0):
        self.phases = phases
        self.then_phases = then_phases
        self.then_ms = then_ms
        self.max_da = max_da
        self.min_da = min_da
        self.need_j5 = need_wh * J5_PER_WH
        self.ramp_da_per_s = ramp_da_per_s
        self.reaction_ms = reaction_ms
        self.obeys = obeys
        self.state_d = state_d
        self.mac = mac
        self.sleep_ms = sleep_ms
        self.wake_ms = wake_ms
        self.hold_ms = hold_ms
        self.overdraw = overdraw or Overdraw()
        self.wants = True
        self.taken_j5 = 0

    @property
    def full(self):
        return self.taken_j5 >= self.need_j5

    @property
    def wants_charge(self):
        return self.wants and not self.full

    @property
    def taken_wh(self):
        return self.taken_j5 // J5_PER_WH


def car_from_fields(fields):
    """The car that a `plug` request describes; FieldError names the invalid field."""
    take = dict(fields)
    number = _taker(take)
    phases = _count(number, "phases", 3, 1)
    battery_kwh = number("battery_kwh", 60, 0, 10_000)
    soc = number("soc", 20, 0, 100)
    need_kwh = number("need_kwh", battery_kwh * (100 - soc) / 100, 0, 10_000)
    car = Car(
        phases=phases, max_da=int(number("max_a", 32, 0, 1000) * 10 + 1e-6),
        min_da=int(number("min_a", 6, 0, 1000) * 10 + 1e-6), need_wh=int(need_kwh * 1000 + 0.5),
        ramp_da_per_s=max(1, int(number("ramp_a_per_s", 10, 0.1, 10_000) * 10)),
        reaction_ms=int(number("reaction_ms", 500, 0, 600_000)), obeys=_flag(take, "obeys", True),
        state_d=_flag(take, "state_d", False), mac=take.pop("mac", None),
        sleep_ms=int(number("sleep_ms", 0, 0, 86_400_000)), hold_ms=int(number("hold_ms", 0, 0, 600_000)), overdraw=overdraw_from(number),
        then_phases=_count(number, "then_phases", 0, 0), then_ms=int(number("then_ms", 0, 0, 86_400_000)))
    if take:
        name = sorted(take)[0]
        raise FieldError("car." + name, take[name], ", ".join(FIELDS))
    return car


def _count(number, name, default, least):
    """A number of terminals."""
    count = number(name, default, least, 3)
    if count != int(count):
        raise FieldError("car." + name, count, "1, 2 or 3" if least else "0, 1, 2 or 3")
    return int(count)


def _taker(take):
    def number(name, default, least, most):
        value = take.pop(name, None)
        if value is None:
            return default
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not least <= value <= most:
            raise FieldError("car." + name, value, "a number %s..%s" % (least, most))
        return value
    return number


def _flag(take, name, default):
    value = take.pop(name, default)
    if not isinstance(value, bool):
        raise FieldError("car." + name, value, "true or false")
    return value
