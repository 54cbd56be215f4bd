"""A primary that is the secondary of a larger one (rule 13): a lease, the register map upward, and the line to the parent.

The lease's limit goes to the guard before each safety pass; what the parent reads is written after it, and only then
can a grant be proven. The line's loop lives by itself: it answers, but proves and renews nothing that the pass did not.
"""

from ampacity import __version__
from ampacity.base.compat import const
from ampacity.bus.leases.lease import Lease
from ampacity.bus.leases.primary_register_map import PrimaryRegisterMap
from ampacity.bus.server.modbus_server import ModbusServer
from ampacity.circuit.trusted.device.reserve import Declared, reserve_da
from ampacity.roles.configuration.site_rows import spread

if False:  # for the type checker
    from ampacity.circuit.cascaded_guard import CascadedGuard
    from ampacity.ports.line import Line
    from ampacity.roles.control.modbus_tcp_server import ModbusTcpServer
    from ampacity.roles.interfaces import EvseFacts, SiteFacts, View
    from ampacity.roles.primary_face import PrimaryFace

NAME = "parent"
FRESH_MS = 4000  # a reading older than this is not part of the measured sum; the parent waits a second longer (meter_estimator.py)
WORD_MAX = 0xFFFE
_CONTROLLER_FAULT = const(1 << 7)
_LEAST_MS = const(1000)
_LEAST_A_MAX = const(255)


class ParentLink:
    """facts: `parent` of the site facts. primary: with guard, points and buses. boots: changes with every start."""

    def __init__(self, primary: "PrimaryFace", facts: "SiteFacts", boots: int) -> None:
        self.primary = primary
        self.facts = facts
        self.guard: "CascadedGuard" = primary.guard  # type: ignore[assignment]  # with a parent it is one
        self.lease = Lease(facts["fallback_da"], facts["max_da"], facts["power_on_da"], facts["lease_ms"])
        self.map = PrimaryRegisterMap(self.lease, facts["serial"], __version__, "Primary", facts["unit"], facts["after_lease_ms"])
        self.map.boot_count = boots
        self.engine = ModbusServer(facts["unit"], self.map, facts.get("baud", 19200))
        self.line: "Line | None" = None
        self.server: "ModbusTcpServer | None" = None
        if facts.get("tcp"):
            from ampacity.roles.control.modbus_tcp_server import ModbusTcpServer

            self.server = ModbusTcpServer(self.engine, facts["tcp"], primary.platform, primary.log, self._granted)
        self._state: "str | None" = None
        self._least_a = 0
        self._least_ms: "int | None" = None
        self._energy_wh = [0] * len(primary.site["evses"])
        more_da = _known_more_da(self.guard)
        self._declare(facts["fallback_da"] + more_da, facts["power_on_da"] + more_da)

    # around the safety pass

    def before(self, now_ms: int) -> None:
        """What may be drawn together, from the lease; also when no grant came for long."""
        self.guard.grant(self.lease.limit_da(now_ms))

    def after(self, now_ms: int, permit: bool) -> None:
        """What the parent reads and relies on, and whether its newest grant is proven. permit: a pass of the safety loop itself, which lives.

        In quarantine the bounds are what is not known, and no grant is proven by them. What an earlier life was granted
        the parent counts by itself; we ordered nothing since, so what we add to that are the reserves.
        """
        guard, shown = self.guard, self.map
        if permit:
            shown.passed_ms = now_ms
        shown.starting = guard.mode == "quarantine"
        shown.faulted = guard.mode == "safe"
        shown.faults = _CONTROLLER_FAULT if shown.faulted else 0
        shown.standing_da = guard.reserves_da() if shown.starting else guard.fullest_da()
        shown.offered_da = [min(da, WORD_MAX) for da in (guard.sums_da() + [0, 0])[:3]]
        shown.prove(guard.grant_met, now_ms)
        del shown.grants[:]
        if not shown.starting:
            self._keep_sums()
        self._show_cars(now_ms)
        self._show_measured(now_ms)
        self._log_edges(now_ms)

    def _keep_sums(self) -> None:
        """Reserves that turned out larger than the site file says are reported: they are what the parent must count."""
        reserves_da = self.guard.reserves_da()
        self._declare(max(self.facts["fallback_da"], reserves_da), max(self.facts["power_on_da"], reserves_da))

    def _declare(self, fallback_da: int, power_on_da: int) -> None:
        """What the parent reads as the reserve is also what the guard is held to."""
        lease = self.lease
        if (fallback_da, power_on_da) != (lease.fallback_da, lease.power_on_da):
            self.map.set_settings(fallback_da, lease.max_da, power_on_da, lease.longest_ms)
            self.guard.set_fallback(fallback_da)

    def _show_cars(self, now_ms: int) -> None:
        """One car that may charge is enough to ask for a grant; one that draws, to charge. And how much is of use at least."""
        asks = charging = False
        for index, driver in enumerate(self.primary.buses.drivers):
            asks = asks or self.guard.demands.wants[index]
            charging = charging or (driver.facts.online and driver.facts.charging)
        if self._least_ms is None or now_ms - self._least_ms >= _LEAST_MS:
            self._least_ms = now_ms
            self._least_a = min(_LEAST_A_MAX, -(-self.guard.minimum_grant_da() // 10))
        shown = self.map
        shown.plug = asks * 9 | charging * 4 | (self._least_a << 8 if asks else 0)
        shown.pilot = "C2" if charging else "B2" if asks else "A"

    def _show_measured(self, now_ms: int) -> None:
        """Σ of fresh readings per phase, and the age of the oldest; one that cannot say makes the sum unknown. Voltage: the highest to neutral.

        An EVSE that may draw nothing adds nothing: it is read seldom, or does not answer any more.
        """
        evses, phases = self.primary.site["evses"], self.primary.site["phases"]
        amps_da: "list[int] | None" = [0] * phases
        volts_dv: "list[int | None]" = [None] * phases
        age_ms = 0
        for index, driver in enumerate(self.primary.buses.drivers):
            facts, terminals = driver.facts, evses[index]["terminals"]
            if facts.energy_wh is not None:
                self._energy_wh[index] = facts.energy_wh
            s = self.guard.ledger.evse_states[index]
            if s.bound_da:
                read_ms = now_ms - s.measured_ms
                amps_da = _added(amps_da, facts, terminals, phases, read_ms <= FRESH_MS)
                age_ms = max(age_ms, read_ms)
            if facts.online and facts.volts_dv is not None:
                _highest(volts_dv, facts.volts_dv, terminals)
        shown = self.map
        none: "list[int | None]" = [None] * 3
        shown.measured_da = none if amps_da is None else (amps_da + none)[:3]
        shown.volts_dv = (volts_dv + none)[:3]
        shown.energy_wh = sum(self._energy_wh)
        shown.car_phases = min(0xFF, -(-age_ms // 100)) << 8
        for p in range(3):
            if (shown.measured_da[p] or 0) >= 10:
                shown.car_phases |= 1 << p

    def _log_edges(self, now_ms: int) -> None:
        state = self.lease.state(now_ms)
        if state != self._state:
            text = "parent: %s -> %s: limit %d da" % (self._state, state, self.lease.limit_da(now_ms))
            self.primary.device_log.add("info", text, now_ms)
            self._state = state

    # the line

    def heard(self, data: bytes, now_us: int) -> None:
        """Bytes of the parent's line; a grant is acted upon before its reply leaves."""
        self.engine.receive(data, now_us)
        self._granted(now_us // 1000)

    def _granted(self, now_ms: int) -> None:
        if self.map.grants:
            self.primary.safety.tick(now_ms, permit=False)

    async def start(self) -> None:
        """Serve the parent's line, or its TCP port, until cancelled."""
        if self.server is not None:
            await self.server.start()
            return
        platform = self.primary.platform
        clock = platform.clock
        line: "Line" = platform.open_line(self.facts)
        self.line = line
        try:
            while True:
                out, wake_us = self.engine.next(clock.now_us())
                if out:
                    line.write(out)
                data = await line.read(max(0, wake_us - clock.now_us()))
                if data:
                    self.heard(data, clock.now_us())
        finally:
            line.close()

    def view(self, now_ms: int) -> "View":
        """For the console and the bench: amperes with one decimal."""
        lease = self.lease
        view = {
            "state": lease.state(now_ms), "limit_a": lease.limit_da(now_ms) / 10, "lease_left_ms": lease.remaining_ms(now_ms),
            "sums_a": [da / 10 for da in self.guard.sums_da()], "met": self.guard.grant_met(self.guard.ledger.granted_da),
        }
        if self.server is not None:
            view["tcp"] = self.server.view()
        return view


def _added(amps_da: "list[int] | None", facts: "EvseFacts", terminals: "list[list[int]]", phases: int, fresh: bool) -> "list[int] | None":
    """The sum with one more EVSE, None where that one cannot say."""
    if amps_da is None or facts.amps_da is None or not facts.online or not fresh:
        return None
    own = spread(terminals, facts.amps_da, phases)
    return [min(WORD_MAX, amps_da[p] + max(0, own[p])) for p in range(phases)]


def _highest(volts_dv: "list[int | None]", own_dv: "list[int]", terminals: "list[list[int]]") -> None:
    for n, lines in enumerate(terminals):
        if len(lines) == 1 and n < len(own_dv):
            volts_dv[lines[0]] = max(volts_dv[lines[0]] or 0, own_dv[n])


def _known_more_da(guard: "CascadedGuard") -> int:
    """By how much the reserves are larger than the site file says, in da: with what cars make of them, by what an earlier life knew (rule 10),
    and with EVSEs that left the site file or moved in it (rule 15)."""
    more_da = 0
    for s in guard.ledger.evse_states:
        said_da = reserve_da(s.evse, Declared(s.evse))
        lines = [line for terminal in s.evse.terminals for line in terminal]
        count = max([1] + [lines.count(line) for line in lines])  # between two lines its current flows on both
        reserve = guard.ledger.bounds.with_overdraw_da(s, max(said_da, s.evidence.known_reserve_da()))
        more_da += count * (2 * reserve if s.old_keys else reserve)  # one that moved counts at both places
        if not s.evse.removed:
            more_da -= count * said_da
    return more_da
