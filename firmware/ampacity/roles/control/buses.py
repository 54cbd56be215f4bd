"""The wires of a primary: one engine for each RTU line and each TCP endpoint, with its drivers."""

from ampacity.base.errors import Rejected
from ampacity.bus.client.duplicate_address import DUPLICATE
from ampacity.bus.client.rtu_client import RtuClient, is_write
from ampacity.bus.leases.broadcast_driver import BroadcastDriver
from ampacity.bus.leases.lease_driver import LeaseDriver
from ampacity.bus.transport import run_rtu, run_tcp
from ampacity.roles.configuration.site_rows import endpoint
from ampacity.roles.control.unanswering_devices import HOST, LINE, UnansweringDevices

if False:  # for the type checker
    from collections.abc import Awaitable, Callable, Sequence
    from typing import Any

    from ampacity.base.log import Log
    from ampacity.bus.leases.grant_numbers import GrantNumbers
    from ampacity.bus.profile.evse_driver import EvseDriver
    from ampacity.bus.profile.meter_driver import MeterDriver
    from ampacity.circuit.guard import Guard
    from ampacity.ports.line import Line
    from ampacity.roles.interfaces import Driver, Engine, Reading, RolePlatform, SiteFacts

    Member = tuple[SiteFacts, Any, "int | None"]  # (facts, driver, EVSE index or None)
    Start = Callable[[], Awaitable[None]]


def shared_unit(driver: object) -> int:
    """The unit that a whole line hears, where a device takes its limits there; 0: none."""
    shared = getattr(driver, "shared", None)
    return shared.unit if shared else 0


class Wire:
    """One engine, the drivers it serves and the task that runs it.

    `guest`: another engine that has the line for a while, or None. It has `facts`, the bus facts that it wants the line
    opened with; when they change the line is opened again.
    """

    def __init__(self, name: str, engine: "Engine", start: "Start | None") -> None:
        self.name = name
        self.engine = engine
        self.start = start
        self.members: "Sequence[Member]" = ()  # [(facts, driver, evse index or None)]
        self.guest: "Any" = None
        self.line: "Line | None" = None
        self.port: "str | None" = None  # the name of its serial device
        self.unanswering: "UnansweringDevices | None" = None
        self.unusable = ""  # why it has no secure connection: certificates that cannot be read
        self._was_up = True

    def watch(self, log: "Log", now_ms: int) -> None:
        """Say when the serial device is not there, and when it is again; and who on it has never answered."""
        if self.unanswering is not None and self.guest is None:
            self.unanswering.step(log, now_ms)
        up = self.line is None or getattr(self.line, "up", True)
        if up != self._was_up:
            self._was_up = up
            what = "available again" if up else getattr(self.line, "reason", "not there")
            log.add("info" if up else "warning", "line %s: %s is %s" % (self.name, self.port, what), now_ms)

    def lend(self, guest: "Any", now_ms: int) -> None:
        """The line is the guest's until it is given back: what hangs on it is silent from now on, and counts so."""
        self.guest = guest
        for _facts, driver, _evse in self.members:
            self._report_lost(driver, now_ms)
        self._stir(self.engine)

    def give_back(self) -> None:
        """The line is ours again."""
        guest, self.guest = self.guest, None
        if guest is not None:
            self._stir(guest)

    def serving(self, guest: "Any", facts: "SiteFacts | None") -> "Callable[[], bool]":
        """A function that says whether the line is still this guest's (None: ours), opened with these facts."""
        return lambda: self.guest is guest and (guest is None or facts is None or guest.facts is facts)

    def _report_lost(self, driver: object, now_ms: int) -> None:
        tell = getattr(driver, "disconnected", None)
        if tell is not None:
            tell(now_ms)

    def _stir(self, engine: "Any") -> None:
        if self.line is not None:
            self.line.wake()
        elif getattr(engine, "wake", None) is not None:
            engine.wake()

    def duplicate_addresses(self, log: "Log", guard: "Guard") -> "Callable[[int, str, int], None]":
        """What is done when two devices answer at one address, or do so no more."""
        def report(unit: int, text: str, now_ms: int) -> None:
            log.add("warning" if text else "info", "line %s: unit %d: %s" % (self.name, unit, text or "one device answers again"), now_ms)
            for facts, driver, evse in self.members:
                if text == DUPLICATE and facts["unit"] == unit:
                    if evse is not None:
                        guard.duplicate(evse, now_ms)
                    self._report_lost(driver, now_ms)
        return report

    def trouble(self, unit: int) -> str:
        """What is to be said of an address on this line: "unit 7: two devices answer"; "" when nothing is."""
        duplicate_addresses = getattr(self.engine, "duplicate_addresses", None)
        text = duplicate_addresses.text(unit) if duplicate_addresses is not None else ""
        if self.guest is not None:
            return "its bus is stopped for a scan"
        for facts, driver, _evse in self.members:
            fault = getattr(getattr(driver, "facts", None), "fault", None) or ""
            if facts["unit"] == unit and fault.startswith("two devices"):
                text = text or fault
        if text or self.unanswering is None:
            return "unit %d: %s" % (unit, text) if text else ""
        return self.unanswering.text(unit)

    def wake(self) -> None:
        """A new order: look at once, not at the next turn."""
        if self.line is not None:
            self.line.wake()
        elif getattr(self.engine, "wake", None) is not None:
            self.engine.wake()  # type: ignore[attr-defined]


class Buses:
    """All wires. drivers: per EVSE index its driver (None: local); meters: per meter index.

    on_reading: called by a meter's driver from its `reply`, with (index, reading, now_ms): `SafetyLoop.on_reading`, so the safety pass
    runs inside the call that decoded the meter's frame.
    """

    def __init__(
        self, site: "SiteFacts", guard: "Guard", platform: "RolePlatform", log: "Log", numbers: "GrantNumbers",
        on_reading: "Callable[[int, Reading | None, int], None]",
    ) -> None:
        self.site = site
        self.guard = guard
        self.platform = platform
        self.log = log
        self.numbers = numbers  # of all grants, on every line
        self.on_reading = on_reading
        self.drivers: "list[Driver]" = [self._evse_driver(i, e) for i, e in enumerate(site["evses"])]  # type: ignore[misc]  # a local one comes later
        self.meters = [self._meter_driver(i, m) for i, m in enumerate(site["meters"])]
        self.wires: "list[Wire]" = []
        self.wire_of: "list[Wire | None]" = [None] * len(self.drivers)
        for b in range(len(site["buses"])):
            self._build(b)

    def _evse_driver(self, index: int, facts: "SiteFacts") -> "EvseDriver | LeaseDriver | None":
        if facts["kind"] == "local":
            return None
        if facts["kind"] == "ampacity":
            return LeaseDriver(facts, index, self.guard)
        from ampacity.bus.profile.evse_driver import EvseDriver
        return EvseDriver(facts, self.site["profiles"][facts["profile"]], index, self.guard)

    def _meter_driver(self, index: int, facts: "SiteFacts") -> "MeterDriver":
        from ampacity.bus.profile.meter_driver import MeterDriver
        driver = MeterDriver(facts, self.site["profiles"][facts["profile"]], index, self.guard, self.on_reading)
        if self.site["buses"][facts["bus"]]["kind"] == "rtu":
            driver.await_stale_reply(self.platform.clock.now_ms())
        return driver

    def _members(self, b: int) -> "list[Member]":
        """[(facts, driver, evse index or None)] of bus b in site order."""
        out: "list[Member]" = [(f, self.drivers[i], i) for i, f in enumerate(self.site["evses"]) if f["bus"] == b and self.drivers[i]]
        for i, f in enumerate(self.site["meters"]):
            if f["bus"] == b:
                out.append((f, self.meters[i], None))
        return out

    def _build(self, b: int) -> None:
        bus = self.site["buses"][b]
        members = self._members(b)
        if bus["kind"] == "rtu":
            self._add_rtu(bus, members)
            return
        ends = []
        for facts, _driver, _evse in members:
            end = endpoint(facts, bus)
            if end not in ends:
                ends.append(end)
        for host, port in ends:
            self._add_tcp(bus, host, port, [m for m in members if endpoint(m[0], bus) == (host, port)])

    def _with_grants(self, members: "list[Member]") -> "list[Any]":
        """The drivers of one engine, with the table that grants to those of our own kind."""
        drivers = [m[1] for m in members]
        if any([shared_unit(d) for d in drivers]):
            from ampacity.bus.profile.orders.shared_limits import join_shared_limits
            join_shared_limits(drivers)
        ours = [d for d in drivers if isinstance(d, LeaseDriver)]
        if ours:
            drivers.append(BroadcastDriver(ours, self.numbers))
            drivers[-1].on_foreign = self._second_source
        return drivers

    def _second_source(self, evse: int, now_ms: int) -> None:
        """Rule 9: one of our secondaries has taken a grant that was not ours."""
        self.log.counter("second_source")
        self.guard.foreign_write(self.site["evses"][evse]["bus"], evse, now_ms)

    def _foreign(self, bus: "SiteFacts", members: "list[Member]") -> "Callable[[int, int, int], None]":
        """Rule 9: a write by another sender to one of our EVSEs, or to all units, was heard on this line."""
        index = self.site["buses"].index(bus)

        def heard(unit: int, function: int, now_ms: int) -> None:
            if not is_write(function):
                return
            for facts, driver, evse in members:
                if evse is not None and (unit in (0, facts["unit"]) or unit == shared_unit(driver)):
                    self.guard.foreign_write(index, evse, now_ms)
                    return
        return heard

    def _add_rtu(self, bus: "SiteFacts", members: "list[Member]") -> None:
        kind: "type[RtuClient]" = RtuClient
        if bus.get("framing") == "ascii":
            from ampacity.bus.client.ascii_client import AsciiClient
            kind = AsciiClient
        engine = kind(bus, self._with_grants(members))
        engine.on_foreign = self._foreign(bus, members)
        wire = Wire(bus["name"], engine, None)
        wire.port = bus.get("port")
        engine.on_duplicate_address = wire.duplicate_addresses(self.log, self.guard)

        async def start() -> None:
            while True:
                guest = wire.guest
                facts = bus if guest is None else guest.facts
                wire.line = self.platform.open_line(facts)
                try:
                    await run_rtu(guest or engine, wire.line, self.platform.clock, wire.serving(guest, facts))
                finally:
                    wire.line.close()
        self._add(wire, start, members)

    def _add_tcp(self, bus: "SiteFacts", host: str, port: int, members: "list[Member]") -> None:
        from ampacity.bus.client.tcp_client import TcpClient
        engine = TcpClient(bus, self._with_grants(members))
        wire = Wire(bus["name"] + " " + host + ":" + str(port), engine, None)
        said: "list[str | None]" = [None]

        def report(text: str) -> None:
            """Each reason once, until another follows."""
            if text != said[0]:
                said[0] = text
                self.log.add("warning", "line %s: %s" % (wire.name, text), self.platform.clock.now_ms())

        connect = self._secured(bus, wire) if bus.get("tls") else self.platform.connect

        async def start() -> None:
            while True:
                guest = wire.guest
                await run_tcp(guest or engine, connect, host, port, self.platform.clock, self.platform.abort, report, wire.serving(guest, None))
        self._add(wire, start, members)

    def _secured(self, bus: "SiteFacts", wire: Wire) -> "Callable[[str, int], Awaitable[Any]]":
        """How a bus with Modbus/TCP Security is connected: with our certificate, to a device that shows one for its name.

        Certificates that cannot be used do not stop the start: the devices of this wire do not answer, and count so.
        """
        from ampacity.ports.tls_credentials import own_credentials
        context: "Any" = None
        try:
            context = self.platform.client_tls(own_credentials(bus["tls"]))
        except Rejected as e:
            wire.unusable = "tls: %s" % e

        async def connect(host: str, port: int) -> "Any":
            if wire.unusable:
                raise OSError(wire.unusable)
            return await self.platform.connect(host, port, context, host)
        return connect

    def _add(self, wire: "Wire", start: "Start", members: "list[Member]") -> None:
        wire.start = start
        wire.members = members
        wire.unanswering = UnansweringDevices(wire.name, members, self.guard, wire.unusable or (LINE if wire.port else HOST))
        self.wires.append(wire)
        for _facts, _driver, evse in members:
            if evse is not None:
                self.wire_of[evse] = wire

    def permit(self, until_ms: int) -> None:
        """Rule 11: feeding frames and raises may leave until then."""
        for wire in self.wires:
            wire.engine.permit(until_ms)
