"""Section 5: outside limits; the lowest wins, and each source says what its silence means."""

from helper_circuit import Bench, circuit, evse, foreign_evse, site

from ampacity.circuit.trusted.errors import Rejected
from check import raises


def charging(count=1, **more):
    evses = [evse("evse-%d" % (e + 1)) for e in range(count)]
    bench = Bench(site(evses, [circuit(rating=320, **more)], raise_hold_ms=1000, restart_hold_ms=1000)).start()
    for e in range(count):
        bench.guard.demand(e, True)
    bench.follow(10)
    return bench


def test_section_5_a_limit_of_an_evse_lowers_it_in_the_next_tick():
    bench = charging()
    bench.guard.limit("ocpp", ("evse", 0), [100, 100, 100], None, "hold")
    bench.tick()
    assert bench.guard.want_da[0] == 100


def test_section_5_the_lowest_of_all_sources_wins():
    bench = charging()
    bench.guard.limit("ocpp", ("evse", 0), [100] * 3, None, "hold")
    bench.guard.limit("user", ("evse", 0), [80] * 3, None, "hold")
    bench.tick()
    assert bench.guard.want_da[0] == 80
    bench.guard.limit("user", ("evse", 0), None, None, "hold")
    bench.follow(10)
    assert bench.guard.want_da[0] == 100


def test_section_5_a_limit_below_the_minimum_pauses():
    bench = charging()
    bench.guard.limit("ocpp", ("evse", 0), [59] * 3, None, "hold")
    bench.tick()
    assert bench.guard.want_da[0] == 0


def test_section_5_a_limit_of_a_circuit_is_shared():
    bench = charging(2)
    assert sum(bench.guard.want_da) == 320
    bench.guard.limit("ems", ("circuit", 0), [200] * 3, None, "hold")
    bench.tick()
    assert bench.guard.want_da == [100, 100]


def test_section_5_a_limit_of_all_evses_excludes_other_load():
    bench = charging(2, assumed=100)
    bench.guard.limit("ocpp", ("chargers", 0), [150] * 3, None, "hold")
    bench.tick()
    assert sum(bench.guard.want_da) == 150


def test_section_5_no_limit_raises_above_the_ledger():
    bench = charging()
    bench.guard.limit("ocpp", ("circuit", 0), [9999] * 3, None, "hold")
    bench.guard.limit("ocpp", ("evse", 0), [9999] * 3, None, "hold")
    bench.follow(10)
    assert bench.guard.want_da[0] == 160


def test_section_5_a_silent_source_holds_releases_or_falls_to_its_default():
    for silent, expected in (("hold", 100), ("release", 160), (70, 70), ([70, 80, 90], 70)):
        bench = charging()
        bench.guard.limit("ems", ("evse", 0), [100] * 3, bench.now_ms + 2000, silent)
        bench.tick()
        assert bench.guard.want_da[0] == 100
        bench.follow(10)
        assert bench.guard.want_da[0] == expected


def test_section_5_an_unknown_target_is_rejected():
    bench = charging()
    for target in (("evse", 7), ("circuit", -1), ("street", 0)):
        with raises(Rejected):
            bench.guard.limit("ems", target, [100] * 3, None, "hold")
    with raises(Rejected):
        bench.guard.limit("ems", ("evse", 0), [100], None, "hold")


def test_section_5_why_names_the_source():
    bench = charging()
    bench.guard.limit("ocpp", ("evse", 0), [100] * 3, None, "hold")
    bench.tick()
    assert bench.guard.why(0) == "10.0 A: limit by ocpp 10.0 A"


def test_section_5_why_names_an_outside_limit_on_the_sum_that_binds():
    bench = charging(2)
    bench.guard.limit("ocpp", ("chargers", 0), [144] * 3, None, "hold")
    bench.tick()
    assert bench.guard.why(0) == "7.2 A: limit by ocpp 14.4 A − evse-2 7.2 A"


def test_section_5_why_names_the_circuit_where_the_limit_does_not_bind():
    bench = charging(2, assumed=120)
    bench.guard.limit("ocpp", ("chargers", 0), [250] * 3, None, "hold")
    bench.follow(10)
    assert bench.guard.why(0).startswith("10.0 A: main L1 (32.0 A)"), bench.guard.why(0)


def uneven(bench, e, *da):
    """A car that draws on some phases only."""
    for _ in range(25):
        bench.follow(1, draws=False)
        bench.measure(e, *[min(each, bench.guard.want_da[e]) for each in da])
    return bench.guard.want_da[e]


def test_section_5_a_limit_in_watts_is_the_sum_over_all_phases():
    bench = charging(2)
    bench.guard.limit("ocpp", ("chargers", 0), 13800, None, "hold", unit="w")
    bench.tick()
    assert bench.guard.want_da == [100, 100]
    assert bench.guard.why(0) == "10.0 A: limit by ocpp 13,800 W − evse-2 30.0 A"


def test_section_5_a_single_phase_car_is_not_starved_to_a_third_of_a_limit_in_watts():
    bench = charging(1)
    bench.guard.limit("ocpp", ("chargers", 0), 5000, None, "hold", unit="w")
    bench.tick()
    assert bench.guard.want_da[0] == 72
    assert uneven(bench, 0, 160, 0, 0) == 160
    bench.guard.limit("ocpp", ("chargers", 0), 3000, None, "hold", unit="w")
    bench.tick()
    assert bench.guard.want_da[0] == 130


def test_section_5_a_newly_used_phase_counts_at_once_and_a_new_car_is_unknown():
    bench = charging(1)
    bench.guard.plugged(0, True)
    bench.guard.limit("ocpp", ("evse", 0), 5000, None, "hold", unit="w")
    assert uneven(bench, 0, 160, 0, 0) == 160
    bench.measure(0, 160, 160, 0)
    bench.tick()
    assert bench.guard.want_da[0] == 108
    bench.guard.plugged(0, False)
    bench.tick()
    assert bench.guard.want_da[0] == 72


def test_section_5_the_phase_count_of_a_source_applies_until_it_is_measured():
    bench = charging(1)
    bench.guard.limit("ocpp", ("evse", 0), 2760, None, "hold", unit="w", phases=1)
    bench.tick()
    assert bench.guard.want_da[0] == 120
    bench.guard.limit("ocpp", ("evse", 0), 2760, None, "hold", unit="w")
    bench.tick()
    assert bench.guard.want_da[0] == 0


def test_section_5_watts_become_amperes_at_the_highest_voltage_measured():
    bench = charging(1)
    bench.guard.voltage(2500)
    bench.guard.limit("ocpp", ("evse", 0), 7500, None, "hold", unit="w")
    bench.tick()
    assert bench.guard.want_da[0] == 100


def test_section_5_between_two_lines_watts_count_at_the_line_to_line_voltage():
    for system, expected in (("split", 100), ("wye", 115)):
        facts = site([evse(terminals=[[0, 1]])], raise_hold_ms=1000)
        facts["system"], facts["voltage_v"] = system, 120
        bench = Bench(facts).start()
        bench.guard.demand(0, True)
        bench.follow(5)
        bench.guard.limit("ocpp", ("evse", 0), 2400, None, "hold", unit="w")
        bench.tick()
        assert bench.guard.want_da[0] == expected, bench.guard.want_da


def test_section_5_a_limit_in_watts_on_a_circuit_includes_its_other_load():
    bench = charging(2, assumed=20)
    bench.guard.limit("ems", ("circuit", 0), 13800, None, "hold", unit="w")
    bench.tick()
    assert sum(bench.guard.want_da) == 180


def test_section_5_per_cent_are_of_the_rating():
    bench = charging(2)
    bench.guard.limit("drm", ("circuit", 0), 50, None, "hold", unit="percent")
    bench.tick()
    assert bench.guard.want_da == [80, 80]
    bench.guard.limit("drm", ("evse", 0), 40, None, "hold", unit="percent")
    bench.tick()
    assert bench.guard.want_da[0] == 64


def test_section_5_a_release_waits_for_its_least_time():
    bench = charging()
    bench.guard.limit("ems", ("evse", 0), [100] * 3, bench.now_ms + 2000, "release", release_ms=20000)
    bench.follow(20)
    assert bench.guard.want_da[0] == 100
    bench.follow(10)
    assert bench.guard.want_da[0] == 160


def test_section_5_a_default_applies_for_its_time_and_then_ends():
    bench = charging()
    bench.guard.limit("ems", ("evse", 0), [100] * 3, bench.now_ms + 2000, 70, release_ms=20000)
    bench.follow(15)
    assert bench.guard.want_da[0] == 70
    bench.follow(15)
    assert bench.guard.want_da[0] == 160


def test_section_5_an_export_limit_does_not_bind_evses_that_only_draw():
    bench = charging()
    bench.guard.limit("ems", ("circuit", 0), [0] * 3, None, "hold", sign="export")
    bench.follow(5)
    assert bench.guard.want_da[0] == 160


def test_section_5_invalid_units_and_values_are_rejected():
    bench = charging()
    for value, unit in ((-1, "w"), (1.5, "w"), (True, "percent"), (10, "va")):
        with raises(Rejected):
            bench.guard.limit("ems", ("circuit", 0), value, None, "hold", unit=unit)
    with raises(Rejected):
        bench.guard.limit("ems", ("circuit", 0), 100, None, "never", unit="w")


def without_watchdog():
    """One whose reserve is its maximum beside one with none; both charge."""
    evses = [foreign_evse("evse-1", watchdog_ms=0, power_on_da=160), evse("evse-2")]
    bench = Bench(site(evses, [circuit(rating=400)], raise_hold_ms=1000)).start()
    for e in range(2):
        bench.guard.demand(e, True)
    bench.follow(20)
    assert bench.guard.want_da == [160, 160]
    assert bench.guard.reserve_da(0) == 160
    return bench


def test_section_5_a_reserve_does_not_raise_an_order_above_a_limit():
    for target in (("circuit", 0), ("chargers", 0)):
        bench = without_watchdog()
        bench.guard.limit("ocpp", target, [200] * 3, None, "hold")
        bench.tick(200)
        assert sum(bench.guard.want_da) <= 200, bench.guard.want_da
        bench.follow(60)
        assert bench.guard.want_da == [100, 100]
        bench.guard.limit("ocpp", target, [80] * 3, None, "hold")
        bench.follow(10)
        assert sorted(bench.guard.want_da) == [0, 80]


def test_section_5_a_reserve_does_not_raise_orders_above_a_sum_of_watts():
    bench = without_watchdog()
    bench.guard.limit("ocpp", ("chargers", 0), 13800, None, "hold", unit="w")
    bench.follow(60)
    assert bench.guard.want_da == [100, 100]
    bench.guard.limit("ocpp", ("chargers", 0), None, None, "hold")
    bench.follow(30)
    assert bench.guard.want_da == [160, 160]
