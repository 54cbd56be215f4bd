"""A secondary: one charging point, a register map on the bus, and a lease. Wiring only.

The safety loop, each 100 ms and at once after a grant, takes the limit from the lease, lets the pilot machine act on
it, puts the facts into the register map, and alone feeds the watchdog. When the lease lapses the limit is the
fallback without any further step: no task, no timer and no frame is needed between the lease and the pilot.
"""

import asyncio

from ampacity import __version__
from ampacity.base.compat import format_exception
from ampacity.base.errors import Rejected
from ampacity.base.keep_running import keep_running
from ampacity.base.quantities import CHARGING_DA_MIN
from ampacity.base.rate_limited_log import DeviceLog
from ampacity.base.strict_json import loads
from ampacity.bus.leases.lease import Lease
from ampacity.bus.leases.register_map import MAX_DA_MAX, RegisterMap
from ampacity.bus.server.modbus_server import ModbusServer
from ampacity.console.server import serve_permanently
from ampacity.console.settings import TRIAL
from ampacity.evse.local_evse import LocalEvse
from ampacity.evse.pilot import ControlPilot
from ampacity.roles.configuration.field_types import check_fields
from ampacity.roles.service.secondary_console import SecondaryConsole
from ampacity.roles.storage.document_shapes import DamageReport, secondary_shape
from ampacity.store.disk_files import DiskFiles
from ampacity.store.document_store import DocumentStore, KeptDocuments

if False:  # for the type checker
    from collections.abc import Callable, Coroutine
    from typing import Any

    from ampacity.base.log import Log
    from ampacity.evse.interfaces import EvsePort
    from ampacity.ports.line import Line
    from ampacity.roles.control.modbus_tcp_server import ModbusTcpServer
    from ampacity.roles.interfaces import Loop, RolePlatform, UpdatesFace, View

UNKNOWN = (MAX_DA_MAX, MAX_DA_MAX, MAX_DA_MAX, 3600000)  # the most that a secondary may be set to
TICK_MS = 100
ENERGY_KEEP_WH = 100  # a power cut may cost so much of the running total
FLAG_OPEN = 2
WRITTEN = ("fallback_da", "max_da", "power_on_da", "longest_ms")  # the fields of the document `written`
TRUSTED = ("access", "access_viewer", "access_manufacturer", "interfaces", "latched", "written")  # documents that must not vanish unseen
# bit of the map for each fault name; the last one represents all that are not named
FAULT_BITS = {
    "rcm": 0,
    "overtemperature": 1,
    "lock_failed": 2,
    "pe_lost": 3,
    "pilot": 4,
    "pilot_short": 4,
    "diode": 4,
    "proximity": 4,
    "contactor": 5,
    "welded": 5,
}
OTHER_BIT = 7

# settings of a secondary: key, least, most, default
NUMBERS = (
    ("unit", 1, 247, None),
    ("max_da", 60, 800, 320),
    ("fallback_da", 0, 800, 0),
    ("power_on_da", 0, 800, None),
    ("lease_max_ms", 1000, 3600000, 10000),
    ("terminals", 1, 3, 3),
)
LINE = (("baud", (1200, 2400, 4800, 9600, 19200, 38400, 57600, 115200), 19200), ("parity", ("E", "O", "N"), "E"), ("stop", (1, 2), 1))


def checked(config: "Any") -> "dict[str, Any]":
    """The settings with their defaults. Raises Rejected with the field and what it may be."""
    if not isinstance(config, dict):
        raise Rejected("site.json", config, "an object")
    numbers = [row[0] for row in NUMBERS]  # these have a range each
    check_fields({key: config[key] for key in config if key not in numbers}, "bus s", "site.json")
    out = dict(config)
    for key, least, most, default in NUMBERS:
        value = config.get(key, default)
        if value is None and key == "power_on_da":
            value = out["fallback_da"]
        if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
            raise Rejected(key, value, "%d..%d" % (least, most))
        out[key] = value
    for key, values, usual in LINE:
        if config.get(key, usual) not in values:  # type: ignore[operator]
            raise Rejected(key, config[key], "one of " + ", ".join([str(value) for value in values]))  # type: ignore[attr-defined]
    for key in ("fallback_da", "power_on_da"):
        if out[key] and not CHARGING_DA_MIN <= out[key] <= out["max_da"]:
            raise Rejected(key, out[key], "0 or 60..max_da")
    return out


class SettledMap(RegisterMap):
    """Its registers show no setting that is less than what a restart, or the end of a trial, brings back: the primary counts with what it reads
    there (rules 4 and 8, assumption D4). Each of fallback, maximum, power-on value in da and longest lease in ms:

    stored: what a power cut brings back. returning: what was in force before a change that is on trial; 0: nothing.
    """

    stored: "tuple[int, ...]" = (0, 0, 0, 0)
    returning: "tuple[int, ...]" = (0, 0, 0, 0)

    def show_settings(self, lease: Lease) -> None:
        """Of each the largest of the present value and of those that may return."""
        found = [max(values) for values in zip(settings_of(lease), self.stored, self.returning)]
        RegisterMap.show_settings(self, Lease(*found))


def settings_of(lease: Lease) -> "tuple[int, ...]":
    """Fallback, maximum, power-on value in da, and longest lease in ms."""
    return lease.fallback_da, lease.max_da, lease.power_on_da, lease.longest_ms


class Secondary:
    """Everything of one secondary but its loops; `tick(now_ms)` is one safety pass."""

    def __init__(self, config: "Any", port: "EvsePort", documents: "DocumentStore", log: "Log", now_ms: int) -> None:
        self.config = config = checked(config)
        self.documents = documents
        self.log = log
        self._device_log = DeviceLog(log)
        self.ticked_ms = now_ms
        documents.declare(secondary_shape, DamageReport(log, lambda: self.ticked_ms).report)
        self._kept = KeptDocuments(documents, log, "store_failed")
        self.started_ms = now_ms
        kept = documents.get("secondary") or {}
        self.boots = (kept.get("boots", 0) + 1) & 0xFFFF
        self.energy_kept_wh = kept.get("energy_wh", 0)
        self.lease = Lease(config["fallback_da"], config["max_da"], config["power_on_da"], config["lease_max_ms"])
        self.map = SettledMap(self.lease, str(config.get("serial", "")), __version__, unit=config["unit"])
        self.map.boot_count = self.boots
        self._take_written(documents.get("written"))
        self._stored(settings_of(self.lease))
        self.machine = ControlPilot(config["max_da"], config.get("connector", "c")[:1] == "s")
        self.evse = LocalEvse(port, self.machine, config["terminals"], self.energy_kept_wh)
        latched = self._kept.known("latched", [])  # faults that wait for a hand on the plug
        self.evse.restore(["unread"] if "latched" in documents.damaged else latched)
        self._report_damaged(now_ms)
        self.stopped = False
        self.server: "ModbusTcpServer | None" = None  # the ModbusTcpServer, where there is one
        self.engine: "ModbusServer | None" = None  # of its bus, with the counters
        self.updates: "UpdatesFace | None" = None  # updates/secondary_updates.py, where there are two slots
        self._unlocked_until_ms: "int | None" = None
        self._state: "str | None" = None
        port.on_input = self.tick
        self._keep(now_ms)

    def tick(self, now_ms: int) -> None:
        """One pass: lease → pilot → facts. Bounded, no await."""
        self.ticked_ms = now_ms
        limit_da = min(self.lease.limit_da(now_ms), self.lease.max_da)
        self.evse.step(limit_da, not (self.stopped or self._held_open(now_ms)), now_ms)
        self.stopped = self.stopped and self.machine.plugged
        self._show(now_ms)
        del self.map.grants[:]
        self._log_edges(now_ms)

    def housekeep(self, now_ms: int) -> None:
        """What may wait and may fail: settings and energy to the store, the end of an unlocked time."""
        if self._unlocked_until_ms is not None and now_ms >= self._unlocked_until_ms:
            self.map.unlocked = False
            self._unlocked_until_ms = None
        if self.map.settings_changed:
            values = settings_of(self.lease)
            self.map.settings_changed = not self._kept.put("written", dict(zip(WRITTEN, values)), now_ms)
            if not self.map.settings_changed:
                self._stored(values)
        self._kept.keep("latched", self.evse.latched, now_ms)
        if self.evse.energy_wh - self.energy_kept_wh >= ENERGY_KEEP_WH:
            self._keep(now_ms)

    def may_return(self, values: "tuple[int, ...]") -> None:
        """What the end of a trial would bring back, as SettledMap.returning."""
        self.map.returning = values
        self.map.show_settings(self.lease)

    def _stored(self, values: "tuple[int, ...]") -> None:
        self.map.stored = values
        self.map.show_settings(self.lease)

    def show_previous(self, platform: "RolePlatform") -> None:
        """The configuration is on trial: its registers show what the previous one would bring back, unless an installer has written others."""
        if self.documents.get("written") is not None:
            return
        from ampacity.roles.configuration.site_trial import PREVIOUS

        try:
            raw = platform.files.read(PREVIOUS)
            if raw is not None:
                before = checked(loads(raw, len(raw)))
                self.may_return((before["fallback_da"], before["max_da"], before["power_on_da"], before["lease_max_ms"]))
        except (OSError, ValueError, Rejected):
            self.may_return(UNKNOWN)

    def unlock_until(self, until_ms: int) -> None:
        """The installer lets settings be written over the bus until then."""
        self.map.unlocked = True
        self._unlocked_until_ms = until_ms

    def view(self, now_ms: int) -> "View":
        """Facts for the console and the bench: amperes with one decimal."""
        view: "View" = {
            "mode": self._state,
            "limit_a": self.lease.limit_da(now_ms) / 10,
            "lease_left_ms": self.lease.remaining_ms(now_ms),
            "pilot": self.machine.iec_state,
            "contactor": self.evse.charging,
            "faults": self.machine.faults,
            "energy_wh": self.evse.energy_wh,
            "uptime_ms": now_ms - self.started_ms,
        }
        if self.engine is not None:
            view["buses"] = {self.config.get("bus", "bus"): dict(self.engine.counters)}
        if self.server is not None:
            view["tcp"] = self.server.view()
        if self.updates is not None:
            view["update"] = self.updates.view(now_ms)
        return view

    def _held_open(self, now_ms: int) -> bool:
        """The flag of the newest grant says so, for as long as its lease lasts."""
        return bool(self.map.flags & FLAG_OPEN) and self.lease.state(now_ms) == "leased"

    def _show(self, now_ms: int) -> None:
        evse, machine, facts = self.evse, self.machine, self.map
        port, terminals = evse.port, self.config["terminals"]
        faults, absent = machine.faults, 3 - terminals
        facts.faults = 0
        for name in faults:
            facts.faults |= 1 << FAULT_BITS.get(name, OTHER_BIT)
        facts.faulted = bool(facts.faults)
        facts.offered_da = [machine.offered_da] * terminals + [0] * absent
        measured = evse.updated_ms >= 0 and "input" not in faults
        amps_da = port.amps_da if measured else None
        facts.measured_da = [None] * 3 if amps_da is None else amps_da[:terminals] + [None] * absent
        facts.volts_dv = port.volts_dv[:terminals] + [None] * absent if measured else [None] * 3
        facts.energy_wh = evse.energy_wh
        facts.pilot = machine.iec_state
        facts.plug = machine.plugged | port.lock << 1 | bool(port.contactor_closed) << 2 | machine.asks << 3
        facts.car_phases = 0
        for i in range(terminals):
            if port.amps_da is not None and port.amps_da[i] >= 10:
                facts.car_phases |= 1 << i

    def _log_edges(self, now_ms: int) -> None:
        state = "faulted" if self.machine.faults else self.lease.state(now_ms)
        if state != self._state:
            reason = ", ".join(self.machine.faults) or "limit %d da" % self.lease.limit_da(now_ms)
            text = "secondary: %s -> %s: %s" % (self._state, state, reason)
            if self.machine.faults:
                self._device_log.keep("warning", text, now_ms)
            else:
                self._device_log.add("info", text, now_ms)
            self._state = state
        for event in self.evse.events:
            self.stopped = self.stopped or event == ("button", "stop")
            self._device_log.add("info", "charging point: " + " ".join([str(word) for word in event]), now_ms)
        self.evse.events = []
        self._device_log.step(now_ms)

    def _report_damaged(self, now_ms: int) -> None:
        told = (
            ("latched", "latched faults unknown: charging resumes after the car is unplugged"),
            ("written", "settings: at most 6.0 A, and 0 A without a grant, until they are set"),
        )
        for name, means in told:
            if name in self.documents.damaged:
                self.log.add("error", "store: damaged: " + means, now_ms)

    def _take_written(self, written: "dict[str, int] | None") -> None:
        """What an installer wrote over the bus outlives the settings file's values; damaged, it is the least there is."""
        if written and not self.map.set_settings(*[written[key] for key in WRITTEN]):
            self.documents.distrust("written", "its currents contradict each other")
        self.documents.get(TRIAL)
        if TRIAL in self.documents.damaged:
            self.documents.distrust("written", "it was on trial, and what it was before is damaged")
            self.map.settings_changed = True  # the least is stored in its place
        if "written" in self.documents.damaged:
            self.map.set_settings(0, CHARGING_DA_MIN, 0, self.lease.longest_ms)

    def _keep(self, now_ms: int) -> None:
        self.energy_kept_wh = self.evse.energy_wh
        self._kept.put("secondary", {"boots": self.boots, "energy_wh": self.energy_kept_wh}, now_ms)


async def safety_loop(secondary: "Secondary", platform: "RolePlatform") -> None:
    """The only one that feeds the watchdog, and only after a whole pass."""
    clock = platform.clock
    due_ms = clock.now_ms()
    while True:
        now_ms = clock.now_ms()
        secondary.tick(now_ms)
        platform.watchdog.feed()
        due_ms = max(due_ms + TICK_MS, now_ms + 1)
        await platform.pace(max(1, due_ms - clock.now_ms()))


async def bus_loop(secondary: "Secondary", engine: "ModbusServer", line: "Line", platform: "RolePlatform") -> None:
    """Bytes to the engine and back; a grant is acted upon before its reply leaves."""
    clock = platform.clock
    while True:
        out, wake_us = engine.next(clock.now_us())
        if out:
            line.write(out)
        data = await line.read(max(0, wake_us - clock.now_us()))
        if data:
            engine.receive(data, clock.now_us())
            act_on_grants(secondary, platform, clock.now_ms())


async def keep_loop(secondary: "Secondary", platform: "RolePlatform", target: "SecondaryConsole") -> None:
    """The housekeeping of a secondary and its console, once a second."""
    while not target.restarts:
        await platform.clock.sleep_ms(1000)
        secondary.housekeep(platform.clock.now_ms())
        target.step(platform.clock.now_ms())
    platform.reset("immediate")


def open_bus(secondary: "Secondary", platform: "RolePlatform", log: "Log") -> "tuple[Line | None, Callable[[], Coroutine[Any, Any, None]]]":
    """(its serial line or None, what serves the register map): on RS-485, or over TCP where `tcp` says so."""
    config = secondary.config
    baud = config.get("baud", 19200)
    engine = secondary.engine = ModbusServer(config["unit"], secondary.map, baud)
    if config.get("tcp"):
        from ampacity.roles.control.modbus_tcp_server import ModbusTcpServer

        secondary.server = ModbusTcpServer(engine, config["tcp"], platform, log, lambda now_ms: act_on_grants(secondary, platform, now_ms))
        return None, secondary.server.start
    bus = {"name": config.get("bus", "bus"), "port": config.get("port", "virtual"), "stop": config.get("stop", 1)}
    bus["baud"], bus["parity"] = baud, config.get("parity", "E")
    line = platform.open_line(bus)
    return line, lambda: bus_loop(secondary, engine, line, platform)


def check_sent(platform: "RolePlatform") -> "Callable[[Any], None]":
    """What a sent configuration passes: the settings, and certificates that this controller can use. A start does not check the latter."""
    def check(config: "Any") -> None:
        tls = (checked(config).get("tcp") or {}).get("tls")
        if tls:
            from ampacity.ports.tls_credentials import own_credentials

            platform.server_tls(own_credentials(tls))
    return check


def act_on_grants(secondary: "Secondary", platform: "RolePlatform", now_ms: int) -> None:
    """A grant is in force before any answer confirms it, unless the bench holds the controller's loop."""
    if secondary.map.grants and "hang" not in platform.faults:
        secondary.tick(now_ms)


async def run(platform: "RolePlatform", config: "Any", log: "Log") -> None:
    """Run the secondary that `config` describes until it ends; raises Rejected for settings that cannot be."""
    port = platform.evse_hardware(platform.boot.get("name") or config.get("name", "evse"))
    if port is None:
        raise Rejected("role", "secondary", "a controller with a charging point")
    if platform.files is None:
        platform.files = DiskFiles(platform.folder)
    secondary = platform.role = Secondary(config, port, DocumentStore(platform.files, trusted=TRUSTED), log, platform.clock.now_ms())
    line, serving = open_bus(secondary, platform, log)
    loops: "list[Loop]" = [("bus", serving)]
    if platform.boot.get("update") or platform.boot.get("slot"):
        from ampacity.roles.updates import secondary_updates
        loops += secondary_updates.loops(secondary, platform, log)
    target = SecondaryConsole(secondary, platform.clock, platform, check_sent(platform))
    loops.append(("housekeeping", lambda: keep_loop(secondary, platform, target)))
    if platform.boot.get("console"):
        loops.append(("console", lambda: serve_permanently(platform, target.access, lambda: target, log)))
    if platform.boot.get("console_line"):
        from ampacity.console import serial_console
        loops.append(("serial console", lambda: serial_console.serve_permanently(platform, target.access, lambda: target, log)))
    tasks = [asyncio.create_task(keep_running(name, start, platform.clock, log)) for name, start in loops]
    try:
        await safety_loop(secondary, platform)
    except Exception as e:  # also a defect or a full memory: no pass may be left out
        port.set_contactor(False)
        port.set_pilot("x1")
        try:
            log.add("error", "safe state: " + format_exception(e), platform.clock.now_ms())
        except MemoryError:
            pass
        platform.reset("invariant")
    finally:
        for task in tasks:
            task.cancel()
        if line is not None:
            line.close()
