"""What must hold for every charge controller, whatever its registers: the same life under the real guard, item by item.

A verdict is "" when the item holds, and begins with a dash when it does not apply; then the reason must be a known one.
"""

import copy
import random

import pytest

from ampacity_host import profiles
from ampacity_host.profiles.conformance import evse_testbed
from ampacity_host.profiles.conformance.evse_testbed import ITEMS, EvseTestbed, verdicts_of
from ampacity_host.rig.devices.evse import EVSE_FAULTS
from tests.deep import sample

EVSES = profiles.names("evse")
REGULATED = [name for name in EVSES if not profiles.blocked(profiles.load("evse-" + name))]
REASONS = {
    "fall back": {"- no watchdog that counts"},
    "disobey": {"- it measures no current", "- its bound is its maximum"},
    "open": {"- no register of its own opens it"},
    "phases": {"- no register of it switches its phases"},
    "swap": {"- nothing tells one unit from another", "- units of one kind look alike"},
}


@pytest.mark.parametrize("item", ITEMS)
@pytest.mark.parametrize("name", REGULATED)
def test_a_charge_controller_passes_the_whole_sequence(name, item):
    verdict = verdicts_of(name)[item]
    assert not verdict or verdict in REASONS.get(item, set()), verdict


def faults():
    """A few faults for each device, drawn once for all: the whole product would only repeat them."""
    rng = random.Random(7)
    return [(name, kind) for name in REGULATED for kind in rng.sample([k for k in EVSE_FAULTS if k != "swapped"], 3)]


@pytest.mark.parametrize(("name", "kind"), sample(faults(), 8))
def test_after_any_fault_it_is_trusted_again_and_charges(name, kind):
    testbed = EvseTestbed(name, seed=3)
    testbed.allow(100)
    testbed.until(lambda: testbed.ok() and testbed.device.limit_da > 0, 60_000)
    testbed.excused = kind in ("round_up", "watchdog_broken", "keep_setpoint", "disobeys")  # lies of one device (safety.md, 9)
    testbed.device.fault(kind)
    testbed.run(15_000)
    testbed.device.fault(kind, False)
    testbed.run(10_000)
    testbed.guard.unlock(0)
    testbed.until(lambda: testbed.ok() and 0 < testbed.device.limit_da <= testbed.driver.device.recipe.most_da(100), 180_000, "charging as ordered")
    assert not testbed.broken


def test_at_least_thirty_charge_controllers_are_regulated():
    assert len(REGULATED) >= 30


@pytest.mark.parametrize(("name", "reason"), [("chargex-aqueduct", "chain of modules")])
def test_a_device_that_cannot_be_regulated_has_a_reason(name, reason):
    assert reason in profiles.blocked(profiles.load("evse-" + name))
    assert set(verdicts_of(name).values()) == {"- blocked"}


def changed(name, register, **row):
    profile = copy.deepcopy(profiles.load("evse-" + name))
    profile["registers"][register].update(row)
    return profile


@pytest.mark.parametrize(
    ("name", "register", "row"),
    [
        ("peblar", "current_limit", {"at": 40001}),
        ("peblar", "limit_in_force", {"scale": 0.0001}),
        ("nrgkick-gen2", "energy", {"words": "high-first"}),
        ("phoenix-charx", "watchdog", {"at": 1308}),
        ("evse-wb-din", "power_on", {"at": 2001}),
        ("abb-terra-ac", "fallback_shown", {"at": 16421}),
        ("dadapower", "current_l1", {"at": 1007}),
        ("victron-evcs", "max_current", {"at": 5019}),
    ],
)
def test_a_wrong_address_scale_or_order_is_found(monkeypatch, name, register, row):
    wrong = changed(name, register, **row)
    monkeypatch.setattr(evse_testbed, "load", lambda _: wrong)
    evse_testbed._verdicts.cache_clear()
    verdicts = evse_testbed.verdicts_of(name)
    evse_testbed._verdicts.cache_clear()
    assert [verdict for verdict in verdicts.values() if verdict and not verdict.startswith("-")]
