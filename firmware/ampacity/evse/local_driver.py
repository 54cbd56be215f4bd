"""The primary's own charging point as a driver: orders of the judge become an offer on the pilot.

Its order needs no bus: it is sent by setting the offer and proven when a reading taken after that shows the pilot we
drive. Reset drops pilot and contactor in hardware and only the safety loop feeds the hardware watchdog, so without us
it draws nothing: fallback and power-on value are 0.
"""

from ampacity.evse.local_evse import LocalEvse
from ampacity.evse.pilot import ControlPilot

if False:  # for the type checker
    from typing import Any

    from ampacity.evse.interfaces import EvseGuard, EvsePort

EVIDENCE_MS = 200  # how often it is reported again that the settings are what they are
REFRESH_MS = 2000  # how often its order is given and proven again: the judge may have dropped or doubted it meanwhile


class LocalFacts:
    """What is known of the charging point; the same names as a bus device's facts."""

    def __init__(self) -> None:
        self.online = False
        self.state: "str | None" = None
        self.plugged: "bool | None" = False
        self.charging = False
        self.amps_da: "list[int] | None" = None
        self.volts_dv: "list[int] | None" = None
        self.power_w: "int | None" = None
        self.energy_wh: "int | None" = None
        self.limit_da: "int | None" = None
        self.serial: "str | None" = None
        self.firmware: "str | None" = None
        self.fault: "str | None" = None
        self.contactor_closed: "bool | None" = None
        self.updated_ms = -1


class LocalDriver:
    """facts_in: the EVSE's entry of the site facts. guard: the guard. `allow`: the session lets the car charge; `release`: it is over, and a
    socket lets the plug go.

    `want(limit_da, now_ms)` and `step(now_ms)` are called by the safety loop; `events` are the charging point's.
    """

    def __init__(self, facts_in: "dict[str, Any]", index: int, guard: "EvseGuard", port: "EvsePort", energy_wh: int = 0) -> None:
        self.unit = 0
        self.index = index
        self.guard = guard
        self.terminals = len(facts_in.get("terminals") or ((0,), (1,), (2,)))
        machine = ControlPilot(max_da=facts_in["max_da"], socket=facts_in.get("connector", "cType2")[:1] == "s")
        self.evse = LocalEvse(port, machine, self.terminals, energy_wh)
        self.facts = LocalFacts()
        self.allow = True
        self.release = False  # the plug is to be let go, as soon as no current may flow
        self.watchdog_ms: int = facts_in.get("watchdog_ms", 1000)
        self.max_da: int = facts_in["max_da"]
        self._open = False  # the contactor is to be open
        self._cleared = False  # no longer locked out: its fault goes when it was seen gone
        self._want_da = 0
        self._order: "tuple[int, int, int] | None" = None  # (id, da, sent_ms) of the newest one
        self._proven = True
        self._evidence_ms: "int | None" = None
        self._stepped_ms: "int | None" = None
        port.on_input = self._on_input

    @property
    def events(self) -> "list[tuple[str, ...]]":
        """("token", id, type), ("button", name) and ("fault", name), oldest first; the reader empties the list."""
        return self.evse.events

    @property
    def name(self) -> str:
        """The name of its hardware, under which what it keeps is kept."""
        return self.evse.port.name

    @property
    def temperature_c(self) -> "int | float | None":
        """Degrees Celsius of its sensor; None: it has none, or the port of a bench knows of no such thing."""
        return getattr(self.evse.port, "temperature_c", None)

    @property
    def signed(self) -> "dict[str, str] | None":
        """What its meter has signed of its readings; None: it signs nothing, or the port of a bench knows of no such thing."""
        return getattr(self.evse.port, "signed", None)

    @property
    def latched(self) -> "list[str]":
        """Faults to be kept over a restart."""
        return self.evse.latched

    def restore(self, faults: "list[object]") -> None:
        """Faults that an earlier life kept."""
        self.evse.restore(faults)

    def want(self, limit_da: int, now_ms: int) -> None:
        """The order that should be in force."""
        self._want_da = limit_da

    def hold_open(self, on: bool) -> None:
        """The contactor is to be open, whatever the car and the order say, or (off) no longer."""
        self._open = on

    def lock_out(self, on: bool) -> None:
        """It disobeyed: a fault until it is reset."""
        self._cleared = self.evse.locked_out and not on
        self.evse.locked_out = on

    def restart(self, now_ms: int) -> None:
        """As after a power cut of this charging point alone: contactor open, pilot off, faults checked again."""
        self.evse.restart(now_ms)
        self.evse.reset_faults()

    def reset_faults(self) -> None:
        """A person looked: what is no longer there is over."""
        self.evse.reset_faults()

    def unlock(self, now_ms: int) -> bool:
        """Open the socket's lock. False: no lock, a contactor that is closed, or a lock that did not move, which tries again."""
        self.evse.port.lock_again = True
        return self.evse.unlock()

    def ev_answer(self, answer: "dict[str, object]", now_ms: int) -> None:
        """To the module that talks with the car (ocpp/iso15118/block.py), where the port has one."""
        take = getattr(self.evse.port, "ev_answer", None)
        if take is not None:
            take(answer)

    def step(self, now_ms: int) -> None:
        """Readings to the judge, the wanted order through the judge to the pilot."""
        if self._reset_by_hardware(now_ms):
            self.evse.restart(now_ms)
        self._stepped_ms = now_ms
        self._show_evidence(now_ms)
        self._order_if_due(now_ms)
        self._on_input(now_ms)
        self._report(now_ms)

    def _on_input(self, now_ms: int) -> None:
        """A pin changed: the pilot machine acts on it within the order that is in force."""
        if self._reset_by_hardware(now_ms):
            return
        self.evse.step(0 if self._order is None else self._order[1], self.allow and not self._open, now_ms)
        if self.release:
            self.evse.unlock()
        if self._cleared:
            self._cleared = False
            self.evse.reset_faults()

    def _reset_by_hardware(self, now_ms: int) -> bool:
        """The safety loop did not run for longer than the hardware watchdog waits: it no longer controls the pins."""
        return self._stepped_ms is not None and now_ms - self._stepped_ms >= self.watchdog_ms

    def _show_evidence(self, now_ms: int) -> None:
        if self._evidence_ms is not None and now_ms - self._evidence_ms < EVIDENCE_MS:
            return
        self._evidence_ms = now_ms
        self.guard.heard(self.index, now_ms)
        for key, value in (
            ("fingerprint", "local"),
            ("watchdog_ms", self.watchdog_ms),
            ("fallback_da", 0),
            ("power_on_da", 0),
            ("max_da", self.max_da),
            ("mode_ok", True),
        ):
            self.guard.evidence(self.index, key, value, now_ms)

    def _order_if_due(self, now_ms: int) -> None:
        order = self._order
        if order is not None and order[1] == self._want_da and now_ms - order[2] < REFRESH_MS:
            return
        order_id = self.guard.send(self.index, self._want_da, now_ms)
        if order_id is None and self._order is None:
            order_id = self.guard.send(self.index, 0, now_ms)
            self._want_da = 0
        if order_id is not None:
            self._order = (order_id, self._want_da, now_ms)
            self._proven = False
            self.guard.answered(self.index, order_id, now_ms)

    def _report(self, now_ms: int) -> None:
        evse, facts, port = self.evse, self.facts, self.evse.port
        machine = evse.machine
        facts.state, facts.plugged, facts.charging = machine.iec_state, machine.plugged, evse.charging
        facts.limit_da = machine.offered_da
        facts.fault = ", ".join(machine.faults) or None
        facts.online = port.updated_ms is not None
        facts.contactor_closed = port.contactor_closed
        facts.energy_wh = evse.energy_wh if evse.metered else None  # 0 Wh would be a measurement
        if facts.updated_ms == evse.updated_ms:
            return
        facts.updated_ms = evse.updated_ms
        facts.amps_da = None if port.amps_da is None else port.amps_da[: self.terminals]
        facts.volts_dv = None if port.amps_da is None else port.volts_dv[: self.terminals]
        facts.power_w = None if facts.amps_da is None else evse.energy.power_w()
        self.guard.reported(self.index, machine.offered_da, now_ms)
        self.guard.measured(self.index, port.amps_da, evse.updated_ms, now_ms)
        self._prove(now_ms)

    def _prove(self, now_ms: int) -> None:
        """A reading newer than the order, of the pilot that we drive, at no more than the order."""
        if self._order is None or self._proven:
            return
        order_id, order_da, sent_ms = self._order
        if self.evse.updated_ms > sent_ms and self.evse.shows(self.evse.machine.output[0]):
            self._proven = True
            self.guard.proven(self.index, order_id, order_da, now_ms)
