"""Devices that differ where no document speaks: they charge, or are refused with a sentence; what they are written stays within bounds."""

import pytest
import variants
from bench import FakeGuard
from variants import VARIANTS, Bent, limit_of, play

from ampacity.bus.profile.evse_driver import EvseDriver
from ampacity_host import profiles
from ampacity_host.profiles.conformance.evse_testbed import SteadyCar, site_of
from ampacity_host.profiles.conformance.testbed import START_MS, DeviceWire
from ampacity_host.rig.devices import make_device
from tests.deep import sample

EVSES = [name for name in profiles.names("evse") if not profiles.blocked(profiles.load("evse-" + name))]
CHARGES = [
    ("keba-p30", "off shows maximum"), ("abb-terra-ac", "off shows maximum"), ("alphatec", "off shows maximum"),
    ("keba-p30", "off shows 0"), ("viridian-epc2", "off shows 0"), ("delta-ac-max", "off shows -0.1 A"), ("free2move-eprowallbox", "off shows last"),
    ("keba-p30", "keba 1, 16000 mA"), ("keba-p30", "keba 2, 0 mA"), ("keba-p30", "keba 2, 6000 mA"), ("keba-p30", "keba 5, 0 mA"),
    ("goe-charger", "shows 3 A less"), ("peblar", "shows 10 s late"), ("heidelberg-energy-control", "watchdog reads more"),
    ("heidelberg-energy-control", "watchdog reads 0"), ("em2go-daheimlader", "unknown state off"), ("abb-terra-ac", "unknown state off"),
    ("nrgkick-gen2", "noise 0.3 A"), ("bender-cc613", "no number on L2 and L3"), ("heidelberg-energy-control", "600 A on L2"),
    ("abb-terra-ac", "one value a read"), ("phoenix-charx", "four values a read"), ("webasto-next", "effect after 10 s"),
]  # fmt: skip
REFUSED = [  # what cannot be believed, and the sentence that an installer needs
    ("keba-p30", "keba 2, 16000 mA", "register state (1000) shows 2, expected 1 or 5 while paused"),
    ("abb-terra-ac", "settings unreadable", "could not be read and is not written"),
    ("abb-terra-ac", "settings refused", "setting not retained: register"),
    ("goe-charger", "orders refused", "order refused: exception:3"),
]


@pytest.mark.parametrize(("name", "variant"), sample(CHARGES, 4))
def test_a_device_that_differs_charges_and_so_does_its_neighbour(name, variant):
    row = play(name, variant)
    assert row["charges"] and not row["over_ms"], row
    assert row["neighbour"] or variant == "watchdog reads 0", row  # without a watchdog its maximum is reserved


@pytest.mark.parametrize(("name", "variant", "sentence"), REFUSED)
def test_an_untrustworthy_device_is_refused_with_the_name_of_its_register(name, variant, sentence):
    row = play(name, variant)
    assert not row["charges"] and not row["over_ms"] and sentence in row["said"], row
    fed = feeds(profiles.load("evse-" + name))
    assert max([count for at, count in row["hourly"].items() if at not in fed], default=0) <= 120, row


def feeds(profile):
    """Registers whose writing again keeps its watchdog fed."""
    dog, order = profile.get("watchdog", {}), profile["order"]
    again = dog.get("fed_by") in ("order", "any-write") or "feed_every_s" in dog
    names = [dog["feed"]["write"]] if "feed" in dog else [row["write"] for row in order["charge"] + order["pause"]] if again else []
    return {profile["registers"][name]["at"] for name in names}


class Alone:
    """A driver and its device, minutes of them: an event a step. writes: (when, register) of each."""

    def __init__(self, name, variant):
        self.profile, plant = profiles.load("evse-" + name), SteadyCar()
        site = site_of(self.profile)
        kind = self.profile["link"]["media"][0]
        facts = profiles.evse_facts(self.profile, site) | {"unit": 255 if kind == "tcp" else 3, "terminals": [[0], [1], [2]]}
        facts.pop("phase_switch", None)
        compiled = profiles.compile(self.profile)
        compiled["live_ms"] = 5000
        clock = type("Clock", (), {"now_ms": staticmethod(lambda: START_MS)})
        device = make_device(self.profile, facts["unit"], plant, clock, 3, kind, site)
        Bent(device, plant, self.profile, variant)
        self.driver = EvseDriver(facts, compiled, 0, FakeGuard(facts["power_on_da"]))
        self.wire, self.device, self.now_ms = DeviceWire(self.driver, device, START_MS), device, START_MS

    def run(self, ms):
        until_ms = self.now_ms + ms
        while self.now_ms < until_ms:
            self.now_ms = max(self.now_ms + 1, min(self.wire.due_ms(self.now_ms), until_ms))
            self.device.tick(self.now_ms)
            self.wire.move(self.now_ms)

    def writes(self, since_ms):
        fed, counts = feeds(self.profile), {}
        for at_ms, pdu in self.wire.sent:
            at = int.from_bytes(pdu[1:3], "big")
            if at_ms >= since_ms and pdu[0] in variants.WRITES and at not in fed:
                counts[at] = counts.get(at, 0) + 1
        return counts


@pytest.mark.parametrize("name", sample([name for name in EVSES if limit_of(profiles.load("evse-" + name))], 8))
def test_a_write_without_effect_is_repeated_ever_more_rarely(name):
    """A limit that is always shown 3 A too low, and never while off: per register in five minutes and in the next five, feeding apart."""
    for variant, limit_da in (("shows 3 A less", 140), ("off shows last", 0)):
        alone = Alone(name, variant)
        alone.driver.want(140, alone.now_ms)
        alone.run(30_000)
        alone.driver.want(limit_da, alone.now_ms)
        since_ms = alone.now_ms
        alone.run(300_000)
        first, since_ms = alone.writes(since_ms), alone.now_ms
        alone.run(300_000)
        assert max(first.values(), default=0) <= 16 and max(alone.writes(since_ms).values(), default=0) <= 10, (variant, first)


def test_every_variant_is_played_by_one_of_these():
    played = {row[1] for row in [*CHARGES, *REFUSED]}
    assert {name for name in VARIANTS if name not in played} <= {"as described", "shows 1 A less", "fallback reads 0", "noise 0.1 A",
        "effect after 2 s", "keba 1, 0 mA", "keba 5, 16000 mA"}  # fmt: skip
