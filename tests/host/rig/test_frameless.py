"""Readings without frames: the firmware hears of every make what its registers show with all bytes, and nothing else."""

import copy
import tempfile
import tomllib
from pathlib import Path

import pytest

from ampacity_host import profiles
from ampacity_host.configure import SiteErrors, check_report, compile_site, load_site
from ampacity_host.rig.plant.car import Car
from ampacity_host.rig.virtual.virtual_bench import VirtualBench
from tests.deep import sample

PROFILES = Path(__file__).resolve().parents[3] / "firmware/ampacity/profiles"
TABLES = {path.stem: tomllib.loads(path.read_text()) for path in sorted(PROFILES.glob("*.toml"))}
MONITORED = ("evse-chargex-aqueduct",)  # may not regulate
EVSES = [name for name in TABLES if name.startswith("evse-") and name not in MONITORED]
METERS = [name for name in TABLES if name.startswith("meter-") and profiles.meter_facts(profiles.load(name), {})["inputs"]]
DECLARED = ("power_on_a = 6.0\n", "fallback_a = 6.0\n", "")  # what goes with one device does not with another
HEAD = '[site]\nname = "one"\nvoltage = 230\n[[circuit]]\nname = "main"\nrating_a = 125.0\nassumed_other_a = 20.0\n'
OWN = 'unit = 9\ncircuit = "main"\nmax_a = 16.0\nkind = "ampacity"\n'
ANSWERS_MS, PASSES_MS = 300_000, 10_000
LEAST_DA = 55


def line_of(name):
    link = TABLES[name]["link"]
    spoken = next((medium for medium in link["media"] if medium != "tcp"), "tcp")
    if spoken == "tcp":
        return '[[bus]]\nname = "b"\nkind = "tcp"\nhost = "127.0.0.1"\nprivate = true\n'
    return '[[bus]]\nname = "b"\nkind = "%s"\nport = "virtual"\nbaud = %d\nparity = "%s"\nstop = %d\n' % (
        spoken, link.get("baud", 19200), link.get("parity", "E"), link.get("stop", 1))


def compiled(text):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "site.toml"
        path.write_text(text)
        return load_site(path)


def evse_site(name):
    """The facts of a site with one such EVSE that the check takes."""
    for unit in (1, 2):
        for declared in DECLARED:
            evse = '[[evse]]\nname = "e"\nbus = "b"\nunit = %d\ncircuit = "main"\nmax_a = 16.0\nkind = "%s"\n' % (unit, name[5:])
            try:
                site = compiled(HEAD + line_of(name) + evse + declared)
            except SiteErrors:
                continue
            if check_report(site)["ok"]:
                return compile_site(site)
    raise AssertionError(name)


class Listened:
    """A bench whose guard's ear is listened at: `told` is what it heard last of the first EVSE and of the first meter."""

    def __init__(self, facts, no_bytes):
        self.bench = VirtualBench(copy.deepcopy(facts) | {"ocpp": None}, 1, keep_history=False, no_bytes=no_bytes)
        self.bench.start()
        self.told = {}
        self.bench.run_ms(1_000)
        guard = self.bench.primary.role.guard
        for name, at in (("measured", 1), ("reported", 1), ("meter", 1)):
            setattr(guard, name, self._heard(name, at, getattr(guard, name)))

    def _heard(self, name, at, call):
        def heard(*arguments):
            if arguments[0] == 0:
                self.told[name] = arguments[at]
            return call(*arguments)
        return heard

    @property
    def role(self):
        return self.bench.primary.role

    @property
    def point(self):
        return self.bench.plant.points[0]

    def until(self, holds):
        for _ in range(ANSWERS_MS // 1_000):
            if holds():
                return self.bench.run_ms(PASSES_MS)
            self.bench.run_ms(1_000)
        raise AssertionError("it did not come to that")


def kind(value):
    """Which terminals or inputs carry current, of what is shown; None: it is not shown."""
    return value if value is None or isinstance(value, bool | str) else [da >= LEAST_DA for da in value] if isinstance(value, list) else "shown"


def shown_of_evse(one):
    facts = one.role.buses.drivers[0].facts
    found = {name: kind(getattr(facts, name)) for name in ("amps_da", "volts_dv", "power_w", "energy_wh", "plugged", "charging")}
    return found | {"state": facts.state and facts.state[:1], "told": kind(one.told.get("measured")), "limit told": kind(one.told.get("reported"))}


def life_of_evse(facts, no_bytes, phases=2):
    """What is shown of a car that comes, charges and leaves."""
    one, found = Listened(facts, no_bytes), []
    one.until(lambda: one.role.buses.drivers[0].facts.online)
    one.told.pop("reported", None)  # what it is set to before its first order is another matter
    one.point.plug(Car(phases=phases))
    one.until(lambda: one.point.amps_da >= LEAST_DA and one.role.guard.state(0) != "returning")
    found.append(shown_of_evse(one))
    one.point.unplug()
    one.bench.run_ms(2 * PASSES_MS)
    found.append(shown_of_evse(one))
    one.bench.close()
    return found


@pytest.mark.parametrize("name", sample(EVSES, 3))
def test_an_evse_shows_the_same_without_bytes_as_with_all_of_them(name):
    facts = evse_site(name)
    full, without = life_of_evse(facts, False), life_of_evse(facts, True)
    assert without == full


def test_a_secondary_shows_the_same_without_bytes():
    facts = compile_site(compiled(HEAD + line_of("meter-eastron-sdm630") + '[[evse]]\nname = "e"\nbus = "b"\n' + OWN))
    full, without = life_of_evse(facts, False), life_of_evse(facts, True)
    assert without == full


def test_a_device_that_cannot_show_its_limit_proves_no_order_before_its_car_draws():
    one = Listened(evse_site("evse-etrel-inch"), True)
    one.until(lambda: one.role.buses.drivers[0].facts.online)
    proven = []
    guard = one.role.guard
    told = guard.proven
    guard.proven = lambda *arguments: proven.append(arguments) or told(*arguments)
    one.point.plug(Car())
    one.point.want(False)
    one.bench.run_ms(60_000)
    assert not proven
    one.point.want(True)
    one.until(lambda: proven)
    one.bench.close()


def meter_site(name):
    """A meter of this make, with as many inputs as it measures, and one of our own EVSEs behind it."""
    for phases in ('["L1", "L2", "L3"]', '["L1"]'):
        meter = '[[meter]]\nname = "m"\nprofile = "%s"\nbus = "b"\nunit = 1\nphases = %s\n' % (name[6:], phases)
        text = HEAD.replace("[[circuit]]\n", '[[circuit]]\nmeter = "m"\n') + line_of(name) + meter
        own = '[[bus]]\nname = "own"\nkind = "rtu"\nport = "virtual"\n[[evse]]\nname = "e"\nbus = "own"\n' + OWN
        try:
            return compile_site(compiled(text + own))
        except SiteErrors:
            continue
    raise AssertionError(name)


def life_of_meter(facts, no_bytes):
    one = Listened(facts, no_bytes)
    one.until(lambda: "meter" in one.told and one.role.buses.drivers[0].facts.online)
    one.point.plug(Car(phases=2))
    one.until(lambda: one.point.amps_da >= LEAST_DA)
    reading = one.role.readings[0]
    found = {name: kind(reading[name]) for name in ("amps_da", "volts_dv", "power_w")} | {"told": kind(one.told["meter"])}
    one.bench.close()
    return found


@pytest.mark.parametrize("name", sample(METERS, 3))
def test_a_meter_shows_the_same_without_bytes_as_with_all_of_them(name):
    facts = meter_site(name)
    assert life_of_meter(facts, True) == life_of_meter(facts, False)


def test_a_step_of_other_load_is_judged_as_soon_as_on_a_line_that_polls_steadily():
    slow = '[[bus]]\nname = "slow"\nkind = "rtu"\nport = "virtual"\nbaud = 9600\nparity = "N"\n'
    slow += "".join('[[evse]]\nname = "s%d"\nbus = "slow"\nunit = %d\ncircuit = "main"\nmax_a = 16.0\nkind = "smartevse-v3-node"\n' % (n, n)
                    for n in range(2, 8))  # fmt: skip
    meter = '[[meter]]\nname = "m"\nprofile = "eastron-sdm630"\nbus = "b"\nunit = 1\n'
    own = '[[bus]]\nname = "own"\nkind = "rtu"\nport = "virtual"\n[[evse]]\nname = "e"\nbus = "own"\n' + OWN
    text = HEAD.replace("[[circuit]]\n", '[[circuit]]\nmeter = "m"\n') + line_of("meter-eastron-sdm630") + meter + own + slow
    one = Listened(compile_site(compiled(text)), True)
    one.until(lambda: "meter" in one.told and one.role.buses.drivers[0].facts.online)
    one.point.plug(Car(phases=2))
    one.until(lambda: one.point.amps_da >= LEAST_DA)
    judged, taken_ms = one.role.guard.other.estimators[0], []
    for step in range(1, 8):
        one.bench.run_ms(30_000 + 700 * step)
        one.bench.plant.set_background(one.bench.plant.circuits[0], [10 * step] * 3)
        since_ms = one.bench.plant.now_ms
        while min(judged.low_da) < 10 * step - 1:
            one.bench.run_ms(100)
            assert one.bench.plant.now_ms - since_ms < PASSES_MS
        taken_ms.append(one.bench.plant.now_ms - since_ms)
    one.bench.close()
    assert max(taken_ms) <= 2_500, taken_ms
