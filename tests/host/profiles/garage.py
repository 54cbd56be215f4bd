"""A whole site around the real safety core and bus engines: simulated devices on a line and on a socket, virtual time."""

from ampacity.bus.client.ascii_client import AsciiClient
from ampacity.bus.client.rtu_client import RtuClient
from ampacity.bus.client.tcp_client import TcpClient
from ampacity.bus.profile.evse_driver import EvseDriver
from ampacity.bus.profile.meter_driver import MeterDriver
from ampacity.circuit.guard import Guard
from ampacity_host.configure import compile_site, load_site
from ampacity_host.rig.devices import make_device

START_MS = 2**30 - 60_000
TICK_MS = 100
STEP_US = 1000


class Car:
    """An EVSE's plant: a car that follows its limit two seconds late, and draws what it is offered."""

    def __init__(self, wants: bool = True) -> None:
        self.car_state = "C" if wants else "A"
        self.volts_dv = [2300, 2300, 2300]
        self.energy_wh = 0
        self.limit_da = 0
        self.drawn_da = 0
        self._pending: list[tuple] = []
        self.now_ms = START_MS

    def set_limit(self, da: int) -> None:
        self._pending.append((self.now_ms, da))

    def step(self, now_ms: int) -> None:
        self.now_ms = now_ms
        while self._pending and now_ms - self._pending[0][0] >= 2000:
            self.drawn_da = self._pending.pop(0)[1]

    @property
    def amps_da(self) -> list:
        return [self.drawn_da if self.car_state == "C" else 0] * 3


class House:
    """The grid meter's plant: other load and all cars."""

    def __init__(self, cars: list) -> None:
        self.cars = cars
        self.other_a = 5.0
        self.volts_v = [230.0] * 3

    @property
    def amps_a(self) -> list:
        return [self.other_a + sum(car.amps_da[phase] for car in self.cars) / 10 for phase in range(3)]


class Garage:
    """site_path: a site file whose EVSEs are all of profile kinds; each bus carries what it says."""

    def __init__(self, site_path: object, evidence: object = None, seed: int = 0) -> None:
        self.facts = compile_site(load_site(site_path))
        self.now_us = START_MS * 1000
        self.guard = Guard(self.facts, START_MS, evidence)
        self.cars = [Car() for _ in self.facts["evses"]]
        self.house = House(self.cars)
        self.worst_a = 0.0
        self.seed = seed
        self.devices = [self._device(i, e) for i, e in enumerate(self.facts["evses"])]
        self.meters = [make_device(m["profile"], m["unit"], self.house, self, 50, framing=self._kind(m)) for m in self.facts["meters"]]
        self.drivers = [EvseDriver(e, self.facts["profiles"][e["profile"]], i, self.guard) for i, e in enumerate(self.facts["evses"])]
        self.meter_drivers = [MeterDriver(m, self.facts["profiles"][m["profile"]], i, self.guard) for i, m in enumerate(self.facts["meters"])]
        self.buses = [self._bus(b) for b in range(len(self.facts["buses"]))]
        self.deaf: set = set()
        self.dumb: set = set()
        self._wire: list[tuple] = []

    def now_ms(self) -> int:
        return self.now_us // 1000

    def _kind(self, entry: dict) -> str:
        bus = self.facts["buses"][entry["bus"]]
        return bus.get("framing", bus["kind"])

    def _device(self, index: int, entry: dict) -> object:
        site = {"max_a": entry["max_da"] / 10}
        if entry["power_on_source"] == "declared":
            site["power_on_a"] = entry["power_on_da"] / 10
        return make_device(entry["profile"], entry["unit"], self.cars[index], self, 7 * self.seed + index, framing=self._kind(entry), site=site)

    def _bus(self, bus: int) -> tuple:
        pairs = [(d, dev) for e, d, dev in zip(self.facts["evses"], self.drivers, self.devices, strict=True) if e["bus"] == bus]
        pairs += [(d, dev) for m, d, dev in zip(self.facts["meters"], self.meter_drivers, self.meters, strict=True) if m["bus"] == bus]
        drivers = [driver for driver, _ in pairs]
        entry = self.facts["buses"][bus]
        serial = AsciiClient if entry.get("framing") == "ascii" else RtuClient
        engine = serial(entry, drivers) if entry["kind"] == "rtu" else TcpClient(entry, drivers)
        if entry["kind"] == "tcp":
            engine.connected(self.now_us)
        return engine, [device for _, device in pairs], entry

    def run(self, ms: int) -> None:
        until_us = self.now_us + ms * 1000
        while self.now_us < until_us:
            self.now_us += STEP_US
            if self.now_us // 1000 % TICK_MS == 0:
                self._tick()
            for engine, devices, entry in self.buses:
                self._move(engine, devices, entry)
            if self.now_us // 1000 % 20 == 0:
                self._plant()

    def _tick(self) -> None:
        now_ms = self.now_ms()
        for i, driver in enumerate(self.drivers):
            self.guard.plugged(i, driver.facts.plugged)
            self.guard.demand(i, driver.facts.plugged)
        self.guard.tick(now_ms)
        for i, driver in enumerate(self.drivers):
            driver.want(self.guard.want_da[i], now_ms)
        if self.guard.feed_ok:
            for engine, _, _ in self.buses:
                engine.permit(now_ms + 2 * TICK_MS)

    def _move(self, engine: object, devices: list, entry: dict) -> None:
        due = [row for row in self._wire if row[0] is engine and row[2] <= self.now_us]
        for row in due:
            self._wire.remove(row)
            engine.receive(row[1], self.now_us)
        if getattr(engine, "wants_reset", False):
            engine.disconnected(self.now_us)
            for device in devices:
                device.connected()
            engine.connected(self.now_us)
        data, _ = engine.next(self.now_us)
        if not data:
            return
        byte_us = 11_000_000 // entry["baud"] if entry["kind"] == "rtu" else 1
        end_us = self.now_us + len(data) * byte_us
        for device in devices:
            if device in self.deaf:
                continue
            for answer, at_us in device.receive(data, end_us):
                if device in self.dumb:
                    continue
                self._wire.append((engine, answer, at_us + len(answer) * byte_us))

    def _plant(self) -> None:
        for car in self.cars:
            car.step(self.now_ms())
        for device in self.devices + self.meters:
            device.tick(self.now_ms())
        self.worst_a = max(self.worst_a, max(self.house.amps_a))

    def offered_da(self) -> list:
        return [device.limit_da for device in self.devices]
