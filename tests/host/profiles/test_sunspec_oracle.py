"""Discovery against an independent implementation, both ways: images that it built are read by us, and devices of the bench
are scanned by it. Random chains, places, scales and gaps; what is left out is no number for either."""

import math
import random

import pytest
import sunspec2.device as oracle
from bench import FakeGuard
from sunspec2.modbus.client import SunSpecModbusClientDevice, SunSpecModbusClientError

from ampacity.bus.profile.meter_driver import MeterDriver
from ampacity_host.profiles import compile_profile, load
from ampacity_host.rig.devices import make_device
from ampacity_host.rig.devices.sunspec import CHAINS
from tests.deep import sample

COMPILED = compile_profile(load("meter-sunspec"))
STARTS = (40000, 0, 50000)
METERS, REAL_METERS, INVERTERS, REAL_INVERTERS = (201, 202, 203, 204), (211, 212, 213, 214), (101, 102, 103), (111, 112, 113)
MEASURING = METERS + REAL_METERS + INVERTERS + REAL_INVERTERS
OTHERS = (1, 2, 11, 12, 120, 121, 122, 123, 124, 302, 713, 802)
PHASES = ("A", "B", "C")


def chance(rng, permille):
    return rng.randrange(1000) < permille


def filled(rng, number):
    """A model with random values, some of them left out."""
    model = oracle.Model(number)
    for name, point in model.points.items():
        kind = point.pdef["type"]
        if name in ("ID", "L") or kind in ("pad", "string", "eui48", "ipaddr", "ipv6addr") or chance(rng, 60):
            continue
        if kind == "sunssf":
            point.value = rng.randrange(-4, 4)
        elif kind == "float32":
            point.value = rng.choice((0.0, 1e-3, math.nan)) if chance(rng, 100) else rng.uniform(-500, 500)
        elif kind in ("int16", "int32"):
            point.value = rng.randrange(-32767, 32768)
        elif kind in ("uint16", "acc32", "uint32"):
            point.value = rng.randrange(65535)
    return model


def image(rng, models):
    """Registers of a chain somewhere, by address."""
    data, start = b"SunS", rng.choice(STARTS)
    for model in models:
        data += model.get_mb()
    data += b"\xff\xff\x00\x00"
    return {start + at: int.from_bytes(data[2 * at : 2 * at + 2], "big") for at in range(len(data) // 2)}


class Registers:
    """A device that has these registers and no others: the rest is refused, or not answered at all."""

    def __init__(self, values, mute):
        self.values, self.mute = values, mute

    def answer(self, pdu):
        at, count = int.from_bytes(pdu[1:3], "big"), int.from_bytes(pdu[3:5], "big")
        wanted = range(at, at + count)
        if any(register not in self.values for register in wanted):
            return None if self.mute else b"\x83\x02"
        return bytes([3, 2 * count]) + b"".join(self.values[register].to_bytes(2, "big") for register in wanted)


def read(values, phases, mute=False, ms=60_000):
    """What our driver makes of them: its last sample, its facts, and what stands beside."""
    guard, device = FakeGuard(), Registers(values, mute)
    driver = MeterDriver({"unit": 1, "phases": list(range(phases))}, COMPILED, 0, guard, None)
    now_ms, samples = 1000, 0
    while now_ms < ms and (samples < 2 or not all(cycle.done_ms >= 0 for cycle in driver._cycles)):
        wish = driver.urgency(now_ms)
        now_ms = max(now_ms + 1, wish[1])
        request = driver.take(now_ms)
        if request is None:
            continue
        answer = device.answer(bytes(request.pdu))
        now_ms += 20
        if answer is None:
            driver.failed(request, "timeout", now_ms)
        elif answer[0] & 0x80:
            driver.failed(request, "exception:2", now_ms)
        else:
            driver.reply(request, answer, now_ms)
        samples = len(guard.samples)
    return guard.samples[-1][1] if guard.samples else "none", driver


def computed(model, name):
    """A value as the oracle has it, NaN and what is left out as None; one without its scale is none, either."""
    point = model.points.get(name)
    if point is None:
        return None
    scale = point.pdef.get("sf")
    if isinstance(scale, str) and model.points[scale].value is None:
        return None
    value = point.cvalue
    return None if value is None or (isinstance(value, float) and math.isnan(value)) else value


def number_of(model):
    return model.model_id


def expected_amps(model, phases):
    """Signed amperes of the phases, or None: by the power of each phase where it is more than a fourth of 230 V times the current,
    or by all that an inverter generates."""
    amps = [computed(model, f"Aph{phase}") for phase in PHASES[:phases]]
    if None in amps:
        return None
    if number_of(model) in INVERTERS + REAL_INVERTERS:
        watts = computed(model, "W")
        return None if watts is None else [-abs(a) if round(watts) > 0 else abs(a) for a in amps]
    watts = [computed(model, f"Wph{phase}") for phase in PHASES[:phases]]
    return None if None in watts else [-abs(a) if fed_in(a, w) else abs(a) for a, w in zip(amps, watts, strict=True)]


def fed_in(amps, watts):
    """As the driver counts it: in whole watts and in deci-amperes, rounded away from zero."""
    return -round(watts) * 4 >= math.ceil(abs(amps) * 10 - 1e-6) * 23


def agree(da, amps):
    """Rounded away from zero, by less than one deci-ampere."""
    size = abs(amps) * 10
    return size * (1 - 1e-6) - 1e-6 <= abs(da) < size + 1 + 1e-6 and (da == 0 or (da > 0) == (amps > 0))


@pytest.mark.parametrize("seed", sample(range(10), 3))
def test_images_of_the_oracle_are_read_as_it_reads_them(seed):
    rng = random.Random(seed)
    compared = 0
    for _ in range(110):
        numbers = [1, *rng.sample(OTHERS, rng.randrange(4)), *rng.sample(MEASURING, rng.randrange(1, 3)), *rng.sample(OTHERS, rng.randrange(3))]
        models = [filled(rng, number) for number in numbers]
        phases = rng.randrange(1, 4)
        chosen = next(m for group in (METERS, REAL_METERS, INVERTERS, REAL_INVERTERS) for m in models if number_of(m) in group)
        sample, driver = read(image(rng, models), phases, mute=chance(rng, 300))
        expected = expected_amps(chosen, phases)
        if expected is None:
            assert sample is None, (numbers, sample)
            continue
        assert sample is not None and all(agree(da, a) for da, a in zip(sample, expected, strict=True)), (numbers, sample, expected)
        compared += 1
    assert compared > 25


@pytest.mark.parametrize(("model", "points"), [
    (124, {"battery_permille": ("ChaState", 10), "battery_state": ("ChaSt", 1)}),
    (713, {"battery_permille": ("SoC", 10), "battery_capacity": ("WHRtg", 1), "battery_energy": ("WHAvail", 1)}),
    (802, {"battery_permille": ("SoC", 10), "battery_capacity": ("WHRtg", 1), "battery_power": ("W", 1)}),
])
def test_storage_next_to_a_meter_is_shown_as_the_oracle_shows_it(model, points):
    rng = random.Random(model)
    for _ in range(150):
        storage = filled(rng, model)
        _, driver = read(image(rng, [filled(rng, 1), filled(rng, 203), storage]), 3)
        for name, (point, counts) in points.items():
            expected = computed(storage, point)
            shown = driver.beside[name]
            assert shown == expected if expected is None else abs(shown - expected * counts) <= 0.5 + 1e-6, (name, shown, expected)


def test_a_chain_without_a_meter_model_gives_no_sample_and_reports_it():
    rng = random.Random(3)
    sample, driver = read(image(rng, [filled(rng, number) for number in (1, 120, 124)]), 3, ms=30_000)
    assert sample == "none" and "no SunSpec model" in driver.facts.fault


def test_a_broken_chain_neither_loops_nor_blocks():
    rng = random.Random(4)
    for _ in range(300):
        values = image(rng, [filled(rng, 1), filled(rng, 203)])
        start = min(values)
        for _ in range(rng.randrange(1, 4)):
            values[start + rng.randrange(0, 72)] = rng.randrange(65536)
        sample, _ = read(values, 3, ms=20_000)
        assert sample in ("none", None) or len(sample) == 3, sample


class Scanner(SunSpecModbusClientDevice):
    """The oracle's own client, on a device of the bench."""

    def __init__(self, device):
        super().__init__()
        self.bench = device

    def connect(self, *arguments, **more):
        """There is nothing to connect."""

    def disconnect(self):
        """Nor to part from."""

    def is_connected(self):
        return True

    def read(self, addr, count, *more):
        self.bench.refresh()
        if addr not in self.bench.holding or addr + count - 1 not in self.bench.holding:
            raise SunSpecModbusClientError("illegal address")
        return b"".join(self.bench.registers.get("h", addr + n).to_bytes(2, "big") for n in range(count))


class Mains:
    """What a device of the bench measures."""

    def __init__(self, rng):
        self.amps_a = [rng.uniform(-40, 40) for _ in range(3)]
        self.volts_v = [rng.uniform(207, 253) for _ in range(3)]


@pytest.mark.parametrize("name", sorted(CHAINS))
def test_devices_of_the_bench_are_what_the_oracle_finds(name):
    rng = random.Random(name)
    for turn in range(80):
        mains = Mains(rng)
        clock = type("Clock", (), {"now_ms": staticmethod(lambda turn=turn: 7000 * turn)})
        device = make_device("meter-" + name, 1, mains, clock, turn, "tcp")
        device.tick(7000 * turn + 1000)
        found = Scanner(device)
        found.scan(connect=False)
        assert [model for model in found.models if isinstance(model, int)] == list(CHAINS[name])
        for number in CHAINS[name]:
            compare(number, found.models[number][0], mains, device)


def compare(number, model, mains, device):
    """The oracle's values of one model, and the truth of the bench."""
    if number == 1:
        assert computed(model, "SN") == f"SN{device.serial}"
    elif number in (124, 713, 802):
        assert abs(computed(model, "ChaState" if number == 124 else "SoC") - device.charge * 100) <= 0.5
    elif number > 200:
        for phase, amps, volts in zip(PHASES, mains.amps_a, mains.volts_v, strict=True):
            assert abs(computed(model, f"Aph{phase}") - amps) < 0.1 and abs(computed(model, f"PhVph{phase}") - volts) < 0.2
    else:
        generated = -sum(a * v for a, v in zip(mains.amps_a, mains.volts_v, strict=True))
        assert abs(computed(model, "W") - generated) < 20
        assert all(abs(computed(model, f"Aph{phase}") - abs(amps)) < 0.1 for phase, amps in zip(PHASES, mains.amps_a, strict=True))
