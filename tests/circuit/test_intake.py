"""Facts from the drivers, one by one: what each changes in the standing of an EVSE, and what it leaves alone."""

from helper_circuit import evse, foreign_evse, mute_evse
from life import LAPSE_MS, Life

from ampacity.circuit.trusted.device.evse_state import LONG_AGO_MS


def test_a_new_evse_state_has_no_evidence():
    s = Life(evse()).s
    for name, value in (
        ("set_gone_ms", -1), ("memory_da", 0), ("reported_old_da", 0), ("excess", 0), ("disobeyed_da", 0), ("escalated_ms", -1),
        ("contactor_open", False), ("swap_kept", False), ("denied_ms", -1), ("refusals", 0), ("lower_ms", -1), ("fell_ms", -1), ("above_da", 0),
        ("overdraw_da", 0), ("elsewhere_da", 0), ("escalation_level", 0), ("rounding_da", 0), ("reported_da", 0), ("measured_da", 0),
        ("sent_da", -1), ("zero_ms", -1), ("last_feed_ms", 0), ("watched_ms", 0), ("silent", True), ("heard_ever", False), ("proved", False),
        ("ok", False), ("isolated", False), ("lapsed", False), ("watchdog_under_test", False), ("paused_proven", False), ("disobeys", False),
        ("welded", False), ("feeder_open", False), ("locked", ""), ("phase_da", [0, 0, 0]), ("bound_da", 160), ("reserve_da", 160),
    ):  # fmt: skip
        assert getattr(s, name) == value, name
    for name in ("reported_until_ms", "needs_room_ms", "backoff_until_ms", "measured_ms", "hearing_ms"):
        assert getattr(s, name) < -(1 << 35), name


def test_an_answer_to_an_order_within_the_reserve_shows_that_the_device_receives():
    life = Life(evse(fallback_da=60, power_on_da=60)).order(0).pass_at(6000).audit()
    for da, hears in ((60, True), (61, False)):
        life.s.hearing_ms, life.s.silent, life.s.refusals = LONG_AGO_MS, True, 1
        life.intake.answered(0, life.permits.send(0, da, 6000), 6000)
        assert (life.s.hearing_ms == 6000) == hears and not life.s.silent and life.s.refusals == 0
        assert life.s.book.orders[-1].answered
    life.intake.answered(0, 99, 6000)
    assert life.s.hearing_ms < 0, "nobody knows that order"


def test_a_certain_answer_overwrites_the_order_remembered_from_before_the_silence():
    for certain, memory_da in ((False, 160), (True, 0)):
        life = Life(evse()).stand(160).lapse()
        assert life.s.memory_da == 160
        life.intake.answered(0, life.permits.send(0, 0, life.now_ms), life.now_ms, certain)
        assert life.s.memory_da == memory_da
    life = Life(evse()).stand(160)
    life.s.memory_da = 50
    life.intake.answered(0, life.permits.send(0, 0, life.now_ms), life.now_ms, True)
    assert life.s.memory_da == 50, "its silence has not run its time"


def test_rule_5_a_refusal_is_a_frame_of_another_kind_and_revives_the_remembered_order():
    life = Life(evse()).stand(160)
    life.s.hearing_ms = 5
    life.intake.refused(0, 1, 20000)
    assert (life.s.last_feed_ms, life.s.hearing_ms < 0, life.s.refusals) == (20000, True, 1)
    life = Life(evse()).stand(160).lapse()
    assert life.s.bound_da == 0
    life.intake.refused(0, 1, life.now_ms)
    assert life.s.bound_da == 160 and not life.s.lapsed and life.s.book.is_unknown() and not life.s.silent
    life = Life(evse(fallback_da=160, power_on_da=160)).stand(160).lapse()
    life.intake.refused(0, 1, life.now_ms)
    assert life.s.lapsed, "it remembers no more than its reserve"
    life = Life(evse()).stand(60)
    life.s.memory_da = 100
    life.intake.refused(0, 1, life.now_ms)
    assert not life.s.book.is_unknown(), "its silence has not run its time"


def test_rule_5_after_two_refusals_a_device_gets_no_frames_for_its_watchdog_time():
    for more, ok, bound_da, holds in (({}, False, 160, True), ({}, True, 160, False), ({}, False, 0, False),
        ({"watchdog_ms": 0, "holds": True}, False, 160, False)):
        life = Life(evse(**more)).audit()
        s = life.s
        s.ok, s.bound_da = ok, bound_da
        life.intake._rule_5_refused(s, 100)
        assert s.refusals == 1 and s.backoff_until_ms < 0
        life.intake._rule_5_refused(s, 200)
        assert (s.refusals, s.backoff_until_ms) == ((0, 200 + LAPSE_MS) if holds else (2, LONG_AGO_MS)), more


def test_a_proof_shows_no_more_than_was_ordered_and_by_an_order_that_is_known():
    for shown_da, which, proven in ((100, 0, True), (99, 0, True), (101, 0, False), (100, 9, False)):
        life = Life(evse()).audit()
        life.s.ok = True
        life.s.book.orders = []
        order_id = life.permits._rule_1_record(life.s, 100, 0)
        life.s.memory_da, life.s.lapsed, life.s.refusals, life.s.ok = 70, True, 1, False
        life.intake.proven(0, order_id + which, shown_da, 10)
        assert life.s.proved == life.s.ok == life.s.book.orders[0].proven == proven, shown_da
        assert (life.s.memory_da, life.s.lapsed, life.s.refusals) == ((0, False, 0) if proven else (70, True, 1))
        assert life.s.reported_da == shown_da and not life.s.silent
    for name, value in (("memory_da", 5), ("lapsed", True), ("refusals", 1)):
        life = Life(evse()).stand(60)
        setattr(life.s, name, value)
        life.intake.proven(0, life.s.book.orders[-1].id, 60, life.now_ms)
        assert (life.s.memory_da, life.s.lapsed, life.s.refusals) == (0, False, 0), name


def test_rule_9_a_proof_within_ten_seconds_of_a_foreign_write_proves_nothing():
    for after_ms, proven in ((9999, False), (10000, True)):
        life = Life(evse(), evse("evse-2", bus=1)).audit()
        life.intake.foreign_write(0, None, 0)
        order_id = life.permits._rule_1_record(life.s, 0, 0)
        life.intake.proven(0, order_id, 0, after_ms)
        assert life.s.proved == proven
        other = life.permits._rule_1_record(life.evse_states[1], 0, 0)
        life.intake.proven(1, other, 0, 5)
        assert life.evse_states[1].proved, "another line is another line"


def test_rule_3_a_report_that_falls_counts_for_the_settle_time_where_no_order_counts_more():
    life = Life(evse())
    life.s.book.orders = []
    for shown_da, now_ms, old_da, until_ms in ((100, 0, 0, LONG_AGO_MS), (60, 10, 100, 5010), (80, 20, 100, 5010), (70, 30, 100, 5030),
        (70, 40, 100, 5030)):
        life.intake.reported(0, shown_da, now_ms)
        assert (life.s.reported_da, life.s.reported_old_da, life.s.reported_until_ms) == (shown_da, old_da, until_ms)
        assert life.s.bound_da == 160 == life.s.reserve_da
    life.pass_at(5029)
    assert life.s.reported_old_da == 100
    life.pass_at(5030)
    assert life.s.reported_old_da == 0
    life = Life(evse()).stand(100)
    life.intake.reported(0, 100, life.now_ms)
    life.intake.reported(0, 60, life.now_ms)
    assert life.s.reported_old_da == 0, "an order that counts as much is live"


def test_rule_9_a_limit_that_was_never_ordered_is_a_foreign_one():
    for ok, shown_da, foreign in ((True, 101, 1), (True, 100, 0), (False, 101, 0), (True, 0, 0)):
        life = Life(evse()).stand(100)
        life.s.ok = ok
        life.intake.reported(0, shown_da, life.now_ms)
        assert life.told().count("foreign") == 2 * foreign, (ok, shown_da)
        assert (life.s.bound_da == 160) == bool(foreign)
    life = Life(evse(fallback_da=120, power_on_da=120)).stand(100)
    life.intake.reported(0, 120, life.now_ms)
    assert "foreign" not in life.told(), "within its reserve it may show what it likes"
    life = Life(evse(primary=True)).stand(100)
    life.intake.reported(0, 130, life.now_ms)
    assert "foreign" not in life.told() and life.s.bound_da == 130
    life = Life(evse()).stand(100)
    life.intake.reported(0, 123, life.now_ms)
    assert (life.now_ms, "foreign", "evse-1 shows a limit of 12.3 A that was not ordered") in life.events.kept


def test_reading_a_proven_value_again_releases_frames_that_can_no_longer_arrive():
    for shown_da, gone in ((60, True), (59, True), (61, False)):
        life = Life(evse()).stand(100)
        first = life.permits.send(0, 60, life.now_ms)
        life.intake.proven(0, first, 60, life.now_ms + 1)
        life.s.book.orders[0].answered, life.s.book.orders[0].sent_ms = False, life.now_ms
        life.s.book.orders[0].gone_ms = -1
        life.intake.reported(0, shown_da, life.now_ms + 6000)
        assert (life.s.book.orders[0].gone_ms >= 0) == gone, shown_da
    life = Life(evse()).stand(100)
    life.intake.lost(0, life.now_ms)
    life.intake.reported(0, 100, life.now_ms)
    assert not life.s.silent and life.s.heard_ever, "a report is an answer"


def test_rule_9_a_foreign_write_takes_all_devices_of_its_line_out_of_service_and_is_reported_once():
    life = Life(evse(), evse("b"), evse("c", bus=1), evse("d", bus=-1))
    for e in range(4):
        life.stand(0, e)
    for s in life.evse_states:
        s.hearing_ms, s.lapsed = 0, True
    life.intake.foreign_write(0, None, life.now_ms)
    life.intake.foreign_write(0, None, life.now_ms + 9999)
    assert life.told().count("foreign") == 1 and life.permits.foreign_ms == {0: life.now_ms + 9999}
    assert [(s.ok, s.proved, s.lapsed, s.bound_da) for s in life.evse_states] == [(False, False, False, 160)] * 2 + [(True, True, True, 0)] * 2
    assert life.s.last_feed_ms == life.now_ms + 9999 and life.s.hearing_ms < 0
    life.intake.foreign_write(0, None, life.now_ms + 19999)
    assert life.told().count("foreign") == 2
    life.intake.foreign_write(-1, 2, life.now_ms)
    assert [s.ok for s in life.evse_states] == [False, False, False, True], "one that was named, on no line of ours"


def test_two_devices_at_one_address_count_their_maximum():
    life = Life(evse()).stand(60)
    life.intake.duplicate(0, life.now_ms)
    assert life.s.bound_da == 160 and not life.s.ok and "duplicate" in life.told()


def test_a_measurement_is_the_maximum_of_its_terminals_and_adds_up_per_phase():
    life = Life(evse(terminals=[[0, 1], [1, 2]])).stand(100)
    life.intake.measured(0, [50, 70], 100, life.now_ms)
    assert (life.s.phase_da, life.s.measured_da, life.s.measured_ms) == ([50, 120, 70], 70, 100)
    life.intake.measured(0, [10, 0], 200, life.now_ms)
    assert life.s.phase_da == [10, 10, 0] and life.s.bound_da == 100
    life.intake.measured(0, [105, 0], 300, life.now_ms)
    assert life.s.bound_da == 105
    life.intake.measured(0, None, 400, life.now_ms)
    assert life.s.measured_ms < 0 and life.s.measured_da == 0
    assert life.s.bound_da == 105, "what its car made of the order counts on"


def test_the_sum_of_a_primary_below_that_cannot_measure_is_trusted():
    life = Life(evse(primary=True)).stand(60)
    life.intake.measured(0, [120] * 3, life.now_ms, life.now_ms)
    assert life.s.bound_da == 120 and life.s.above_da == 60
    life.intake.measured(0, None, life.now_ms, life.now_ms)
    assert (life.s.measured_da, life.s.above_da, life.s.bound_da) == (0, 0, 70), "with what it made of its order"
    life.s.above_da = 5
    life.intake.measured(0, None, life.now_ms, life.now_ms)
    assert life.s.above_da == 5, "nothing was measured there before"


def test_an_evse_counts_as_idle_from_its_first_reading_of_at_most_0_3_amperes():
    life = Life(evse())
    for da, sample_ms, zero_ms in ((3, 0, 0), (0, 100, 0), (4, 200, -1), (3, 300, 300), (3, 400, 300), (160, 500, -1)):
        life.intake.measured(0, [da] * 3, sample_ms, sample_ms)
        assert life.s.zero_ms == zero_ms, sample_ms


def test_rule_10_an_excess_is_learned_within_an_ampere_or_a_tenth_and_monitored_above():
    for order_da, drawn_da, above_da, overdraw_da in ((60, 60, 0, 0), (60, 61, 0, 1), (60, 70, 0, 10), (60, 71, 11, 10), (60, 90, 30, 10),
                                                    (150, 165, 0, 15), (150, 166, 16, 15), (119, 130, 0, 11), (119, 131, 12, 11)):  # fmt: skip
        life = Life(evse()).stand(order_da)
        life.intake.measured(0, [drawn_da] * 3, life.now_ms, life.now_ms)
        assert (life.s.above_da, life.s.overdraw_da) == (above_da, overdraw_da), (order_da, drawn_da)
        assert life.s.bound_da == max(drawn_da, order_da + overdraw_da)
        assert life.s.watched_ms == (life.now_ms if above_da else 0)
    life.intake.measured(0, [119] * 3, life.now_ms + 10, life.now_ms)
    assert life.s.above_da == 0 and life.s.overdraw_da == 11, "what its car made of an order it may make again"


def test_rule_10_an_excess_learned_at_a_greater_order_is_kept_at_a_small_one():
    life = Life(evse()).stand(150)
    life.intake.measured(0, [165] * 3, life.now_ms, life.now_ms)
    life.stand(60)
    life.intake.measured(0, [75] * 3, life.now_ms, life.now_ms)
    assert life.s.overdraw_da == 15 and life.s.above_da == 15


def test_rule_10_monitoring_begins_with_the_first_reading_above():
    life = Life(evse()).stand(60)
    for after_ms in (0, 700):
        life.intake.measured(0, [90] * 3, life.now_ms + after_ms, life.now_ms)
        assert life.s.watched_ms == life.now_ms
    life.s.above_da, life.s.excess, life.s.watched_ms = 0, 5, 7
    life.intake.measured(0, [90] * 3, life.now_ms, life.now_ms)
    assert life.s.watched_ms == 7, "the time of an excess that leaks runs on"


def test_rule_10_nothing_is_learned_from_an_evse_out_of_service_or_without_an_order():
    for name, value in (("ok", False), ("disobeys", True)):
        life = Life(evse()).stand(60)
        setattr(life.s, name, value)
        life.intake.measured(0, [65] * 3, life.now_ms, life.now_ms)
        assert life.s.overdraw_da == 0 and life.s.disobeyed_da == (65 if name == "disobeys" else 0)
    life.intake.measured(0, [63] * 3, life.now_ms, life.now_ms)
    assert life.s.disobeyed_da == 65
    life = Life(evse())
    life.intake.measured(0, [3] * 3, life.now_ms, life.now_ms)
    assert life.s.overdraw_da == 0, "it leaks, and has no order"
    life.intake.isolate(0, True, 0)
    life.intake.measured(0, [165] * 3, 10, 10)
    assert life.s.above_da == 0 and life.s.overdraw_da == 0


def test_rule_10_what_flows_above_all_orders_that_may_be_in_force_is_learned_at_once():
    life = Life(evse()).stand(60).order(65)
    life.intake.measured(0, [65] * 3, life.now_ms, life.now_ms)
    assert life.s.overdraw_da == 0, "it may have the higher one"
    life.intake.measured(0, [68] * 3, life.now_ms, life.now_ms)
    assert (life.s.overdraw_da, life.s.bound_da) == (3, 68)
    life.order(60).intake.measured(0, [70] * 3, life.now_ms, life.now_ms)
    assert life.s.overdraw_da == 5, "the lower one has not settled"


def test_another_car_begins_without_what_the_last_one_made_of_its_orders():
    life = Life(evse()).stand(60)
    life.intake.measured(0, [66] * 3, life.now_ms, life.now_ms)
    life.s.excess = 9
    for ms in (0, 1000, 2000):
        life.intake.no_car(0, life.now_ms + ms)
    assert life.s.overdraw_da == 6, "current flows, whatever its plug status is"
    life.intake.measured(0, [0] * 3, life.now_ms, life.now_ms)
    life.intake.another_car(0)
    assert (life.s.overdraw_da, life.s.bound_da) == (6, 66), "it was plugged when the primary started: the journal speaks of it"
    for ms in (0, 999):
        life.intake.no_car(0, life.now_ms + ms)
    life.intake.another_car(0)
    for ms, forgotten in ((1000, False), (1999, False), (2000, True)):
        assert (life.s.overdraw_da, life.s.bound_da) == (6, 66), "a charging point that starts shows no plug for a moment"
        life.intake.no_car(0, life.now_ms + ms)
        assert (life.s.overdraw_da, life.s.bound_da) == ((0, 60) if forgotten else (6, 66)), ms
    assert life.s.excess == 9, "a plug status is no evidence of what flowed"


def test_a_reading_that_is_old_keeps_no_car_that_left():
    life = Life(evse()).stand(60)
    life.intake.measured(0, [66] * 3, life.now_ms, life.now_ms)
    for ms, known_da in ((5000, 6), (6000, 6), (6001, 6), (7001, 0)):
        life.intake.no_car(0, life.now_ms + ms)
        assert life.s.overdraw_da == known_da, ms


def test_what_a_car_makes_of_its_order_is_to_be_durable_in_steps_of_half_an_ampere():
    life = Life(evse()).stand(60)
    for drawn_da, marks in ((61, 1), (65, 1), (66, 2), (70, 2), (80, 2)):
        life.intake.measured(0, [drawn_da] * 3, life.now_ms, life.now_ms)
        assert life.intake.journal_barrier.version == marks, drawn_da


def test_a_device_fed_by_any_request_stays_alive_with_each_answer_while_it_may_hold_more_than_its_reserve():
    for more, da, lapsed, fed in (({"poll_feeds": True}, 60, False, True), ({}, 60, False, False), ({"poll_feeds": True}, 0, False, False),
                                  ({"poll_feeds": True}, 60, True, False)):  # fmt: skip
        life = Life(evse(**more)).stand(da)
        before_ms, life.s.lapsed, life.s.heard_ever = life.s.last_feed_ms, lapsed, False
        life.intake.heard(0, life.now_ms + 77)
        assert (life.s.last_feed_ms == life.now_ms + 77) == fed and life.s.heard_ever, more
        assert fed or life.s.last_feed_ms == before_ms


def test_a_lost_evse_is_reported_once_and_needs_audit_and_proof_again():
    life = Life(evse()).stand(60)
    life.s.hearing_ms = 5
    for _ in range(2):
        life.intake.lost(0, life.now_ms)
        assert (life.s.silent, life.s.ok, life.s.proved, life.s.hearing_ms < 0, life.s.evidence.audited()) == (True, False, False, True, False)
    assert life.told().count("lost") == 1
    assert life.events.kept[-1] == (life.now_ms, "lost", "evse-1 does not answer")


def test_rule_5_a_frame_that_may_revive_more_than_the_reserve_counts_as_one_of_another_kind():
    life = Life(evse()).stand(160)
    life.intake.fed(0, life.now_ms + 5)
    assert life.s.last_feed_ms == life.now_ms + 5
    life.s.memory_da = 200  # of before an earlier silence
    life.intake.fed(0, life.now_ms)
    assert life.s.bound_da == 160, "only a silence revives it"
    life.s.memory_da = 160
    life.lapse()
    life.intake.fed(0, life.now_ms)
    assert life.s.bound_da == 160 and not life.s.lapsed and life.s.last_feed_ms == life.now_ms
    life = Life(evse(fallback_da=160, power_on_da=160)).stand(160)
    before_ms = life.s.last_feed_ms
    life.intake.fed(0, life.now_ms + 5)
    assert life.s.last_feed_ms == before_ms, "it holds no more than its reserve"


def test_settings_that_make_a_watchdog_longer_restart_its_time():
    for key, value, lapsed, anew in (("watchdog_ms", 20000, False, True), ("watchdog_ms", 10000, False, False), ("watchdog_ms", 5000, False, False),
                                     ("watchdog_ms", 20000, True, False), ("fallback_da", 60, False, False)):  # fmt: skip
        life = Life(foreign_evse()).audit()
        life.s.last_feed_ms, life.s.lapsed = 3, lapsed
        life.intake.put_evidence(0, key, value, 500)
        assert (life.s.last_feed_ms == 500) == anew, (key, value)


def test_rule_8_what_lowers_trust_goes_to_the_journal():
    for key, value, fell in (("watchdog_ms", 20000, 1), ("watchdog_ms", 9000, 1), ("watchdog_ms", 10000, 0), ("fallback_da", 60, 1),
                             ("max_da", 161, 1), ("max_da", 160, 0), ("fingerprint", "SN1", 1), ("power_on_da", 30, 1),
                             ("mode_ok", True, 0)):  # fmt: skip
        life = Life(foreign_evse()).audit()
        version = life.journal_barrier.version
        life.intake.put_evidence(0, key, value, 500)
        assert life.journal_barrier.version - version == fell, (key, value)
        assert life.told().count("maximum") == (key == "max_da" and fell)
    life = Life(foreign_evse())
    life.intake.put_evidence(0, "fallback_da", 0, 0)
    version = life.journal_barrier.version
    life.intake.put_evidence(0, "watchdog_ms", 10000, 0)
    assert life.journal_barrier.version == version, "a watchdog that begins to count is more trust, not less"


def test_rule_6_another_fingerprint_locks_at_the_maximum_and_a_wrong_mode_takes_out_of_service():
    life = Life(foreign_evse(fingerprint="SN1")).audit()
    life.intake.put_evidence(0, "fingerprint", "SN1", 0)
    life.stand(60)
    version = life.journal_barrier.version
    for _ in range(2):
        life.intake.put_evidence(0, "fingerprint", "SN2", life.now_ms)
        assert (life.s.locked, life.s.ok, life.s.proved, life.s.bound_da) == ("swapped", False, False, 160)
    assert life.journal_barrier.version == version + 1 and life.told().count("swapped") == 1 and life.s.book.is_unknown()
    life = Life(foreign_evse()).stand(60)
    life.intake.put_evidence(0, "mode_ok", False, life.now_ms)
    assert not life.s.ok and not life.s.proved
    life.intake.put_evidence(0, "mode_ok", True, life.now_ms)
    assert not life.s.ok, "an order must be proven in the right mode"
    life.order(60)
    assert life.s.ok and life.told().count("back") == 2


def test_rule_6_an_evse_returns_by_audit_and_proof_unless_locked_or_isolated():
    for name, value, back in (("proved", True, True), ("proved", False, False), ("locked", "disobeyed", False), ("isolated", True, False),
        ("silent", True, False)):
        life = Life(foreign_evse()).audit()
        life.s.proved = True
        setattr(life.s, name, value)
        life.intake._rule_6_back(life.s, 5)
        assert life.s.ok == back and life.told().count("back") == back, name
        life.intake._rule_6_back(life.s, 6)
        assert life.told().count("back") == back
    life = Life(foreign_evse(proof="measured")).audit()
    assert life.s.ok, "one that cannot show its limit is back without"
    life = Life(foreign_evse())
    life.s.proved, life.s.silent = True, False
    life.intake._rule_6_back(life.s, 5)
    assert not life.s.ok
    life = Life(foreign_evse()).audit()
    life.s.evidence.values["mode_ok"] = False
    life.s.proved = True
    life.intake._rule_6_back(life.s, 5)
    assert not life.s.ok


def test_rule_6_an_isolated_evse_counts_zero_until_it_answers_and_then_its_maximum():
    life = Life(evse(fallback_da=60, power_on_da=60)).stand(100)
    life.s.reported_da = life.s.reported_old_da = life.s.measured_da = 120
    life.s.lapsed = True
    life.intake.isolate(0, True, life.now_ms)
    s = life.s
    assert (s.bound_da, s.reserve_da, s.reported_da, s.reported_old_da, s.measured_da) == (0, 0, 0, 0, 0)
    assert (s.silent, s.ok, s.proved, s.lapsed, s.book.orders, life.sums[0]) == (True, False, False, False, [], 0) and not s.evidence.audited()
    life.intake.isolate(0, True, life.now_ms)
    version = life.journal_barrier.version
    life.intake.heard(0, life.now_ms + 9)
    assert (s.isolated, s.bound_da, s.last_feed_ms, life.sums[0], life.journal_barrier.version) == (False, 160, life.now_ms + 9, 160, version + 1)
    assert life.told().count("heard") == 1
    life.stand(0)
    life.intake.isolate(0, False, life.now_ms)
    assert s.ok, "it was not isolated: nothing changes"
    life.intake.isolate(0, True, life.now_ms)
    version = life.journal_barrier.version
    life.intake.isolate(0, False, life.now_ms + 5)
    assert life.journal_barrier.version == version + 1, "the shape that is kept has no isolated EVSE"
    assert (s.isolated, s.bound_da, s.last_feed_ms, s.silent) == (False, 160, life.now_ms + 5, True) and "heard" in life.told()


def locked_out(**more):
    """At escalation_level 3, locked, its feeder open."""
    life = Life(mute_evse(**dict({"fingerprint": "SN1", "feeder_output": "relay-1"}, **more)))
    life.intake.put_evidence(0, "fingerprint", "SN1", 0)
    s = life.s
    s.escalation_level, s.locked, s.disobeys, s.disobeyed_da, s.above_da, s.excess = 3, "disobeyed", True, 165, 7, 8
    return life


def test_rule_10_a_new_device_begins_without_the_lock_of_the_old_one_and_the_same_one_does_not():
    for fingerprint, new, free in (("SN1", False, False), ("SN2", False, True), ("SN1", True, True)):
        life = locked_out()
        life.intake.put_evidence(0, "fingerprint", fingerprint, 5)
        version = life.journal_barrier.version
        life.s.swap_kept = True
        life.intake.accept_device(0, 5, new)
        s = life.s
        assert (s.escalation_level, s.locked, s.disobeys, s.disobeyed_da, s.above_da,
            s.excess) == ((0, "", False, 0, 0, 0) if free else (3, "disobeyed", True, 165, 7, 8))
        assert not s.swap_kept and life.journal_barrier.version == version + 1 and s.evidence.known_fingerprint == fingerprint
    life = Life(foreign_evse(fingerprint="SN1")).audit()
    life.intake.put_evidence(0, "fingerprint", "SN2", 5)
    life.s.proved, version = True, life.journal_barrier.version
    life.intake.accept_device(0, 5)
    assert life.s.ok and life.told().count("back") == 1, "audited and proven already"
    life = Life(foreign_evse(fingerprint="SN1", power_on_source="unknown")).audit()
    life.s.evidence.seen = {"power_on_da": 30, "holds": 1}
    life.intake.put_evidence(0, "fingerprint", "SN2", 5)
    del life.s.evidence.values["power_on_da"]
    life.intake.accept_device(0, 5)
    assert life.s.reserve_da == 160, "what a test saw of the old one says nothing of the new one"


def test_rule_10_a_reset_frees_only_a_disobeying_evse():
    for lock, free in (("disobeyed", True), ("swapped", False), ("", False)):
        life = locked_out()
        life.s.locked, version = lock, life.journal_barrier.version
        life.intake.unlock(0, 5)
        assert ((life.s.escalation_level, life.s.locked) == (0, "")) == free and ("unlocked" in life.told()) == free
        assert life.journal_barrier.version == version + free
    for output, isolated in (("relay-1", False), ("", True)):
        life = locked_out(feeder_output=output)
        life.s.isolated = True
        life.intake.unlock(0, 5)
        assert life.s.isolated == isolated, "only a feeder of ours closes again by itself"
    life = Life(foreign_evse()).audit()
    life.s.escalation_level, life.s.locked, life.s.proved = 2, "disobeyed", True
    life.intake.unlock(0, 5)
    assert life.s.ok


def test_rule_10_feedback_of_a_feeder_counts_from_the_third_step_on():
    for escalation_level, isolated in ((2, False), (3, True)):
        life = locked_out()
        life.s.escalation_level = escalation_level
        life.intake.feeder(0, False, 5)
        s = life.s
        assert (s.isolated, s.feeder_open, s.disobeys, s.disobeyed_da) == ((True, True, False, 0) if isolated else (False, False, True, 165))
        assert life.told().count("feeder") == isolated
    life.intake.feeder(0, False, 6)
    life.intake.heard(0, 6)
    closed = locked_out()
    closed.intake.feeder(0, True, 5)
    assert not closed.s.isolated and closed.s.disobeys
    assert s.isolated and life.told().count("feeder") == 1
    life.intake.feeder(0, True, 7)
    assert (s.isolated, s.feeder_open, s.bound_da) == (False, False, 160)
    life.intake.feeder(0, True, 8)
    assert life.told().count("heard") == 1
    life.intake.contactor(0, False, 1)
    assert s.contactor_open
