"""A charging point's port with a car behind it."""

HIGH = {"A": 12000, "B": 9000, "C": 6000, "D": 3000}


class FakePort:
    def __init__(self):
        self.car = "A"
        self.frozen = False
        self.pp_ohm = self.energy_wh = self.updated_ms = None
        self.cp_high_mv = self.cp_low_mv = 12000
        self.amps_da, self.volts_dv = [0, 0, 0], [2300, 2300, 2300]
        self.contactor_closed = self.rcm = self.overtemp = self.lock_failed = self.pe_lost = False
        self.events = []
        self.pilot, self.contactor, self.lock = ("x1", 0), False, False

    def plant(self, now_ms):
        """What the sensors read now."""
        if self.frozen:
            return
        kind, permille = self.pilot
        high_mv = HIGH[self.car]
        self.cp_high_mv = -12000 if kind == "f" else high_mv
        self.cp_low_mv = high_mv if kind == "x1" else -12000
        self.contactor_closed = self.contactor
        draws = self.contactor and kind == "pwm" and self.car == "C"
        self.amps_da = [permille * 6 // 10 if draws else 0] * 3
        self.updated_ms = now_ms

    def set_pilot(self, kind, permille=0):
        self.pilot = (kind, permille if kind == "pwm" else 0)

    def set_contactor(self, closed):
        self.contactor = closed

    def set_lock(self, locked):
        self.lock = locked
