"""A car, its cable and a charging point's power path for tests: the pilot as copper and resistors would show it."""

START_MS = 2**30 - 60000
HIGH = {"A": 12000, "B": 9000, "C": 6000, "D": 3000}


class Bench:
    """Steps a ControlPilot with what a plant would read. `run(ms)` steps each 20 ms."""

    def __init__(self, machine, step_ms=20):
        self.machine = machine
        self.now_ms = START_MS
        self.step_ms = step_ms
        self.car = "A"
        self.diode = True
        self.short = False
        self.pp = None
        self.welded = self.stuck_open = False
        self.closed = False
        self.faults = ()
        self.offered_da = 160
        self.allow = True
        self.history = []

    def cp(self):
        kind = self.machine.output[0]
        if self.short:
            return 0, 0
        if kind == "f":
            return -12000, -12000
        high_mv = HIGH[self.car]
        if kind == "x1":
            return high_mv, high_mv
        return high_mv, -12000 if self.diode else -high_mv

    def step(self):
        high_mv, low_mv = self.cp()
        output = self.machine.step(
            high_mv, low_mv, self.pp, self.closed, self.faults, self.offered_da, self.allow, self.now_ms
        )
        self.closed = (output[2] and not self.stuck_open) or (self.welded and self.closed)
        self.history.append((self.now_ms, self.machine.iec_state, output))
        return output

    def run(self, duration_ms):
        end_ms = self.now_ms + duration_ms
        while self.now_ms < end_ms:
            self.now_ms += self.step_ms
            self.step()
        return self.machine.output

    def until(self, condition, limit_ms):
        """Milliseconds until the condition holds; fails after limit_ms."""
        start_ms = self.now_ms
        while not condition():
            self.now_ms += self.step_ms
            self.step()
            assert self.now_ms - start_ms <= limit_ms, "%s after %d ms" % (self.machine.iec_state, limit_ms)
        return self.now_ms - start_ms

    def is_closed(self):
        return self.machine.output[2]

    def is_open(self):
        return not self.machine.output[2]

    def charge(self):
        """Plug in and charge."""
        self.run(100)
        self.car = "B"
        self.run(1000)
        self.car = "C"
        self.until(lambda: self.machine.output[2], 3000)
        self.run(1000)
        return self
