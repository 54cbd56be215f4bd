"""Orders in other forms than one register of amperes: watts, several limits, coils, pauses that nothing shows."""

from compiled_tables import DELTA_AC_MAX, PHOENIX_EV_CC_AC1_M3, PRACHT_ALPHA, VESTEL_EVC04

from ampacity.bus.profile.orders.order_progress import OrderProgress
from ampacity.bus.profile.orders.order_recipe import OrderRecipe
from ampacity.bus.profile.proof.conditions import first_match, holds

SETTINGS = {"watchdog": 10000, "fallback": 60}


def watts(pdu):
    return int.from_bytes(pdu[6:10], "big")


def test_watts_are_counted_as_if_one_phase_drew_them_at_the_lowest_voltage():
    recipe = OrderRecipe(DELTA_AC_MAX["order"], 60, 160)
    pdu = recipe.pdu(recipe.writes(100)[0], 100, SETTINGS)
    assert pdu[0] == 16 and watts(pdu) == 2070  # 10 A at 207 V
    assert recipe.most_da(100) == 100


def test_an_order_of_the_maximum_gives_all_phases_their_power():
    recipe = OrderRecipe(DELTA_AC_MAX["order"], 60, 160)
    assert recipe.representable(200) == 160 and recipe.most_da(160) == 160
    assert watts(recipe.pdu(recipe.writes(160)[0], 160, SETTINGS)) == 11040  # 3 × 16 A × 230 V
    assert watts(recipe.pdu(recipe.writes(159)[0], 159, SETTINGS)) == 3291


def test_a_fallback_in_watts_is_written_as_one_phase():
    recipe = OrderRecipe(DELTA_AC_MAX["order"], 60, 160)
    fallback = DELTA_AC_MAX["settings"][0]
    assert watts(recipe.pdu(fallback, 0, SETTINGS)) == 1242  # 6 A at 207 V


def test_every_register_of_a_limit_counts_as_a_limit():
    order = OrderProgress(OrderRecipe(PRACHT_ALPHA["order"], 60, 160))
    order.start(100)
    assert [write[1] for write in order.writes] == [3, 2]
    assert [order.most_da(write) for write in order.writes] == [100, 100]
    order.start(0)
    assert [order.most_da(write) for write in order.writes] == [0, 0]


def test_an_unproven_pause_counts_as_the_current_that_may_still_flow():
    recipe = OrderRecipe(VESTEL_EVC04["order"], 60, 160)
    assert recipe.most_da(0) == 60 and recipe.representable(59) == 0
    order = OrderProgress(recipe)
    order.start(0)
    assert order.most_da(order.writes[0]) == 60


def test_its_proof_of_a_pause_allows_what_it_counts_as():
    rows = VESTEL_EVC04["proof"]["pause"]
    limit, charging = rows[0][0], rows[1][0]
    values = [None] * len(VESTEL_EVC04["fields"])
    values[limit], values[charging] = 60, 0
    assert holds(rows, values, 60, SETTINGS)
    values[charging] = 1
    assert not holds(rows, values, 60, SETTINGS)


def test_a_coil_is_written_with_function_5():
    recipe = OrderRecipe(PHOENIX_EV_CC_AC1_M3["order"], 60, 320)
    enable, disable = recipe.writes(100)[1], recipe.stop_write()
    assert recipe.pdu(enable, 100, SETTINGS) == b"\x05\x4e\x20\xff\x00"
    assert recipe.pdu(disable, 0, SETTINGS) == b"\x05\x4e\x20\x00\x00"


def test_a_rule_may_want_at_least_so_much():
    rows = [[0, 0, 5, "C2", None], [1, 0, None, "B1", 300], [1, 0, None, "A1", None]]
    assert [first_match(rows, values) for values in ([5, 0], [19, 300], [19, 299], [19, None])] == ["C2", "B1", "A1", None]
