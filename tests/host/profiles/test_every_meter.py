"""What must hold for every meter: the same life under the real guard, item by item; see test_every_evse."""

import copy

import pytest

from ampacity_host import profiles
from ampacity_host.profiles.conformance import meter_testbed
from ampacity_host.profiles.conformance.meter_testbed import ITEMS, MeterTestbed, verdicts_of

METERS = profiles.names("meter")
MEASURING = [name for name in METERS if profiles.meter_facts(profiles.load("meter-" + name), {})["inputs"]]
REASONS = {"power": {"- it shows no power"}, "counters": {"- it has no counters"}, "no number": {"- it has no mark for no number"}}


@pytest.mark.parametrize("item", ITEMS)
@pytest.mark.parametrize("name", MEASURING)
def test_a_meter_passes_the_whole_sequence(name, item):
    verdict = verdicts_of(name)[item]
    assert not verdict or verdict in REASONS.get(item, set()), verdict


def test_at_least_eighteen_meters_measure():
    assert len(MEASURING) >= 18


def test_a_meter_without_currents_counts_as_none():
    assert "counts as no meter" in verdicts_of("eastron-sdm72")["samples"]


@pytest.mark.parametrize(
    ("name", "register", "row"),
    [
        ("janitza-umg-b23", "current_l2", {"at": 19016}),
        ("orno-we-516", "power_l1", {"at": 28}),
        ("siemens-pac2200", "energy_import", {"type": "u64"}),
        ("phoenix-eem-350", "current_l1", {"words": "high-first"}),
        ("sunspec-20x", "current_l1", {"scale_from": "volts_scale"}),
    ],
)
def test_a_wrong_address_form_or_order_is_found(monkeypatch, name, register, row):
    wrong = copy.deepcopy(profiles.load("meter-" + name))
    wrong["registers"][register].update(row)
    monkeypatch.setattr(meter_testbed, "load", lambda _: wrong)
    meter_testbed._verdicts.cache_clear()
    verdicts = meter_testbed.verdicts_of(name)
    meter_testbed._verdicts.cache_clear()
    assert [verdict for verdict in verdicts.values() if verdict and not verdict.startswith("-")]


def test_an_unconfigured_meter_gives_no_samples_and_reports_the_reason():
    testbed = MeterTestbed("carlo-gavazzi-em24-e1")
    testbed.wire.device.description.table["shows"]["application"] = 0
    try:
        assert testbed.shown() is None
        assert "feed-in" in testbed.driver.facts.fault
    finally:
        testbed.wire.device.description.table["shows"]["application"] = 7


def test_a_chain_is_walked_again_after_silence():
    testbed = MeterTestbed("sunspec-20x")
    testbed.expect(list(meter_testbed.AMPS_A))
    device = testbed.wire.device
    device.fault("dead")
    testbed.run(8000)
    device.fault("dead", False)
    before = len(testbed.wire.sent)
    testbed.run(4000)
    asked = {pdu[1:5] for _, pdu in testbed.wire.sent[before:]}
    assert (40000).to_bytes(2, "big") + b"\0\2" in asked
    testbed.expect(list(meter_testbed.AMPS_A))
