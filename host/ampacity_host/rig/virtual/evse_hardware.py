"""A charging point's pins under the virtual clock: the interface of ports/evse_hardware.py, connected directly to the plant.

Inputs are plain attributes, updated when the plant changes; `on_input` informs the controller's doors.
"""

FLAGS = {"rcm": "residual_current", "overtemp": "overtemperature", "lock_failed": "lock_failed", "pe_lost": "pe_lost"}


class VirtualEvseHardware:
    """Outputs reach the plant at once, unless the power is off."""

    def __init__(self, point, clock, on_input):
        self._point = point
        self._clock = clock
        self._on_input = on_input
        self.name = point.name
        self.events = []
        self.ev_answer = point.ev_answers.append
        self.pilot = ("x1", 0)
        self.contactor = False
        self.lock = False
        self.on_change = None
        self.connected = True
        self.volts_dv = (list(point.terminal_dv) + [0, 0, 0])[:3]
        self._renew(point)
        point.listeners.append(self._renew)
        point.pins = self
        self.apply()

    def _renew(self, point):
        self.cp_high_mv, self.cp_low_mv = point.cp_mv()
        self.pp_ohm = 220 if point.car is not None else None
        faults = point.faults
        self.amps_da = point.stale_amps_da if "stale_reading" in faults else (point.terminal_amps_da() + [0, 0, 0])[:3]
        self.contactor_closed = point.closed
        for flag, kind in FLAGS.items():
            setattr(self, flag, kind in faults)
        self._on_input()

    @property
    def energy_wh(self):
        return self._point.energy_wh

    @property
    def updated_ms(self):
        return self._clock.now_ms()

    def set_pilot(self, kind, permille=0):
        self._output("pilot", (kind, permille if kind == "pwm" else 0))

    def set_contactor(self, closed):
        self._output("contactor", bool(closed))

    def set_lock(self, locked):
        self._output("lock", bool(locked))

    def _output(self, name, value):
        if getattr(self, name) != value:
            setattr(self, name, value)
            self.apply()
            if self.on_change is not None:
                self.on_change()

    def apply(self):
        """Passes the present outputs to the plant."""
        if self.connected:
            kind, permille = self.pilot
            self._point.drive(kind, permille, self.contactor, self.lock)

    def reset(self):
        """Reset state of the hardware: steady +12 V, contactor open."""
        self.connected = False
        if self._point.pins is self:  # else its next run has taken over
            self._point.cut_off()

    def unplug_wires(self):
        """The controller of these pins has ended."""
        self.connected = False
        self._point.listeners.remove(self._renew)
