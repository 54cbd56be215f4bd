"""The interpreter of profiles, part by part: an order's writes, a row of answers, a setting that is audited, a proof's rows."""

from ampacity.base.errors import InvariantBroken
from ampacity.bus.profile.orders.order_progress import OrderProgress
from ampacity.bus.profile.orders.order_recipe import OrderRecipe
from ampacity.bus.profile.proof.conditions import fields_of, first_match, holds
from ampacity.bus.profile.proof.liveness import Liveness, SettingsTiming, too_slow
from ampacity.bus.profile.proof.settings_audit import SettingsAudit
from ampacity.bus.profile.registers.codec import big_endian, decode, divide, encode, real, text
from check import raises

# [function code, address, type, what, raw, role, mul, div, shown by field, stored]
LIMIT = [6, 100, "u16", "order", 0, "limit", 10, 1, 0, 0]
ENABLE = [6, 101, "u16", "raw", 1, "enable", 1, 1, -1, 0]
DISABLE = [6, 101, "u16", "raw", 0, "disable", 1, 1, -1, 0]


def recipe(min_da=60, max_da=160, **more):
    table = {"min": 0, "max": 1000, "step": [10, 1], "up": 0, "tolerance": 0, "pause_da": 0, "full": None, "forbidden": [],
             "charge": [LIMIT, ENABLE], "pause": [DISABLE]}  # fmt: skip
    table.update(more)
    return OrderRecipe(table, min_da, max_da)


def test_a_limit_becomes_a_step_between_least_and_most():
    one = recipe()
    assert [one.representable(da) for da in (0, 59, 60, 69, 70, 159, 160, 999)] == [0, 0, 60, 60, 70, 150, 160, 160]
    assert recipe(min=80).representable(79) == 0 and recipe(max=100).representable(160) == 100 and recipe(min_da=65).representable(65) == 0
    assert [recipe(step=[5, 2]).representable(da) for da in (61, 62, 63)] == [60, 60, 63] and recipe(full=[69, 1],
        max_da=163).representable(163) == 163


def test_the_current_that_a_device_may_make_of_an_order_includes_its_rounding_and_tolerance():
    assert [recipe().most_da(da) for da in (0, 60, 65, 160)] == [0, 60, 65, 160]
    assert recipe(up=1).most_da(60) == 70 and recipe(up=1).most_da(155) == 160 and recipe(tolerance=5).most_da(60) == 65
    assert recipe(pause_da=60).most_da(0) == 60 and recipe(step=[5, 2], up=1).most_da(61) == 63


def test_writes_encode_their_values_and_forbidden_values_break_an_invariant():
    one, settings = recipe(forbidden=[[100, 0, 5], [100, 300, 400]]), {"watchdog": 9000, "fallback": 60}
    assert one.pdu(LIMIT, 60, settings) == b"\x06\x00\x64\x00\x06" and one.pdu(ENABLE, 60, settings) == b"\x06\x00\x65\x00\x01"
    assert one.raw(LIMIT, 69) == 6 and one.writes(60) == [LIMIT, ENABLE] and one.writes(0) == [DISABLE] == [one.stop_write()]
    for da, fits in ((59, False), (60, True), (2990, True), (3000, False), (4000, False), (4010, True)):
        for call in (lambda da=da: one.pdu(LIMIT, da, settings), lambda da=da: one.raw(LIMIT, da)):
            if fits:
                assert call()
            else:
                with raises(InvariantBroken):
                    call()
    assert one.can_probe(0) and not one.can_probe(60) and recipe(charge=[LIMIT]).can_probe(60)
    watchdog = [6, 9, "u16", "watchdog", 0, "", 1000, 1, 0, 0]
    assert one.pdu(watchdog, 0, settings)[-2:] == b"\x00\x09" and one.pdu([6, 9, "u16", "least", 0, "", 10, 1, 0, 0], 0, settings)[-2:] == b"\x00\x00"
    assert recipe(min=50).pdu([6, 9, "u16", "least", 0, "", 10, 1, 0, 0], 0, settings)[-2:] == b"\x00\x05", "the device's, not the site's"
    full = recipe(full=[69, 1], max_da=160)
    assert full.raw(LIMIT, 159) == 15 and full.raw(LIMIT, 160) == 160 * 69


def ordering(**more):
    return OrderProgress(recipe(**more))


def test_an_order_is_a_sequence_of_writes_until_the_last_is_acknowledged():
    order = ordering()
    assert (order.target_da, order.done(), order.held_most_da, order.written_ms, order.order_id) == (-1, True, 160, -1, 0)
    order.start(100)
    assert order.lowering and not order.done() and order.next_write() == LIMIT and not order.proven and not order.ends(LIMIT)
    order.sent(LIMIT, 7, 50)
    assert (order.order_id, order.written_ms) == (7, 50)
    order.acknowledged()
    assert order.next_write() == ENABLE and not order.done()
    order.acknowledged()
    assert order.done()
    order.as_proven()
    assert order.proven and order.enabled and not order.lowering
    order.start(120)
    assert not order.lowering and order.next_write() == LIMIT and not order.proven
    order.acknowledged()
    assert order.next_write() == ENABLE and order.ends(ENABLE), "it is enabled already"
    order.start(110)
    order.start(115)
    assert order.lowering, "a lower that is not done is one still"
    order.at = 2
    order.start(118)
    assert not order.lowering
    order.start(0)
    order.as_proven()
    assert not order.enabled and order.proven


def test_an_enable_counts_as_the_greatest_limit_that_the_device_may_hold():
    order = ordering()
    order.start(100)
    assert order.most_da(ENABLE) == 160 and order.most_da(LIMIT) == 100 and order.most_da(DISABLE) == 0 and order.wants_limit_shown(ENABLE)
    order.sent(LIMIT, 1, 0)
    order.limit_shown(99)
    assert order.held_most_da == 160, "a lower one shows no more than that something else holds it back"
    order.limit_shown(100)
    assert order.held_most_da == 100 and not order.wants_limit_shown(ENABLE) and order.most_da(ENABLE) == 100
    order.limit_shown(120)
    assert order.held_most_da == 120 and order.wants_limit_shown(ENABLE) and not order.wants_limit_shown(LIMIT)
    order.start(140)
    order.sent(LIMIT, 2, 0)
    assert order.held_most_da == 140
    order.sent(ENABLE, 3, 0)
    assert order.held_most_da == 140
    order.start(0)
    order.limit_shown(10)
    assert order.held_most_da == 140


def test_for_a_disabled_device_the_limit_register_proves_nothing():
    order = ordering(pause_da=30, min=50)
    order.start(0)
    order.shown(True)
    assert order.off and order.most_da(LIMIT) == 30
    order.shown(False)
    assert not order.off and order.most_da(LIMIT) == 50, "the least that it can be given"
    assert order.most_da(LIMIT[:3] + ["raw"] + LIMIT[4:]) == 30
    order.start(100)
    order.shown(True)
    assert not order.off


def test_doubt_repetition_and_a_new_unit_each_clear_the_uncertain_state():
    def standing():
        order = ordering()
        order.start(100)
        order.sent(LIMIT, 1, 0)
        order.at = 2
        order.limit_shown(100)
        order.as_proven()
        return order

    for name, row in (("again", (0, False, False, 100, 100)), ("repeat", (0, True, False, 100, 100)), ("doubt", (2, False, False, 160, 100)),
                      ("forget", (0, False, False, 160, -1))):  # fmt: skip
        order = standing()
        order.off = True
        getattr(order, name)()
        assert (order.at, order.enabled, order.proven, order.held_most_da, order.target_da) == row, name
        assert order.off == (name in ("again", "repeat"))
    order.probed(0)
    assert order.done() and order.target_da == 0


def test_an_unbroken_sequence_of_answers_shows_that_the_device_did_not_restart():
    alive = Liveness(500, False)
    assert alive.since(1000) == 500 and alive.seen_ms == -1
    alive.broken()
    alive.answered(1000, 1400)
    assert (alive.since_ms, alive.seen_ms) == (1000, 1400)
    alive.answered(1800, 1890)
    assert alive.since_ms == 1000, "it reached it within half a second"
    assert alive.since(2290) == 1000 and alive.since(2291) == 1791
    alive.answered(2291, 2392)
    assert alive.since_ms == 2291, "it may have restarted between"
    alive.answered(2291 + 400, 2800)
    assert alive.since_ms == 2291
    alive.broken()
    assert (alive.since_ms, alive.seen_ms) == (-1, -1)
    held = Liveness(500, True)
    held.answered(0, 400)
    assert (held.since_ms, held.seen_ms) == (0, 0) and held.since(500) == 0 and held.since(501) == 1
    held.answered(100, 500)
    assert (held.since_ms, held.seen_ms) == (0, 100)
    held.answered(200, 601)
    assert held.since_ms == 200, "behind a gateway its answer says no more than when it was asked"


def test_settings_that_come_too_late_are_read_ever_later():
    pace, now_ms = SettingsTiming(), 0
    for rest_ms in (2000, 4000, 8000, 16000, 30000, 30000, 30000):
        assert pace.may_begin(now_ms, False) and pace.begun
        assert not pace.may_begin(now_ms, False) and not pace.begun and pace.late and pace.hold_ms == now_ms + rest_ms
        assert not pace.may_begin(now_ms + rest_ms - 1, False)
        now_ms += rest_ms
    pace.done()
    assert not pace.late and pace.hold_ms == -1
    pace.done()
    pace.denied(now_ms)
    assert pace.hold_ms == now_ms + 1000 and not pace.may_begin(now_ms + 999, False) and pace.may_begin(now_ms + 1000, False)
    pace.left()
    assert not pace.begun and pace.hold_ms == -1


def test_a_lower_waits_for_settings_no_longer_than_a_second():
    pace = SettingsTiming()
    for _ in range(6):
        pace.hold_ms = -1
        pace.may_begin(0, False)
    assert pace.hold_ms > 1000 and not pace.may_begin(999, True) and pace.may_begin(1000, True) and not SettingsTiming().begun
    pace.cut()
    assert not pace.begun
    assert too_slow(1201, 550).startswith("bus too slow: reading its settings takes 1.3 s, a restart may take only 0.5 s; set boot_s")
    assert too_slow(12000, 3000).startswith("bus too slow: reading its settings takes 12.0 s, a restart may take only 3.0 s")


class Shown:
    def __init__(self, *values):
        self.values, self.denied = list(values), {}
        self.fields = [["field%d" % number, 3, 10 + number] for number in range(len(values))]


def audit(*values, settings=(), **more):
    compiled = {"identity": {"require": [], "fingerprint": [0], "max": 2}, "watchdog": {"time": 0, "fallback": 1, "fallback_fixed": -1},
                "settings": list(settings), "power_on": -1}  # fmt: skip
    for key in more:
        compiled[key] = dict(compiled[key], **more[key]) if isinstance(more[key], dict) else more[key]
    return SettingsAudit(compiled, Shown(*values), {"watchdog": 9000, "fallback": 60, "power_on": 50})


WATCHDOG = [6, 10, "u16", "watchdog", 0, "", 1000, 1, 0, 0]
STORED = [6, 11, "u16", "fallback", 0, "", 10, 1, 1, 1]
BLIND = [6, 12, "u16", "raw", 7, "", 1, 1, -1, 0]
WAIT = [0, 0, "", "wait", 0, "", 1, 1, -1, 0]


def test_an_audit_writes_only_the_settings_that_differ():
    one = audit(9000, 0, settings=(WATCHDOG, STORED, WAIT, BLIND))
    assert one.is_set(WATCHDOG) and not one.is_set(STORED) and one.is_set(WAIT) and not one.is_set(BLIND) and not one.settled()
    assert one.next_write(0) == STORED
    one.spend(STORED, 0)
    one.written(STORED)
    assert one.next_write(0) == WAIT, "something was written"
    one.skip()
    assert one.next_write(0) == BLIND
    one.written(BLIND)
    assert one.next_write(0) is None and one.is_set(BLIND) and one.pass_over() and one.tries == 1
    one.readings.values[1] = 60
    assert one.settled() and one.next_write(0) is None and not one.pass_over() and one.tries == 2
    one.restart()
    assert not one.is_set(BLIND) and one.tries == 0
    one.left_alone = (12,)
    assert one.is_set(BLIND)
    assert one.shown() == [("field0", 9000, 9000, True, "watchdog"), ("field1", 60, 60, True, "fallback"), ("register 12", 7, None, True, "raw")]


def test_a_stored_setting_is_written_twelve_times_a_day():
    one = audit(0, 0, settings=(STORED,))
    for number in range(12):
        assert one.affordable(STORED, number) and one.next_write(number) == STORED
        one.spend(STORED, number)
        one.spend(WATCHDOG, number)
    assert one.next_write(20) is None
    assert not one.affordable(STORED, 86399999) and one.affordable(WATCHDOG, 20) and one.affordable(STORED, 86400000)


def test_the_fault_of_a_device_is_one_sentence():
    assert audit(9000, 60).wrong() is None
    for value, fits in ((5, True), (9, True), (4, False), (10, False), (None, False)):
        assert (audit(value, 0, identity={"require": [[0, 5, 9, "an old firmware"]]}).wrong() == "an old firmware") != fits
    assert audit(1, 0, settings=(WATCHDOG,)).wrong() == "setting not retained: register field0 (10) shows 0.0 s, written 9.0 s"
    for power_on, fits in ((50, True), (51, False), (None, False)):
        assert (audit(power_on, 0, power_on=0).wrong() is None) == fits


def test_evidence_comes_from_the_latest_reading():
    one = audit(9000, 60, 160, 40, power_on=3)
    assert one.evidence([0, 1, 2, 3]) == [("watchdog_ms", 9000), ("fallback_da", 60), ("max_da", 160), ("power_on_da", 40)]
    assert audit(0, 0, 2500).evidence([2]) == [("max_da", 2500)] and audit(0, 0, 2501).evidence([2]) == []  # what no charging point can offer
    assert one.evidence([1]) == [("fallback_da", 60)] and audit(None, 60).evidence([0, 1]) == [("fallback_da", 60)]
    for fixed, found in ((0, [("watchdog_ms", 9000), ("fallback_da", 0)]), (-1, [("watchdog_ms", 9000)])):
        assert audit(9000, 60, watchdog={"fallback_fixed": fixed}).evidence([0]) == found
    assert audit(9000, 60, None, watchdog={"fallback_fixed": 0}).evidence([2]) == []
    assert audit("SN", 5).fingerprint() == "SN" and audit(None).fingerprint() is None and audit(1, identity={"fingerprint": []}).fingerprint() is None
    assert audit("SN", 5, identity={"fingerprint": [0, 1]}).fingerprint() == "SN-5"


def test_a_proof_requires_all_of_its_rows():
    for kind, argument, value, proven in (("order", None, 100, True), ("order", None, 101, False), ("watchdog", None, 9000, True),
        ("watchdog", None, 8999, False),
                                          ("is", [1, 2], 2, True), ("is", [1, 2], 3, False), ("one_of", [1], 1, True), ("one_of", [1], 2, False),
                                          ("none_of", [1], 2, True), ("none_of", [1], 1, False), ("is", [None], None, False)):  # fmt: skip
        for rows in ([[0, kind, argument]], [[1, "is", [5]], [0, kind, argument]], [[0, kind, argument], [1, "is", [5]]]):
            assert holds(rows, [value, 5], 100, {"watchdog": 9000}) == proven, (kind, value)
    assert fields_of([[3, "is", []], [1, "is", []]]) == [3, 1] and holds([], [], 0, {})


def test_the_first_rule_that_matches_names_the_state():
    rows = [[0, 0, 1, "one", None], [0, 6, 4, "bits", None], [1, 0, None, "much", 10], [1, 0, 3, "three", None]]
    for values, found in (([1, 0], "one"), ([5, 0], "bits"), ([13, 0], "bits"), ([7, 3], "three"), ([0, 10], "much"), ([0, 9], None),
        ([None, None], None), ([None, 3], "three")):
        assert first_match(rows, values) == found, values


def test_numbers_are_rounded_as_the_profile_specifies():
    for number, by, rounding, result in ((5, 2, "n", 3), (4, 3, "n", 1), (-5, 2, "n", -3), (5, 2, "u", 3), (4, 2, "u", 2), (-5, 2, "u", -3),
        (5, 2, "d", 2), (-5, 2, "d", -2)):
        assert divide(number, by, rounding) == result
    assert divide(5, 2) == 3 and big_endian(b"abcdef", False) == b"abcdef"
    assert big_endian(b"abcdef", True) == b"efcdab" and big_endian(b"ab", True) == b"ab"
    assert text(b" a\x00b~\x7f\x1f!") == "ab~!"


def field(kind, **more):
    row = {"mul": 1, "div": 1, "rounding": "n", "markers": [], "shift": 0, "width": 0}
    row.update(more)
    return ["x", 3, 0, 1, kind, row["mul"], row["div"], row["rounding"], row["markers"], row["shift"], row["width"], -1]


def test_registers_become_numbers_in_the_units_of_the_controller():
    assert decode(field("u16"), b"\x80\x01") == 0x8001 and decode(field("i16"), b"\x80\x01") == -32767 and decode(field("i16"), b"\x7f\xff") == 32767
    assert decode(field("u32<"), b"\x00\x01\x00\x02") == 0x20001 and decode(field("u16", markers=[7]), b"\x00\x07") is None
    assert decode(field("u16", shift=4, width=3), b"\x00\xf5") == 7 and decode(field("u16", mul=10, div=4), b"\x00\x03") == 8
    assert decode(field("text"), b"ab\x00c") == "abc" and decode(field("letter"), b"\x00bc") == "b"
    for power, value in ((0, 5), (1, 50), (10, 5 * 10**10), (11, None), (-1, 1), (-10, 0), (-11, None)):
        assert decode(field("u16"), b"\x00\x05", power) == value, power


def test_reals_are_decoded_without_a_float():
    assert real(0x3F800000, 32) == (1 << 23, -23) and real(0xBF800000, 32) == (-(1 << 23), -23) and real(1, 32) == (1, -149) and real(0, 32) == (0,
        -149)
    assert real(0x3FF0000000000000, 64) == (1 << 52, -52)
    for bits, width in ((0x7F800000, 32), (0x7FC00000, 32), (0xFF800000, 32), (0x7FF0000000000000, 64)):
        assert real(bits, width) is None
    for bits, value in ((0x41200000, 100), (0xC1200000, -100), (0x4B800000, 167772160), (0x7FC00000, None), (0x00000001, 0), (0, 0)):
        assert decode(field("f32", mul=10), bits.to_bytes(4, "big")) == value
    for exponent, known in ((40, True), (41, False)):
        bits = (127 + 23 + exponent) << 23
        assert (decode(field("f32"), bits.to_bytes(4, "big")) == 1 << (23 + exponent)) == known
        assert known or decode(field("f32"), bits.to_bytes(4, "big")) is None


def test_setpoints_are_rounded_down():
    for kind, raw, data in (("u16", (7, 2), b"\x00\x03"), ("u32", (0x12345, 1), b"\x00\x01\x23\x45"), ("u32<", (0x12345, 1), b"\x23\x45\x00\x01"),
                            ("u64", (5, 1), b"\x00\x00\x00\x00\x00\x00\x00\x05"), ("f32", (1, 1), b"\x3f\x80\x00\x00"), ("f32", (0, 1), bytes(4)),
                            ("f32", (160, 10), b"\x41\x80\x00\x00"), ("f32<", (1, 1), b"\x00\x00\x3f\x80"), ("f32", (1, 3), b"\x3e\xaa\xaa\xaa"),
                            ("f32", (16777217, 1), b"\x4b\x80\x00\x00"), ("f32", (33554431, 1), b"\x4b\xff\xff\xff")):  # fmt: skip
        assert encode(kind, raw) == data, (kind, raw)


def test_a_setting_read_back_with_another_value_counts_as_the_worse_of_both():
    for shown, counted, tries in ((9800, 9800, 1), (11000, 0, 1), (8000, 9000, 1), (0, 0, 3), (60000, 0, 3)):
        one = audit(shown, 0, settings=(WATCHDOG,))
        for _ in range(tries):
            assert not one.settled() and one.next_write(0) == WATCHDOG
            one.written(WATCHDOG)
            one.pass_over()
        assert one.next_write(0) is None and one.settled() and one.wrong() is None, shown
        assert one.evidence([0]) == [("watchdog_ms", counted)] and one.targets["watchdog_taken"] == shown
        one.readings.values[0] = 1000
        assert not one.settled(), "another value than the one that was accepted"
        one.forget()
        one.readings.values[0] = shown
        assert not one.settled()


def test_a_setting_that_could_not_be_read_is_not_written():
    one = audit(None, 0, settings=(WATCHDOG,))
    one.readings.denied[0] = True
    assert one.next_write(0) is None
    assert one.wrong() == "setting not retained: register field0 (10) could not be read and is not written, expected 9.0 s"
