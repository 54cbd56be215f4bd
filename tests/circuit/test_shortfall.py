"""What others can give to one that waits (policy/shortfall.py)."""

from helper_circuit import Bench, evse, site

from ampacity.circuit.policy.shortfall import Shortfall


def waits(other_da, low_other_da, bound_da=80):
    """(what 60 da lack for b next to a with that bound, a) on 200 da."""
    bench = Bench(site([evse("a"), evse("b", unit=2)], rating=200)).start()
    ledger = bench.guard.ledger
    a, b = ledger.evse_states
    a.bound_da = bound_da
    for key in a.on_keys:
        ledger.sums[key], ledger.other_da[key], ledger.low_other_da[key] = bound_da, other_da, low_other_da
    return Shortfall(ledger, ledger.low_other_da, b, 60), a


def test_section_6_what_looks_like_other_load_falls_by_no_more_than_is_drawn_above_the_lower_order():
    for hidden_da, falls_da in ((80, 20), (70, 10), (60, 0), (40, 0)):
        shortfall, a = waits(30 + hidden_da, 30)
        lacks = shortfall.lacks[a.on_keys[0]]
        shortfall.given(a, 80, 60, True)
        assert lacks - shortfall.lacks[a.on_keys[0]] == 20 + falls_da, hidden_da


def test_section_6_a_pause_frees_all_that_it_draws_and_what_is_seen_nothing_more():
    for hides, falls_da in ((True, 40), (False, 0)):
        shortfall, a = waits(70, 30)
        lacks = shortfall.lacks[a.on_keys[0]]
        shortfall.given(a, 80, 0, hides)
        assert lacks - shortfall.lacks[a.on_keys[0]] == 80 + falls_da
