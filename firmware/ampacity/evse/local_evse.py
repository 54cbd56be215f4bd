"""A charging point as a whole: the port's readings go through the pilot machine, what follows goes to the port.

Used by the primary's own charging point and by a secondary alike; neither adds anything about pilots or contactors.
"""

from ampacity.evse.energy import EnergyCounter
from ampacity.evse.pilot import ControlPilot

if False:  # for the type checker
    from ampacity.evse.interfaces import EvsePort

STALE_MS = 1000  # readings older than this are none
PORT_FAULTS = (("rcm", "rcm"), ("overtemp", "overtemperature"), ("lock_failed", "lock_failed"), ("pe_lost", "pe_lost"))
VOLTS_DV = 2300  # for energy without a voltage reading


class LocalEvse:
    """port: an EvseHardware. machine: its ControlPilot. `updated_ms`: time of the readings last used, -1 for none.

    `events`: ("token", id, type), ("button", name) from the port, and ("fault", name) for each fault that begins;
    taken by the owner.
    """

    def __init__(self, port: "EvsePort", machine: "ControlPilot | None" = None, terminals: int = 3, energy_wh: int = 0) -> None:
        self.port = port
        self.machine = machine or ControlPilot()
        self.terminals = terminals
        self.events: "list[tuple[str, ...]]" = []
        self.updated_ms = -1
        self.energy = EnergyCounter(energy_wh)
        self.metered = False  # something has measured current or energy in this life
        self.locked_out = False  # locked out by who is responsible for the whole
        self._raised: "tuple[str, ...]" = ()
        self._stopped = False
        self._kept: "list[str]" = []  # faults of an earlier life, until the first reading says whether the car is still there

    def restore(self, faults: "list[object]") -> None:
        """Faults that an earlier life kept, as `latched` gave them: before anything is offered."""
        self._kept = [name for name in faults if isinstance(name, str)]

    @property
    def latched(self) -> "list[str]":
        """Faults to be kept over a restart: only the plug's removal or a person ends them."""
        return self._kept + [name for name in self.machine.latch.waiting() if name not in self._kept]

    def step(self, offered_da: int, allow: bool, now_ms: int) -> None:
        """One pass: offered_da is the most that the car may be offered, allow whether it may charge at all."""
        port, machine = self.port, self.machine
        if port.events:
            self._take_events()
        read_ms = port.updated_ms
        if self._kept and read_ms is not None:
            machine.restore(self._kept)
            self._kept = []
        faults = self._faults(read_ms, now_ms)
        pilot, permille, closed = machine.step(
            port.cp_high_mv, port.cp_low_mv, port.pp_ohm, port.contactor_closed, faults, offered_da, allow, now_ms
        )
        port.set_lock(machine.lock)  # before the contactor, which waits for it
        port.set_contactor(closed)
        port.set_pilot(pilot, permille)
        if read_ms is not None and read_ms != self.updated_ms:
            self.updated_ms = read_ms
            self.metered = self.metered or port.amps_da is not None or port.energy_wh is not None
            self.energy.add((port.amps_da or [])[: self.terminals], self._volts(), now_ms)
        self._report_faults()

    @property
    def charging(self) -> bool:
        """Is the contactor commanded closed?"""
        return self.machine.output[2]

    @property
    def energy_wh(self) -> int:
        """The port's meter, else what was integrated."""
        shown_wh = self.port.energy_wh
        return self.energy.energy_wh if shown_wh is None else shown_wh

    def shows(self, kind_wanted: str) -> bool:
        """Does the pilot that is read back look like what we drive ("x1", "pwm" or "f")?"""
        high_mv, low_mv = self.port.cp_high_mv, self.port.cp_low_mv
        if kind_wanted == "f":
            return high_mv < -9000
        if kind_wanted == "x1":
            return low_mv > -9000
        return high_mv > -9000 and low_mv < -2000

    def unlock(self) -> bool:
        """Open the socket's lock. False: no lock, a contactor that is closed, or a lock that does not move."""
        return not self.port.lock_failed and self.machine.release_plug()

    def stop_hard(self) -> None:
        """Emergency stop: off at once, until no car is plugged in."""
        self._stopped = True

    def restart(self, now_ms: int) -> None:
        """The hardware took pilot and contactor back meanwhile: they are driven again from their reset state."""
        self.machine.restart(now_ms)

    def reset_faults(self) -> None:
        """A person clears what is no longer there; a lock that failed may try again."""
        self._kept = []
        self.port.lock_again = True
        self.machine.reset_faults()

    def _faults(self, read_ms: "int | None", now_ms: int) -> "tuple[str, ...]":
        """What the port shows, how old its readings are, and what its owners say."""
        names = []
        for flag, name in PORT_FAULTS:
            if getattr(self.port, flag):
                names.append(name)
        if read_ms is not None and now_ms - read_ms > STALE_MS:
            names.append("input")
        if self.locked_out:
            names.append("locked_out")
        if self._stopped:
            self._stopped = False
            names.append("emergency_stop")
        return tuple(names)

    def _take_events(self) -> None:
        events, self.port.events = self.port.events, []
        for event in events:
            if event[0] == "button" and event[1] == "emergency_stop":
                self.stop_hard()
            self.events.append(event)

    def _report_faults(self) -> None:
        faults = self.machine.faults
        if faults or self._raised:
            for name in faults:
                if name not in self._raised:
                    self.events.append(("fault", name))
            self._raised = tuple(faults)

    def _volts(self) -> "list[int]":
        return [volts or VOLTS_DV for volts in self.port.volts_dv[: self.terminals]]
