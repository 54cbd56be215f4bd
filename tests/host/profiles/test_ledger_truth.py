"""What the safety core believes of a device is never less than what the device obeys, whatever happens on the way.

Random weather over the whole garage: restarts, lost settings, power cuts, deafness in one direction, other load. The
guard, the engines and the drivers are the real ones; the truth is what the simulated devices obey.
"""

import random

import pytest
from garage import Garage
from test_garage import SITE

from tests.deep import sample

EVENTS = ("restart", "forget_settings", "deaf", "dumb", "power_off", "other", "nothing", "nothing")
OVER_MS = 5000  # after a step of the other load, safety.md 3.5


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    path = tmp_path_factory.mktemp("site") / "site.toml"
    path.write_text(SITE)
    return path


class Weather:
    """Draws what happens next, and ends what it began after a while."""

    def __init__(self, garage, seed):
        self.garage = garage
        self.rng = random.Random(seed)
        self.ends = []
        self.log = []

    def blow(self):
        garage, kind = self.garage, self.rng.choice(EVENTS)
        device = self.rng.choice(garage.devices)
        end_ms = garage.now_ms() + self.rng.choice((500, 3000, 20_000))
        self.log.append((garage.now_ms(), kind, garage.devices.index(device)))
        if kind in ("restart", "forget_settings"):
            device.fault(kind)
        elif kind == "power_off":
            device.fault(kind)
            self.ends.append((end_ms, lambda: device.fault("power_off", False)))
        elif kind == "deaf":
            garage.deaf.add(device)
            self.ends.append((end_ms, lambda: garage.deaf.discard(device)))
        elif kind == "dumb":
            garage.dumb.add(device)
            self.ends.append((end_ms, lambda: garage.dumb.discard(device)))
        elif kind == "other":
            garage.house.other_a = self.rng.uniform(0, 10)

    def calm(self):
        for end in [end for end in self.ends if end[0] <= self.garage.now_ms()]:
            end[1]()
            self.ends.remove(end)


@pytest.mark.parametrize("seed", sample([1, 4], 2))
def test_no_device_ever_obeys_more_than_its_bound(path, seed):
    garage = Garage(path, seed=seed)
    garage.run(20_000)
    weather = Weather(garage, seed)
    over_ms = 0
    for _ in range(30):
        weather.blow()
        for _ in range(weather.rng.randrange(2, 60)):
            garage.run(100)
            weather.calm()
            for i, device in enumerate(garage.devices):
                assert device.limit_da <= garage.guard.bound_da(i)[0], (i, weather.log[-5:], garage.guard.events[-5:])
            over_ms = over_ms + 100 if max(garage.house.amps_a) > 40.3 else 0
            assert over_ms <= OVER_MS, (weather.log[-5:], garage.guard.events[-5:])


@pytest.mark.parametrize("seed", sample([0, 17], 2))
def test_after_all_faults_every_car_charges_again(path, seed):
    garage = Garage(path, seed=seed)
    garage.run(20_000)
    weather = Weather(garage, seed + 100)
    for _ in range(20):
        weather.blow()
        garage.run(2000)
        weather.calm()
    for _ in range(30):
        garage.run(1000)
        weather.calm()
    garage.house.other_a = 4.0
    garage.run(150_000)
    assert [garage.guard.state(i) for i in range(3)] == ["ok"] * 3, (weather.log, garage.guard.events[-8:])
    assert min(garage.offered_da()) >= 60, [garage.guard.why(i) for i in range(3)]
