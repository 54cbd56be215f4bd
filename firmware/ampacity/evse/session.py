"""The session of one EVSE, be it our own charging point or a device on a bus: what its driver shows, and what follows from it.

The session does not decide who may charge. `access` (interfaces.py) does: the station upstream where a CSMS manages
the site, else `OpenAccess`, which serves every car. The session reports events to it and queries it each time, so that
no copy can differ. Facts, commands and now_ms in; `phase`, `wants` and `charging_state` out. Pure.

`phase`: "idle" no car, no authorisation; "authorised" charging is authorised, the car is awaited; "plugged" a car, no
authorisation; "active" a car, and charging is authorised; "ended" it was active, the car is still plugged in.
"""

from ampacity.base.quantities import CHARGING_DA_MIN

if False:  # for the type checker
    from ampacity.base.log import Log
    from ampacity.evse.interfaces import Access, SessionFacts

OFFLINE_MS = 5000  # a device that is lost for so long is shown as unavailable, and its car as paused
FIRST_LOOK_MS = 3000
NOT_YET = -1
SETTLE_MS = 10000  # after a start a device that has not shown its state by then is reported as it is known
NO_CAR, CONNECTED, CHARGING, PAUSED_BY_EV, PAUSED_BY_EVSE = CHARGING_STATES = (
    "no car", "connected", "charging", "paused by EV", "paused by EVSE",
)  # fmt: skip
# why a session ends, besides what its owner decides
STOP_BUTTON, EMERGENCY_STOP, RESET, UNPLUGGED = "stop button", "emergency stop", "reset", "unplugged"
# faults after which a session does not continue, by their first words, and the reason that is reported
ENDING_FAULTS = (
    ("rcm", "residual current"),
    ("residual", "residual current"),
    ("emergency", EMERGENCY_STOP),
    ("welded", "fault"),
    ("contactor", "fault"),
    ("disobeyed", "fault"),
)


class Session:
    """One EVSE's session. access: the owner of authorisation. log: gets a line for each change.

    `settled`: False right after a start, while the status may be another in a moment. `operative`: False: nothing is served, a
    car that is there stays connected. `fault`: as text, None: none. `lost`: what the device does is not known.
    """

    # these values apply to most sessions, until they are set
    operative = True
    lost = True
    fault: "str | None" = None
    lockout: "str | None" = None  # a fault that not the device but the safety core sees, as text
    charging_state = NO_CAR
    _first_ms: "int | None" = NOT_YET  # first sight after a start, or after it was lost, which is still to be made sure of; None: it is sure
    _began_ms: "int | None" = NOT_YET  # None: settled
    _heard_ms: "int | None" = None
    _plugged: "bool | None" = None
    _active = False  # as the log has it
    _served = False  # this car has had an active session
    _ended_by = ""  # why this car's session ended
    _locked_out = False  # it was a lock-out that ended this car's session, and nothing else has ended it since

    def __init__(self, name: str, access: "Access", log: "Log") -> None:
        self.name = name
        self.access = access
        self._log = log

    @property
    def settled(self) -> bool:
        """See the class."""
        return self._began_ms is None

    @property
    def heard(self) -> bool:
        """Has its device answered since the start?"""
        return self._heard_ms is not None

    @property
    def phase(self) -> str:
        """See the module's text."""
        if self.access.permits():
            return "active" if self._plugged else "authorised"
        if not self._plugged:
            return "idle"
        return "ended" if self._served else "plugged"

    @property
    def occupied(self) -> bool:
        """A car is plugged in. One that is awaited leaves the connector available (OCPP 2.0.1 part 2, G01.FR.03; erratum 6.2.116)."""
        return bool(self._plugged)

    @property
    def wants(self) -> bool:
        """A car is there, it may charge, and nothing forbids it now."""
        return self.phase == "active" and self.operative and not self.fault

    @property
    def lets_go(self) -> bool:
        """The session of the car that is still plugged in was ended as its driver or the CSMS wished: a socket lets its plug go."""
        return self.phase == "ended" and not self.fault and self.access.lets_go()

    @property
    def obstacle(self) -> str:
        """Why no car may charge here, or the one that is plugged in, and what a person does about it; "": none is plugged in, or it may."""
        if self.fault:  # also where no plug is seen: a pilot at -12 V hides it
            unplug = self._plugged and self._ends_session(self.fault) and not self.lockout
            return "fault: " + self.fault + ("; unplug the car and plug it in again" if unplug else "")
        if not self._plugged or self.wants:
            return ""
        if not self.operative:
            return "taken out of service by the CSMS"
        if self.phase == "ended":
            return "session ended (%s); %s" % (self._ended_by, self.access.remedy)
        return "not authorized; " + self.access.remedy

    # facts

    def step(self, facts: "SessionFacts", order_da: "int | None", operative: bool, now_ms: int) -> None:
        """facts: of the driver (online, plugged, charging, state, fault). order_da: in force for it, or None. operative: see the class."""
        reason = None
        if operative != self.operative:
            self.operative = operative
        if self._is_lost(now_ms):
            self._first_ms = NOT_YET
        if facts.online:
            self._heard_ms = now_ms
            if facts.plugged is not None:
                reason = self._see_plug(facts.plugged, now_ms)
        reason = self._see_fault(self.lockout or facts.fault, now_ms) or reason
        self._see_access(reason, now_ms)
        self.lost = self._is_lost(now_ms)
        self._see_charging(facts, order_da, now_ms)
        if self._began_ms is not None:
            if self._began_ms == NOT_YET:
                self._began_ms = now_ms
            known = self.heard and (self._plugged is not None or self.fault)
            if known or now_ms - self._began_ms >= SETTLE_MS:
                self._began_ms = None

    def _see_plug(self, plugged: bool, now_ms: int) -> "str | None":
        """The reason why its session ends, if that is what this means."""
        if plugged == self._plugged:
            self._first_ms = None
            return None
        if self._first_ms is not None and not plugged:
            # after a start a pilot or a device needs a moment to show the car that was there all along
            if self._first_ms == NOT_YET:
                self._first_ms = now_ms
            if now_ms - self._first_ms < FIRST_LOOK_MS:
                return None
        self._plugged = plugged
        self._first_ms = None
        self._served = False
        if self._locked_out:
            self._locked_out = False
        self._log_event("plugged" if plugged else "unplugged", now_ms)
        self.access.event("plugged" if plugged else "unplugged", None, now_ms)
        return None if plugged else UNPLUGGED

    def _see_fault(self, fault: "str | None", now_ms: int) -> "str | None":
        """The reason why its session ends, if it does by this fault."""
        if fault == self.fault:
            return None
        self.fault = fault
        reason, disobeyed = self._ends_session(fault or ""), "disobeyed" in (fault or "")
        if reason and self.phase == "active":
            self._end("fault", reason, now_ms)
            self._locked_out = disobeyed
            return reason
        if self._locked_out and not disobeyed:
            self._locked_out = False
            if not reason:
                self.access.event("unlocked", None, now_ms)  # a person inspected it
        return None

    def _ends_session(self, fault: str) -> str:
        """The reason that is reported, if no session continues after this fault; else ""."""
        for words, reason in ENDING_FAULTS:
            if words in fault:
                return reason
        return ""

    def _see_access(self, reason: "str | None", now_ms: int) -> None:
        """What the owner of authorisation decides now, for the log; and that this car was served. reason: of an end that began here."""
        active = self.phase == "active"
        if active != self._active:
            self._active = active
            self._ended_by = reason or self.access.reason()
            self._log_event("session started" if active else "session ended: %s" % self._ended_by, now_ms)
        self._served = self._served or active

    def _see_charging(self, facts: "SessionFacts", order_da: "int | None", now_ms: int) -> None:
        state = self._charging_state(facts, order_da)
        if state != self.charging_state:
            self.charging_state = state
            self._log_event(state, now_ms)
            self.access.event("charging", state, now_ms)

    def _charging_state(self, facts: "SessionFacts", order_da: "int | None") -> str:
        if not self._plugged:
            return NO_CAR
        if self.phase != "active":
            return CONNECTED
        if self.lost:
            return PAUSED_BY_EVSE
        if facts.charging and facts.state is not None and facts.state[0] in "CD":
            return CHARGING
        if order_da is None or order_da < CHARGING_DA_MIN or self.fault or not self.operative:
            return PAUSED_BY_EVSE
        return PAUSED_BY_EV

    def _is_lost(self, now_ms: int) -> bool:
        """It has fallen back by its watchdog, and its last facts are old."""
        return self._heard_ms is None or now_ms - self._heard_ms >= OFFLINE_MS

    # commands

    def button(self, name: str, now_ms: int) -> None:
        """The local button: "stop" or "emergency_stop" (the charging point itself opens at once for the latter)."""
        self.stop(EMERGENCY_STOP if name == "emergency_stop" else STOP_BUTTON, now_ms)

    def stop(self, reason: str, now_ms: int) -> None:
        """The owner gets a stop from here: no more charging until it permits that again. reason: see above."""
        if self._locked_out:
            self._locked_out = False  # a stop ends the session permanently, whatever a lock-out did before
        if self.access.permits():
            self._end("stop", reason, now_ms)
            self._see_access(reason, now_ms)

    def _end(self, kind: str, reason: str, now_ms: int) -> None:
        self._served = self._served or self.phase == "active"
        self.access.event(kind, reason, now_ms)

    def _log_event(self, text: str, now_ms: int) -> None:
        self._log.add("info", "evse %s: %s" % (self.name, text), now_ms)


class OpenAccess:
    """Access without a CSMS: every car is served; a stop or an ending fault holds until it is unplugged, a lock-out until its reset."""

    remedy = "unplug the car and plug it in again"

    def __init__(self) -> None:
        self._served = self._stopped = False

    def permits(self) -> bool:
        """May the car that is plugged in charge? False without a car."""
        return self._served

    def lets_go(self) -> bool:
        """The stop button lets a plug go."""
        return self._stopped

    def reason(self) -> str:
        """Nothing ends here by itself."""
        return ""

    def event(self, kind: str, word: "str | None", now_ms: int) -> None:
        """What happens at the EVSE, as Access says."""
        if kind != "charging":
            self._served = kind in ("plugged", "unlocked")
            self._stopped = kind == "stop" and word == STOP_BUTTON
