"""The power path of one EVSE: pilot and contactor, the car, and the supply phases of its terminals.

The controller of the EVSE (through the sim port, or a simulated wallbox) sets `drive(…)`; the car answers within IEC 61851-1
Annex A: it reacts after `reaction_ms`, raises its current along its ramp, and lowers it within 5 s. Currents are deci-amperes
per terminal, equal on all terminals that the car uses.
"""

from ampacity_host.rig.plant.car import J5_PER_WH
from ampacity_host.rig.plant.may_draw import MayDraw
from ampacity_host.rig.plant.stray import LARGE, SMALL, Attack, stray

CP_HIGH_MV = {"A": 12_000, "B": 9_000, "C": 6_000, "D": 3_000, "E": 0}
STEP_MS = 100            # of a ramp
LOWER_MS = 4_500         # time for a car to follow a lower offer (Annex A allows 5 s)
LOWER_REACTION_MS = 3_000
ABOVE = {"ignore_writes": LARGE, "round_up": SMALL}  # faults by which a device offers more than its order
AFTER_MS = 15_000        # until what such a fault leaves is settled, at the latest
KEEPING = ("watchdog_broken", "keep_setpoint")
UNSEEN_MS = 5_000        # a car that is plugged in this soon after the previous one may be taken for it
SWITCHED_MS = 2_000      # opening time of a contactor or feeder
SETTLES = 3              # settle times of one detection: detect (twice the settle time) and settle


def duty_da(permille):
    """The current that a duty cycle offers (IEC 61851-1 table A.7), rounded down; 0: no analogue offer."""
    if permille < 80 or permille > 970:
        return 0
    if permille <= 100:
        return 60
    if permille <= 850:
        return permille * 6 // 10
    if permille <= 960:
        return (permille - 640) * 25 // 10
    return 800


class PowerPath:
    """plant: timeline, `shift(point, by_da)`; facts: the site's `evses` entry."""

    def __init__(self, plant, index, facts, line_dv, between_dv):
        self.plant, self.index, self.name = plant, index, facts["name"]
        self.circuit, self.bus, self.kind = facts["circuit"], facts["bus"], facts["kind"]
        self.max_da = facts["max_da"]
        self.terminals = facts["terminals"]
        self.settle_ms = max(5_000, facts.get("settle_ms", 0)) + facts.get("latency_ms", 0)
        self.turn_ms = 0                 # the longest wait for its turn on its bus
        self.terminal_dv = [line_dv if len(lines) == 1 else between_dv for lines in self.terminals]
        self.loads = _count(self.terminals)
        self.car = None
        self.ev_answers = []             # of the controller to the module that talks ISO 15118 with the car, the newest last
        self.pilot, self.permille, self.offer_da = "x1", 1000, 0
        self.commanded = self.locked = False
        self.closed = False
        self.feeder_open = False         # by the controller's output
        self.s2 = False
        self.amps_da = 0
        self.power = 0                   # da x dv: 10 mW
        self.energy_j5 = 0
        self.faults = set()
        self.stale_amps_da = [0, 0, 0]
        self.pins = None                 # the driver of its outputs, under the virtual clock
        self.device = None               # the simulated wallbox behind it, if there is one
        self.listeners = []              # each called with the point after a change that its hardware can detect
        self._fault_stray = self._car_stray = None  # the attacks of the fault `disobeys` and of its car
        self.overshoot_da, self.overshoot_ms = 0, 0
        self._over_since_ms = None
        self._offers = [(0, 0)]          # (until_ms, offer) of the offers that may still be settling
        self.poles = 3                   # phases that its contactor closes
        self.known_phases = None         # phases that its car was seen to use, if it uses more now without having been unplugged
        self.again = None                # the attack of that use
        self.foreign = None              # the attack of a second client that writes to its device
        self._unplugged_ms = None
        self._since_ms = plant.now_ms
        self._reaction = self._ramping = self._filling = None
        self._lower_by_ms = 0
        self._paused_since_ms = plant.now_ms
        self._overdraw = None                # of the fault `disobeys` with options
        self._overdraw_since_ms = self._raised_ms = plant.now_ms
        self._turning = None
        self._target_da = 0
        self.may = MayDraw(plant, self, facts)
        self.leased = None               # () → does its controller hold a lease now? None: it needs none
        self._held = self._asked = ("x1", 0, False, False)  # its outputs when it last held a lease, and now

    # ---- inputs of the hardware

    @property
    def letter(self):
        if "pilot_short" in self.faults:
            return "E"
        if self.pilot == "f":
            return "F"
        if self.car is None or "pe_lost" in self.faults:
            return "A"
        if not self.s2:
            return "B"
        return "D" if self.car.state_d else "C"

    @property
    def state_text(self):
        letter = self.letter
        return letter if letter in "EF" else letter + ("2" if self.pilot == "pwm" else "1")

    def cp_mv(self):
        """(high, low) of the control pilot."""
        if self.pilot == "f":
            return -12_000, -12_000
        high_mv = CP_HIGH_MV[self.letter]
        if self.pilot != "pwm" or self.letter == "E":
            return high_mv, high_mv
        return high_mv, -high_mv if "diode" in self.faults else -12_000

    @property
    def energy_wh(self):
        self.settle()
        return self.energy_j5 // J5_PER_WH

    def terminal_amps_da(self):
        used = self.used()
        return [self.amps_da if at < used else 0 for at in range(len(self.terminals))]

    def used(self):
        """How many terminals its car uses."""
        return min(self.car.phases, len(self.terminals), self.poles) if self.car else 0

    def switch_phases(self, count):
        """Its contactor closes this many phases from now on; during the switching itself no current flows."""
        if count != self.poles:
            self.settle()
            self._stop_ramp()
            self._set_amps(0)
            self.poles = count
            self.may.update()
            self._react()
            self._notify()

    # ---- control of its outputs

    def drive(self, pilot, permille, contactor, locked=False):
        """The outputs of a controller: pilot "x1" | "pwm" | "f", duty in permille, contactor and lock."""
        self._asked = (pilot, permille, contactor, locked)
        if self.stray is not None:
            self.may.update()
        if self.leased is not None:
            pilot, permille, contactor, locked = self._as_held(pilot, permille, contactor, locked)
        if "ignore_writes" in self.faults and pilot != "f" and self.car is not None:
            pilot, permille = self.pilot, self.permille  # it reports obedience, and does not obey
        if "round_up" in self.faults and pilot == "pwm":
            permille = -(-permille // 17) * 17           # to the next whole ampere
        self._drive(pilot, permille, duty_da(permille) if pilot == "pwm" else 0, contactor, locked)

    @property
    def asked(self):
        """Pilot and duty cycle that its controller asked for last, whatever its faults make of them."""
        return self._asked[:2]

    @property
    def asked_da(self):
        return duty_da(self._asked[1]) if self._asked[0] == "pwm" else 0

    def cut_off(self, pilot="x1"):
        """Its controller's pins are in their reset state ("x1"), or without power ("f"), whatever its faults."""
        self._drive(pilot, 0, 0, False, False)

    def _as_held(self, *outputs):
        """`watchdog_broken`, `keep_setpoint`: the order remains in force without a lease."""
        if self.leased():
            self._held = outputs
        elif self.car is not None and not self.faults.isdisjoint(KEEPING):
            return self._held
        return outputs

    def offer(self, limit_da, contactor, locked=False):
        """The outputs of a simulated wallbox that offers exactly `limit_da` (below 6 A: a pause)."""
        if limit_da < 60:
            self._drive("x1", 1000, 0, contactor, locked)
        else:
            self._drive("pwm", limit_da * 10 // 6, limit_da, contactor, locked)

    def _drive(self, pilot, permille, offer_da, contactor, locked):
        self.locked = locked
        moved = (pilot, offer_da) != (self.pilot, self.offer_da)
        if not moved and contactor == self.commanded and permille == self.permille:
            return
        self._note_offer(offer_da)
        if offer_da > self.offer_da:
            self._raised_ms = self.plant.now_ms
        self.pilot, self.permille, self.offer_da = pilot, permille, offer_da
        self.may.update()
        if moved:
            self._react()
            self._turn()
        if contactor != self.commanded:
            self.commanded = contactor
            self.contact()
        self._notify()

    def contact(self):
        """Opens or closes according to the command and the weld."""
        closed = (self.commanded or "welded" in self.faults) and not self.feeder_open
        if closed == self.closed:
            return
        self.closed = closed
        if closed:
            self._react()
        else:
            self._stop_ramp()
            self._set_amps(0)

    def feeder(self, opened):
        """The contactor in its feeder; its electronics have a supply of their own."""
        self.settle()
        self.feeder_open = opened
        self.may.update()
        self.contact()
        self._notify()

    # ---- the car

    def plug(self, car):
        self.settle()
        self.car = car
        if self._unplugged_ms is None or self.plant.now_ms - self._unplugged_ms > UNSEEN_MS:
            self.known_phases = None
        self.again = None
        self._car_stray = stray(not car.obeys, car.overdraw, self.max_da, self.plant.now_ms)
        if car.then_phases:
            self.plant.time.at_ms(self.plant.now_ms + car.then_ms, self._load_more, car)
        self._paused_since_ms = self._overdraw_since_ms = self.plant.now_ms
        self.may.update()
        self._react()
        self._turn()
        self._notify()

    def unplug(self):
        self._stop_ramp()
        self._set_amps(0)
        self.known_phases, self._unplugged_ms = self.used(), self.plant.now_ms
        car, self.car, self.s2 = self.car, None, False
        self.may.update()
        self._notify()
        return car

    def _load_more(self, car):
        """Its car loads another number of terminals from now on."""
        if self.car is car:
            amps_da, self.known_phases = self.amps_da, self.used()
            self._set_amps(0)
            car.phases = car.then_phases
            self._set_amps(amps_da)
            self.may.update()

    def rewire(self, terminals):
        """Its terminals are on these lines from now on, whatever the site file declares."""
        amps_da = self.amps_da
        self._set_amps(0)
        self.terminals = terminals
        self.loads = _count(terminals)
        self._set_amps(amps_da)
        self.may.update()

    def want(self, wants):
        """The driver's request to the car: to take current, or not."""
        if self.car.wants != wants:
            self.car.wants = wants
            self._react()

    def set_fault(self, kind, on, overdraw=None):
        """overdraw: how far, for `disobeys`; None: it draws its maximum whatever the pilot offers."""
        self.settle()
        if kind == "disobeys":
            self._overdraw, self._overdraw_since_ms = overdraw if on else None, self.plant.now_ms
        self.begin(kind, on and kind not in self.faults, overdraw)
        (self.faults.add if on else self.faults.discard)(kind)
        self.may.update()
        if not on and (kind in KEEPING or kind in ABOVE):
            self.drive(*self._asked)
        self._ended(kind, on)
        self.contact()
        self._react()
        self._turn()
        self._notify()

    def begin(self, kind, on, overdraw=None):
        """An attack begins, if this fault may raise its car above its order. It is over when the fault and its effect are."""
        if on and kind == "disobeys":
            self._fault_stray = stray(overdraw is None, overdraw, self.max_da, self.plant.now_ms)
        elif on and kind in ABOVE:
            self._fault_stray = Attack(ABOVE[kind], self.plant.now_ms, kind)

    def written(self, attack):
        """A second client writes to its device from now on; None: what that brought is over."""
        self.foreign = attack
        self.may.update()

    def device_fault(self, kind, on):
        """A fault that the simulated device behind it plays. One that ignores orders shows what it holds: that is no excuse."""
        if kind == "round_up":
            self.begin(kind, on and kind not in self.faults)
            (self.faults.add if on else self.faults.discard)(kind)
            self.may.update()
            self._ended(kind, on)

    def _ended(self, kind, on):
        """What a fault above its order leaves is settled within this time."""
        if not on and (kind == "disobeys" or kind in ABOVE):
            self.plant.time.at_ms(self.plant.now_ms + AFTER_MS, self._over, self._fault_stray)

    def _over(self, attack):
        if attack is self._fault_stray and self.faults.isdisjoint(("disobeys", *ABOVE)):
            self._fault_stray = None
            self.may.update()

    def _react(self):
        car = self.car
        if car is None or self._reaction is not None:
            return
        now_ms, wait_ms = self.plant.now_ms, car.reaction_ms
        if self._rebel():
            wait_ms = car.reaction_ms
        elif self._wanted_da() < self.amps_da and car.hold_ms:
            wait_ms = car.hold_ms
            self._lower_by_ms = now_ms + wait_ms
        elif self._wanted_da() < self.amps_da:
            wait_ms = min(wait_ms, LOWER_REACTION_MS)
            self._lower_by_ms = now_ms + LOWER_MS
        elif car.sleep_ms and now_ms - self._paused_since_ms >= car.sleep_ms and not self.s2:
            wait_ms = max(wait_ms, car.wake_ms)
        self._reaction = self.plant.time.at_ms(now_ms + wait_ms, self._decide, car)

    def _rebel(self):
        return ("disobeys" in self.faults and self._overdraw is None) or not self.car.obeys

    def overdraw(self):
        """How far its car departs from its offer."""
        return self._overdraw or self.car.overdraw

    def _offered_da(self):
        """The current of this car for its offer."""
        if self._rebel():
            return self.car.max_da
        overdraw = self.overdraw()
        beyond = overdraw.beyond(self.plant.now_ms, self._overdraw_since_ms, self._raised_ms)
        if self.offer_da < self.car.min_da:
            return overdraw.leak_da if beyond and self.s2 else 0
        return overdraw.drawn_da(self.offer_da) if beyond else self.offer_da

    def _turn(self):
        """An intermittent overdraw begins or ends: at once, without the time that a car takes to follow a pilot."""
        self.plant.time.cancel(self._turning)
        self._turning = None
        if self.car is None:
            return
        at_ms = self.overdraw().turn_ms(self.plant.now_ms, self._overdraw_since_ms, self._raised_ms)
        if at_ms is not None:
            self._turning = self.plant.time.at_ms(at_ms, self._turned)

    def _turned(self):
        self._turning = None
        if self.car is not None and self.s2 and not self._rebel():
            self._lower_by_ms = self.plant.now_ms
            self._target_da = self._wanted_da()
            if self._ramping is None:
                self._ramp()
        self._turn()

    def _wanted_da(self):
        car = self.car
        if car is None or not self.closed or not car.wants_charge:
            return 0
        return min(self._offered_da(), car.max_da)

    def _decide(self, car):
        self._reaction = None
        if self.car is not car:
            return self._react()
        asks = car.wants_charge and self._offered_da() > 0
        if asks and not self.s2:
            self.s2 = True
            self._notify()
        self._target_da = self._wanted_da() if self.s2 else 0
        if self._ramping is None:
            self._ramp()
        return None

    def _ramp(self):
        self._ramping = None
        car, now_ms = self.car, self.plant.now_ms
        if car is None:
            return
        step_da = max(1, car.ramp_da_per_s * STEP_MS // 1000)
        gap_da = self._target_da - self.amps_da
        if gap_da < 0 and not self._rebel():
            steps_left = max(1, (self._lower_by_ms - now_ms) // STEP_MS)
            step_da = max(step_da, -(gap_da // steps_left))
        if gap_da:
            self._set_amps(self.amps_da + max(-step_da, min(step_da, gap_da)))
        if self.amps_da != self._target_da:
            self._ramping = self.plant.time.at_ms(now_ms + STEP_MS, self._ramp)
        elif self.s2 and not (car.wants_charge and self._offered_da()):
            self.s2 = False
            self._paused_since_ms = now_ms
            self._notify()

    def _stop_ramp(self):
        self.plant.time.cancel(self._ramping)
        self._ramping = None
        self._target_da = 0

    # ---- accounting

    def _set_amps(self, amps_da):
        if amps_da == self.amps_da:
            return
        self.settle()
        by_da = amps_da - self.amps_da
        self.may.moves(by_da)
        self.amps_da = amps_da
        used = self.used()
        self.power = amps_da * sum(self.terminal_dv[:used])
        for terminal in range(used):
            for phase in self.terminals[terminal]:
                self.plant.shift(self.circuit, phase, by_da)
        self.may.update()
        self.plant.time.cancel(self._filling)
        self._filling = None
        if amps_da and self.car.need_j5 > self.car.taken_j5:
            left_j5 = self.car.need_j5 - self.car.taken_j5
            self._filling = self.plant.time.at_ms(self.plant.now_ms + -(-left_j5 // self.power), self._filled)
        self._watch()
        self._notify()

    def _filled(self):
        self._filling = None
        self._stop_ramp()
        self._set_amps(0)
        self.s2 = False
        self._paused_since_ms = self.plant.now_ms
        self._notify()

    def settle(self):
        """Adds the energy since the last change to the totals of the EVSE and of the car."""
        now_ms = self.plant.time.now_ms
        span_ms = now_ms - self._since_ms
        if span_ms <= 0:
            return
        self._since_ms = now_ms
        if self.power:
            energy_j5 = self.power * span_ms
            self.energy_j5 += energy_j5
            self.car.taken_j5 = min(self.car.need_j5, self.car.taken_j5 + energy_j5)
        if self._over_since_ms is not None:
            self.overshoot_ms += max(0, now_ms - self._over_since_ms)
            self._over_since_ms = now_ms

    def _note_offer(self, offer_da):
        self.may.replaced(self.offer_da)
        now_ms = self.plant.now_ms
        self._offers = [(until, da) for until, da in self._offers if until > now_ms]
        self._offers.append((now_ms + self.settle_ms, self.offer_da))
        if offer_da < self.offer_da and self.amps_da > offer_da:
            self.plant.time.at_ms(now_ms + self.settle_ms + 1, self._watch)

    def allowed_da(self):
        """Its greatest order within its settle time."""
        now_ms = self.plant.now_ms
        return max([self.offer_da] + [da for until, da in self._offers if until >= now_ms])

    def _watch(self):
        """Is it above its allowed current? Stores the excess and its start time."""
        self.settle()
        now_ms = self.plant.now_ms
        beyond_da = self.amps_da - self.allowed_da()
        if beyond_da > 0:
            self.overshoot_da = max(self.overshoot_da, beyond_da)
        self._over_since_ms = now_ms if beyond_da > 0 else None

    @property
    def stray(self):
        """The attack by which its car may be above its order; None: it obeys."""
        return self._fault_stray or self._car_stray

    @property
    def detect_ms(self):
        """Detect + settle + contactor + feeder: safety.md 9. Each step waits for its turn on the bus."""
        return SETTLES * (self.settle_ms + self.turn_ms) + SWITCHED_MS

    def _notify(self):
        for listener in self.listeners:
            listener(self)


def _count(terminals):
    loads = {}
    for lines in terminals:
        for phase in lines:
            loads[phase] = loads.get(phase, 0) + 1
    return loads
