"""Section 5: outside limits; the lowest wins, and each source says what its silence means."""

from helper_circuit import Bench, circuit, evse, site

from ampacity.circuit.errors import Rejected
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
    bench.guard.limit("ocpp", ("evse", 0), [100, 100, 100], None, "hold", bench.now_ms)
    bench.tick()
    assert bench.guard.want_da[0] == 100


def test_section_5_the_lowest_of_all_sources_wins():
    bench = charging()
    bench.guard.limit("ocpp", ("evse", 0), [100] * 3, None, "hold", bench.now_ms)
    bench.guard.limit("user", ("evse", 0), [80] * 3, None, "hold", bench.now_ms)
    bench.tick()
    assert bench.guard.want_da[0] == 80
    bench.guard.limit("user", ("evse", 0), None, None, "hold", bench.now_ms)
    bench.follow(10)
    assert bench.guard.want_da[0] == 100


def test_section_5_a_limit_below_the_minimum_pauses():
    bench = charging()
    bench.guard.limit("ocpp", ("evse", 0), [59] * 3, None, "hold", bench.now_ms)
    bench.tick()
    assert bench.guard.want_da[0] == 0


def test_section_5_a_limit_of_a_circuit_is_shared():
    bench = charging(2)
    assert sum(bench.guard.want_da) == 320
    bench.guard.limit("ems", ("circuit", 0), [200] * 3, None, "hold", bench.now_ms)
    bench.tick()
    assert bench.guard.want_da == [100, 100]


def test_section_5_a_limit_of_the_chargers_leaves_other_load_out():
    bench = charging(2, assumed=100)
    bench.guard.limit("ocpp", ("chargers", 0), [150] * 3, None, "hold", bench.now_ms)
    bench.tick()
    assert sum(bench.guard.want_da) == 150


def test_section_5_nobody_raises_above_the_ledger():
    bench = charging()
    bench.guard.limit("ocpp", ("circuit", 0), [9999] * 3, None, "hold", bench.now_ms)
    bench.guard.limit("ocpp", ("evse", 0), [9999] * 3, None, "hold", bench.now_ms)
    bench.follow(10)
    assert bench.guard.want_da[0] == 160


def test_section_5_a_silent_source_holds_releases_or_falls_to_its_default():
    for silent, expected in (("hold", 100), ("release", 160), (70, 70), ([70, 80, 90], 70)):
        bench = charging()
        bench.guard.limit("ems", ("evse", 0), [100] * 3, bench.now_ms + 2000, silent, bench.now_ms)
        bench.tick()
        assert bench.guard.want_da[0] == 100
        bench.follow(10)
        assert bench.guard.want_da[0] == expected


def test_section_5_an_unknown_target_is_rejected():
    bench = charging()
    for target in (("evse", 7), ("circuit", -1), ("street", 0)):
        with raises(Rejected):
            bench.guard.limit("ems", target, [100] * 3, None, "hold", bench.now_ms)
    with raises(Rejected):
        bench.guard.limit("ems", ("evse", 0), [100], None, "hold", bench.now_ms)


def test_section_5_why_names_the_source():
    bench = charging()
    bench.guard.limit("ocpp", ("evse", 0), [100] * 3, None, "hold", bench.now_ms)
    bench.tick()
    assert bench.guard.why(0) == "10.0 A: limit ocpp (10.0 A)"
