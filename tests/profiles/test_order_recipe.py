"""What a device may make of an order, and the bytes of it (safety.md section 2, rule 1)."""

from compiled_tables import HEIDELBERG_ENERGY_CONTROL, KEBA_P30

from ampacity.base.errors import InvariantBroken
from ampacity.bus.profile.orders.order_progress import OrderProgress
from ampacity.bus.profile.orders.order_recipe import OrderRecipe
from check import raises

SETTINGS = {"watchdog": 10000, "fallback": 0}


def coarse(step, up, tolerance=0):
    return {
        "min": 60, "max": 320, "step": step, "up": up, "tolerance": tolerance, "full": [], "pause_da": 0, "charge": [], "pause": [], "forbidden": [],
    }  # fmt: skip


def test_a_limit_below_the_least_is_a_pause():
    recipe = OrderRecipe(HEIDELBERG_ENERGY_CONTROL["order"], 60, 160)
    assert [recipe.representable(da) for da in (0, 59, 60, 123, 160, 320)] == [0, 0, 60, 123, 160, 160]


def test_an_order_is_rounded_down_to_the_step_of_the_device():
    recipe = OrderRecipe(coarse([10, 1], 0), 60, 320)
    assert [recipe.representable(da) for da in (69, 70, 199)] == [60, 70, 190]
    assert recipe.most_da(190) == 190


def test_unknown_rounding_counts_the_next_step_up_and_the_tolerance():
    recipe = OrderRecipe(coarse([10, 1], 1, 3), 60, 320)
    assert recipe.most_da(190) == 203
    assert recipe.most_da(0) == 0
    assert recipe.most_da(320) == 323 or recipe.most_da(320) == 320


def test_steps_that_are_no_whole_deci_amperes_never_order_more_than_is_booked():
    recipe = OrderRecipe(coarse([3, 5], 0), 60, 320)  # 0.06 A a count
    for limit_da in range(60, 321):
        given = recipe.representable(limit_da)
        assert given <= limit_da and recipe.most_da(given) >= given


def test_the_bytes_of_an_order():
    recipe = OrderRecipe(HEIDELBERG_ENERGY_CONTROL["order"], 60, 160)
    assert recipe.pdu(recipe.writes(100)[0], 100, SETTINGS) == b"\x06\x01\x05\x00\x64"
    assert recipe.pdu(recipe.writes(0)[0], 0, SETTINGS) == b"\x06\x01\x05\x00\x00"


def test_a_forbidden_value_never_becomes_bytes():
    recipe = OrderRecipe(KEBA_P30["order"], 60, 320)
    with raises(InvariantBroken):
        recipe.pdu(recipe.table["charge"][0], 59, SETTINGS)
    with raises(InvariantBroken):
        recipe.pdu(recipe.table["charge"][0], 631, SETTINGS)
    assert recipe.pdu(recipe.table["pause"][0], 0, SETTINGS) == b"\x06\x13\x8c\x17\x70"


def test_an_enable_counts_the_largest_limit_that_the_device_may_still_hold():
    order = OrderProgress(OrderRecipe(KEBA_P30["order"], 60, 320))
    order.start(100)
    limit, enable = order.writes
    assert order.most_da(limit) == 100
    order.sent(limit, 1, 1000)
    order.acknowledged()
    assert order.most_da(enable) == 320 and order.wants_limit_shown(enable)
    order.limit_shown(100)
    assert order.most_da(enable) == 100 and not order.wants_limit_shown(enable)


def test_a_limit_read_back_below_the_order_does_not_prove_the_limit_of_the_device():
    order = OrderProgress(OrderRecipe(KEBA_P30["order"], 60, 320))
    order.start(100)
    order.sent(order.writes[0], 1, 1000)
    order.limit_shown(60)
    assert order.held_most_da == 320


def test_a_raise_of_an_enabled_device_does_not_enable_it_again():
    order = OrderProgress(OrderRecipe(KEBA_P30["order"], 60, 320))
    order.start(100)
    order.at = 2
    order.as_proven()
    order.start(130)
    write = order.next_write()
    order.sent(write, 2, 2000)
    order.acknowledged()
    assert order.ends(order.next_write())


def test_the_surest_write_is_the_one_that_stops_the_device_by_itself():
    assert OrderRecipe(KEBA_P30["order"], 60, 320).stop_write()[1] == 5014
    assert OrderRecipe(HEIDELBERG_ENERGY_CONTROL["order"], 60, 160).stop_write()[1] == 261


def test_the_limit_of_a_device_shown_as_off_does_not_count_until_that_may_have_changed():
    limit, disable, enable = ([6, at, "u16", "least", 0, role, 1, 1, -1, 0] for at, role in ((1, "limit"), (2, "disable"), (2, "enable")))
    order = OrderProgress(OrderRecipe(coarse([1, 1], 0) | {"pause": [limit, disable], "charge": [limit, enable]}, 60, 160))
    order.start(0)
    assert (order.most_da(limit), order.most_da(disable)) == (60, 0)
    order.shown(True)
    assert order.most_da(limit) == 0 and order.most_da(enable) == 160
    order.again()
    assert order.most_da(limit) == 0
    for change in (lambda: order.shown(False), order.doubt, order.forget, lambda: order.start(0)):
        order.shown(True)
        change()
        order.target_da = 0
        assert order.most_da(limit) == 60
    order.shown(True)
    order.start(100)
    order.start(0)
    assert order.most_da(limit) == 60


def test_a_forbidden_range_includes_its_first_and_last_value():
    for name, forbidden, allowed in ((HEIDELBERG_ENERGY_CONTROL, (1, 59, 161), (0, 60, 160)), (KEBA_P30, (59, 631), (60, 630))):
        recipe = OrderRecipe(name["order"], 60, 1000)
        for limit_da in forbidden:
            with raises(InvariantBroken):
                recipe.pdu(name["order"]["charge"][0], limit_da, SETTINGS)
            with raises(InvariantBroken):
                recipe.raw(name["order"]["charge"][0], limit_da)
        for limit_da in allowed:
            assert recipe.pdu(name["order"]["charge"][0], limit_da, SETTINGS)
