"""A charging point's pins under the virtual clock: the face of ports/charge_point.py, straight into the plant."""

PILOTS = ("x1", "pwm", "f")
FLAGS = {"rcm": "residual_current", "overtemp": "overtemperature", "lock_failed": "lock_failed", "pe_lost": "pe_lost"}


class PlantPort:
    """Inputs are read from the plant when they are asked for; outputs reach it at once, unless the power is off."""

    def __init__(self, point, clock):
        self._point = point
        self._clock = clock
        self.name = point.name
        self.events = []
        self.pilot = ("x1", 0)
        self.contactor = False
        self.lock = False
        self.on_change = None
        self.connected = True

    @property
    def cp_high_mv(self):
        return self._point.cp_mv()[0]

    @property
    def cp_low_mv(self):
        return self._point.cp_mv()[1]

    @property
    def pp_ohm(self):
        return 220 if self._point.car is not None else None

    @property
    def amps_da(self):
        if "stale_reading" in self._point.faults:
            return self._point.stale_amps_da
        return (self._point.terminal_amps_da() + [0, 0, 0])[:3]

    @property
    def volts_dv(self):
        return (list(self._point.terminal_dv) + [0, 0, 0])[:3]

    @property
    def energy_wh(self):
        return self._point.energy_wh

    @property
    def contactor_closed(self):
        return self._point.closed

    @property
    def updated_ms(self):
        return self._clock.now_ms()

    def __getattr__(self, name):
        if name in FLAGS:
            return FLAGS[name] in self._point.faults
        raise AttributeError(name)

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
        """The outputs as they stand reach the plant."""
        if self.connected:
            kind, permille = self.pilot
            self._point.drive(kind, permille, self.contactor, self.lock)

    def reset(self):
        """Reset state of the hardware: steady +12 V, contactor open."""
        self.connected = False
        self._point.drive("x1", 0, False)
