"""Conformance sequence of a meter: signed samples, a constant mark when frozen, no invalid numbers, silence.

`verdicts_of(name)` plays it once, as for charge controllers: "" holds, a dash begins the reason why an item does not apply.
"""

from functools import cache

from ampacity.bus.profile.meter_driver import MeterDriver
from ampacity.circuit.guard import Guard
from ampacity_host.profiles.compiler import compile_profile
from ampacity_host.profiles.conformance.testbed import START_MS, DeviceTestbed, DeviceWire
from ampacity_host.profiles.facts import meter_facts
from ampacity_host.profiles.loader import load
from ampacity_host.rig.devices import make_device

ITEMS = ("samples", "sign", "power", "counters", "mark", "frozen", "no number", "silence", "wiring")
AMPS_A = (10.0, 4.2, 0.52)
VOLTS_V = (230.0, 234.0, 226.0)
LIVE_MS = 500


class Mains:
    """What it measures: no two phases alike."""

    def __init__(self) -> None:
        self.amps_a = list(AMPS_A)
        self.volts_v = list(VOLTS_V)


class MeterTestbed(DeviceTestbed):
    """A site whose only circuit has this meter, under the real guard; samples collects the inputs of the guard."""

    def __init__(self, name: str) -> None:
        profile = load("meter-" + name)
        self.profile, self.mains = profile, Mains()
        kind = profile["link"]["media"][0]
        facts = meter_facts(profile, {})
        self.inputs: int = facts["inputs"]
        facts |= {"name": "grid", "profile": name, "bus": 0, "unit": 100, "phases": list(range(facts["inputs"]))}
        self.guard = Guard(self._site(kind, facts), START_MS)
        self.samples: list[tuple] = []
        self.readings: list[dict] = []
        compiled = compile_profile(profile)
        compiled["live_ms"] = LIVE_MS
        clock = type("Clock", (), {"now_ms": staticmethod(lambda: START_MS)})
        device = make_device(profile, 100, self.mains, clock, 5, kind)
        self.driver = MeterDriver(facts, compiled, 0, self, lambda i, reading, now_ms: self.readings.append(reading))
        super().__init__(DeviceWire(self.driver, device, START_MS), self.guard.tick, lambda now_ms: None)

    def _site(self, kind: str, facts: dict) -> dict:
        circuit = {"name": "main", "parent": -1, "rating_da": [630] * 3, "assumed_other_da": [100] * 3, "meter": 0, "generation_da": [200] * 3}
        return {
            "format": 1, "name": "conformance", "voltage_v": 230, "system": "wye", "phases": 3, "require_tested": False, "circuits": [circuit],
            "buses": [{"name": "wire", "kind": kind, "transit_ms": 50}], "meters": [facts], "evses": [], "settings": {},
        }  # fmt: skip

    def meter(self, index: int, amps_da: "list | None", now_ms: int, mark: int) -> None:
        """The guard's door, with a copy for the verdicts."""
        self.samples.append((now_ms, amps_da, mark))
        self.guard.meter(index, amps_da, now_ms, mark)

    def shown(self, ms: int = 3000) -> list:
        """The currents of the last sample after so much time."""
        self.run(ms)
        assert self.samples, "no sample came"
        return self.samples[-1][1]

    def expect(self, expected_a: "list[float]") -> None:
        """The last sample shows these amperes, each as far as it has inputs."""
        amps_da = self.shown()
        assert amps_da is not None and len(amps_da) == self.inputs, f"a sample of {amps_da}"
        for n, (da, amps) in enumerate(zip(amps_da, expected_a, strict=False), 1):
            assert abs(da - amps * 10) <= 1.5, f"on L{n} it reads {da} da of {amps} A"

    def signs(self, amps_a: "list[float]") -> "list[float]":
        """These currents with the direction that the meter can measure: of each, of the sum, or none."""
        sign = self.profile.get("measure", {}).get("sign")
        if sign == "none":
            return [abs(a) for a in amps_a]
        if sign == "generator":
            out = sum(a * v for a, v in zip(amps_a, VOLTS_V, strict=True)) < 0
            return [-abs(a) if out else abs(a) for a in amps_a]
        return amps_a


def verdicts_of(name: str) -> "dict[str, str]":
    """Verdicts by item; see the module. Played once a process."""
    return dict(_verdicts(name))


@cache
def _verdicts(name: str) -> tuple:
    if not MeterTestbed(name).inputs:
        return tuple((item, "- no current of its own: counts as no meter") for item in ITEMS)
    verdicts, testbed = {}, None
    for item in ITEMS:
        try:
            testbed = testbed or MeterTestbed(name)
            verdicts[item] = PLAY[item](testbed) or ""
        except AssertionError as wrong:
            verdicts[item] = str(wrong) or "it did not hold"
            testbed = None
    return tuple(verdicts.items())


def samples(testbed: MeterTestbed) -> None:
    testbed.expect(list(AMPS_A))
    assert len(testbed.samples) >= 4, f"{len(testbed.samples)} samples in 3 s"
    assert testbed.guard.meter_state(0) == "ok" and testbed.driver.facts.online


def sign(testbed: MeterTestbed) -> None:
    for amps_a in ([-10.0, 4.2, -0.52], [10.0, -4.2, 0.52], [10.0, 4.2, -0.52], [-3.0, 4.2, 0.52]):
        testbed.mains.amps_a = amps_a
        testbed.expect(testbed.signs(amps_a))
    testbed.mains.amps_a = list(AMPS_A)


def power(testbed: MeterTestbed) -> "str | None":
    testbed.run(62_000)
    watts = sum(a * v for a, v in list(zip(AMPS_A, VOLTS_V, strict=True))[: testbed.inputs])
    facts = testbed.driver.facts
    assert testbed.driver._readings.named("power") is not None or "power" not in testbed.profile["registers"], "it does not show its power"
    if facts.power_w is None:
        return "- it shows no power"
    assert abs(facts.power_w - watts) <= 12, f"it reads {facts.power_w} W of {watts:.0f} W"
    for n, dv in enumerate(facts.volts_dv or [], 1):
        assert abs(dv - VOLTS_V[n - 1] * 10) <= 10, f"on L{n} it reads {dv} dv"
    assert facts.volts_dv, "it shows no voltage"
    return None


def counters(testbed: MeterTestbed) -> "str | None":
    names = testbed.profile["reads"].get("slow", [])
    if "energy_import" not in names:
        return "- it has no counters"
    device = testbed.wire.device
    device.import_wh, device.export_wh = 1_234_567.0, 89_012.0
    testbed.run(125_000)
    reading = testbed.readings[-1]
    assert abs(reading["energy_wh"] - device.import_wh) <= 200, f"it counts {reading['energy_wh']} Wh"
    if "energy_export" in names:
        assert abs(reading["export_wh"] - device.export_wh) <= 200, f"it counts {reading['export_wh']} Wh out"
    return None


def mark(testbed: MeterTestbed) -> None:
    testbed.run(3000)
    marks = [row[2] for row in testbed.samples[-5:]]
    assert len(set(marks)) > 1, "the mark does not change although the meter works"


def frozen(testbed: MeterTestbed) -> None:
    device = testbed.wire.device
    device.fault("frozen")
    testbed.run(1500)
    before = testbed.samples[-1][2]
    testbed.run(8000)
    assert testbed.samples[-1][2] == before, "the mark moves while it is frozen"
    assert testbed.guard.meter_state(0) == "frozen", f"the guard takes it for {testbed.guard.meter_state(0)}"
    device.fault("frozen", False)
    testbed.until(lambda: testbed.guard.meter_state(0) == "ok", 20_000, "trust in its readings")


def no_number(testbed: MeterTestbed) -> "str | None":
    device = testbed.wire.device
    kinds = {testbed.profile["registers"][name]["type"] for name in testbed.profile["reads"]["live"] if name.startswith("current")}
    if not kinds & set(device.blank):
        return "- it has no mark for no number"
    device.fault("nan")
    assert testbed.shown() is None, f"no number became {testbed.samples[-1][1]}"
    device.fault("nan", False)
    testbed.expect(list(AMPS_A))
    return None


def silence(testbed: MeterTestbed) -> None:
    testbed.wire.device.fault("dead")
    testbed.until(lambda: not testbed.driver.facts.online, 20_000, "notice of its silence")
    count = len(testbed.samples)
    testbed.run(8000)
    assert len(testbed.samples) == count and testbed.guard.meter_state(0) != "ok", "it is silent, and still trusted"
    testbed.wire.device.fault("dead", False)
    testbed.until(lambda: testbed.guard.meter_state(0) == "ok", 30_000, "its return")
    testbed.expect(list(AMPS_A))


def wiring(testbed: MeterTestbed) -> None:
    device = testbed.wire.device
    expected = {"reversed": testbed.signs([-a for a in AMPS_A]), "swapped_phases": [*AMPS_A[1:], AMPS_A[0]], "offset": [a + 5 for a in AMPS_A]}
    for kind, amps_a in expected.items():
        device.fault(kind)
        testbed.expect(amps_a)
        device.fault(kind, False)


PLAY = {
    "samples": samples, "sign": sign, "power": power, "counters": counters, "mark": mark, "frozen": frozen, "no number": no_number,
    "silence": silence, "wiring": wiring,
}  # fmt: skip
