"""Who may charge, and since when: the session of one EVSE, be it our own charging point or a device on a bus.

Three modes. "free": every car is served without asking. "local": a token from the site's own list starts, the same
one stops. "managed": the CSMS decides; tokens are only passed on, `start` and `stop` are its answers.
Facts and commands in; `status`, `wants` and `events` out. Pure.
"""

from ampacity.base.quantities import CHARGING_DA_MIN
from ampacity.evse.session_transitions import TRANSITIONS

if False:  # for the type checker
    from ampacity.evse.interfaces import SessionFacts

MODES = ("free", "local", "managed")
OFFLINE_MS = 5000  # a device that is lost for so long is shown as unavailable, and its car as suspended
CONNECTION_MS = 60000
FIRST_LOOK_MS = 3000
SETTLE_MS = 10000  # after a start a device that has not shown its state by then is told as it is known
# faults after which a session does not go on, by their first words, and the reason that is told
ENDING_FAULTS = (
    ("rcm", "GroundFault"),
    ("residual", "GroundFault"),
    ("emergency", "EmergencyStop"),
    ("welded", "Other"),
    ("contactor", "Other"),
    ("disobeyed", "Other"),
)


class Session:
    """One EVSE's session.

    mode: see MODES. tokens: accepted ids in mode "local", None: any. connection_ms: how long leave waits for a car,
    0: for ever (the CSMS keeps that time itself).
    `settled`: False right after a start, while `status` may be another in a moment.
    `status`: Available, Preparing, Charging, Suspended, Finishing, Reserved, Unavailable, Faulted. `wants`: there is a
    car that may charge. `token`: whose session it is, None: nobody's. `events`, taken by the owner, are
    (kind, fields): plugged, unplugged, token {token, type}, refused {token}, started {token}, charging {state},
    stop_local {reason}, fault {reason}, ended {reason}, timeout {}.
    """

    # what stands here is as it is for most sessions, until it is set
    tokens: "list[str] | None" = None
    available = True
    reserved = False
    _first_ms: "int | None" = None  # first sight after start, or after it was lost
    _look = True  # that sight is still to be made sure of
    settled = False
    _fault: "str | None" = None

    def __init__(self, name: str, mode: str = "free", tokens: "list[str] | None" = None, connection_ms: int = CONNECTION_MS) -> None:
        self.name = name
        self.mode = mode
        if tokens is not None:
            self.tokens = tokens
        self.connection_ms = 0 if mode == "managed" else connection_ms
        self.phase = "idle"
        self.token_id: "str | None" = None
        self.lockout: "str | None" = None  # a fault that not the device but the safety core sees, as text
        self.charging_state = "Idle"
        self.status = "Unavailable"
        self.events: "list[tuple[str, dict[str, str | None]]]" = []
        self._plugged: "bool | None" = None
        self._since_ms: int = None  # type: ignore[assignment]  # until the first step
        self._heard_ms: "int | None" = None

    @property
    def heard(self) -> bool:
        """Has its device answered since the start?"""
        return self._heard_ms is not None

    @property
    def wants(self) -> bool:
        """A car is there, it may charge, and nothing forbids it now."""
        return self.phase == "active" and self.available and not self._fault

    # facts

    def step(self, facts: "SessionFacts", order_da: "int | None", now_ms: int) -> None:
        """facts: of the driver (online, plugged, charging, state, fault). order_da: in force for it, or None."""
        if self._since_ms is None:
            self._since_ms = now_ms
            self._began_ms: int = now_ms
        if self._lost(now_ms):
            self._first_ms = None
            self._look = True
        if facts.online:
            self._heard_ms = now_ms
            if facts.plugged is not None:
                self._see_plug(facts.plugged, now_ms)
        self._see_fault(self.lockout or facts.fault)
        if self.phase == "authorised" and self.connection_ms and now_ms - self._since_ms >= self.connection_ms:
            self._fire("timeout", now_ms)
            self._tell("timeout")
        self._see_charging(facts, order_da, now_ms)
        self.status = self._status(now_ms)
        if not self.settled:
            known = self.heard and (self._plugged is not None or self._fault)
            self.settled = bool(known) or now_ms - self._began_ms >= SETTLE_MS

    def _see_plug(self, plugged: bool, now_ms: int) -> None:
        if plugged == self._plugged:
            self._look = False
            return
        if self._look and not plugged:
            # after a start a pilot or a device needs a moment to show the car that was there all along
            if self._first_ms is None:
                self._first_ms = now_ms
            if now_ms - self._first_ms < FIRST_LOOK_MS:
                return
        self._plugged = plugged
        self._look = False
        self._tell("plugged" if plugged else "unplugged")
        was = self.phase
        self._fire("plug" if plugged else "unplug", now_ms)
        if plugged and self.mode == "free":
            self._fire("permit", now_ms)
        if self.phase == "active":
            self._tell("started", token=self.token_id)
        if was == "active":
            self._tell("ended", reason="EVDisconnected")

    def _see_fault(self, fault: "str | None") -> None:
        if fault == self._fault:
            return
        self._fault = fault
        if fault and self.phase == "active":
            for words, reason in ENDING_FAULTS:
                if words in fault:
                    self._tell("fault", reason=reason)
                    self._end(reason)
                    return

    def _see_charging(self, facts: "SessionFacts", order_da: "int | None", now_ms: int) -> None:
        state = self._charging_state(facts, order_da, now_ms)
        if state != self.charging_state:
            self.charging_state = state
            self._tell("charging", state=state)

    def _charging_state(self, facts: "SessionFacts", order_da: "int | None", now_ms: int) -> str:
        if not self._plugged:
            return "Idle"
        if self.phase != "active":
            return "EVConnected"
        if self._lost(now_ms):
            return "SuspendedEVSE"
        if facts.charging and facts.state is not None and facts.state[0] in "CD":
            return "Charging"
        if order_da is None or order_da < CHARGING_DA_MIN or self._fault or not self.available:
            return "SuspendedEVSE"
        return "SuspendedEV"

    def _lost(self, now_ms: int) -> bool:
        """Nobody knows what it does: it falls back by itself, and what it said last is old."""
        return self._heard_ms is None or now_ms - self._heard_ms >= OFFLINE_MS

    def _status(self, now_ms: int) -> str:
        if self._fault:
            return "Faulted"
        if self._lost(now_ms):
            return "Unavailable"
        if self.phase == "active" and self.available:
            return "Charging" if self.charging_state == "Charging" else "Suspended"
        if not self.available:
            return "Unavailable"
        if self.phase == "idle":
            return "Reserved" if self.reserved else "Available"
        return "Finishing" if self.phase == "ended" else "Preparing"

    # commands

    def present(self, token: str, kind: str, now_ms: int) -> None:
        """A token at this EVSE's reader. Who gets told what is in `events`."""
        if self.mode == "managed":
            self._tell("token", token=token, type=kind)
        elif self.mode == "free" or (self.tokens is not None and token not in self.tokens):
            self._tell("refused", token=token)
        elif self.phase in ("active", "authorised"):
            if token == self.token_id:
                self.stop("Local", now_ms)
            else:
                self._tell("refused", token=token)
        else:
            self.start(token, now_ms)

    def start(self, token: str, now_ms: int) -> bool:
        """Somebody may charge here from now on (remote start, accepted token). False where it cannot be."""
        if not self.available or self.phase in ("active", "authorised"):
            return False
        self.token_id = token
        self._fire("permit", now_ms)
        if self.phase == "active":
            self._tell("started", token=token)
        return True

    def stop(self, reason: str, now_ms: int) -> None:
        """No more charging until the next start: remote stop, the same token again, lost authorisation, reset."""
        if self.phase == "active":
            self._end(reason)
        elif self.phase == "authorised":
            self._fire("revoke", now_ms)
            self.token_id = None

    def button(self, name: str, now_ms: int) -> None:
        """The local button: "stop" or "emergency_stop" (the charging point itself opens at once for the latter)."""
        reason = "EmergencyStop" if name == "emergency_stop" else "Local"
        if self.phase == "active":
            self._tell("stop_local", reason=reason)
        self.stop(reason, now_ms)

    def set_available(self, available: bool) -> None:
        """Inoperative: nothing is served; a car that is there stays connected."""
        self.available = available

    def reserve(self, on: bool) -> None:
        """Kept for somebody: shown while idle. Whose token fits is the decision of who reserved."""
        self.reserved = on

    def _end(self, reason: str) -> None:
        self._fire("revoke", self._since_ms)
        self._tell("ended", reason=reason)
        self.token_id = None

    def _fire(self, event: str, now_ms: int) -> None:
        """The only place that changes the phase."""
        following = TRANSITIONS[self.phase, event]
        if following != self.phase:
            self.phase = following
            self._since_ms = now_ms
            if following == "idle":
                self.token_id = None

    def _tell(self, kind: str, **fields: "str | None") -> None:
        self.events.append((kind, fields))
