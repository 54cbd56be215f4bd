"""What must hold for every charge controller, whatever its registers: one life of each against its simulated device."""

import pytest
from bench import evse_bench

from ampacity_host import profiles

EVSES = profiles.names("evse")


def online(name, seed=1):
    site = {"max_a": 16, "fallback_a": 6.0, "watchdog_s": 10}
    profile = profiles.load(name)
    if profile.get("power_on", {"declarable": True}).get("declarable"):
        site["power_on_a"] = 0.0
    bench = evse_bench(name, site, seed=seed)
    bench.run_until(lambda: bench.driver.facts.online, 20_000)
    return bench


def ordered(bench, limit_da, ms=20_000):
    """Order it, until the device obeys and the judge was told so; the last order may be a repetition."""
    bench.driver.want(limit_da, bench.now_ms)
    return bench.run_until(lambda: bench.device.limit_da == limit_da and limit_da in list(bench.judge.proofs.values())[-1:], ms)


@pytest.mark.parametrize("name", EVSES)
def test_it_is_probed_at_its_least_audited_and_proven(name):
    bench = online(name)
    assert bench.judge.notes[0][1:] == ("probe", 0)
    assert bench.judge.shown["watchdog_ms"] == 10_000 and bench.judge.shown["fallback_da"] == 60
    assert bench.judge.shown["fingerprint"]


@pytest.mark.parametrize("name", EVSES)
def test_it_follows_orders_up_down_to_a_pause_and_up_again(name):
    bench = online(name)
    for limit_da in (100, 160, 70, 0, 130):
        ordered(bench, limit_da)
    bench.run(3000)
    assert bench.driver.facts.state[0] == "C" and bench.driver.facts.amps_da is not None


@pytest.mark.parametrize("name", EVSES)
def test_what_it_obeys_is_never_more_than_the_largest_order_that_left(name):
    bench = online(name)
    for limit_da in (60, 155, 83):
        ordered(bench, limit_da)
    since = len(bench.judge.orders)
    bench.run(5000)
    assert bench.device.limit_da <= 83 and all(most >= 83 for most in bench.judge.orders[since:])


@pytest.mark.parametrize("name", EVSES)
def test_fed_it_does_not_fall_back_and_starved_it_does(name):
    bench = online(name)
    ordered(bench, 120)
    bench.run(40_000)
    assert bench.device.watchdog == "armed" and bench.device.limit_da == 120
    bench.judge.feeding = False
    bench.run(15_000)
    assert bench.device.watchdog == "expired" and bench.device.limit_da == 60


@pytest.mark.parametrize("name", EVSES)
def test_cut_off_it_falls_back_and_only_probes_within_the_reserve_leave(name):
    bench = online(name)
    ordered(bench, 140)
    bench.cut_rx = True
    bench.run_until(lambda: bench.driver.link == "silent", 20_000)
    since = len(bench.judge.notes)
    bench.run(40_000)
    sent = [note for note in bench.judge.notes[since:] if note[1] in ("send", "probe")]
    assert {kind for _, kind, _ in sent} == {"probe"} and max(most for _, _, most in sent) <= 60
    assert bench.device.limit_da <= 60


@pytest.mark.parametrize("name", EVSES)
def test_it_comes_back_after_a_cut_and_charges_as_before(name):
    bench = online(name)
    ordered(bench, 140)
    bench.cut_tx = True
    bench.run(20_000)
    assert bench.device.limit_da == 60
    bench.cut_tx = False
    bench.run_until(lambda: bench.device.limit_da == 140, 60_000)


@pytest.mark.parametrize("kind", ["restart", "forget_settings", "swapped", "power_off"])
@pytest.mark.parametrize("name", EVSES)
def test_after_a_restart_its_watchdog_is_set_before_it_is_raised(name, kind):
    bench = online(name)
    ordered(bench, 140)
    bench.device.fault(kind)
    bench.run(3000)
    bench.device.fault("power_off", False)
    armed = []

    def charging():
        armed.append((bench.device.limit_da, bench.device.watchdog))
        return bench.device.limit_da == 140

    bench.run_until(charging, 60_000)
    assert [dog for limit_da, dog in armed if limit_da > 60] == ["armed"]


@pytest.mark.parametrize("name", EVSES)
def test_writes_that_it_ignores_are_not_proven(name):
    bench = online(name)
    ordered(bench, 140)
    bench.device.fault("ignore_writes")
    since = len(bench.judge.orders)
    bench.driver.want(70, bench.now_ms)
    bench.run(10_000)
    assert not [order for order in bench.judge.proofs if order > since and bench.judge.proofs[order] <= 70]
