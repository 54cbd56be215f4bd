"""Sharing in a whole primary: console commands, start delays, quarters by the clock, derating by temperature."""

from helper_garage import Garage, site

from ampacity.console.console import Console
from ampacity.roles.charging.upstream import raised
from ampacity.roles.optional.demand_intervals import StartDelays
from ampacity.roles.optional.derating import percent_at


def say(garage, line):
    return Console(garage.primary.console).line(line, "installer", garage.now_us // 1000)


def plugged(facts):
    garage = Garage(facts).run(9000)
    garage.port.car = garage.unit.port.car = "C"
    return garage


def test_after_a_power_failure_cars_wait_and_a_person_may_skip_the_delay():
    garage = plugged(site(settings={"start_delay_s": 600}))
    garage.run(4000)
    assert "random start delay" in garage.view("evse-1")["why"]
    assert say(garage, "start evse-1") == "ok"
    garage.run(15000)
    assert garage.amps_da()[0] > 0 and garage.amps_da()[1] == 0


class Calls:
    """Extras of a guard that only note what they are asked."""

    def __init__(self):
        self.delays = []

    def delay_starts(self, most_ms, below, now_ms):
        self.delays.append((most_ms, now_ms))


def test_a_restart_by_command_delays_no_car_but_a_tariff_edge_does():
    platform, calls = Garage().platform, Calls()
    for reason, asked in (("RemoteReset", []), ("PowerUp", [(600000, 5)])):
        platform.boot, calls.delays = {"reason": reason}, []
        part = StartDelays(calls, platform, 600000, 5)
        assert calls.delays == asked
    part.limits_raised(77)
    assert calls.delays[-1] == (600000, 77)


def test_needs_from_the_console_put_a_car_first():
    garage = plugged(site(rating_da=200))
    garage.run(20000)
    assert say(garage, "needs evse-2 40 1") == "ok"
    garage.run(40000)
    assert garage.amps_da()[1] > garage.amps_da()[0] + 50
    assert say(garage, "needs evse-2 off") == "ok"
    garage.run(40000)
    assert abs(garage.amps_da()[1] - garage.amps_da()[0]) < 10
    for line in ("needs evse-2", "needs evse-2 x 1", "needs evse-9 1 1"):
        assert say(garage, line).startswith("error: "), line


def test_surplus_by_the_console_is_refused_without_a_solar_section():
    assert say(Garage(), "solar evse-1 on").startswith("error: solar")
    assert say(Garage(), "solar evse-1").startswith("error: solar")


def test_the_quarters_of_contracted_power_follow_the_clock():
    facts = site()
    facts["circuits"][0]["contract_w"] = 10000
    garage = Garage(facts)
    now_ms = garage.now_us // 1000
    garage.primary.wallclock.set_unix(1779999300000, "ntp", now_ms)
    garage.run(1000)
    row = garage.primary.guard.optional.contracts[0]
    assert (row.quarters[0].begin_ms - (now_ms - 1779999300000 % 900000)) % 900000 == 0


def contracted(files=None):
    facts = site()
    facts["circuits"][0]["contract_w"] = 10000
    return Garage(facts, files)


def burst(garage):
    row = garage.primary.guard.optional.contracts[0]
    row.classes[2], row.news = 6, True
    return row


def test_energy_above_the_contract_is_stored_and_counts_after_a_restart():
    garage = contracted().run(1000)
    burst(garage)
    garage.run(400)
    garage.start()
    row = garage.primary.guard.optional.contracts[0]
    assert sorted(row.steps_j)[-1] == 10000 * 60 * 10 // 4 and sorted(row.steps_j)[-2] == 10000 * 60
    garage.files.replace("contract.set", b"00000000\n{}")
    garage.start()
    assert max(garage.primary.guard.optional.contracts[0].steps_j) == 10000 * 900
    assert [line for line in garage.log.since(0) if "contract: saved use of circuit main is unreadable" in line[3]]


def test_while_the_medium_refuses_the_record_no_energy_above_the_contract_is_drawn():
    garage = contracted().run(1000)

    def refuse(name, data):
        raise OSError(28, "no space left")

    take, garage.files.replace = garage.files.replace, refuse
    row = burst(garage)
    garage.run(400)
    assert not row.kept
    garage.files.replace = take
    garage.run(2000)
    assert row.kept and not row.news


def test_a_hot_evse_offers_less_and_a_cool_one_its_full_current():
    garage = plugged(site())
    garage.unit.port.car = "A"
    garage.run(20000)
    assert garage.amps_da()[0] >= 158
    garage.port.temperature_c = 85
    garage.run(5000)
    assert 75 <= garage.amps_da()[0] <= 80
    assert "limit by thermal" in garage.view("evse-1")["why"]
    garage.port.temperature_c = 60
    garage.run(20000)
    assert garage.amps_da()[0] >= 158


def test_derating_is_a_line_from_warm_to_hot():
    assert [percent_at(c) for c in (None, 20, 70, 73, 78, 85, 86)] == [100, 100, 100, 90, 70, 50, 0]


def test_a_limit_that_ends_or_grows_is_a_tariff_edge():
    low, high = [("ocpp", ("chargers", 0), 100, "da", None)], [("ocpp", ("chargers", 0), 200, "da", None)]
    assert raised(low, high) and raised(low, [])
    assert not raised(high, low) and not raised([], low) and not raised(low, low)
