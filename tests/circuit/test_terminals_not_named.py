"""Rule 10: what a device shows on terminals that its site file does not name is in no sum, so nothing may flow there."""

from helper_circuit import Bench, circuit, evse, site
from life import Life


def test_rule_10_what_flows_on_a_terminal_that_the_site_file_does_not_name_is_above_every_order():
    life = Life(evse(terminals=[[1]])).stand(100)
    for amps, elsewhere_da, above_da in (([99, 0, 0], 0, 0), ([99, 99, 99], 99, 99), ([0, 98, 3], 98, 98), ([40, 10, 2], 10, 0), ([99], 0, 0)):
        life.intake.measured(0, amps, life.now_ms, life.now_ms)
        assert (life.s.elsewhere_da, life.s.above_da, life.s.measured_da) == (elsewhere_da, above_da, max(amps)), amps
        assert life.s.phase_da == [0, amps[0], 0] and life.s.overdraw_da == 0, "nothing of it is what the car makes of its order"
    life.intake.measured(0, [0, 6, 0], life.now_ms, life.now_ms)
    assert (life.s.measured_da, life.s.elsewhere_da) == (0, 6), "up to 1 A there is what a device shows without current"
    pair = Life(evse(terminals=[[0, 1]])).stand(100)
    pair.intake.measured(0, [99, 99, 0], pair.now_ms, pair.now_ms)
    assert pair.s.above_da == 0 and pair.s.phase_da == [99, 99, 0], "between two lines both show the same current"
    pair.intake.measured(0, [99, 99, 99], pair.now_ms, pair.now_ms)
    assert pair.s.above_da == 99, "and the third line none"
    gone = Life(evse(terminals=[[1]])).stand(0)
    gone.intake.isolate(0, True, 0)
    gone.intake.measured(0, [0, 60, 60], 10, 10)
    assert gone.s.above_da == 0


def test_rule_10_an_evse_that_draws_on_lines_that_the_site_file_does_not_name_is_paused_and_told():
    bench = Bench(site([evse("evse-1", terminals=[[0]])], [circuit(rating=320)])).start()
    bench.stand(160)
    for _ in range(12):
        bench.measure(0, 159, 159, 159)
        bench.tick(500)
    assert bench.guard.want_da[0] == 0 and bench.guard.state(0) == "disobeys"
    assert bench.guard.fault(0) == "draws current on a terminal that its `phases` do not name"
    assert any("draws current on a terminal that its `phases` do not name: 15.9 A" in each[2] for each in bench.guard.events)


def test_rule_10_it_is_free_again_when_nothing_flows_whenever_its_readings_come():
    for each_ms in (200, 330, 500, 1030):
        bench = Bench(site([evse("evse-1", terminals=[[0]])], [circuit(rating=320)])).start()
        bench.stand(160)
        guard, read_ms = bench.guard, 0
        for step in range(900):  # 90 s
            draws = 159 if step < 60 or step > 600 else 0
            if step * 100 >= read_ms:
                read_ms += each_ms
                bench.measure(0, draws, draws, draws)
            bench.tick(100)
            if guard.state(0) == "disobeys" and guard.last_order_da(0):
                bench.order(0)
            if step == 600:
                assert bench.kinds().count("disobeys") == 1 and guard.state(0) == "ok" and guard.fault(0) is None, (each_ms, bench.guard.events)
                bench.stand(160)
        assert bench.kinds().count("disobeys") >= 2 and guard.fault(0) is not None, each_ms


def test_a_meter_of_fewer_lines_than_there_are_terminals_is_no_failure():
    life = Life(evse()).stand(100)
    life.intake.measured(0, [60], life.now_ms, life.now_ms)
    assert life.s.phase_da == [60, 0, 0] and (life.s.measured_da, life.s.elsewhere_da) == (60, 0)
