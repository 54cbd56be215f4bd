"""The whole firmware on the bench's plant and lines, without asyncio: one timeline calls engines and loops by hand.

What runs is the product: Guard, SafetyLoop, Buses with LeaseDriver, BroadcastDriver and EvseDriver, RtuClient, and for
each of our secondaries the Secondary with its ModbusServer, register map and pilot machine. What stands around it is
the bench: plant, RS-485 lines with all their faults, simulated devices and meters. The plant is the judge.
"""

from ampacity.base.clock import Clock
from ampacity.base.log import Log
from ampacity.bus.server.modbus_server import ModbusServer
from ampacity.ports.platform import Platform
from ampacity.roles.primary import Primary
from ampacity.roles.secondary import Secondary
from ampacity.store.document_store import DocumentStore
from ampacity_host.rig.base.bench import Bench
from ampacity_host.rig.base.hardware_watchdog import HardwareWatchdog
from ampacity_host.rig.base.timeline import Timeline
from ampacity_host.rig.virtual.evse_hardware import VirtualEvseHardware
from ampacity_host.rig.virtual.storage import ControllerStorage, VirtualStorage

TICK_MS, HOUSEKEEPING_MS, KEEP_MS, BOOT_MS = 100, 200, 1_000, 500


class TimelineClock(Clock):
    def __init__(self, time):
        self._time = time

    def now_us(self):
        return self._time.now_us

    def now_ms(self):
        return self._time.now_ms


class Pump:
    """An engine at its place on a line: the loop of bus/transport.py as calls. after(): something was received."""

    def __init__(self, time, line, name, engine, units, after=None):
        self.time, self.engine, self._after, self._entry, self._open = time, engine, after, None, True
        self.station = line.attach(name, self._heard, units)
        self.station.primary = units is None
        self.wake()

    def _heard(self, data, now_us):
        self.engine.receive(data, now_us)
        if self._after is not None:
            self._after()
        self._look()

    def wake(self):
        self.time.cancel(self._entry)
        self._entry = self.time.at_us(self.time.now_us, self._look)

    def _look(self):
        if not self._open:
            return
        self.time.cancel(self._entry)
        out, wake_us = self.engine.next(self.time.now_us)
        if out:
            self.station.send(out)
        self._entry = self.time.at_us(max(wake_us, self.time.now_us + 1), self._look)

    def close(self):
        self._open = False
        self.time.cancel(self._entry)
        self.station.detach()


class FastPlatform(Platform):
    """The outside of a controller: its store, and the pins wired to the plant. hw_watchdog as on the bench."""

    def __init__(self, bench, name, files, points=()):
        super().__init__("", {"name": name}, TimelineClock(bench.time), ControllerStorage(files))
        self._bench, self._wired, self._ports, self.dead = bench, points, {}, False
        self.watchdog = HardwareWatchdog(bench.time, bench.hw_watchdog_ms, self._bite)
        self.watchdog.on_return = self._revive

    def rtc_ms(self):
        return None

    def evse_hardware(self, evse_name):
        if evse_name not in self._wired:
            return None
        if evse_name not in self._ports:
            self._ports[evse_name] = VirtualEvseHardware(self._bench.plant.point[evse_name], self.clock, lambda: None)
        return self._ports[evse_name]

    def die(self):
        self.dead = self.files.dead = True
        for port in self._ports.values():
            port.unplug_wires()

    def _bite(self):
        for port in self._ports.values():
            port.reset()

    def _revive(self):
        if not self.dead:
            for port in self._ports.values():
                port.connected = True
                port.apply()


class Unit:
    """A controller that can be started and killed. Its store stays."""

    def __init__(self, bench, name, points):
        self.bench, self.name, self._points = bench, name, points
        self.files = VirtualStorage(bench.seed + len(name))
        self.platform, self.role, self.pumps, self.log = None, None, [], Log()

    @property
    def running(self):
        return self.platform is not None

    def start(self):
        if not self.running:
            self.files.restart()
            self.platform = FastPlatform(self.bench, self.name, self.files, self._points)
            self._boot(self.platform)

    def kill(self):
        if self.running:
            for pump in self.pumps:
                pump.close()
            self.platform.die()
            self.platform = self.role = None
            self.pumps = []

    def _each(self, platform, ms, fn):
        """fn(now_ms) at once and each `ms`, until this life ends."""
        if platform is self.platform:
            fn(self.bench.time.now_ms)
            self.bench.time.at_ms(self.bench.time.now_ms + ms, self._each, platform, ms, fn)


class PrimaryUnit(Unit):
    """The primary role; `hung`: its safety loop stands still, drivers go on."""

    _hung = False

    @property
    def hung(self):
        return self._hung

    @hung.setter
    def hung(self, hung):
        self._hung = hung
        self.bench.plant.primary_runs(self.name, not hung and self.running)

    def kill(self):
        super().kill()
        self.bench.plant.primary_runs(self.name, False)

    def _boot(self, platform):
        bench, self.hung = self.bench, False
        self.role = Primary(platform, bench.primary_config(), self.log)
        for bus, wire in zip([b for b in bench.facts["buses"] if b["kind"] == "rtu"], self.role.buses.wires, strict=True):
            pump = Pump(bench.time, bench.lines[bus["name"]], "primary", wire.engine, None)
            wire.line = pump
            self.pumps.append(pump)
        self._each(platform, TICK_MS, self._tick)
        self._each(platform, HOUSEKEEPING_MS, self.role.step)

    def _tick(self, now_ms):
        """One turn of SafetyLoop.run."""
        if self.hung:
            return
        safety = self.role.safety
        safety.step_locals(now_ms)
        safety.tick(now_ms)
        safety.step_locals(now_ms)
        if self.role.guard.feed_ok:
            self.platform.watchdog.feed()


class SecondaryUnit(Unit):
    def __init__(self, bench, facts):
        super().__init__(bench, facts["name"], (facts["name"],))
        self.facts = facts

    def _boot(self, platform):
        bench, now_ms = self.bench, self.bench.time.now_ms
        config = bench.secondary_settings(self.name)
        self.role = role = Secondary(config, platform.evse_hardware(self.name), DocumentStore(platform.files), self.log, now_ms)
        engine = ModbusServer(role.config["unit"], role.map, role.config.get("baud", 19200))
        line = bench.lines[bench.facts["buses"][self.facts["bus"]]["name"]]
        self.pumps.append(Pump(bench.time, line, self.name, engine, (self.facts["unit"],), self._granted))
        self._each(platform, TICK_MS, self._tick)
        self._each(platform, KEEP_MS, role.housekeep)

    def _granted(self):
        if self.role is not None and self.role.map.grants:
            self.role.tick(self.bench.time.now_ms)

    def _tick(self, now_ms):
        self.role.tick(now_ms)
        self.platform.watchdog.feed()


class FastBench(Bench):
    """facts: a compiled site whose buses are all RTU."""

    clock = "virtual"

    def __init__(self, facts, seed=1):
        super().__init__(facts, Timeline(), seed, chunked=False, keep_history=False)
        self.make_devices()
        self.secondaries = {each["name"]: SecondaryUnit(self, each) for each in facts["evses"] if each["kind"] == "ampacity"}
        self.primary = PrimaryUnit(self, "primary", [each["name"] for each in facts["evses"] if each["kind"] == "local"])
        for unit in [*self.secondaries.values(), self.primary]:
            unit.start()

    def run_ms(self, ms):
        self.time.run_to(self.time.now_us + ms * 1000)

    def violations(self):
        self.plant.close()
        return [(circuit.name, phase, *note) for circuit in self.plant.circuits
                for phase, account in enumerate(circuit.accounts) for note in account.violations]

    # ---- what the fault desk asks of a bench

    def primary_fault(self, kind, on, options):
        if kind == "hang":
            self.primary.hung = on

    def secondary_fault(self, kind, point, on):
        unit = self.secondaries[point.name]
        if kind == "power_off" and not on:
            unit.start()
        elif on:
            unit.kill()
            point.drive("f" if kind == "power_off" else "x1", 0, False)
            if kind in ("forget_settings", "swapped"):
                unit.files.wipe()
                self.swaps[point.name] = self.swaps.get(point.name, 0) + (kind == "swapped")
            if kind != "power_off":
                self.time.at_ms(self.time.now_ms + BOOT_MS, unit.start)
