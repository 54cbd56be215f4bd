"""A primary: runs the site's tree, its own charging point, the buses and the upstream. Wiring only.

Four loops: the safety loop (100 ms, alone feeds the watchdog), one for each wire, the housekeeping
loop (sessions, upstream facts, evidence) and the upstream's link. They share facts, never waits.
"""

import asyncio
import os

from ampacity import __version__
from ampacity.base.compat import forget, forget_packages, format_exception
from ampacity.base.errors import Rejected
from ampacity.base.keep_running import keep_running
from ampacity.base.quantities import amps
from ampacity.base.rate_limited_log import DeviceLog
from ampacity.base.wallclock import WallClock
from ampacity.circuit.guard import Guard
from ampacity.roles.charging.evses import Evses
from ampacity.roles.control.buses import Buses
from ampacity.roles.control.contactor_outputs import ContactorOutputs
from ampacity.roles.control.safety_loop import SafetyLoop
from ampacity.roles.control.slow_work import SlowWork
from ampacity.roles.control.voltage_monitor import VoltageMonitor
from ampacity.roles.optional.role_parts import role_parts
from ampacity.roles.storage.document_shapes import DamageReport, primary_shape
from ampacity.roles.storage.persistence import DOCUMENT_BYTES_MAX, TRUSTED, Persistence
from ampacity.roles.storage.reset_history import REST_MS, ResetHistory
from ampacity.store.document_store import DocumentStore

if False:  # for the type checker
    from asyncio import Task
    from typing import Any

    from ampacity.base.log import Log
    from ampacity.console.access import Access
    from ampacity.roles.interfaces import CommissioningFace, Reading, ReplacingFace, RolePlatform, ScanningFace, SiteFacts, View
    from ampacity.roles.optional.part import OptionalPart
    from ampacity.roles.service.fault_injection import FaultInjection
    from ampacity.roles.service.primary_console import PrimaryConsole
    from ampacity.roles.storage.manual_limits import ManualLimits
    from ampacity.roles.storage.off_shows import OffShows

HOUSEKEEPING_MS = 200
KEEP_MS = 50  # what lowers trust waits no longer for its journal
TIME_FIRST_MS = 20000
NEEDED = ("alarm", "disobeys", "locked", "feeder", "swapped", "unlocked", "duplicate", "foreign")  # events of the guard that a person needs
CONSOLE_DOCS = ("console", "console_trial", "site_trial")  # settings that were changed at the console, and what is on trial
LIMITS_DOC = "limits"  # of manual_limits.py
COMMISSION_DOC = "commission"  # the head of the commissioning report
OFF_SHOWS_DOC = "off_shows"  # of off_shows.py


class Primary:
    """One controller in the primary role. platform: of its port. site: checked site facts. log: its log."""

    def __init__(self, platform: "RolePlatform", site: "Any", log: "Log") -> None:
        self.platform = platform
        self.log = log
        self.device_log = DeviceLog(log)
        self.clock = platform.clock
        self.started_ms = self.clock.now_ms()
        self.files = platform.files
        self.documents = DocumentStore(platform.files, DOCUMENT_BYTES_MAX, TRUSTED)
        self.documents.declare(primary_shape, DamageReport(log, self.clock.now_ms).report)
        self.persistence = Persistence(self.documents, log, platform)
        from ampacity.roles.configuration.compiled_site import checked

        self.site: "SiteFacts" = checked(site, self.persistence.evidence())
        forget("ampacity.roles.configuration.compiled_site")
        for at, circuit in enumerate(self.site["circuits"]):
            if circuit.get("parent", -1) < 0:
                self.root = at
        self.wallclock = WallClock(self.clock)
        rtc_ms = platform.rtc_ms()
        if rtc_ms is not None:
            self.wallclock.set_unix(rtc_ms, "rtc", self.started_ms)
        self.numbers = self.persistence.start(self.started_ms)
        self.reset_history = ResetHistory(self.persistence, platform, self.started_ms)
        self.guard = self._make_guard()
        looping = self.reset_history.looping()
        if looping:
            self.guard.enter_safe_state(looping, self.started_ms)
        self.readings: "list[Reading | None]" = [None] * len(site["meters"])
        self.parts: "list[OptionalPart]" = []
        self.slow_work = SlowWork(self.clock)
        self.safety = SafetyLoop(self.guard, platform, log, self.readings, self.parts)
        self.buses = self._make_buses()
        self._add_locals()
        self.persistence.restore_latches(self.locals)
        contactor_outputs = ContactorOutputs(self.guard, self.buses.drivers, site, platform, log)
        self.parent_link: "ParentLink | None" = None
        if site.get("parent"):
            from ampacity.roles.control.parent_link import ParentLink
            self.parent_link = ParentLink(self, site["parent"], self.numbers.epoch)
        self.safety.attach(self.buses, self.locals, contactor_outputs, self.parent_link)
        self.upstream: "Upstream | None" = None
        if site.get("ocpp"):
            from ampacity.roles.charging.upstream import Upstream
            self.upstream = Upstream(self, site["ocpp"], __version__, self.reset_history.boot_reason(platform), self.started_ms)
        self.evses = Evses(self)
        self.parts += role_parts(self)
        self.commissioning: "CommissioningFace | None" = None  # roles/service/commissioning.py, once an installer asks for it
        self._site_due = False  # the part of a pass that is for the whole site is still to be done
        self.resetting: "str | None" = None
        self._console: "PrimaryConsole | None" = None  # what the console needs: 10 KB of a board's memory, loaded when the console is used
        self._access: "Access | None" = None
        if self._has_kept(*CONSOLE_DOCS):
            self._load_console()
        self._manual_limits: "ManualLimits | None" = None
        if self._has_kept(LIMITS_DOC):
            self.manual_limits()
        self._off_shows: "OffShows | None" = None
        if self._has_kept(OFF_SHOWS_DOC):
            self.off_shows()
        self._fault_injection: "FaultInjection | None" = None  # of a bench
        self.voltage = VoltageMonitor(self)
        self.scanning: "ScanningFace | None" = None
        self.replacing: "ReplacingFace | None" = None

    def _has_kept(self, *names: str) -> bool:
        """Is one of these documents there, or was it damaged?"""
        for name in names:
            if self.documents.get(name) or name in self.documents.damaged:
                return True
        return False

    def make(self, platform: "RolePlatform", site: "SiteFacts", log: "Log") -> "Primary":
        """Another one, as a start makes it. Raises Rejected."""
        return make_primary(platform, site, log)

    def on_trial(self) -> str:
        """What was committed on trial, "" for nothing: a restart would undo it."""
        return (self._console.changes.confirmation.what() or "") if self._console is not None else ""

    @property
    def console(self) -> "PrimaryConsole":
        """What the console works on."""
        if self._console is None:
            self._load_console()
        return self._console  # type: ignore[return-value]

    def _load_console(self) -> None:
        from ampacity.roles.service.primary_console import PrimaryConsole
        self._console = PrimaryConsole(self)

    def manual_limits(self) -> "ManualLimits":
        """Limits by hand, which outlive a restart: loaded when there is the first one."""
        if self._manual_limits is None:
            from ampacity.roles.storage.manual_limits import ManualLimits
            self._manual_limits = ManualLimits(self)
            self.parts.append(self._manual_limits)
        return self._manual_limits

    def off_shows(self) -> "OffShows":
        """What units show while they are off, by their commissioning: loaded when something is known."""
        if self._off_shows is None:
            from ampacity.roles.storage.off_shows import OffShows
            self._off_shows = OffShows(self)
        return self._off_shows

    @property
    def access(self) -> "Access":
        """Who may change things at the console."""
        if self._access is None:
            from ampacity.console.access import Access
            self._access = Access(self.documents, os.urandom)
            self._access.commissioned = lambda: bool((self.documents.get(COMMISSION_DOC) or {}).get("signed"))
        return self._access

    async def serve_console(self) -> None:
        """The console on a socket."""
        from ampacity.console.server import serve_permanently
        await serve_permanently(self.platform, self.access, lambda: self.console, self.log)

    async def serve_serial_console(self) -> None:
        """The console on a serial line."""
        from ampacity.console.serial_console import serve_permanently
        await serve_permanently(self.platform, self.access, lambda: self.console, self.log)

    def _make_guard(self) -> "Guard":
        """With a parent the guard keeps its grant, too (rule 13)."""
        kind: "type[Guard]" = Guard
        if self.site.get("parent"):
            from ampacity.circuit.cascaded_guard import CascadedGuard
            kind = CascadedGuard
        guard = kind(self.site, self.started_ms, self.persistence.evidence())
        self.persistence.watch(guard)
        return guard

    def _make_buses(self) -> "Buses":
        """The wires, with the safety pass as the callback of their meters; doors of a simulation without frames bring their own."""
        bring = getattr(self.platform, "frameless_buses", None)
        buses = bring(self.site, self.guard, self.safety.on_reading) if bring is not None else None
        return buses or Buses(self.site, self.guard, self.platform, self.device_log, self.numbers, self.safety.on_reading)

    def _add_locals(self) -> None:
        self.locals: "list[LocalDriver]" = []
        for i, evse in enumerate(self.site["evses"]):
            if evse["kind"] == "local":
                from ampacity.evse.local_driver import LocalDriver  # with the whole pilot: 8 KB that a site cabinet lacks
                port = self.platform.evse_hardware(evse["name"])
                if port is None:
                    self.log.add("error", "evse %s: this controller has no charging point of its own" % evse["name"], self.started_ms)
                    from ampacity.ports.evse_hardware import EvseHardware
                    port = EvseHardware(evse["name"])
                driver = LocalDriver(evse, i, self.guard, port, self.persistence.own_energy_wh())
                self.buses.drivers[i] = driver
                self.locals.append(driver)

    def view(self) -> "View":
        """The primary's view of the site, as the bench's `state` shows it."""
        from ampacity.roles.service.status_view import primary_view
        return primary_view(self, self.clock.now_ms())

    def why(self, evse: int) -> str:
        """The reasons of its present target, and what is to be said of its address."""
        wire = self.buses.wire_of[evse]
        trouble: "str | None" = wire.trouble(self.site["evses"][evse]["unit"]) if wire is not None and hasattr(wire, "trouble") else ""
        facts = self.evses.facts(evse)
        trouble = trouble or getattr(facts, "trouble", None) or getattr(facts, "remark", None)
        if trouble and self._off_shows is not None:
            trouble += self._off_shows.former(evse)
        text = self.guard.why(evse)
        limit = "" if "limit by" in text else self._limited(evse)
        text += limit
        if self.upstream is not None:
            text = self.upstream.shown_reason(text)
        return text + ("; " + trouble if trouble else "")

    def _limited(self, evse: int) -> str:
        """The external limit that leaves it less than its minimum; "": none."""
        least_da = self.guard.site.evses[evse].min_da
        for kind, index in (("evse", evse), ("chargers", self.root)):
            for limit_da, source in self.guard.limits.sources_of(kind, index):
                if limit_da < least_da:
                    return "; limit by %s %s" % (source, amps(limit_da))
        return ""

    def reset(self, kind: str, evse: int, now_ms: int) -> None:
        """A Reset of the CSMS: of the controller (evse 0) or one EVSE; what was locked out is freed by it."""
        for index in range(len(self.site["evses"])) if not evse else (evse - 1,):
            self.guard.unlock(index)
        if evse:
            self.evses.reset(evse - 1, now_ms)
            return
        self.log.add("warning", "reset: %s" % kind, now_ms)
        self.resetting = kind

    async def housekeeping(self) -> None:
        """Sessions, upstream facts, evidence, log: what may wait for a disk and must not hold up safety."""
        while True:
            self.step(self.clock.now_ms())
            asked_ms = self.clock.now_ms()
            left = 1 if self._site_due or self.evses.unfinished or self.platform.events else HOUSEKEEPING_MS // KEEP_MS
            while left > 0 or self.slow_work.wait_ms(asked_ms):
                left -= 1
                await self._pause()
                if not self.guard.ledger.journal_barrier.is_written():  # a lock-out that the next life would not know
                    self.persistence.save(self.guard, self.clock.now_ms())

    async def _pause(self) -> None:
        """KEEP_MS; in it the limits of the CSMS change by their schedule, and the station computes what no link asks for."""
        if self.upstream is None:
            await self.clock.sleep_ms(KEEP_MS)
            return
        now_ms = self.clock.now_ms()
        until_ms = now_ms + KEEP_MS
        while now_ms < until_ms:
            await self.clock.sleep_ms(self.upstream.pause_ms(until_ms - now_ms, now_ms))
            now_ms = self.clock.now_ms()
            self.upstream.act_on_time(now_ms)

    def step(self, now_ms: int) -> None:
        """One pass of the housekeeping; on a slow medium in two pieces."""
        self.slow_work.began()
        if not self._site_due:
            self._take_platform_events(now_ms)
            for wire in self.buses.wires:
                wire.watch(self.device_log, now_ms)
            self.persistence.keep_latches(self.locals, now_ms)
            self.persistence.keep_energy(self.locals, now_ms)
            self.evses.step(now_ms)
            self._site_due = self.slow_work.is_long()
            if self._site_due:
                return
        self._site_due = False
        self.voltage.step(now_ms)
        for part in self.parts:
            part.step(now_ms)
        for work in (self._console, self.scanning, self.replacing):
            if work is not None:
                work.step(now_ms)
        if self.upstream is not None:
            self.upstream.step(now_ms)
        for at_ms, kind, text in self.guard.events:
            self._log_event(at_ms, kind, self._with_name(text) if kind == "foreign" else text)
        del self.guard.events[:]
        self.device_log.step(now_ms)
        self.persistence.save(self.guard, now_ms)
        self.persistence.keep_epoch(self.numbers, now_ms)
        self.reset_history.step(now_ms)
        self.slow_work.is_long()
        if self.persistence.restart and self.resetting is None:
            self.persistence.restart = False
            self.log.add("warning", "storage: evidence saved; the controller restarts with it", now_ms)
            self.resetting = "storage"
        if self.resetting is None and self.reset_history.is_safe_time_over(now_ms):
            self.log.add("warning", "restart loop: safe state lasted %d min; the controller restarts" % (REST_MS // 60000), now_ms)
            self.resetting = "rested"
        if self.resetting is not None and (self.upstream is None or self.upstream.left(now_ms)):
            self.resetting = None
            for part in self.parts:
                part.close(now_ms)
            self.persistence.save(self.guard, now_ms, at_once=True)
            self.reset_history.end(now_ms)
            self.platform.reset("immediate")

    def _log_event(self, at_ms: int, kind: str, text: str) -> None:
        """An event of the guard: what a person needs is kept, the rest is the chatter of a device."""
        name, line = text.split(" ", 1)[0].rstrip(":"), kind + ": " + text
        if kind in NEEDED or kind == "meter" and self._distrusted(name):
            self.log.keep("warning" if kind in NEEDED else "info", line, at_ms)
        else:
            self.device_log.add("info", line, at_ms, kind if kind == "mode" else name)

    def _with_name(self, text: str) -> str:
        """The core knows the buses by their index, a person by their name."""
        for index, bus in enumerate(self.site["buses"]):
            text = text.replace("on bus %d:" % index, "on bus %s:" % bus["name"])
        return text

    def _distrusted(self, circuit: str) -> bool:
        """Does anything but silence count against the meter of this circuit?"""
        for each in self.guard.other.metered:
            if each.trust.text() and self.guard.site.circuits[each.circuit].name == circuit:
                return True
        return False

    def _take_platform_events(self, now_ms: int) -> None:
        events = self.platform.events
        while events and not self.slow_work.is_long():  # on a slow medium the others in the next pass
            event = events.pop(0)
            if event[0] == "token":
                self.evses.token(event[1], event[2], event[3], now_ms)
            elif event[0] == "button":
                self.evses.button(event[1], event[2], now_ms)
            elif event[0] == "bay":
                self.evses.bay(event[1], event[2], now_ms)
            elif event[0] == "safety_load":
                for part in self.parts:
                    part.input_changed(event[1], event[2], now_ms)
            elif event[0] == "fault":
                self._inject_fault(event[1], event[2], event[3], now_ms)

    def _inject_fault(self, kind: str, on: bool, fields: "dict[str, Any]", now_ms: int) -> None:
        """A fault that a bench asks for."""
        if self._fault_injection is None:
            from ampacity.roles.service.fault_injection import FaultInjection
            self._fault_injection = FaultInjection(self)
        self._fault_injection.act(kind, on, fields, now_ms)

    def start_tasks(self) -> "list[Task[None]]":
        """All loops but the safety loop as tasks. What only the start needed is let go."""
        forget_packages("ampacity")
        loops: "list[tuple[str, Any]]" = [("housekeeping", self.housekeeping)]
        if self.platform.boot.get("console"):
            loops.append(("console", self.serve_console))
        if self.platform.boot.get("console_line"):
            loops.append(("serial console", self.serve_serial_console))
        for wire in self.buses.wires:
            loops.append((wire.name, wire.start))
        if self.parent_link is not None:
            loops.append(("parent", self.parent_link.start))
        if self.upstream is not None:
            loops.append(("upstream", self._run_upstream))
            if self.site.get("time", {}).get("ntp"):
                loops.append(("ntp", self._keep_time))
        return [asyncio.create_task(keep_running(name, start, self.clock, self.log)) for name, start in loops]

    async def _run_upstream(self) -> None:
        """The link; where it checks certificates and this controller has no clock of its own, the time server's answer goes first."""
        until_ms = self.clock.now_ms() + TIME_FIRST_MS
        while self.wallclock.source is None and self.upstream.config.secure and self.site.get("time", {}).get("ntp"):  # type: ignore[union-attr]
            if self.clock.now_ms() >= until_ms:
                break
            await self.clock.sleep_ms(KEEP_MS)
        await self.upstream.link.run()  # type: ignore[union-attr]

    async def _keep_time(self) -> None:
        from ampacity.net.resolver import Resolver
        from ampacity.net.timekeeper import run_timekeeper
        resolver = Resolver(self.clock, self.log)
        await run_timekeeper(self.site["time"]["ntp"], resolver, self.wallclock, self.clock, self.log, on_time=self.platform.set_clock)


def make_primary(platform: "RolePlatform", site: "SiteFacts", log: "Log") -> "Primary":
    """The Primary of these facts. Rejected also where a field was not checked before something was computed with it."""
    try:
        return Primary(platform, site, log)
    except (Rejected, MemoryError, OSError):
        raise
    except Exception as e:
        log.add("error", format_exception(e), platform.clock.now_ms())
        allowed = "a site.json compiled by `ampacity run` or `ampacity configure push`; details in the log"
        raise Rejected("site.json", "%s: %s" % (type(e).__name__, e), allowed)


async def run(platform: "RolePlatform", site: "SiteFacts", log: "Log") -> None:
    """Run a primary until it is cancelled. Raises Rejected for a site that it cannot run on."""
    primary = make_primary(platform, site, log)
    site = primary.site  # lets go of what the file held
    platform.role = primary
    log.add("info", "primary %s: site %s, %d EVSEs" % (__version__, site["name"], len(site["evses"])), primary.started_ms)
    if not primary.platform.watchdog.armed:
        log.add("warning", "no hardware watchdog: nothing restarts a controller that hangs", primary.started_ms)
    tasks = primary.start_tasks()
    try:
        await primary.safety.run()
    finally:
        for task in tasks:
            task.cancel()
