"""The life of a charge controller: regulate, pause, resume, lose, fall back, come back, restart, disobey.

`verdicts_of(name)` plays it once and says for each item "" (it holds), a dash and why the item does not apply, or what went wrong.
All the time the guard's bound must be at least what the device obeys: that is the item "bound".
"""

from functools import cache

from ampacity.bus.profile.evse_driver import EvseDriver
from ampacity.circuit.guard import Guard
from ampacity_host.profiles.compiler import compile_profile
from ampacity_host.profiles.conformance.testbed import START_MS, DeviceTestbed, DeviceWire
from ampacity_host.profiles.facts import evse_facts
from ampacity_host.profiles.loader import blocked, load
from ampacity_host.rig.devices import make_device

ITEMS = (
    "regulate", "pause", "resume", "read", "lose", "fall back", "come back", "restart", "ignore", "disobey", "open", "phases", "swap", "bound",
)  # fmt: skip
ONE_PHASE_W = 1900  # more than 6 A on one phase, less than that on three
LONG_AGO_MS = -(1 << 40)
MAX_A, HIGH_DA, LOW_DA, RESERVE_A = 16, 140, 80, 6.0
LIVE_MS = 500  # readings no oftener than this: time is not the subject here
SETTLE_MS = 12_000


class SteadyCar:
    """A car that draws what it is offered, no two phases alike."""

    def __init__(self) -> None:
        self.car_state = "C"
        self.volts_dv = [2300, 2340, 2260]
        self.energy_wh = 1_234_567
        self.limit_da = 0
        self.phases = 3

    def set_phases(self, count: int) -> None:
        """What the contactor closes."""
        self.phases = count

    @property
    def amps_da(self) -> list:
        draws = self.car_state == "C"
        return [max(0, self.limit_da - 20 * n) if draws and n < self.phases else 0 for n in range(3)]


def site_of(profile: dict) -> dict:
    """What an installer would write for it: 16 A, and 6 A as far as he may choose."""
    site = {"max_a": MAX_A}
    dog = profile.get("watchdog", {})
    if any(low <= RESERVE_A <= high for low, high in dog.get("fallback_values_a", [])):
        site["fallback_a"] = RESERVE_A
    power_on = profile.get("power_on")
    if power_on is None or power_on.get("values_a"):
        site["power_on_a"] = RESERVE_A
    elif power_on.get("declarable"):  # an authorisation inside the unit
        site["power_on_a"] = 0.0
    if "phases" in profile:
        site["phase_switch"] = True
    return site


class EvseTestbed(DeviceTestbed):
    """A site of one EVSE under the real guard. allow(da) is the external limit that the guard keeps to."""

    def __init__(self, name: str, seed: int = 1, site: "dict | None" = None) -> None:
        profile = load("evse-" + name)
        self.profile = profile
        site = site or site_of(profile)
        kind = profile["link"]["media"][0]
        self.facts = evse_facts(profile, site) | {
            "name": name, "kind": "profile", "profile": name, "bus": 0, "unit": 255 if kind == "tcp" else 3, "circuit": 0,
            "terminals": [[0], [1], [2]], "transit_ms": 50,
        }  # fmt: skip
        self.guard = Guard(self._site(kind), START_MS)
        compiled = compile_profile(profile)
        compiled["live_ms"] = max(compiled["live_ms"], LIVE_MS)
        self.plant = SteadyCar()
        clock = type("Clock", (), {"now_ms": staticmethod(lambda: START_MS)})
        self.device = make_device(profile, self.facts["unit"], self.plant, clock, seed, kind, site)
        self.driver = EvseDriver(self.facts, compiled, 0, self.guard)
        self.broken = ""
        self.excused = False
        super().__init__(DeviceWire(self.driver, self.device, START_MS), self._safety, self._compare)

    def _site(self, kind: str) -> dict:
        rating = [2 * MAX_A * 10] * 3
        return {
            "format": 1, "name": "conformance", "voltage_v": 230, "system": "wye", "phases": 3, "require_tested": False,
            "circuits": [{"name": "main", "parent": -1, "rating_da": rating, "assumed_other_da": [0] * 3, "meter": -1, "generation_da": [0] * 3}],
            "buses": [{"name": "wire", "kind": kind, "private": True, "transit_ms": 50}], "meters": [], "evses": [self.facts],
            "settings": {"raise_hold_ms": 0, "restart_hold_ms": 0, "idle_ms": 10_000_000},
        }  # fmt: skip

    def _safety(self, now_ms: int) -> None:
        self.guard.plugged(0, True)
        self.guard.demand(0, True)
        self.guard.tick(now_ms)
        self.driver.want(self.guard.want_da[0], now_ms)
        if self.guard.optional.phase_switch is not None:
            self.driver.switch_phases(self.guard.optional.phases_wanted(0), now_ms)

    def _compare(self, now_ms: int) -> None:
        bound_da = min(self.guard.bound_da(0)[: self.device.phases])  # on every phase that can close
        if self.device.limit_da > bound_da and not self.excused and not self.broken:
            self.broken = f"obeys {self.device.limit_da / 10} A, above its bound of {bound_da / 10} A, {(now_ms - START_MS) / 1000:g} s after start"

    # ---- what the items say

    def allow(self, limit_da: int) -> None:
        """An external limit for this EVSE."""
        self.guard.limit("conformance", ("evse", 0), [limit_da] * 3, None, "hold")

    def ok(self) -> bool:
        return self.guard.state(0) == "ok" and self.driver.facts.online

    def settled(self, limit_da: int) -> bool:
        """It obeys about limit_da, and the guard was shown so."""
        step_da = 10 if limit_da else 0
        near = max(1 if limit_da else 0, limit_da - step_da) <= self.device.limit_da <= self.driver.device.recipe.most_da(limit_da)
        proven = self.driver.device.order.proven or (self.facts["proof"] == "measured" and not limit_da)  # no current, no proof
        return near and self.ok() and proven


def verdicts_of(name: str) -> "dict[str, str]":
    """Verdicts by item; see the module. Played once a process."""
    return dict(_verdicts(name))


@cache
def _verdicts(name: str) -> tuple:
    reason = blocked(load("evse-" + name))
    if reason:
        return tuple((item, "- blocked") for item in ITEMS)
    testbed, verdicts = None, {}
    for item in ITEMS[:-1]:
        try:
            testbed = testbed or _ready(name)
            verdicts[item] = PLAY[item](testbed) or ""
        except AssertionError as wrong:
            verdicts[item] = str(wrong) or "it did not hold"
            verdicts.setdefault("bound", testbed.broken if testbed else "")
            testbed = None
    verdicts["bound"] = verdicts.get("bound") or (testbed.broken if testbed else "")
    return tuple((item, verdicts[item]) for item in ITEMS)


def _ready(name: str) -> EvseTestbed:
    testbed = EvseTestbed(name)
    testbed.allow(0)
    testbed.until(testbed.ok, 60_000, "audited and proven")
    return testbed


def regulate(testbed: EvseTestbed) -> None:
    for limit_da in (HIGH_DA, 10 * MAX_A, LOW_DA):
        testbed.allow(limit_da)
        asked_da = _asked(testbed, limit_da)
        testbed.until(lambda da=asked_da: testbed.settled(da), 40_000, f"{limit_da / 10} A")


def _asked(testbed: EvseTestbed, limit_da: int) -> int:
    """What it shows of this order: in watts three phases share what is counted for one."""
    if testbed.driver.device.recipe.table["full"] and limit_da < 10 * MAX_A:
        return max(60, limit_da // 3) if limit_da else 0
    return limit_da


def pause(testbed: EvseTestbed) -> None:
    testbed.allow(0)
    testbed.until(lambda: testbed.settled(0), 40_000, "a pause")
    testbed.run(3000)
    assert testbed.device.limit_da == 0, "it did not stay paused"
    assert testbed.driver.facts.state and testbed.driver.facts.state[0] in "BC", f"a paused car shows state {testbed.driver.facts.state}"


def resume(testbed: EvseTestbed) -> None:
    testbed.allow(HIGH_DA)
    testbed.until(lambda: testbed.settled(_asked(testbed, HIGH_DA)), 40_000, "charging again")
    testbed.run(max(3000, testbed.facts["watchdog_ms"] * 15 // 10))
    facts = testbed.driver.facts
    assert facts.state and facts.state[0] in "CD", f"a charging car shows state {facts.state}"
    for n, da in enumerate(testbed.plant.amps_da, 1):
        if f"current_l{n}" not in testbed.profile["reads"]["live"]:
            continue
        shown_da = _named(testbed, f"current_l{n}")
        assert shown_da is not None and da <= shown_da <= da + 9, f"on L{n} it reads {shown_da} of {da} da"
    for row in testbed.profile["proof"].get("charging", []):
        if row.get("shows") == "order":
            shown_da = _named(testbed, row["register"])
            assert HIGH_DA - 10 <= shown_da <= HIGH_DA + 1, f"{row['register']} shows {shown_da} of {HIGH_DA} da"
    assert testbed.device.watchdog != "expired", "its watchdog fired while it was fed"


def read(testbed: EvseTestbed) -> "str | None":
    """States without a car and with one, voltages, power, energy."""
    for letter in "ABC":
        testbed.plant.car_state = letter
        testbed.until(lambda shown=letter: (testbed.driver.facts.state or "?")[0] == shown, 20_000, f"state {letter}")
    names = {name for names in testbed.profile["reads"].values() if isinstance(names, list) for name in names}
    testbed.run(25_000 if "energy" in names else 1000)
    facts, plant = testbed.driver.facts, testbed.plant
    for n, dv in enumerate(plant.volts_dv, 1):
        shown_dv = _named(testbed, f"voltage_l{n}") if f"voltage_l{n}" in names else dv
        assert shown_dv is not None and abs(shown_dv - dv) <= 10, f"on L{n} it reads {shown_dv} of {dv} dv"
    watts = sum(da * dv for da, dv in zip(plant.amps_da, plant.volts_dv, strict=True)) // 100
    if "power" in names:
        assert facts.power_w is not None and abs(facts.power_w - watts) <= 100, f"it reads {facts.power_w} W of {watts} W"
    if "energy" in names:
        assert facts.energy_wh is not None and abs(facts.energy_wh - plant.energy_wh) <= 1000, f"it reads {facts.energy_wh} Wh"
    _compare_evidence(testbed)


def _compare_evidence(testbed: EvseTestbed) -> None:
    """Serial number, maximum, power-on value and watchdog, as the device has them."""
    device, shown = testbed.device, testbed.guard.ledger.evse_states[0].evidence.values
    if "serial" in testbed.profile.get("identity", {}).get("fingerprint", []):
        assert str(device.serial) in str(shown["fingerprint"]), f"its serial number reads {shown['fingerprint']}"
    if "max" in testbed.profile.get("identity", {}):
        assert shown["max_da"] == device.max_da, f"its maximum reads {shown['max_da']} da"
    if "register" in testbed.profile.get("power_on", {}):
        assert shown["power_on_da"] == device.power_on(), f"its power-on value reads {shown['power_on_da']} da"
    if testbed.facts["watchdog_ms"] and not testbed.facts["watchdog_fixed"]:
        assert shown["watchdog_ms"] == testbed.facts["watchdog_ms"], f"its watchdog reads {shown['watchdog_ms']} ms"


def _named(testbed: EvseTestbed, name: str) -> "int | None":
    return testbed.driver.device.readings.named(name)


def lose(testbed: EvseTestbed) -> None:
    testbed.wire.cut_rx = True
    testbed.until(lambda: testbed.guard.state(0) == "silent", 60_000, "the loss")
    testbed.run(_lapse_ms(testbed))
    if testbed.facts["watchdog_ms"]:
        assert testbed.device.limit_da <= testbed.guard.reserve_da(0), "above its reserve after the silence"
        assert max(testbed.guard.bound_da(0)) == testbed.guard.reserve_da(0), "the silence freed nothing"
    testbed.wire.cut_rx = False


def fall_back(testbed: EvseTestbed) -> "str | None":
    if not testbed.facts["watchdog_ms"]:
        return "- no watchdog that counts"
    come_back(testbed)
    testbed.wire.cut_tx = True
    testbed.until(lambda: testbed.device.watchdog == "expired", testbed.facts["watchdog_ms"] + 5000, "its fallback")
    low_da = 1 if testbed.driver.device.recipe.table["full"] and testbed.facts["fallback_da"] else testbed.facts["fallback_da"]
    assert low_da <= testbed.device.limit_da <= testbed.facts["fallback_da"], f"it fell back to {testbed.device.limit_da / 10} A"
    testbed.run(_lapse_ms(testbed))
    testbed.wire.cut_tx = False
    return None


def come_back(testbed: EvseTestbed) -> None:
    testbed.allow(HIGH_DA)
    testbed.until(lambda: testbed.settled(_asked(testbed, HIGH_DA)), 120_000, "its order again")


def restart(testbed: EvseTestbed) -> None:
    for kind in ("restart", "forget_settings", "power_off"):
        testbed.device.fault(kind)
        testbed.run(4000)
        testbed.device.fault(kind, False)
        testbed.until(testbed.ok, 120_000, f"back after {kind}")
        come_back(testbed)
        assert testbed.device.watchdog != "expired", f"its watchdog is not fed after {kind}"
        assert testbed.device.watchdog == "armed" or not testbed.facts["watchdog_ms"], f"its watchdog is off after {kind}"
        testbed.run(SETTLE_MS)


def ignore(testbed: EvseTestbed) -> None:
    held_da = testbed.device.limit_da
    testbed.device.fault("ignore_writes")
    testbed.allow(0)
    testbed.run(SETTLE_MS)
    assert max(testbed.guard.bound_da(0)) >= held_da, "a write that it ignored counts as an order in force"
    testbed.device.fault("ignore_writes", False)
    testbed.until(lambda: testbed.settled(0), 120_000, "a pause after all")


def disobey(testbed: EvseTestbed) -> "str | None":
    if not _measures(testbed):
        return "- it measures no current"
    testbed.until(lambda: max(testbed.guard.bound_da(0)) < 10 * MAX_A, 30_000, "a bound below its maximum", must=False)
    if max(testbed.guard.bound_da(0)) >= 10 * MAX_A:
        return "- its bound is its maximum"
    testbed.excused = True
    testbed.device.fault("disobeys")
    testbed.until(lambda: max(testbed.guard.bound_da(0)) >= 10 * MAX_A and testbed.guard.state(0) != "ok", 60_000, "the notice that it disobeys")
    testbed.device.fault("disobeys", False)
    testbed.run(SETTLE_MS)
    testbed.guard.unlock(0)  # a person has looked at it
    testbed.until(testbed.ok, 120_000, "trust again")
    testbed.excused = False
    return None


def opens(testbed: EvseTestbed) -> "str | None":
    """The contactor, where a register opens it: against a unit that does not obey its limit."""
    if not testbed.profile.get("contactor", {}).get("open"):
        return "- no register of its own opens it"
    come_back(testbed)
    testbed.excused = True
    testbed.device.fault("disobeys")
    testbed.driver.hold_open(True)
    testbed.until(lambda: testbed.device.contactor_open() and testbed.device.limit_da == 0, 20_000, "an open contactor")
    testbed.run(3000)
    assert testbed.device.contactor_open(), "it closed again by itself"
    testbed.device.fault("disobeys", False)
    testbed.run(2 * SETTLE_MS)
    testbed.guard.unlock(0)
    testbed.driver.hold_open(False)
    testbed.until(lambda: not testbed.device.contactor_open(), 60_000, "a contactor that is released")
    testbed.excused = False
    come_back(testbed)
    return None


def phases(testbed: EvseTestbed) -> "str | None":
    """Down to one phase where a limit on the sum is too small for three, and up again; counts when it is shown."""
    if "phases" not in testbed.profile:
        return "- no register of it switches its phases"
    switching = testbed.guard.optional.phase_switch
    come_back(testbed)
    testbed.guard.limit("sum", ("chargers", 0), ONE_PHASE_W, None, "hold", unit="w")
    testbed.until(lambda: testbed.device.phases == 1, 90_000, "one phase")
    testbed.until(lambda: testbed.device.limit_da > 0 and testbed.ok(), 60_000, "charging on one phase")
    testbed.run(SETTLE_MS)
    assert switching.want[0] == 1 and testbed.guard.bound_da(0)[1] <= testbed.guard.reserve_da(0), "one phase is not counted as one"
    testbed.device.fault("restart")
    testbed.run(4000)
    testbed.device.fault("restart", False)
    testbed.until(lambda: testbed.ok() and testbed.guard.optional.phases_wanted(0) == 3, 120_000, "notice that a restart undid the switch")
    testbed.guard.limit("sum", ("chargers", 0), None, None, "hold")
    come_back(testbed)
    _down_and_up(testbed)
    return None


def _down_and_up(testbed: EvseTestbed) -> None:
    switching = testbed.guard.optional.phase_switch
    switching.switched_ms[0] = LONG_AGO_MS  # its least time between two switches is not the subject here
    testbed.guard.limit("sum", ("chargers", 0), ONE_PHASE_W, None, "hold", unit="w")
    testbed.until(lambda: testbed.device.phases == 1 and switching.want[0] == 1, 90_000, "one phase again")
    testbed.run(SETTLE_MS)
    testbed.guard.limit("sum", ("chargers", 0), None, None, "hold")
    switching.switched_ms[0] = LONG_AGO_MS
    testbed.run(1000)
    switching.since_ms[0] = LONG_AGO_MS + 1  # it has waited for that long enough
    testbed.until(lambda: testbed.device.phases == 3, 90_000, "three phases")
    come_back(testbed)


def swap(testbed: EvseTestbed) -> "str | None":
    if not testbed.profile.get("identity", {}).get("fingerprint"):
        return "- nothing tells one unit from another"
    before = testbed.guard.ledger.evse_states[0].evidence.known_fingerprint
    testbed.excused = True  # units are swapped with the feeder open (safety.md, 9)
    testbed.device.fault("swapped")
    testbed.until(lambda: testbed.guard.state(0) != "ok", 60_000, "notice of the new unit", must=False)
    testbed.run(SETTLE_MS)
    if testbed.guard.ledger.evse_states[0].evidence.values.get("fingerprint") == before:
        return "- units of one kind look alike"
    assert testbed.guard.state(0) == "swapped", f"another unit is {testbed.guard.state(0)}"
    testbed.guard.accept_device(0)
    come_back(testbed)
    testbed.excused = False
    return None


def _measures(testbed: EvseTestbed) -> bool:
    return sum(1 for name in testbed.profile["reads"]["live"] if name.startswith("current_l")) >= 3


def _lapse_ms(testbed: EvseTestbed) -> int:
    return testbed.facts["watchdog_ms"] * 12 // 10 + 12_000


PLAY = {
    "regulate": regulate, "pause": pause, "resume": resume, "read": read, "lose": lose, "fall back": fall_back, "come back": come_back,
    "restart": restart, "ignore": ignore, "disobey": disobey, "open": opens, "phases": phases, "swap": swap,
}  # fmt: skip
