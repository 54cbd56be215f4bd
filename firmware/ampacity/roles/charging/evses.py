"""Every EVSE of the site as a charging point: device facts → session → demand of the guard and facts upstream.

Who may charge is decided once: by the station where a CSMS manages the site, by `OpenAccess` on a site without, and for a
primary below, which decides for its own EVSEs.
"""

from ampacity.evse.pending_tokens import KEEP_MS, PendingTokens
from ampacity.evse.session import PAUSED_BY_EV, RESET, OpenAccess, Session
from ampacity.roles.charging.evse_readings import more_readings

if False:  # for the type checker
    from typing import Any

    from ampacity.roles.interfaces import Driver, EvseFacts, SiteFacts, UpstreamFace
    from ampacity.roles.primary_face import PrimaryFace

METER_MS = 1000
OF_CAR_MAX = 16  # messages of a device that talks with its car, in one pass; more are dropped and counted
LOG_AGAIN_MS = 3600000  # the same trouble of a device is logged again after this


class Evses:
    """Sessions by EVSE index. Commands come from the upstream, the console and the readers."""

    def __init__(self, primary: "PrimaryFace") -> None:
        self.primary = primary
        self.guard = primary.guard
        self.log = primary.log
        self.drivers = primary.buses.drivers
        self.upstream = primary.upstream
        site = primary.site
        self.sessions = [self._session(i, evse) for i, evse in enumerate(site["evses"])]
        self._seen: "list[tuple[object, ...] | None]" = [None] * len(self.sessions)
        self._logged: "dict[int, tuple[str, int]]" = {}  # by index: what keeps its device from charging, as the log has it, and since when
        self._meter_due_ms = 0
        self._next = 0  # the EVSE that the next pass begins with
        self._meters = False  # in this round of all of them meter values are due
        self._pending_tokens = PendingTokens()

    def _session(self, index: int, evse: "SiteFacts") -> "Session":
        managed = self.upstream is not None and not evse.get("primary")
        return Session(evse["name"], self.upstream.access(index) if managed else OpenAccess(), self.primary.device_log)  # type: ignore[union-attr]

    # what others ask

    def index(self, name: "str | None") -> "int | None":
        """Index of an EVSE's name, None when there is none."""
        for index, session in enumerate(self.sessions):
            if session.name == name:
                return index
        return None

    def facts(self, index: int) -> "EvseFacts":
        """What the driver of this EVSE knows of it."""
        return self.drivers[index].facts

    def amps_da(self, index: int) -> "list[int] | None":
        """Its last currents per terminal in da, None: not measured."""
        return self.drivers[index].facts.amps_da

    def session(self, index: int) -> "Session":
        """Its session."""
        return self.sessions[index]

    def transaction(self, index: int) -> "str | None":
        """Id of the transaction in progress: the one of OCPP; without upstream "local" while a session runs."""
        if self.upstream is not None:
            return self.upstream.transaction(index)
        return "local" if self.sessions[index].phase == "active" else None

    # commands

    def token(self, name: "str | None", token: str, kind: str, now_ms: int) -> None:
        """A card: at an EVSE's reader, or (name None) at one of the whole site."""
        index = self.index(name)
        if self._heard(index):
            self._decide(index, token, kind, now_ms)
        else:
            self._pending_tokens.keep(index, token, kind, now_ms)
            self.log.add("info", "token at %s: queued until the EVSE answers" % self._name(index), now_ms)

    def _decide(self, index: "int | None", token: str, kind: str, now_ms: int) -> None:
        if self.upstream is not None:
            self.upstream.token(index, token, kind, now_ms)
        elif index is not None:
            self.log.add("info", "token at %s: refused: no CSMS checks it" % self._name(index), now_ms)

    def _heard(self, index: "int | None") -> bool:
        """Was it heard since the start? None: any of them."""
        if index is not None:
            return self.sessions[index].heard
        return any([session.heard for session in self.sessions])

    def _name(self, index: "int | None") -> str:
        return "the site's reader" if index is None else self.sessions[index].name

    def button(self, name: "str | None", button: str, now_ms: int) -> None:
        """A button at an EVSE: "stop" or "emergency_stop". A name that is not here changes nothing."""
        index = self.index(name)
        if index is not None:
            self.sessions[index].button(button, now_ms)

    def bay(self, name: "str | None", occupied: bool, now_ms: int) -> None:
        """The sensor of a parking bay, for a CSMS that starts transactions by it (E01)."""
        index = self.index(name)
        if index is not None and self.upstream is not None:
            self.upstream.event(index, "bay", {"occupied": occupied}, now_ms)

    def authorized(self, index: int, accepted: bool, now_ms: int, reason: str) -> None:
        """What became of a card, with the reason; index -1: at the site's reader."""
        what = "accepted" if accepted else "refused: " + reason
        self.log.add("info", "token at %s: %s" % (self._name(None if index < 0 else index), what), now_ms)

    def reset(self, index: int, now_ms: int) -> None:
        """The CSMS restarts one EVSE: its session ends, its faults and lock-outs are checked again."""
        session, driver = self.sessions[index], self.drivers[index]
        session.stop(RESET, now_ms)
        restart = getattr(driver, "restart", None)
        if restart is not None:
            restart(now_ms)
        self.log.add("warning", "evse %s: reset" % session.name, now_ms)

    def needs(self, index: int, energy_wh: "int | None", departure_ms: "int | None", now_ms: int) -> None:
        """What its car still needs and when it leaves (None: not known): for the sharing, and reported upstream."""
        self.guard.optional.charging_needs(index, energy_wh, departure_ms)
        if self.upstream is not None:
            self.upstream.needs(index, energy_wh, departure_ms, now_ms)

    def renegotiate(self, index: int, now_ms: int) -> None:
        """There are other schedules for its car: a device that talks with cars (ISO 15118) offers them again."""
        self.ev_answer(index, {"kind": "renegotiate"}, now_ms)

    def ev_answer(self, index: int, answer: "dict[str, Any]", now_ms: int) -> None:
        """The answer to a question of a device that talks with its car (`ev_message`)."""
        take = getattr(self.drivers[index], "ev_answer", None)
        if take is not None:
            take(answer, now_ms)

    def _of_car(self, session: "Session", event: "tuple[str, Any]", now_ms: int) -> None:
        """What a device that talks with its car (ISO 15118) says: ("ev_schedule", choice) or ("ev_message", message)."""
        index = self.sessions.index(session)
        try:
            if len(event) != 2 or not isinstance(event[1], dict):
                raise ValueError("message: a dict")
            if event[0] == "ev_schedule":
                self.upstream.ev_schedule(index, event[1], now_ms)  # type: ignore[union-attr]  # the caller has looked
            else:
                self.upstream.ev_message(index, event[1], now_ms)  # type: ignore[union-attr]
        except ValueError as e:
            self.log.counter("ev_refused")
            self.primary.device_log.add("warning", "evse %s: %s: %s" % (session.name, event[0], e), now_ms)

    def unlock(self, index: int, reference: str, now_ms: int) -> None:
        """A lock that we hold ourselves is opened; a device's own lock is not ours to open."""
        driver = self.drivers[index]
        unlock = getattr(driver, "unlock", None)
        done = unlock is not None and unlock(now_ms)
        upstream: UpstreamFace = self.upstream  # type: ignore[assignment]  # it is the one that asks
        upstream.station.unlocked(reference, "Unlocked" if done else "UnlockFailed", now_ms)

    # the pass

    @property
    def unfinished(self) -> bool:
        """Are EVSEs of the last pass left for the next one?"""
        return bool(self._next)

    def step(self, now_ms: int) -> None:
        """Facts of every EVSE into its session, and what follows to the guard and upstream; what takes long is continued in the next pass."""
        if not self._next:
            self._meters = now_ms >= self._meter_due_ms
            if self._meters:
                self._meter_due_ms = now_ms + METER_MS
        first, self._next = self._next, 0
        for index in range(first, len(self.sessions)):
            session = self.sessions[index]
            operative = self.upstream is None or self.upstream.operative(index)
            if self._meters or self._moved(index, session, operative):
                self._step(index, session, operative, self._meters, now_ms)
            if self.primary.slow_work.is_long():  # a slow medium: the others in the next pass
                self._next = (index + 1) % len(self.sessions)
                break
        for meant, token, kind, given_up in self._pending_tokens.take(self._heard, now_ms):
            if self.primary.slow_work.is_long() and not given_up:
                self._pending_tokens.keep(meant, token, kind, now_ms)
            elif given_up:
                self.log.counter("cards_given_up")
                self.authorized(-1 if meant is None else meant, False, now_ms, "no answer for %d s" % (KEEP_MS // 1000))
            else:
                self._decide(meant, token, kind, now_ms)

    def _moved(self, index: int, session: "Session", operative: bool) -> bool:
        """Has anything changed that its next pass would look at, time apart?"""
        facts = self.drivers[index].facts
        events = getattr(self.drivers[index], "events", None)
        lockout = self.guard.fault(index)
        seen = (facts.updated_ms, facts.online * 2 + operative, facts.fault, self.guard.last_order_da(index), session.phase, lockout)
        if seen == self._seen[index] and not events:
            return False
        self._seen[index] = seen
        return True

    def _step(self, index: int, session: "Session", operative: bool, meter_due: bool, now_ms: int) -> None:
        driver, guard, upstream = self.drivers[index], self.guard, self.upstream
        facts, order_da = driver.facts, guard.last_order_da(index)
        self._port_events(session, driver, now_ms)
        self._log_trouble(index, session.name, getattr(facts, "trouble", None) or getattr(facts, "remark", None), now_ms)
        if upstream is not None:
            ends_ms = upstream.ends_since(index)
            if meter_due or ends_ms is not None:
                upstream.meter(index, facts, order_da, more_readings(driver))
            if ends_ms is not None and hasattr(driver, "show_energy"):
                driver.show_energy(ends_ms)
        lockout = guard.fault(index)
        if lockout != session.lockout:
            session.lockout = lockout
        session.step(facts, order_da, operative, now_ms)
        if facts.online:
            guard.plugged(index, bool(facts.plugged))
        wants = session.wants or self._under_test(index, facts)
        guard.demand(index, wants, "" if wants else session.obstacle)
        guard.optional.suspended_ev(index, session.charging_state == PAUSED_BY_EV)
        if facts.state is not None and facts.state[0] in "CD" and not facts.charging:
            guard.optional.charge_requested(index)
        if hasattr(driver, "allow"):
            driver.allow = wants
        if hasattr(driver, "release"):
            driver.release = session.lets_go
        if upstream is not None:
            upstream.status(index, session, now_ms)
            upstream.facts(index, facts, session.lockout or facts.fault or self._trouble(index, facts), now_ms)

    def _trouble(self, index: int, facts: "EvseFacts") -> "str | None":
        """What keeps it from charging though nothing is wrong with it."""
        texts = [part.texts[index] for part in self.primary.parts if hasattr(part, "texts")]
        return getattr(facts, "trouble", None) or (texts[0] if texts else None)

    def _log_trouble(self, index: int, name: str, trouble: "str | None", now_ms: int) -> None:
        """Logs what a device does not show, or holds otherwise than ordered: once per register and LOG_AGAIN_MS, not at each value."""
        about = None if trouble is None else trouble.split(" shows")[0]
        last = self._logged.get(index)
        if about is not None and (last is None or last[0] != about or now_ms - last[1] > LOG_AGAIN_MS):
            self._logged[index] = (about, now_ms)
            self.primary.device_log.add("warning", "evse %s: %s" % (name, trouble), now_ms)

    def _under_test(self, index: int, facts: "EvseFacts") -> bool:
        """A commissioning test charges a car without asking whose it is."""
        test = self.primary.commissioning
        return test is not None and test.serves(index) and bool(facts.plugged)

    def _port_events(self, session: "Session", driver: "Driver", now_ms: int) -> None:
        """What happened at a local charging point: cards, buttons, faults."""
        events = getattr(driver, "events", None)
        of_car = 0
        while events:
            event = events.pop(0)
            if event[0] == "token":
                self.token(session.name, event[1], event[2], now_ms)
            elif event[0] == "button":
                session.button(event[1], now_ms)
            elif event[0] in ("ev_schedule", "ev_message") and self.upstream is not None:
                of_car += 1
                if of_car <= OF_CAR_MAX:
                    self._of_car(session, event, now_ms)
                else:
                    self.log.counter("ev_dropped")
            elif event[0] == "fault":
                self.primary.device_log.add("warning", "evse %s: fault: %s" % (session.name, event[1]), now_ms)
