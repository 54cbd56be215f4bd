"""The Platform (ports/platform.py) of a controller in the rig's process, on the virtual loop."""

from ampacity.base.clock import Clock
from ampacity.base.rng import Rng
from ampacity.ports.output import Output
from ampacity.ports.platform import Platform
from ampacity_host.rig.base.hardware_watchdog import HardwareWatchdog
from ampacity_host.rig.virtual.awaitable_timer import AwaitableTimer
from ampacity_host.rig.virtual.evse_hardware import VirtualEvseHardware
from ampacity_host.rig.virtual.frameless_bus import FramelessBuses
from ampacity_host.rig.virtual.idle_pacing import IDLE_MS
from ampacity_host.rig.virtual.line_transport import LineTransport
from ampacity_host.rig.virtual.loop import OWNER
from ampacity_host.rig.virtual.memory_network import MemoryWriter, serve_streams
from ampacity_host.rig.virtual.storage import ControllerStorage, PublishedFiles

LIVELY_MS = 2_000
QUIET_PERMILLE = 800  # of the hardware watchdog's time


class VirtualClock(Clock):
    """The controller's monotonic clock: the loop's time, and what a slow medium has taken since. pacing: stretches short sleeps in a run
    without frames."""

    def __init__(self, loop, owner, pacing=None):
        self._loop = loop
        self._owner = owner
        self._beat = pacing

    def now_us(self):
        return self._loop.now_of(self._owner)

    def now_ms(self):
        return self._loop.now_of(self._owner) // 1000

    async def sleep_ms(self, duration_ms):
        if self._beat is not None and duration_ms < IDLE_MS:
            return await self._beat.rest(duration_ms)
        return await AwaitableTimer(self._loop, int(duration_ms * 1000))


class Waiter:
    """A sleep of one task that other tasks can end."""

    def __init__(self, loop):
        self._loop = loop
        self._nap = None

    async def wait(self, duration_us):
        self._nap = nap = AwaitableTimer(self._loop, int(duration_us))
        try:
            await nap
        finally:
            self._nap = None

    def wake(self):
        if self._nap is not None:
            self._nap.wake()


class VirtualPlatform(Platform):
    """world: lines (by bus name), network, plant, hw_watchdog_ms. units: the addresses its line listens to.

    points: the names of the charging points that are wired to this controller's pins.
    """

    def __init__(self, world, boot, files, units=None, points=(), owner=None):
        self._loop = world.loop
        super().__init__("", boot, VirtualClock(world.loop, owner, world.pacing), ControllerStorage(files))
        self.published_files = PublishedFiles(self.files)
        self._world = world
        self._units = units
        self._wired = points
        self._opened = []
        self._ports = {}
        self._outputs = {}
        self.dead = False
        self._role = None
        self._quiet = None
        self._lively_until_us = 0
        self._stir()
        self.watchdog = HardwareWatchdog(world.loop, world.hw_watchdog_ms, self._bite)
        self.watchdog.on_return = self._revive

    async def start(self):
        """Nothing to connect: the pins are wired to the plant."""

    def waiter(self):
        return Waiter(self._loop)

    async def pace(self, duration_ms):
        """The safety loop's sleep. A secondary with unchanged pins sleeps longer, until a pin changes.

        Its grants arrive through the bus at once, and it wakes when its lease ends.
        """
        loop = self._loop
        if "hang" in self.faults:
            return await super().pace(duration_ms)
        if self._world.pacing is not None:
            return await self._world.pacing.rest(duration_ms)
        if self._units is None or loop.now_us < self._lively_until_us:
            return await AwaitableTimer(loop, duration_ms * 1000)
        self._quiet = nap = AwaitableTimer(loop, 1000 * self._quiet_ms())
        return await nap

    def _quiet_ms(self):
        """The time for which a secondary with unchanged pins has nothing to do."""
        longest_ms = self._world.hw_watchdog_ms * QUIET_PERMILLE // 1000
        left_ms = self._role.lease.remaining_ms(self._loop.now_ms) if self._role is not None else 0
        return min(longest_ms, left_ms) or longest_ms

    def _stir(self):
        """An input of the pins changed."""
        self._lively_until_us = self._loop.now_us + LIVELY_MS * 1000
        if self._quiet is not None:
            self._quiet.wake()
            self._quiet = None

    def rtc_ms(self):
        """No real-time clock: virtual time has no date before it is set."""
        return None

    def rng(self):
        """Random numbers that repeat with the rig's seed, different for each start."""
        return Rng(self._world.seed * 65_537 + self._world.next_number())

    def frameless_buses(self, site, guard, on_reading):
        """Buses without frames (virtual/frameless_bus.py) if this run uses them, else None."""
        if not self._world.no_bytes:
            return None
        buses = FramelessBuses(self._world, site, guard, on_reading)
        self._opened.append(buses)
        return buses

    def output(self, name):
        """A relay of the bench, with feedback."""
        if name not in self._outputs:
            def act(on):
                output.seen = self._world.switch_output(name, on)
            output = self._outputs[name] = Output(name, act)
        return self._outputs[name]

    def input(self, name):
        """Inputs of the bench arrive as events."""
        return None

    def evse_hardware(self, evse_name):
        if evse_name not in self._wired:
            return None
        if evse_name not in self._ports:
            self._ports[evse_name] = VirtualEvseHardware(self._world.plant.point[evse_name], self.clock, self._stir)
        return self._ports[evse_name]

    def open_line(self, bus_facts):
        upward = "unit" in bus_facts  # the line to a parent, where a primary is a secondary
        units = (bus_facts["unit"],) if upward else self._units
        line = self._world.lines[bus_facts["name"]]
        alien = not line.set_to(bus_facts.get("baud", line.baud), bus_facts.get("parity", line.parity))
        door = LineTransport(self._loop, line, self.boot.get("name", "primary"), units, alien)
        if self.boot.get("role", "primary") == "primary" and not upward:
            door.station.primary = True
        self._opened.append(door)
        return door

    async def connect(self, host, port, tls=None, server_hostname=None):
        if self.dead:
            raise OSError(101, "no power")
        reader, writer = await self._world.network.connect(host, port)
        self._opened = [one for one in self._opened if not (isinstance(one, MemoryWriter) and one.is_closing())]
        self._opened.append(writer)
        return reader, writer

    def abort(self, writer):
        writer.transport.abort()

    async def listen(self, host, port, handler):
        server = self._world.network.serve(host, port, serve_streams(self._loop, handler, OWNER.get()))
        self._opened.append(server)
        return server

    def reset(self, kind="immediate"):
        """The controller requests its restart: its objects are discarded and it starts again."""
        self._loop.call_soon(self._world.restart, self.boot.get("name", "primary"))

    def die(self):
        """The power fails: nothing is sent any more. The pins reset when the hardware watchdog fires."""
        self.dead = True
        self.files.dead = True
        for port in self._ports.values():
            port.unplug_wires()
        for one in self._opened:
            one.transport.abort() if isinstance(one, MemoryWriter) else one.close()

    def ports(self):
        return self._ports

    @property
    def role(self):
        """The role object, stored here by the role after its creation."""
        return self._role

    @role.setter
    def role(self, role):
        self._role = role
        if role is not None:
            self._world.role_made(self.boot.get("name"), role)

    def _bite(self):
        for port in self._ports.values():
            port.reset()

    def _revive(self):
        if not self.dead:
            for port in self._ports.values():
                port.connected = True
                port.apply()
