"""Who waits beside EVSEs that do not measure gets its turn: what these draw counts twice, and still nobody starves."""

from helper_preemption import SLOT_S, Beside, drawn_from

ON_MICROPYTHON_EACH = 5
BLIND_WITHOUT_WATCHDOG = (320, 320, False, 320)  # its reserve is all that it can
BLIND = (320, 0, False, 320)
MEASURED = (320, 0, True, 320)


def test_section_6_an_evse_whose_reserve_is_its_maximum_lets_another_start():
    bench = Beside([BLIND_WITHOUT_WATCHDOG, MEASURED], rating=640)
    bench.plug(0)
    bench.run(30)
    assert bench.drawn == [320, 0]
    bench.plug(1)
    bench.run(60)
    assert bench.drawn[1] >= 60, bench.guard.why(1)
    bench.run(60)
    assert bench.drawn[0] == 320 and bench.drawn[1] >= 200, bench.drawn
    assert bench.longest_s[0] <= 1 and bench.above_s == 0


def test_section_6_a_third_evse_gets_its_share_next_to_two_that_share_all():
    bench = Beside([BLIND, MEASURED, MEASURED], rating=640)
    for e in range(3):
        bench.plug(e)
        bench.run(60)
    assert min(bench.drawn) >= 60 and bench.above_s == 0, bench.drawn


def test_section_6_evses_take_turns_if_one_needs_the_current_of_all_others():
    bench = Beside([(160, 160, False, 100), (160, 160, False, 160), BLIND], rating=540, house=100)
    for e in range(3):
        bench.plug(e)
    bench.run(20 * SLOT_S)
    assert min(bench.charged_s) >= 3 * SLOT_S and max(bench.longest_s) <= 5 * SLOT_S, (bench.charged_s, bench.longest_s)
    assert bench.above_s == 0


def test_section_6_who_has_begun_keeps_its_slot_although_several_others_have_waited_longer_than_one():
    for count in (3, 4, 5):
        bench = Beside([(60, 0, False, 60)] * count, rating=200, house=50)
        for e in range(count):
            bench.plug(e)
        bench.run(4 * count * SLOT_S)
        for turns in bench.turns_s:
            assert min(turns[2:-1]) >= SLOT_S * 4 // 5, (count, turns)
        assert max(bench.longest_s) <= count * SLOT_S and bench.above_s == 0, (count, bench.longest_s)


def test_section_6_who_gives_current_for_another_keeps_its_minimum_until_its_slot_is_over():
    """Its order had just gone out: what others draw was taken for its current, and each turn of it ended after a second."""
    bench = Beside([(160, 0, True, 160), (160, 0, False, 70)], rating=400, house=220, least_da=(60, 130), restart_hold_ms=10000, begins_s=6)
    bench.plug(1)
    bench.run(40)
    bench.plug(0)
    bench.run(20 * SLOT_S)
    assert min(bench.turns_s[1][1:-1]) >= SLOT_S // 2 and max(bench.longest_s) <= 3 * SLOT_S, (bench.turns_s, bench.longest_s)
    assert bench.above_s == 0


def test_section_6_no_evse_is_paused_for_one_that_cannot_start_because_of_other_load():
    bench = Beside([BLIND_WITHOUT_WATCHDOG, MEASURED], rating=640, house=280)
    bench.plug(0)
    bench.run(30)
    bench.plug(1)
    bench.run(10 * SLOT_S)
    assert bench.charged_s[1] == 0 and bench.above_s == 0
    assert bench.charged_s[0] >= 8 * SLOT_S, bench.charged_s


def test_section_6_why_names_the_waiting_evse_and_the_one_that_yields():
    bench = Beside([BLIND_WITHOUT_WATCHDOG, MEASURED], rating=640)
    bench.plug(0)
    bench.run(30)
    bench.plug(1)
    texts = [set(), set()]
    for _ in range(40):
        bench.run(1)
        for e in range(2):
            texts[e].add(bench.guard.why(e).split(": ", 2)[1])
    assert "lowered for evse-2" in texts[0], texts
    assert "no margin" in texts[1], texts


def test_section_6_while_one_waits_to_start_no_other_is_ordered_what_is_reserved_for_it():
    bench = drawn_from(104)
    bench.run(3)
    assert bench.drawn[:3] == [100, 69, 0] and bench.guard.demands.wants[2], "the second has a little more than its least order"
    bench.run(7)
    for _ in range(20):
        assert bench.drawn == [60, 60, 0, 0] and bench.guard.last_order_da(1) == 60
        bench.run(1)


def test_3_5_orders_within_reserves_fall_too_where_other_load_leaves_no_room_on_a_circuit_without_a_meter_of_its_own():
    """Only the meter of the circuit below shows it, and what counts of these EVSEs is their reserve, whatever they are ordered."""
    bench = Beside([(160, 160, True, 160), (160, 160, True, 160)], rating=630, house=50, above=400)
    for e in range(2):
        bench.plug(e)
    bench.run(60)
    assert bench.drawn == [160, 160] and bench.above_s == 0
    bench.house = 200
    bench.run(300)
    assert bench.above_s <= 3 and 120 <= sum(bench.drawn) <= 200, (bench.above_s, bench.drawn)


def test_3_5_orders_above_reserves_fall_below_them_but_to_no_less_than_orders_within_reserves_do():
    bench = Beside([(200, 160, True, 200), (200, 160, True, 200)], rating=630, house=50, above=400)
    for e in range(2):
        bench.plug(e)
    bench.run(60)
    assert min(bench.drawn) > 160 and bench.above_s == 0
    bench.house = 200
    bench.run(300)
    assert bench.above_s <= 3 and 120 <= sum(bench.drawn) <= 200, (bench.above_s, bench.drawn)
    why = bench.guard.why(0)
    assert "top L1 (40.0 A) − other load 20.1 A − evse-2 %.1f A; below the reserves" % (bench.drawn[1] / 10) in why, why


def test_section_6_the_order_of_arrival_decides_among_waiting_evses():
    bench = Beside([BLIND_WITHOUT_WATCHDOG, MEASURED, MEASURED], rating=450)
    bench.plug(0)
    bench.run(30)
    bench.plug(2)
    bench.run(3)
    bench.plug(1)
    while not bench.drawn[1] and not bench.drawn[2]:
        bench.run(1)
    assert bench.drawn[2] and not bench.drawn[1]


def test_section_6_liveness_no_evse_starves_in_any_combination():
    for seed in range(6):
        bench = drawn_from(seed).run(12 * SLOT_S)
        most_s = (len(bench.cars) + 4) * SLOT_S
        assert max(bench.longest_s) <= most_s, (seed, bench.cars, bench.rating, bench.longest_s)
        assert bench.above_s == 0, (seed, bench.above_s)


def test_section_6_a_car_that_needs_more_than_its_share_is_offered_it_although_a_neighbour_that_does_not_measure_draws_all():
    """What that draws looked like other load that stays: 8 A seemed impossible, and the car asleep."""
    bench = Beside([BLIND_WITHOUT_WATCHDOG, MEASURED, MEASURED], rating=550, house=100)
    bench.needs_da[1] = 80
    for e in (1, 2, 0):
        bench.plug(e)
    charged_at = set()
    for _ in range(30 * SLOT_S):
        bench.run(1)
        if bench.drawn[1]:
            charged_at.add(bench.guard.site.evses[1].min_da)
    assert min(bench.charged_s) >= 3 * SLOT_S and bench.above_s == 0, (bench.charged_s, bench.longest_s, bench.guard.why(1))
    assert 82 in charged_at and bench.needs_da[1] == 80


def test_section_6_an_evse_whose_own_current_leaves_no_margin_for_its_order_pauses_and_starts_again():
    """An order of 32 A that nobody proved, then one of 6 A: as long as it drew 32 A, which a meter shows as well, it never left."""
    bench = Beside([BLIND_WITHOUT_WATCHDOG], rating=500, house=100)
    guard, drawn, charged_s, least_da = bench.guard, 320, 0, 320
    bench.plug(0)
    bench.tick(500)
    bench.audit()
    assert guard.want_da == [320] and bench.send(320) is not None
    guard.limit("user", ("evse", 0), 60, None, "hold")
    for _ in range(180):
        bench.meter(100 + drawn + bench.mark % 2, 100 + drawn, 100 + drawn)
        bench.tick(1000)
        bench.audit()
        order_id, want = bench.send(guard.want_da[0]), guard.want_da[0]
        if order_id is not None:
            bench.prove(order_id, want)
            drawn = want
        least_da = min(least_da, drawn)
        charged_s += drawn == 60
    assert least_da == 0 and charged_s > 60, (drawn, charged_s, guard.why(0))


def test_section_6_one_whose_car_makes_more_of_its_least_order_gives_that_too():
    """The first at its least order, and of the grant 0.9 A of the second, are what the third lacks."""
    bench = Beside([(160, 160, False, 160), (160, 60, True, 60), MEASURED], rating=400, grant_da=280)
    for e in range(2):
        bench.plug(e)
        bench.run(60)
    bench.ledger.evse_states[1].overdraw_da = 9
    bench.plug(2)
    bench.run(10 * SLOT_S)
    assert min(bench.charged_s) >= SLOT_S // 2, (bench.charged_s, bench.guard.why(2))


def test_section_6_orders_that_exceed_their_margin_a_little_fall_for_one_that_could_begin_within_its_reserve():
    """The car of the second was seen to draw 0.8 A more than its order: nothing burns, but the first lacked margin without end."""
    bench = Beside([(160, 160, False, 160), (320, 60, True, 320), (60, 0, True, 60)], rating=500, house=200)
    for e in (2, 1):
        bench.plug(e)
        bench.run(60)
    bench.ledger.evse_states[1].overdraw_da = 8
    bench.run(30)
    assert bench.drawn == [0, 79, 60] and bench.ledger.margin.free_da(0) < 0
    bench.plug(0)
    bench.run(90)
    assert bench.drawn[0] == 160 and min(bench.drawn) >= 60 and bench.above_s == 0, (bench.drawn, bench.guard.why(0))


def test_section_6_what_others_give_is_kept_for_the_waiting_evse_until_it_starts():
    bench = Beside([BLIND_WITHOUT_WATCHDOG, MEASURED], rating=640)
    bench.plug(0)
    bench.run(30)
    bench.plug(1)
    texts = []
    while not bench.drawn[1] and len(texts) < 60:
        bench.run(1)
        texts.append(bench.guard.why(0))
    kept = [text for text in texts if "evse-2 6.0 A (waiting to start, " in text]
    assert bench.drawn[1] and kept, texts
    bench.run(3)
    assert "waiting to start" not in bench.guard.why(0), "it has started"
