"""May this order leave? Rule by rule, at the last value that may and the first that may not."""

from helper_circuit import Bench, circuit, evse, foreign_evse, mute_evse, site
from life import LAPSE_MS, Life

from ampacity.circuit.trusted.device.evse_state import LONG_AGO_MS
from ampacity.circuit.trusted.permits import Permits


def refused(life):
    """The rules by which something was refused."""
    return [rule for rule, count in enumerate(life.permits.refused_count) if count]


def ready(*evses, **more):
    """The first stands at 60, all others at 0."""
    life = Life(*(evses or (evse(),)), **more)
    for e in range(1, len(life.evse_states)):
        life.stand(0, e)
    life.stand(60)
    return life.audit()


def test_a_ledger_starts_in_quarantine_and_feeds_no_device():
    permits = Life(evse()).permits
    fresh = Permits(permits.bounds, permits.margin)
    assert (fresh.mode, fresh.feed_ok, fresh.next_id, fresh.want_da, fresh.foreign_ms) == ("quarantine", False, 1, [0], {})
    assert fresh.tick_ms < -(1 << 35) and fresh.refused_count == [0] * 16


def test_orders_are_numbered_from_one_and_recorded_before_transmission():
    life = ready()
    first = life.permits.send(0, 100, life.now_ms)
    assert life.permits.send(0, 90, life.now_ms) == first + 1 and life.s.sent_da == 90 and life.s.bound_da == 100 == life.sums[0]
    assert [order.da for order in life.s.book.orders] == [60, 100, 90] and life.s.book.orders[-1].id == first + 1
    assert Life(evse()).permits.send(0, 0, 0) == 1


def test_rule_2_the_rounding_of_a_device_is_learned_only_from_a_new_order():
    for want_da, most_da, ok, _, rounding_da in ((100, 107, True, 60, 7), (100, 100, True, 60, 0), (0, 7, True, 60, 0), (100, 107, False, 60, 0),
                                                      (50, 60, True, 60, 0), (100, 140, True, 60, 40), (100, 141, True, 60, 40),
                                                          (1, 9, True, 60, 8)):  # fmt: skip
        life = ready()
        life.permits.want_da[0], life.s.ok = want_da, ok
        life.permits.send(0, most_da, life.now_ms)
        assert life.s.rounding_da == rounding_da, (want_da, most_da, ok)
    life.s.ok, life.s.rounding_da = True, 9
    life.permits.want_da[0] = 100
    life.permits.send(0, 105, life.now_ms)
    assert life.s.rounding_da == 9
    life.s.rounding_da = 0
    life.permits.send(0, 140, life.now_ms, held=True)
    assert life.s.rounding_da == 0, "what it may hold already is not what it makes of an order"


def test_the_most_current_of_a_target_includes_rounding_and_car_up_to_the_maximum():
    life = ready()
    for rounding_da, overdraw_da, want_da, most_da in ((0, 0, 100, 100), (5, 0, 100, 105), (0, 7, 100, 107), (5, 7, 100, 112), (5, 7, 0, 0),
        (5, 0, 158, 160),
                                                    (5, 7, 158, 167), (5, 0, 170, 170), (5, 0, 1, 6)):  # fmt: skip
        life.s.rounding_da, life.s.overdraw_da = rounding_da, overdraw_da
        assert life.permits.most_of(life.s, want_da) == most_da, (rounding_da, overdraw_da, want_da)


def test_rule_5_a_refusing_device_gets_no_frames_for_its_time_unless_it_is_in_service():
    for ok, at_ms, rule in ((False, -1, 5), (False, 0, None), (True, -1, None)):
        life = ready()
        life.s.ok, life.s.backoff_until_ms = ok, life.now_ms - at_ms
        assert (life.permits.send(0, 0, life.now_ms) is None) == (rule is not None) and refused(life) == ([rule] if rule else [])


def test_a_lower_within_the_reserve_and_below_all_live_orders_is_always_sent():
    for reserve_da, most_da, leaves in ((60, 60, True), (60, 61, False), (70, 60, True), (50, 60, False)):
        life = ready()
        life.s.ok, life.s.reserve_da, life.permits.feed_ok, life.permits.mode = False, reserve_da, False, "safe"
        life.s.evidence.forget_audit()
        life.s.evidence.values = {}
        assert (life.permits.send(0, most_da, life.now_ms) is not None) == leaves, (reserve_da, most_da)
    life.s.reserve_da = 100
    assert life.permits._rule_2_lower(life.s, 60) and not life.permits._rule_2_lower(life.s, 61), "not above what is live"


def test_invariant_l1_a_lower_is_sent_whatever_else_is_wrong():
    life = ready()
    life.permits.feed_ok, life.permits.foreign_ms, life.journal_barrier.written, life.permits.mode = False, {0: life.now_ms}, -1, "safe"
    life.margin.no_raise[0] = True
    life.s.evidence.forget_audit()
    assert life.permits.send(0, 60, life.now_ms) is None and life.permits.send(0, 59, life.now_ms) is not None and refused(life) == [5]


def test_a_lower_is_repeated_by_a_running_loop_until_it_is_proven():
    for proven, feed_ok, leaves in ((False, True, True), (True, True, False), (False, False, False)):
        life = ready()
        order_id = life.permits.send(0, 50, life.now_ms)
        if proven:
            life.intake.proven(0, order_id, 50, life.now_ms)
        life.permits.feed_ok = feed_ok
        assert life.permits._rule_2_lowers(life.s, 50, life.now_ms) == leaves
        assert not life.permits._rule_2_lowers(life.s, 51, life.now_ms) and life.permits._rule_2_lowers(life.s, 49, life.now_ms)
        life.s.ok = False
        assert not life.permits._rule_2_lowers(life.s, 49, life.now_ms)
    life = ready()
    life.permits.send(0, 50, life.now_ms)
    life.permits.send(0, 70, life.now_ms)
    assert not life.permits._rule_2_lowers(life.s, 50, life.now_ms), "it would be a refresh of an order that is not the last"
    life.s.book.orders = []
    assert not life.permits._rule_2_lowers(life.s, 0, life.now_ms), "nothing says what a lower is"


def test_with_a_foreign_order_in_force_a_lower_is_below_the_latest_measurement():
    for most_da, measured_da, age_ms, ordered_da, leaves in ((79, 80, 5000, None, True), (80, 80, 0, None, False), (79, 80, 5001, None, False),
                                                             (79, 80, 0, 80, True), (70, 80, 0, 70, False), (69, 80, 0, 70, True)):  # fmt: skip
        life = ready()
        life.s.book.orders = []
        life.s.book.add_unknown(160, life.now_ms)
        if ordered_da is not None:
            life.s.book.add(99, ordered_da, life.now_ms)
        life.s.measured_da, life.s.measured_ms = measured_da, life.now_ms - age_ms
        assert life.permits._rule_2_lowers(life.s, most_da, life.now_ms) == leaves, (most_da, age_ms, ordered_da)


def test_a_raise_passes_each_rule_in_turn():
    def nothing(life):
        pass

    def late(life):
        life.permits.tick_ms = life.now_ms - 301

    def over(life):
        life.margin.over_budget[1] = True

    def stale(life):
        life.s.evidence.read_ms["watchdog_ms"] -= 501

    def unkept(life):
        life.journal_barrier.written = life.journal_barrier.version - 1

    def foreign(life):
        life.permits.foreign_ms[3] = life.now_ms - 9999

    def blind(life):
        life.margin.no_raise[0] = True

    def full(life):
        life.margin.other_da[2] = 221

    for wrong, rule in ((nothing, None), (late, 11), (over, 11), (stale, 8), (unkept, 8), (foreign, 9), (blind, 3), (full, 2)):
        life = ready(foreign_evse())
        wrong(life)
        assert (life.permits.send(0, 100, life.now_ms) is None) == (rule is not None), wrong
        assert refused(life) == ([rule] if rule else []) and (life.s.denied_ms == life.now_ms) == (rule == 2)
    life.permits.send(0, 100, life.now_ms + 50)
    assert life.s.denied_ms == life.now_ms, "since the first refusal"
    life.margin.other_da[2] = 220
    assert life.permits.send(0, 100, life.now_ms) is not None and life.s.denied_ms == -1

    def mended(life):
        life.permits.tick_ms = life.now_ms - 300
        life.s.evidence.read_ms["watchdog_ms"] -= 500
        life.permits.foreign_ms[3] = life.now_ms - 10000
        life.margin.over_budget = [False] * 3 + [True] * 3

    life = ready(foreign_evse(), circuits=[circuit(), circuit("other", 0)])
    mended(life)
    assert life.permits.send(0, 100, life.now_ms) is not None, "each at the last value that may"


def test_rule_7_an_order_to_one_without_watchdog_needs_the_default_state():
    for assumed, leaves in ((60, True), (61, False)):
        life = ready(mute_evse(), rating=160)
        life.margin.assumed_da[:] = [0, assumed, 0]
        life.margin.other_da[:] = [0, 0, 0]
        assert (life.permits.send(0, 100, life.now_ms) is not None) == leaves == life.permits.survives(life.s, 100)
        assert refused(life) == ([] if leaves else [7])
    assert ready(evse(), rating=160).permits.survives(ready().s, 10**6), "a watchdog ends any order"
    life = ready(evse(), rating=160)
    life.s.evidence.watchdog_ms = lambda: 1
    assert life.permits.survives(life.s, 10**6), "however short it is"


def test_a_planned_order_not_above_the_live_one_needs_no_margin():
    for want_da, most_da, leaves in ((60, 60, True), (59, 60, False), (60, 61, False)):
        life = ready()
        life.permits.want_da[0] = want_da
        life.margin.other_da[:] = [320] * 3
        life.s.book.orders[-1].proven = True
        assert (life.permits.send(0, most_da, life.now_ms) is not None) == leaves, (want_da, most_da)


def test_rule_8_an_order_within_the_reserve_waits_for_no_settings():
    for da, leaves in ((80, True), (81, False)):
        life = ready(foreign_evse(fallback_da=80, power_on_da=80))
        life.s.evidence.read_ms = {}
        assert (life.permits.send(0, da, life.now_ms) is not None) == leaves
        assert refused(life) == ([] if leaves else [8])


def silent(**more):
    life = Life(foreign_evse(**dict({"fallback_da": 60, "power_on_da": 60}, **more))).audit()
    life.order(0).pass_at(6000)
    life.intake.lost(0, 6000)
    return life.audit()


def feared():
    """A silent one of which nobody knows what it allows after a restart: its reserve is its maximum."""
    life = Life(foreign_evse(power_on_source="unknown")).pass_at(100)
    for key, value in (("watchdog_ms", 10000), ("fallback_da", 0)):
        life.intake.put_evidence(0, key, value, 100)
    life.intake.lost(0, 100)
    assert life.s.reserve_da == 160 == life.permits.revives_da(life.s) and life.s.evidence.known_reserve_da() == 0
    return life


def test_rule_5_a_silent_device_gets_orders_within_its_reserve_and_more_needs_all_rules():
    life = silent()
    life.permits.feed_ok = False
    assert life.permits.send(0, 60, 6000) is not None and life.permits.send(0, 61, 6000) is None and refused(life) == [5]

    def nothing(life):
        pass

    def wrong(name, value):
        return lambda life: setattr(life.s, name, value)

    def mode(name):
        return lambda life: setattr(life.permits, "mode", name)

    def unfed(life):
        life.permits.feed_ok = False

    def stale(life):
        life.s.evidence.forget_audit()

    def unkept(life):
        life.journal_barrier.written = -1

    def foreign(life):
        life.permits.foreign_ms[0] = 6000

    def full(life):
        life.margin.other_da[0] = 221

    for change, leaves in ((nothing, True), (mode("quarantine"), False), (mode("safe"), False), (mode("degraded"), True),
        (wrong("locked", "x"), False),
                           (wrong("disobeys", True), False), (wrong("isolated", True), False), (unfed, False), (stale, False), (unkept, False),
                           (foreign, False), (full, False)):  # fmt: skip
        life = silent()
        change(life)
        assert (life.permits._rule_5_probe(life.s, 100, 6000)) == leaves, change
    life = silent(watchdog_ms=0, holds=True)
    assert life.permits._rule_5_probe(life.s, 100, 6000)
    life.margin.assumed_da[0] = 221
    assert not life.permits._rule_5_probe(life.s, 100, 6000), "rule 7"
    life = feared()
    assert life.permits._rule_5_probe(life.s, 160, 100), "what is feared of it is no order that it obeys, yet it waits for no settings"
    life.permits.feed_ok = False
    assert not life.permits._rule_5_probe(life.s, 160, 100) and life.permits._rule_5_probe(life.s, 0, 100)


def test_rule_5_orders_above_the_reserve_are_of_another_kind():
    for da, kind_ms, hearing in ((60, 0, True), (61, 9000, False)):
        life = silent()
        life.s.last_feed_ms, life.s.hearing_ms, life.s.lapsed = 0, 5, True
        life.permits._rule_1_record(life.s, da, 9000)
        assert (life.s.last_feed_ms, life.s.hearing_ms == 5, life.s.lapsed) == (kind_ms, hearing, hearing), da


def test_a_sequence_of_lowers_begins_with_the_first_order_below_the_live_one():
    for da, reported_da, old_da, begins in ((60, 0, 0, False), (59, 0, 0, True), (60, 61, 0, True), (60, 0, 61, True), (61, 61, 61, False)):
        life = ready()
        life.s.reported_da, life.s.reported_old_da = reported_da, old_da
        life.permits._rule_1_record(life.s, da, 20000)
        assert (life.s.lower_ms == 20000) == begins, (da, reported_da, old_da)
    life = ready()
    for now_ms in (20000, 20100):
        life.permits._rule_1_record(life.s, 40, now_ms)
        assert life.s.lower_ms == 20000


def test_rule_9_the_lines_are_clean_ten_seconds_after_the_last_foreign_write():
    life = ready()
    assert life.permits.quiet(0)
    life.permits.foreign_ms = {0: 100, 1: 5000, 2: 200}
    assert not life.permits.quiet(14999) and life.permits.quiet(15000)


def test_a_frame_without_an_order_may_feed_a_device_that_holds_at_most_its_reserve():
    life = silent()
    life.permits.feed_ok = False
    life.s.book.orders = []
    for memory_da, may in ((60, True), (61, False)):
        life.s.memory_da = memory_da
        assert life.permits.revives_da(life.s) == memory_da and life.permits.may_feed(0, 6000) == may
    life.s.book.add(9, 70, 6000)
    assert life.permits.revives_da(life.s) == 70
    assert not feared().permits.may_feed(0, 100), "its reserve is only what is feared of it"


def holding(**more):
    """A silent one that holds 160 above its reserve of 60."""
    life = silent(**more)
    life.s.book.add(9, 160, 6000)
    life.bounds.update_bound(life.s)
    life.s.hearing_ms = LONG_AGO_MS
    return life


def test_rule_5_during_the_silence_time_only_frames_that_feed_nothing_are_sent():
    life = holding()
    assert not life.permits.may_feed(0, 6000) and life.s.needs_room_ms < 0
    life.s.hearing_ms = 0
    assert life.permits.may_feed(0, 6000), "it answered an order within its reserve"
    life.permits.feed_ok = False
    assert not life.permits.may_feed(0, 6000)
    life = holding()
    life.s.ok = True
    assert life.permits.may_feed(0, 6000)
    life.margin.over_budget[0] = True
    assert not life.permits.may_feed(0, 6000)


def test_rule_5_after_the_silence_time_a_frame_needs_a_receiving_device_and_the_margin():
    for other_da, may in ((160, True), (161, False)):
        life = holding()
        life.s.lapsed, life.s.hearing_ms = True, 0
        life.margin.other_da[0] = other_da
        assert life.permits.may_feed(0, 6000) == may
        assert (life.s.needs_room_ms == 6000) != may
    life.s.hearing_ms, life.margin.other_da[0] = LONG_AGO_MS, 0
    assert not life.permits.may_feed(0, 6000)


def test_while_a_watchdog_is_under_test_the_counted_order_may_be_fed():
    for bound_da, may in ((160, True), (159, False)):
        life = holding()
        life.s.watchdog_under_test, life.s.bound_da = True, bound_da
        assert life.permits.may_feed(0, 6000) == may


def test_rule_14_a_switch_to_more_phases_needs_their_margin_and_to_fewer_none():
    life = ready(evse(), rating=100)
    assert life.permits.phases_sent(0, [0], life.now_ms) and life.s.on_keys == (0, 1, 2)
    life.bounds.set_phases(life.s, [0])
    life.margin.other_da[2] = 41
    assert not life.permits.phases_sent(0, [1, 2], life.now_ms) and life.s.on_keys == (0,) and life.s.off_keys == (1, 2)
    life.margin.other_da[2] = 40
    assert life.permits.phases_sent(0, [2], life.now_ms) and life.s.on_keys == (0, 2) and life.s.off_keys == (1,)


def test_the_known_behaviour_of_its_car_counts_with_an_order():
    for da, leaves in ((90, True), (91, False)):
        life = ready(rating=100)
        life.s.overdraw_da = 10
        assert (life.permits.send(0, da, life.now_ms) is not None) == leaves


def test_the_facts_of_a_site_make_one_ledger():
    life = Life(evse(), evse("evse-2"))
    assert life.want_da is life.permits.want_da and life.cap_da is life.margin.cap_da and life.sums is life.bounds.sums
    assert site([evse()])["phases"] == 3 and LAPSE_MS == life.s.evse.lapse_ms(10000)


def test_a_lower_that_would_be_refused_is_a_fault_of_the_controller():
    bench = Bench(site([evse(), evse("evse-2")])).start()
    bench.stand(100)
    bench.ledger.permits._may_send = lambda s, most_da, now_ms: False
    assert bench.send(120) is None and bench.guard.mode == "regulating"
    assert bench.send(90) is None and bench.guard.mode == "safe"
    assert "a lower was refused" in bench.guard.failure and not bench.guard.feed_ok
