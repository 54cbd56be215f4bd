"""A simulated analogue front end: copper, car, contactors, detector and lock around the charging point's core, in virtual time.

`Bench(board)` runs 1 ms at a time: the core's pass each 10 ms (at `phase_ms`), the owner's pass each 100 ms, as a safety loop does. A
window of the pilot is sampled over two or three periods from the wave itself: source resistor, car, diode, edges, noise, converter.
"""

from ampacity.base.rng import Rng
from ampacity.evse.local_evse import LocalEvse
from ampacity.evse.pilot import ControlPilot
from ampacity.point.charging_point import PASS_MS, ChargingPoint, Readings
from ampacity.point.samples import PERIODS, PERIODS_OF_READS, SPACING_US, PilotScale, spaced
from ampacity.ports.evse_hardware import EvseHardware

SOURCE_OHM, DIODE_MV = 1000, 700
CAR_OHM = {"A": None, "B": 2740, "C": 882, "D": 246}
CAR_OPENS_MS = 2000  # a car that no longer sees a duty ends its current within 3 s
FULL_RAW, BITS_LOST = 65535, 16
OWNER_MS = 100


def facts(method="dma", scaling=(25, 3, -13750), rails=False, **tables):
    """Facts of a board with a charging point, with all defaults."""
    numerator, denominator, offset_mv = scaling
    adc = {"pin": 26, "numerator": numerator, "denominator": denominator, "offset_mv": offset_mv}
    pilot = {"kind": "local", "method": method, "adc": adc, "settle_us": 20, "blanking_ms": 10}
    if rails:
        pilot["rail_plus"] = {"numerator": 5, "denominator": 1, "offset_mv": 0}
        pilot["rail_minus"] = {"numerator": 5, "denominator": 1, "offset_mv": -16500}
    contactor = {"close_ms": 100, "open_ms": 50, "hold_permille": 300, "hold_hz": 20000, "settle_ms": 200}
    board = {"pilot": pilot, "contactor": [contactor], "weld": [{"settle_ms": 1000}], "input": []}
    board.update(tables)
    return board


SOCKET = {
    "proximity": {
        "adc": {"numerator": 1, "denominator": 1, "offset_mv": 0}, "pull_up_ohm": 1000, "pull_up_mv": 3300, "pull_down_ohm": 0,
    },
    "lock": {"run_ms": 300, "rest_ms": 1000, "tries": 5},
}
RCD = {"rcd": {"kind": "rdc-dd", "test": {"pin": 15}, "test_ms": 250, "trip_within_ms": 500, "every": "session", "reclose": "never"}}


class Plant:
    """What is around the pins. `power`: the main contacts are closed; `powered`: (ms, state) of each change."""

    def __init__(self, board, seed=1):
        self.board = board
        self.rng = Rng(seed)
        self.car, self.diode, self.short = "A", True, False
        self.plus_mv, self.minus_mv = 12000, -12000
        self.car_permille = 1000
        self.noise_mv, self.spike_percent = 0, 0
        self.cable_ohm = None
        self.temperature_mv = None
        self.welded = self.stuck_open = self.no_mains = self.leak = self.detector_dead = self.lock_stuck = False
        self.power = self.locked = False
        self.powered = []
        self._coil_ms = self._test_ms = self._motor_ms = None
        self._trips_until_ms = 0

    def cp_mv(self, high):
        """Settled voltage of CP in one half of the wave."""
        source_mv = self.plus_mv if high else self.minus_mv
        if self.short:
            return 0
        ohm = CAR_OHM[self.car]
        if ohm is None:
            return source_mv
        ohm = ohm * self.car_permille // 1000
        if high:
            return (source_mv - DIODE_MV) * ohm // (SOURCE_OHM + ohm) + DIODE_MV
        return source_mv if self.diode else source_mv * ohm // (SOURCE_OHM + ohm)

    def at(self, pilot, time_us):
        """CP at an instant: edges take 10 µs, as with cable and filter."""
        kind, permille = pilot
        if kind != "pwm":
            return self.cp_mv(kind == "x1")
        place_us = time_us % 1000
        high = place_us < permille
        since_us = place_us if high else place_us - permille
        now_mv, before_mv = self.cp_mv(high), self.cp_mv(not high)
        return now_mv if since_us >= 10 else before_mv + (now_mv - before_mv) * since_us // 10

    def raw(self, cp_mv):
        """What the converter says."""
        adc = self.board["pilot"]["adc"]
        if self.noise_mv:
            cp_mv += self.rng.below(2 * self.noise_mv + 1) - self.noise_mv
        if self.spike_percent and self.rng.below(100) < self.spike_percent:
            cp_mv = self.rng.below(24000) - 12000
        pin_mv = (cp_mv - adc["offset_mv"]) * adc["denominator"] // adc["numerator"]
        return max(0, min(FULL_RAW, pin_mv * FULL_RAW // 3300)) // BITS_LOST * BITS_LOST

    def window(self, pilot):
        """Samples of a window, evenly spaced or, for single reads, with 50 to 70 µs between them."""
        time_us, samples = self.rng.below(1000), []
        even = self.board["pilot"]["method"] != "extremes"
        end_us = time_us + (PERIODS if even else PERIODS_OF_READS) * 1000
        while time_us < end_us:
            samples.append(self.raw(self.at(pilot, time_us)))
            time_us += SPACING_US if even else 50 + self.rng.below(21)
        return samples

    def step(self, out, now_ms):
        """One millisecond of contactors, detector and lock."""
        if bool(out.coils and out.coils[0]) != (self._coil_ms is not None):
            self._coil_ms = now_ms if self._coil_ms is None else None
            self._edge_ms = now_ms
        on = self._coil_ms is not None
        if on != self.power and not (self.power and self.welded) and not (on and self.stuck_open):
            if now_ms - self._edge_ms >= self.board["contactor"][0]["close_ms" if on else "open_ms"]:
                self.power = on
                self.powered.append((now_ms, on))
        self._test_ms = (now_ms if self._test_ms is None else self._test_ms) if out.test else None
        if (self._test_ms is not None and now_ms - self._test_ms >= 100 and not self.detector_dead) or (self.leak and self.power):
            self._trips_until_ms = now_ms + 30
        assert not (out.lock and out.unlock), "both drives of the lock"
        moving = (out.lock and not self.locked) or (out.unlock and self.locked)
        self._motor_ms = (now_ms if self._motor_ms is None else self._motor_ms) if moving and not self.lock_stuck else None
        if self._motor_ms is not None and now_ms - self._motor_ms >= 200:
            assert out.lock or not self.power, "unlocked under load"
            self.locked = out.lock

    def trips(self, now_ms):
        return now_ms < self._trips_until_ms


class Bench:
    """A charging point on its bench. `offered_da`, `allow`: orders of its owner; `stall`: the owner's loop stands still."""

    def __init__(self, board, machine=None, phase_ms=0, seed=1):
        self.board = board
        self.now_ms = 2**30 - 30000
        self.hardware = EvseHardware("own")
        self.point = ChargingPoint(board, self.hardware, self.now_ms)
        self.plant = Plant(board, seed)
        self.evse = LocalEvse(self.hardware, machine or ControlPilot(socket="proximity" in board))
        self.scale = PilotScale(board["pilot"]["adc"], 3300, FULL_RAW)
        self.skip = spaced(board["pilot"]["settle_us"], 0 if board["pilot"]["method"] == "extremes" else SPACING_US)
        self.phase_ms = phase_ms
        self.offered_da, self.allow, self.stall = 160, True, False
        self.states = []
        self.hardware.on_input = self.owner
        self.hardware.on_change = lambda: self.point.drive(self.now_ms)

    def owner(self, now_ms):
        """A pass of whoever owns the charging point."""
        self.evse.step(self.offered_da, self.allow, now_ms)
        state = self.evse.machine.iec_state
        if not self.states or self.states[-1] != state:
            self.states.append(state)

    def readings(self):
        board, plant, shows = self.board, self.plant, Readings()
        shows.cp = self.scale.levels(plant.window(self.point.outputs.pilot), self.skip)
        if "rail_plus" in board["pilot"]:
            shows.plus_mv, shows.minus_mv = plant.plus_mv // 5, (plant.minus_mv + 16500) // 5
        if "proximity" in board:
            ohm = plant.cable_ohm
            shows.pp_mv = 3300 if ohm is None else 3300 * ohm // (1000 + ohm)
            shows.locked = plant.locked
        shows.temperature_mv = plant.temperature_mv
        shows.feedback = [plant.power]
        shows.weld = [plant.power and not plant.no_mains] * len(board["weld"])
        shows.trip = plant.trips(self.now_ms)
        return shows

    def step(self):
        self.now_ms += 1
        self.plant.step(self.point.outputs, self.now_ms)
        if self.now_ms % PASS_MS == self.phase_ms:
            self.point.step(self.readings(), self.now_ms)
        if self.now_ms % OWNER_MS == 0 and not self.stall:
            self.owner(self.now_ms)

    def run(self, duration_ms):
        for _ in range(duration_ms):
            self.step()
        return self

    def until(self, condition, limit_ms):
        """Milliseconds until the condition is met; fails after limit_ms."""
        for passed_ms in range(limit_ms + 1):
            if condition():
                return passed_ms
            self.step()
        raise AssertionError("not within %d ms: %s" % (limit_ms, self.evse.machine.iec_state))

    def plug(self, car, cable_ohm=None):
        """Plug a car in; it stays in this state until told otherwise."""
        self.plant.car, self.plant.cable_ohm = car, cable_ohm
        return self

    def charge(self, cable_ohm=None):
        """From an empty outlet to a car that charges."""
        self.run(1500).plug("B", cable_ohm).run(1500)
        self.plant.car = "C"
        self.until(lambda: self.plant.power, 3000)
        return self.run(1200)

    def is_off(self):
        return not self.plant.power

    def is_on(self):
        return self.plant.power
