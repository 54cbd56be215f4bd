"""The truth as a device's registers show it: without frames a reading contains exactly this.

A profile declares which currents, voltages, power and energy its device shows, with which resolution and in which states of
the pilot, and whether it shows its limit. If it shows fewer currents than the site uses, nothing counts as measured, as in
the firmware's drivers (bus/profile/live_facts.py, bus/profile/meter_driver.py). Secondaries of this firmware show everything.
"""

from ampacity.bus.profile.registers.codec import DIV, MUL, NAME, ROUNDING, SCALE, TYPE, divide

PHASES = ("_l1", "_l2", "_l3")
BLIND = ("", "E", "F")  # in these states the presence of a car is unknown
PLUGGED, CHARGING = ("B", "C", "D"), ("C", "D")


class ReadableRegisters:
    """compiled: a device's tables (profiles/compiler.py). Only fields that some read includes are shown."""

    def __init__(self, compiled):
        asked = {index for spans in compiled["reads"].values() for span in spans for index, _ in span[3]}
        self._fields = {field[NAME]: field for index, field in enumerate(compiled["fields"]) if index in asked}

    def named(self, name, value):
        """The value that a field shows; None if the field does not exist."""
        field = self._fields.get(name)
        return None if field is None else _in_steps(field, value)

    def phases(self, start, values):
        """The values of the fields start_l1 to start_l3, one for each value; None if there are fewer fields."""
        fields = [self._fields[start + phase] for phase in PHASES if start + phase in self._fields]
        return [_in_steps(field, value) for field, value in zip(fields, values, strict=False)] if len(fields) >= len(values) else None


def _in_steps(field, value):
    """The value in whole counts of its register, rounded to the nearest; unchanged for a register with a fraction or a separate scale."""
    if field[TYPE][0] == "f" or field[SCALE] >= 0 or field[MUL] <= field[DIV]:
        return value
    return divide(divide(value * field[DIV], field[MUL]) * field[MUL], field[DIV], field[ROUNDING])


class SecondaryReadings:
    """A secondary of this firmware: everything that its EVSE measures."""

    shows_limit, by_measure = True, False

    def show(self, facts, point, limit_da):
        facts.state, facts.limit_da = point.state_text, limit_da
        facts.amps_da, facts.volts_dv = point.terminal_amps_da(), list(point.terminal_dv)
        facts.plugged = point.car is not None
        facts.contactor_closed = point.closed
        facts.charging = point.closed and facts.state[0] in CHARGING
        facts.power_w = point.power // 100

    def energy_wh(self, point):
        return point.energy_wh


class ProfileReadings:
    """A device of another manufacturer. shows_limit: the limit in force can be read; by_measure: an order is proven by a current alone."""

    def __init__(self, compiled):
        self._registers = ReadableRegisters(compiled)
        self._states = [row[3] for row in compiled["state"]]
        self._amps_in = compiled["amps_in"]
        self.shows_limit = compiled["proof"]["limit"] >= 0
        self.by_measure = compiled["proof"]["kind"] == "measured"

    def show(self, facts, point, limit_da):
        registers = self._registers
        facts.state = self._state(point.state_text)
        letter = facts.state[:1] if facts.state else ""
        if letter not in BLIND:
            facts.plugged = letter in PLUGGED
        facts.charging = letter in CHARGING
        facts.amps_da = registers.phases("current", point.terminal_amps_da())
        if self._amps_in and facts.amps_da and letter not in self._amps_in:
            facts.amps_da = [0] * len(facts.amps_da)
        facts.volts_dv = registers.phases("voltage", point.terminal_dv)
        facts.power_w = registers.named("power", point.power // 100)
        facts.limit_da = limit_da if self.shows_limit else None

    def energy_wh(self, point):
        return self._registers.named("energy", point.energy_wh)

    def _state(self, text):
        """The profile's name of this state; without the digit if the device does not show it; None if it has no name for it."""
        named = [state for state in self._states if state[:1] == text[:1]]
        return text if text in named else named[0] if named else None


class MeterReadings:
    """A meter; power_w: of each input, feed-in negative. If its currents have no sign, a power provides it (`sign`): "power"
    (of each phase), "generator" (its total), "none" (no sign), "register" (currents have a sign).
    """

    def __init__(self, compiled):
        self._registers, self._sign = ReadableRegisters(compiled), compiled["sign"]

    def amps_da(self, amps_da, power_w):
        """Signed currents of the inputs that the site uses, None if it does not show all of them."""
        shown = self._registers.phases("current", amps_da)
        if shown is None or self._sign == "register":
            return shown
        if self._sign == "none":
            return [abs(da) for da in shown]
        by_phase = self._registers.phases("power", power_w) if self._sign == "power" else [self.power_w(power_w)] * len(shown)
        if by_phase is None or None in by_phase:
            return None
        return [-abs(da) if watts < 0 else abs(da) for da, watts in zip(shown, by_phase, strict=True)]

    def power_w(self, power_w):
        """Its total, or the sum of its phases if it shows no total; None if it shows neither."""
        total = self._registers.named("power", sum(power_w))
        by_phase = self._registers.phases("power", power_w) if total is None else None
        return sum(by_phase) if by_phase else total

    def volts_dv(self, volts_dv):
        return self._registers.phases("voltage", volts_dv)
