"""A primary: runs the site's tree, its own charging point, the buses and the upstream. Wiring only.

Four loops: the safety loop (100 ms, alone feeds the watchdog), one for each wire, the housekeeping
loop (sessions, upstream facts, evidence) and the upstream's link. They share facts, never waits.
"""

import asyncio
import os

from ampacity import __version__
from ampacity.base.compat import format_exception
from ampacity.base.errors import Rejected
from ampacity.base.wallclock import WallClock
from ampacity.circuit.guard import Guard
from ampacity.roles.buses import Buses
from ampacity.roles.extras import extras
from ampacity.roles.keeper import DOCUMENT_BYTES_MAX, TRUSTED, Keeper
from ampacity.roles.lives import REST_MS, Lives
from ampacity.roles.points import Points
from ampacity.roles.power import Voltage
from ampacity.roles.safety import SafetyLoop
from ampacity.roles.site import checked
from ampacity.roles.switches import Switches
from ampacity.roles.view import primary_view
from ampacity.store.settings import Settings

HOUSEKEEPING_MS = 200
KEEP_MS = 50  # what lowers trust waits no longer for its journal
CONSOLE_RETRY_MS = 1000
CONSOLE_DOC = "console"  # settings that were changed at the console
LIMITS_DOC = "limits"  # of kept_limits.py
OFF_SHOWS_DOC = "off_shows"  # of off_shows.py


class Primary:
    """One controller in the primary role. doors: of its port. site: checked site facts. log: its log."""

    def __init__(self, doors, site, log):
        self.doors = doors
        self.log = log
        self.clock = doors.clock
        self.started_ms = self.clock.now_ms()
        self.files = doors.files
        self.settings = Settings(doors.files, DOCUMENT_BYTES_MAX, TRUSTED)
        self.keeper = Keeper(self.settings, self.files, log, doors)
        self.site = checked(site, self.keeper.evidence())
        self.wallclock = WallClock(self.clock)
        if doors.rtc_ms() is not None:
            self.wallclock.set_unix(doors.rtc_ms(), "rtc", self.started_ms)
        self.numbers = self.keeper.start(self.started_ms)
        self.lives = Lives(self.keeper, doors, self.started_ms)
        self.guard = self._make_guard()
        if self.lives.looping():
            self.guard.rest(self.lives.looping(), self.started_ms)
        self.readings = [None] * len(site["meters"])
        self.buses = self._make_buses()
        self._add_locals()
        self.keeper.restore_latches(self.locals)
        switches = Switches(self.guard, self.buses.drivers, site, doors, log)
        self.upward = None
        if site.get("parent"):
            from ampacity.roles.upward import Upward
            self.upward = Upward(self, site["parent"], self.numbers.epoch)
        self.safety = SafetyLoop(self.guard, self.buses, self.locals, doors, log, switches, self.upward)
        self.upstream = None
        self.points = Points(self)
        if site.get("ocpp"):
            from ampacity.roles.upstream import Upstream
            self.upstream = Upstream(self, site["ocpp"], __version__, self.lives.boot_reason(doors), self.started_ms)
        self.extras = extras(self)
        self.commissioning = None  # roles/commissioning.py, once an installer asks for it
        self._installer = self._access = None  # what the console needs: 10 KB of a board, loaded when somebody comes to it
        if self.settings.get(CONSOLE_DOC) or CONSOLE_DOC in self.settings.damaged:
            self._load_installer()
        self._kept_limits = None
        if self.settings.get(LIMITS_DOC) or LIMITS_DOC in self.settings.damaged:
            self.kept_limits()
        self._off_shows = None
        if self.settings.get(OFF_SHOWS_DOC) or OFF_SHOWS_DOC in self.settings.damaged:
            self.off_shows()
        self._mishaps = None  # of a bench
        self.voltage = Voltage(self)
        self.resetting = None
        self.scanning = self.replacing = None

    @property
    def installer(self):
        """What the console works on."""
        if self._installer is None:
            self._load_installer()
        return self._installer

    def _load_installer(self):
        from ampacity.roles.installer import Installer
        self._installer = Installer(self)

    def kept_limits(self):
        """Limits by hand, which outlive a restart: loaded when there is the first one."""
        if self._kept_limits is None:
            from ampacity.roles.kept_limits import KeptLimits
            self._kept_limits = KeptLimits(self)
            self.extras.append(self._kept_limits)
        return self._kept_limits

    def off_shows(self):
        """What units show while they are off, by their commissioning: loaded when something is known."""
        if self._off_shows is None:
            from ampacity.roles.off_shows import OffShows
            self._off_shows = OffShows(self)
        return self._off_shows

    @property
    def access(self):
        """Who may change things at the console."""
        if self._access is None:
            from ampacity.console.access import Access
            self._access = Access(self.settings, os.urandom)
        return self._access

    async def serve_console(self):
        """The console on the socket that the boot facts name, for as long as the controller runs; none: no console."""
        address = self.doors.boot.get("console")
        if not address:
            return
        from ampacity.console.door import serve
        host, _, port = address.rpartition(":")
        server = await serve(self.doors, host, int(port), self.access, lambda: self.installer, self.log)
        try:
            while True:
                await self.clock.sleep_ms(3600000)
        finally:
            server.close()

    def _make_guard(self):
        """With a parent the guard keeps its grant, too (rule 13)."""
        guard = Guard
        if self.site.get("parent"):
            from ampacity.circuit.granted import GrantedGuard as guard
        guard = guard(self.site, self.started_ms, self.keeper.evidence())
        self.keeper.watch(guard)
        return guard

    def _make_buses(self):
        """The wires; doors of a simulation without frames bring their own."""
        bring = getattr(self.doors, "fact_buses", None)
        buses = bring(self.site, self.guard, self._on_reading) if bring is not None else None
        return buses or Buses(self.site, self.guard, self.doors, self.log, self.numbers, self._on_reading)

    def _add_locals(self):
        self.locals = []
        for i, evse in enumerate(self.site["evses"]):
            if evse["kind"] == "local":
                from ampacity.evse.local_driver import LocalDriver  # with the whole pilot: 8 KB that a site cabinet lacks
                port = self.doors.charge_point(evse["name"])
                if port is None:
                    self.log.add("error", "evse %s: this controller has no charging point of its own" % evse["name"], self.started_ms)
                    from ampacity.ports.charge_point import ChargePointPort
                    port = ChargePointPort(evse["name"])
                self.buses.drivers[i] = LocalDriver(evse, i, self.guard, port)
                self.locals.append(self.buses.drivers[i])

    def _on_reading(self, meter, reading, now_ms):
        """A meter's frame is complete: decide at once, in the very call that decoded it."""
        self.readings[meter] = reading
        for part in self.extras:
            part.reading(meter, now_ms)
        self.safety.tick(now_ms, permit=False)

    def view(self):
        """The primary's view of the site, as the bench's `state` shows it."""
        return primary_view(self, self.clock.now_ms())

    def why(self, evse):
        """The reasons of its present target, and what is to be said of its address."""
        wire = self.buses.wire_of[evse]
        trouble = wire.trouble(self.site["evses"][evse]["unit"]) if hasattr(wire, "trouble") else ""
        facts = self.points.facts(evse)
        trouble = trouble or getattr(facts, "trouble", None) or getattr(facts, "remark", None)
        if trouble and self._off_shows is not None:
            trouble += self._off_shows.former(evse)
        text = self.guard.why(evse)
        limit = "" if "limit by" in text else self._limited(evse)
        return text + limit + ("; " + trouble if trouble else "")

    def _limited(self, evse):
        """The limit from outside that leaves it less than its minimum; "": none."""
        least_da = self.guard.site.evses[evse].min_da
        for kind, index in (("evse", evse), ("chargers", 0)):
            for limit_da, source in self.guard.limits.sources_of(kind, index):
                if limit_da < least_da:
                    return "; limit by %s %d.%d A" % ((source,) + divmod(limit_da, 10))
        return ""

    def reset(self, kind, evse, now_ms):
        """The CSMS or the installer wants a restart of the controller (evse 0); what was locked out is freed by it."""
        for index in range(len(self.site["evses"])) if not evse else (evse - 1,):
            self.guard.unlock(index)
        if evse:
            self.points.reset(evse - 1, now_ms)
            return
        self.log.add("warning", "reset: %s" % kind, now_ms)
        self.resetting = kind

    async def housekeeping(self):
        """Sessions, upstream facts, evidence, log: what may wait for a disk and must not hold up safety."""
        while True:
            now_ms = self.clock.now_ms()
            self.step(now_ms)
            for _ in range(HOUSEKEEPING_MS // KEEP_MS):
                await self.clock.sleep_ms(KEEP_MS)
                if not self.guard.ledger.durable.is_kept():  # a lock-out that the next life would not know
                    self.keeper.save(self.guard, self.clock.now_ms())

    def step(self, now_ms):
        """One pass of the housekeeping."""
        self._take_door_events(now_ms)
        for wire in self.buses.wires:
            wire.watch(self.log, now_ms)
        self.keeper.keep_latches(self.locals, now_ms)
        self.points.step(now_ms)
        self.voltage.step(now_ms)
        for part in self.extras:
            part.step(now_ms)
        for work in (self.scanning, self.replacing):
            if work is not None:
                work.step(now_ms)
        if self.upstream is not None:
            self.upstream.step(now_ms)
        for at_ms, kind, text in self.guard.events:
            self.log.add("info", kind + ": " + text, at_ms)
        del self.guard.events[:]
        self.keeper.save(self.guard, now_ms)
        self.keeper.keep_epoch(self.numbers, now_ms)
        self.lives.step(now_ms)
        if self.keeper.restart and self.resetting is None:
            self.keeper.restart = False
            self.log.add("warning", "storage: the evidence is kept: the controller restarts with it", now_ms)
            self.resetting = "storage"
        if self.resetting is None and self.lives.rested(now_ms):
            self.log.add("warning", "restart loop: the safe state has lasted %d minutes: the controller starts anew" % (REST_MS // 60000), now_ms)
            self.resetting = "rested"
        if self.resetting is not None and (self.upstream is None or self.upstream.left(now_ms)):
            self.resetting = None
            for part in self.extras:
                part.close(now_ms)
            self.keeper.save(self.guard, now_ms, at_once=True)
            self.lives.end(now_ms)
            self.doors.reset("immediate")

    def _take_door_events(self, now_ms):
        events = self.doors.events
        while events:
            event = events.pop(0)
            if event[0] == "token":
                self.points.token(event[1], event[2], event[3], now_ms)
            elif event[0] == "button":
                self.points.button(event[1], event[2], now_ms)
            elif event[0] == "bay":
                self.points.bay(event[1], event[2], event[3], now_ms)
            elif event[0] == "safety_load":
                for part in self.extras:
                    part.told(event[1], event[2], now_ms)
            elif event[0] == "fault":
                self._mishap(event[1], event[2], event[3], now_ms)

    def _mishap(self, kind, on, fields, now_ms):
        """A fault that a bench asks for."""
        if self._mishaps is None:
            from ampacity.roles.mishaps import Mishaps
            self._mishaps = Mishaps(self)
        self._mishaps.act(kind, on, fields, now_ms)

    async def guarded(self, name, start):
        """Run one loop of the outside world for ever: what it raises is logged and it starts again."""
        while True:
            try:
                await start()
                return
            except Exception as e:  # a defect there must not take the site with it
                self.log.counter("loop_failures")
                self.log.add("error", "%s: %s" % (name, format_exception(e)), self.clock.now_ms())
            await self.clock.sleep_ms(CONSOLE_RETRY_MS)

    def start_tasks(self):
        """All loops but the safety loop as tasks."""
        loops = [("housekeeping", self.housekeeping), ("console", self.serve_console)]
        for wire in self.buses.wires:
            loops.append((wire.name, wire.start))
        if self.upward is not None:
            loops.append(("parent", self.upward.start))
        if self.upstream is not None:
            loops.append(("upstream", self.upstream.link.run))
            if self.site.get("time", {}).get("ntp"):
                loops.append(("ntp", self._keep_time))
        return [asyncio.create_task(self.guarded(name, start)) for name, start in loops]

    async def _keep_time(self):
        from ampacity.net.resolver import Resolver
        from ampacity.net.timekeeper import run_timekeeper
        resolver = Resolver(self.clock, self.log)
        await run_timekeeper(self.site["time"]["ntp"], resolver, self.wallclock, self.clock, self.log, on_time=self.doors.set_clock)


def made(doors, site, log):
    """The Primary of these facts. Rejected also where nobody has looked at a field before something was computed with it."""
    try:
        return Primary(doors, site, log)
    except (KeyError, TypeError, ValueError, AttributeError, IndexError) as e:
        log.add("error", format_exception(e), doors.clock.now_ms())
        raise Rejected("site.json", "%s: %s" % (type(e).__name__, e), "what `ampacity run` or `push` makes of a site file; the log has the place")


async def run(doors, site, log):
    """Run a primary until it is cancelled. Raises Rejected for a site that it cannot run on."""
    primary = made(doors, site, log)
    doors.role = primary
    log.add("info", "primary %s: site %s, %d EVSEs" % (__version__, site["name"], len(site["evses"])), primary.started_ms)
    if not primary.doors.watchdog.armed:
        log.add("warning", "no hardware watchdog: nothing restarts a controller that hangs", primary.started_ms)
    tasks = primary.start_tasks()
    try:
        await primary.safety.run()
    finally:
        for task in tasks:
            task.cancel()
