"""The plant as a simulated device sees it: its own terminals and car; for a meter its inputs.

Devices simulate their own faults (rig/devices), so a meter's view is the plain truth, with a delay.
"""


class EvseView:
    """One power path for a simulated wallbox; `set_limit` is its only action. Lists have three entries."""

    def __init__(self, point, wallbox):
        self._point = point
        self._box = wallbox
        self.name = point.name

    @property
    def car_state(self):
        """"A" … "F"."""
        return self._point.letter

    @property
    def plugged(self):
        return self._point.car is not None

    @property
    def amps_da(self):
        return (self._point.terminal_amps_da() + [0, 0, 0])[:3]

    @property
    def volts_dv(self):
        return (list(self._point.terminal_dv) + [0, 0, 0])[:3]

    @property
    def energy_wh(self):
        return self._point.energy_wh

    def set_phases(self, count):
        """The number of phases that its contactor closes from now on."""
        self._point.switch_phases(count)

    def set_limit(self, limit_da):
        """The limit that the device obeys from now on; below 6 A it pauses."""
        self._box.set_limit(limit_da)


class MeterView:
    """The currents of a meter's inputs. Lists have three entries; unused inputs carry no current."""

    def __init__(self, meter):
        self._meter = meter
        self.name = meter.name

    @property
    def amps_a(self):
        flows = self._meter.flows_da()
        return [flows[phase] / 10 for phase in self._meter.phases] + [0.0] * (3 - len(self._meter.phases))

    @property
    def volts_v(self):
        return [self._meter.line_v] * 3
