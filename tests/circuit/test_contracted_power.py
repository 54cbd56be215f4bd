"""Section 6: contracted power through restarts, jumps of the clock and lost meters, held against every quarter's own sum."""

from helper_circuit import Bench, circuit, evse, meter_facts, site

ON_MICROPYTHON_EACH = 6
DEEP = (
    "test_section_6_a_jump_of_the_clock_back_frees_nothing_in_the_old_quarters_or_the_new",
    "test_section_6_the_energy_used_outlives_a_short_restart_early_in_the_burst",
)
WATTS = 13800
MIN_DV = 2300


class Metered(Bench):
    """`power_w`: what flowed in each second, from the cars' own currents."""

    TICK_MS = 500

    def __init__(self, evidence=None, watts=WATTS, **more):
        root = circuit(rating=400, meter=0)
        root["contract_w"] = watts
        facts = site([evse("evse-1", **more), evse("evse-2", **more)], [root], [meter_facts()], raise_hold_ms=1000, restart_hold_ms=1000,
                     deadband_da=1)
        Bench.__init__(self, facts, evidence)
        self.power_w = []

    def wants(self, on):
        for e in range(2):
            self.guard.demand(e, on)
        return self

    def live(self, seconds, house=0, meter=True):
        for _ in range(seconds):
            self.follow(1, meter=meter, house=house)
            flows = 3 * house
            for s in self.ledger.evse_states:
                flows += sum(s.phase_da)
            self.power_w.append(flows * 23)
        return self

    def row(self):
        return self.guard.optional.contracts[0]

    def reborn(self, record="kept", down=5):
        """Power cycle: what the journal has, and the same history of the plant."""
        classes = [self.row().watts, list(self.row().classes)]
        after = Metered()
        after.now_ms = self.now_ms + down * 1000
        after.guard = Bench(after.facts).guard.__class__(after.facts, after.now_ms, None)
        after.ledger = after.guard.ledger
        after.mark = self.mark
        after.power_w = self.power_w + [self.power_w[-1]] * down
        if record == "kept":
            after.row().restore(classes[1], classes[0])
        elif record == "damaged":
            after.row().restore(None, 0)
        return after.start().wants(True)


def worst_w(power_w, begin=None):
    """The highest mean of a quarter; begin: of those that begin there or whole quarters later, else of any."""
    worst, window = 0, sum(power_w[:900])
    for at in range(len(power_w) - 899):
        if begin is None or (at - begin) % 900 == 0:
            worst = max(worst, window // 900)
        if at + 900 < len(power_w):
            window += power_w[at + 900] - power_w[at]
    return worst


def test_section_6_a_clock_set_late_frees_nothing_of_the_time_before_it():
    bench = Metered().start().live(20)
    bench.guard.optional.quarter(bench.now_ms - 600000)
    bench.wants(True).live(280)
    assert max(bench.power_w) <= WATTS * 101 // 100


def test_section_6_constant_demand_takes_the_whole_contract_in_every_quarter():
    bench = Metered().start().wants(True)
    bench.guard.optional.quarter(bench.now_ms)
    bench.live(1800)
    assert 0.97 * WATTS <= worst_w(bench.power_w, 0) <= WATTS
    assert 0.95 * WATTS <= sum(bench.power_w[900:]) // 900


def test_section_6_without_a_known_time_any_quarter_stays_within_the_contract():
    bench = Metered().start().live(400).wants(True).live(900).live(60, house=150).live(960)
    assert worst_w(bench.power_w[60:]) <= WATTS
    assert sum(bench.power_w[-600:]) // 600 >= 0.93 * WATTS


def burst(jump_s):
    """Ten quiet minutes of a quarter, a burst, and the clock jumps in it."""
    bench = Metered().start()
    bench.guard.optional.quarter(bench.now_ms)
    bench.live(600).wants(True).live(150)
    assert max(bench.power_w) > 1.4 * WATTS
    bench.guard.optional.quarter(bench.now_ms - (750 + jump_s) * 1000)
    return bench


def jumped(jump_s):
    bench = burst(jump_s).live(1800)
    assert worst_w(bench.power_w, 0) <= WATTS
    assert worst_w(bench.power_w, -jump_s % 900) <= WATTS
    assert sum(bench.power_w[-900:]) // 900 >= 0.93 * WATTS


def test_section_6_a_jump_of_the_clock_frees_nothing_in_the_old_quarters_or_the_new():
    jumped(160)


def test_section_6_a_jump_of_the_clock_back_frees_nothing_in_the_old_quarters_or_the_new():
    jumped(-3600 - 420)


def test_section_6_a_clock_that_jumps_repeatedly_stays_within_the_contract_in_any_quarter():
    bench = burst(100)
    for jump_s in (250, 410, 700):
        bench.live(200)
        bench.guard.optional.quarter(bench.now_ms - jump_s * 1000)
    bench.live(1500)
    assert worst_w(bench.power_w[900:]) <= WATTS
    assert sum(bench.power_w[-900:]) // 900 >= 0.93 * WATTS


def test_section_6_a_jump_by_whole_quarters_changes_nothing():
    bench = Metered().start()
    bench.guard.optional.quarter(bench.now_ms)
    for jump_ms in (-86400000, 900000, 1500):
        bench.guard.optional.quarter(bench.now_ms + jump_ms)
        assert len(bench.row().quarters) == 1
    assert bench.row().quarters[0].begin_ms % 900000 == (bench.now_ms + 1500) % 900000


def restarted(quiet, busy, down):
    bench = Metered().start()
    bench.guard.optional.quarter(bench.now_ms)
    bench.live(quiet).wants(True).live(busy)
    after = bench.reborn(down=down)
    begin_ms = after.now_ms - len(after.power_w) * 1000
    after.guard.optional.quarter(begin_ms)
    after.live(1800)
    assert worst_w(after.power_w, 0) <= WATTS
    assert sum(after.power_w[-600:]) // 600 >= 0.93 * WATTS


def test_section_6_the_energy_used_outlives_a_restart():
    restarted(700, 190, 30)


def test_section_6_the_energy_used_outlives_a_short_restart_early_in_the_burst():
    restarted(600, 60, 1)


def test_section_6_after_a_restart_without_the_time_any_quarter_counts():
    bench = Metered().start()
    bench.guard.optional.quarter(bench.now_ms)
    bench.live(600).wants(True).live(140)
    after = bench.reborn()
    after.live(1800)
    assert worst_w(after.power_w) <= WATTS


def test_section_6_a_record_that_cannot_be_read_is_a_quarter_fully_used():
    bench = Metered().start().wants(True).live(60)
    after = bench.reborn("damaged")
    after.live(600)
    assert max(after.power_w[70:]) == 0
    after.live(900)
    assert after.power_w[-1] >= 0.9 * WATTS


def test_section_6_energy_that_no_journal_records_is_not_drawn():
    bench = Metered().start()
    bench.guard.optional.quarter(bench.now_ms)
    bench.row().kept = False
    bench.live(600).wants(True).live(250)
    assert max(bench.power_w) <= WATTS * 101 // 100


def test_section_6_the_record_contains_only_the_energy_above_the_contract():
    bench = Metered().start().wants(True).live(300)
    assert not bench.row().news and max(bench.row().classes) == 0
    bench.live(20, house=300)
    assert bench.row().news and bench.row().classes[0] > 0


def test_section_6_a_device_that_holds_its_order_permanently_is_counted_for_a_whole_quarter():
    bench = Metered()
    bench.row().restore([4, 0], WATTS)
    assert [at for at, step_j in enumerate(bench.row().steps_j) if step_j > WATTS * 60] == [1, 2]
    bench = Metered(watchdog_ms=0, holds=True)
    bench.row().restore([4, 0], WATTS)
    assert min(bench.row().steps_j[1:]) == WATTS * 120


def test_section_6_a_lost_meter_frees_nothing():
    bench = Metered().start()
    bench.guard.optional.quarter(bench.now_ms)
    bench.live(300).wants(True).live(200, meter=False)
    assert max(bench.power_w[320:]) <= WATTS * 101 // 100
    bench.live(400)
    assert worst_w(bench.power_w, 0) <= WATTS
