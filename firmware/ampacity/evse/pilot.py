"""The pilot machine of one charging point: readings and an offer in; pilot, duty and contactor out. Pure, no clock.

Toward less (the car stops, is unplugged, shorts the pilot) a reading counts at once: the contactor is ordered to open in
the very step that sees it (Table A.6, 2.2 and 8.1: 100 ms). Toward more it has to hold. A lower offer is shown at
once, a higher one not sooner than 5 s after the last change (sequence 6: the time that a car has to follow).

A step that brings nothing new costs a comparison: thousands of charging points are simulated with this very code.
"""

from ampacity.base.errors import ensure
from ampacity.base.quantities import CHARGING_DA_MIN
from ampacity.evse.contactor import Contactor
from ampacity.evse.faults import FaultLatch
from ampacity.evse.iec61851 import LOW_MV_MAX, LOW_MV_MIN, cable_da, level_of, permille_of
from ampacity.evse.pilot_transitions import OUTPUTS, TRANSITIONS

HOLD_MS = 100  # a level toward more current must hold so long
BLANK_MS = 300  # after a change of the pilot its readings do not count
CHECK_MS = 150  # the wave runs so long before the contactor may close
CLOSE_MS_MAX = 3000  # sequence 4: later than this the checks have failed
YIELD_MS = 6000  # sequence 10.2: a car that does not stop is switched off under load, not before
RAISE_MS = 5000
DIODE_MS = 500  # a wrong low half must last so long
BROKEN_MS = 1500  # a pilot that is not what we drive
FAULTED_MS = 5000  # least time at −12 V; then the plug is released
WAKE_PULSE_MS = 4000
IDLE_LOOK_MS = 1000

RANK = {"A": 0, "B": 1, "C": 2, "D": 3, "E": -1, "N": -1}


class ControlPilot:
    """See the module's text.

    max_da: hardware maximum. socket: True with a socket outlet (the cable's coding counts, read at plug-in).
    ventilation: True: state D is served. wake_after_ms: a car that sleeps so long in B2 gets one pulse of 4 s at −12 V
    (A.5.3); 0: never. until: rules of faults other than the default ones (see faults.py).
    `state`: a name of pilot_transitions.STATES; `faults`: names; `offered_da`: what the duty says now; `cable_da`; `plugged`:
    a car is connected, or was when it could last be seen.
    """

    def __init__(
        self, max_da: int = 320, socket: bool = False, ventilation: bool = False, wake_after_ms: int = 0, until: "dict[str, str] | None" = None,
    ) -> None:
        self.max_da = max_da
        self.socket = socket
        self.ventilation = ventilation
        self.wake_after_ms = wake_after_ms
        self.contactor = Contactor()
        self.latch = FaultLatch(until)
        self.state = "idle"
        self.level = "A"
        self.offered_da = 0
        self.cable_da: "int | None" = None
        self.diode_ok = False
        self.plugged = False
        self.output = ("x1", 0, False)
        self._key: "tuple[object, ...] | None" = None
        self._look_ms = 0
        self._state_ms: int = None  # type: ignore[assignment]  # until the first step
        self._pilot_ms = 0
        self._changed_ms: int = None  # type: ignore[assignment]  # until the first offer
        self._level_next, self._level_ms = "A", 0
        self._wrong_ms: "int | None" = None
        self._broken_ms: "int | None" = None
        self._cable_ms: "int | None" = None
        self._woken = self._released = self._allowed = False

    @property
    def faults(self) -> "list[str]":
        """Names of the faults that count; a short of the pilot is one while it lasts."""
        return self.latch.names + (["pilot_short"] if self.state == "shorted" else [])

    @property
    def iec_state(self) -> str:
        """State of the standard: "A1", "B1", "B2", "C1", "C2", "D1", "D2", "E", "F"."""
        iec_state = OUTPUTS[self.state][2]
        return "D" + iec_state[1:] if iec_state[0] == "C" and self.level == "D" else iec_state

    @property
    def asks(self) -> bool:
        """Does the car ask for current (S2 closed)?"""
        return self.level == "C" or (self.level == "D" and self.ventilation)

    def step(
        self, cp_high_mv: int, cp_low_mv: int, pp: "int | None", feedback: "bool | None", faults: "tuple[str, ...]", offered_da: int, allow: bool,
        now_ms: int,
    ) -> "tuple[str, int, bool]":
        """(pilot "x1"|"pwm"|"f", permille, contactor) for these inputs.

        cp_*_mv: extremes of the pilot over a period. pp: ohm or None. feedback: contactor seen closed, None without
        feedback. faults: tuple of names present now. offered_da: most that may be offered. allow: may it charge?
        """
        key = (cp_high_mv, cp_low_mv, pp, feedback, faults, offered_da, allow)
        if key == self._key and now_ms < self._look_ms:
            return self.output
        self._key = key
        self._look_ms = now_ms + IDLE_LOOK_MS
        if self._state_ms is None:
            self._state_ms = self._pilot_ms = now_ms
        if allow and not self._allowed:
            self._released = False
        self._allowed = allow
        self._read_level(cp_high_mv, now_ms)
        self._read_cable(pp, now_ms)
        self.latch.see(self._seen(faults, cp_high_mv, cp_low_mv, feedback, now_ms))
        limit_da = self._limit_da(offered_da, allow)
        for _ in range(len(OUTPUTS)):
            state = self.state
            self._fire_all(limit_da, feedback, now_ms)
            if self.state == state:
                break
        self._drive(limit_da, feedback, now_ms)
        return self.output

    def restart(self, now_ms: int) -> None:
        """Pilot and contactor fell into their reset state by themselves; the car is where it was, its checks begin again.
        Faults stay."""
        if not self.latch.names:
            self.state = "idle"
        self.contactor.command(False, now_ms)
        self.output = ("x1", 0, False)
        self.offered_da = 0
        self.diode_ok = False
        self._state_ms = self._pilot_ms = self._changed_ms = now_ms
        self._wrong_ms = self._broken_ms = None
        self._key = None

    def reset_faults(self) -> None:
        """A person clears the faults that are no longer present."""
        self.latch.reset()
        self._key = None

    def restore(self, names: "list[str]") -> None:
        """What waited for a hand before the power went waits on: a car is taken to be plugged in until none is seen."""
        self.latch.names = self.latch.names + [name for name in names if name not in self.latch.names]
        self.level = self._level_next = "B"
        self.plugged = True
        self._key = None

    # what is seen

    def _read_level(self, high_mv: int, now_ms: int) -> None:
        level = level_of(high_mv, self.level)
        if level != self._level_next:
            self._level_next, self._level_ms = level, now_ms
        if level == self.level or (level == "N" and self.output[0] == "f"):
            return  # our own −12 V hides the car: what was seen last remains valid
        if RANK[level] > RANK[self.level] and now_ms - self._level_ms < HOLD_MS:
            self._look_at(self._level_ms + HOLD_MS)
            return
        if level != "N":
            self.level = level
            if level != "E":
                self.plugged = level != "A"
            if level == "A":
                self.latch.unplugged()
                self.diode_ok = self._woken = self._released = False

    def _read_cable(self, pp: "int | None", now_ms: int) -> None:
        if not self.socket:
            return
        coded_da = cable_da(pp)
        if not self.plugged:
            self.cable_da = coded_da
            self._cable_ms = None
        elif self.cable_da is None and self.state in ("idle", "waiting", "held"):
            self.cable_da = coded_da
        elif coded_da == self.cable_da:
            self._cable_ms = None
        elif self._cable_ms is None:
            self._cable_ms = now_ms

    def _seen(self, faults: "tuple[str, ...]", high_mv: int, low_mv: int, feedback: "bool | None", now_ms: int) -> "tuple[str, ...]":
        """All faults present now: those that were given, and those that pilot, cable and contactor show."""
        seen = list(faults)
        moved = self.contactor.observe(feedback, now_ms)
        if moved:
            seen.append(moved)
        if self._lasts(self._cable_ms, DIODE_MS, now_ms):
            seen.append("proximity")
        settled = now_ms - self._pilot_ms >= BLANK_MS
        if not settled:
            self._look_at(self._pilot_ms + BLANK_MS)
        wrong, broken = self._check_waveform(high_mv, low_mv) if settled else (False, False)
        self._wrong_ms = self._since(self._wrong_ms, wrong, now_ms)
        self._broken_ms = self._since(self._broken_ms, broken, now_ms)
        if self._lasts(self._wrong_ms, DIODE_MS, now_ms) or self._checks_failed(now_ms):
            seen.append("diode")
        if self._lasts(self._broken_ms, BROKEN_MS, now_ms):
            seen.append("pilot")
        return tuple(seen)

    def _check_waveform(self, high_mv: int, low_mv: int) -> "tuple[bool, bool]":
        """(the low half says: no diode, the pilot is not what we drive). 3.5: before closing, one good wave."""
        kind = self.output[0]
        if kind == "f":
            return False, high_mv > -9000
        if kind == "x1":
            return False, high_mv < -9000 or (high_mv > 2000 and low_mv < LOW_MV_MAX)
        good = LOW_MV_MIN <= low_mv <= LOW_MV_MAX
        if good and self.plugged:
            self.diode_ok = True
        symmetric = self.plugged and not good and -2000 < high_mv + low_mv < 2000
        shorted = -1000 <= high_mv <= 1000
        return symmetric, high_mv < -9000 or not (good or symmetric or shorted)

    def _checks_failed(self, now_ms: int) -> bool:
        return self.state == "checking" and not self.diode_ok and now_ms - self._state_ms >= CLOSE_MS_MAX

    def _since(self, since_ms: "int | None", on: bool, now_ms: int) -> "int | None":
        if not on:
            return None
        return now_ms if since_ms is None else since_ms

    def _lasts(self, since_ms: "int | None", duration_ms: int, now_ms: int) -> bool:
        if since_ms is None:
            return False
        if now_ms - since_ms < duration_ms:
            self._look_at(since_ms + duration_ms)
            return False
        return True

    # what follows

    def _limit_da(self, offered_da: int, allow: bool) -> int:
        limit_da = min(offered_da, self.max_da)
        if self.socket:
            limit_da = min(limit_da, self.cable_da or 0)
        return limit_da if allow and limit_da >= CHARGING_DA_MIN else 0

    def _fire_all(self, limit_da: int, feedback: "bool | None", now_ms: int) -> None:
        if self.latch.blocks() or (self.latch.names and self.state != "held"):
            self._fire("fault", now_ms)
        if self.state == "faulted":
            self._leave_fault(now_ms)
        if self.state == "held":
            self._leave_hold(now_ms)
        self._fire("C" if self.asks else self.level, now_ms)
        self._fire("offer" if limit_da else "none", now_ms)
        if self.state == "checking" and self._ready(feedback, now_ms):
            self._fire("ready", now_ms)
        self._fire_late(now_ms)

    def _leave_fault(self, now_ms: int) -> None:
        if self.latch.blocks():
            return
        if now_ms - self._state_ms >= FAULTED_MS:
            self.latch.settle()
            self._fire("quiet", now_ms)
        else:
            self._look_at(self._state_ms + FAULTED_MS)

    def _leave_hold(self, now_ms: int) -> None:
        """What waits for a hand on the plug goes when no car is seen; then all is as after power-up."""
        if self.level == "A" and now_ms - self._pilot_ms >= BLANK_MS:
            self.latch.unplugged()
        if not self.latch.names:
            self._fire("clear", now_ms)

    def _ready(self, feedback: "bool | None", now_ms: int) -> bool:
        self._look_at(max(now_ms + 1, self._state_ms + CHECK_MS))
        return self.diode_ok and self.contactor.may_close(feedback) and now_ms - self._state_ms >= CHECK_MS

    def _fire_late(self, now_ms: int) -> None:
        duration_ms = {"pausing": YIELD_MS, "waking": WAKE_PULSE_MS, "checking": CLOSE_MS_MAX}.get(self.state)
        if self.state == "offered" and self.wake_after_ms and not self._woken:
            duration_ms = self.wake_after_ms
        if duration_ms is None:
            return
        if now_ms - self._state_ms < duration_ms:
            self._look_at(self._state_ms + duration_ms)
            return
        if self.state == "offered":
            self._woken = True
        self._fire("late", now_ms)

    def _fire(self, event: str, now_ms: int) -> None:
        """The only place that changes the state."""
        following = TRANSITIONS[self.state, event]
        if following != self.state:
            self.state = following
            self._state_ms = now_ms
            if following == "faulted":
                self.diode_ok = False  # another car may come while −12 V hides it

    def _drive(self, limit_da: int, feedback: "bool | None", now_ms: int) -> None:
        kind, closed, _ = OUTPUTS[self.state]
        self._offer(limit_da if kind == "pwm" else 0, now_ms)
        ensure(not closed or self.diode_ok, "pilot: closed only after a good diode check")
        self.contactor.command(closed, now_ms)
        settles_ms = self.contactor.settles_at_ms(feedback)
        if settles_ms is not None:
            self._look_at(max(settles_ms, now_ms + 1))
        if kind != self.output[0]:
            self._pilot_ms = now_ms
            self._look_at(now_ms + BLANK_MS)
        self.output = (kind, permille_of(self.offered_da), closed)

    def _offer(self, limit_da: int, now_ms: int) -> None:
        """Lower at once; raise what a car already follows 5 s after the last change at the earliest."""
        if limit_da > self.offered_da > 0 and now_ms - self._changed_ms < RAISE_MS:
            self._look_at(self._changed_ms + RAISE_MS)
            return
        if limit_da != self.offered_da:
            self.offered_da = limit_da
            self._changed_ms = now_ms

    @property
    def lock(self) -> bool:
        """Should the plug in the socket be held? Always while the contactor is closed or welded; else from plug-in until
        `release_plug`, or until a fault has lasted its time; not while the lock has failed. A cable of our own has no lock."""
        if not self.socket:
            return False
        held = self.plugged and self.state != "held" and not self._released and "lock_failed" not in self.latch.names
        return "welded" in self.latch.names or self.output[2] or held

    def release_plug(self) -> bool:
        """Let go of the plug until the next one, or until this car may charge again. False where there is no lock, or current may still flow."""
        if not self.socket or self.output[2] or "welded" in self.latch.names:
            return False
        self._released = True
        return True

    def _look_at(self, at_ms: int) -> None:
        if at_ms < self._look_ms:
            self._look_ms = at_ms
