"""A primary below a primary whose EVSEs have reserves: a reserve is load of the grant for the share, the shed and the permits."""

from helper_circuit import Bench, circuit, evse, mute_evse, site

from ampacity.circuit.cascaded_guard import CascadedGuard

ON_MICROPYTHON_EACH = 4
SLOT_S = 60


def below(reserves, granted_da, circuits=None, **settings):
    """EVSEs a, b, … of 16 A with these reserves, under a grant; all of them want, those without reserve since longer."""
    evses = []
    for place, da in enumerate(reserves):
        evses.append(evse("abcdefgh"[place], fallback_da=da, power_on_da=da, circuit=len(circuits) - 1 if circuits else 0))
    settings = dict({"slot_s": SLOT_S, "restart_hold_ms": 5000, "raise_hold_ms": 2000}, **settings)
    facts = site(evses, circuits or [circuit(rating=630)], **settings)
    facts["parent"] = {"fallback_da": sum(reserves), "power_on_da": sum(reserves)}
    bench = Bench(facts, guard_class=CascadedGuard).start()
    bench.guard.grant(granted_da)
    for want_reserve in (False, True):
        for e, da in enumerate(reserves):
            if bool(da) == want_reserve:
                bench.guard.demand(e, True)
                bench.tick(100)
    return bench


def charged(bench, seconds):
    """Names of all that charged within that time; the sum stays within the grant all the while."""
    names = set()
    for _ in range(seconds):
        bench.follow(1)
        assert bench.guard.fullest_da() <= max(bench.ledger.granted_da, bench.ledger.fallback_da)
        for s in bench.ledger.evse_states:
            if s.measured_da >= 60:
                names.add(s.evse.name)
    return "".join(sorted(names))


def test_a_share_of_a_grant_counts_the_reserves_so_that_evses_that_can_start_do():
    bench = below([0, 0, 60, 60], 160)
    assert charged(bench, 30) == "cd"
    assert bench.guard.fullest_da() == 160, "the grant is used"


def test_evses_that_can_start_in_addition_to_the_reserves_take_turns():
    bench = below([0, 0, 60, 60], 180)
    assert charged(bench, 4 * SLOT_S) == "abcd"


def test_any_grant_between_the_reserves_and_the_maximum_gives_every_evse_a_turn():
    for reserves in ([0, 0, 60, 60], [60, 0, 0, 0], [60, 60, 60, 0], [80, 0, 60, 0], [0, 60]):
        need = sum(reserves) + 60  # the least with which one without reserve can begin
        for granted_da in (need, need + 7, need + 40, need + 100, need + 300):
            bench = below(reserves, granted_da)
            assert charged(bench, (len(reserves) + 1) * SLOT_S) == "abcd"[: len(reserves)], (reserves, granted_da)


def test_a_grant_too_small_to_start_an_evse_still_feeds_the_reserves():
    for granted_da in (120, 121, 150, 179):
        assert charged(below([0, 0, 60, 60], granted_da), 2 * SLOT_S) == "cd", granted_da


def test_a_grant_below_the_reserves_is_a_limit_of_the_orders():
    bench = below([0, 0, 60, 60], 60)
    assert charged(bench, 30) == "c" or charged(bench, 30) == "d"
    assert sum(bench.guard.want_da) == 60
    bench.guard.grant(0)
    bench.follow(12)
    assert bench.guard.want_da == [0] * 4 and bench.guard.grant_met(bench.ledger.granted_da)
    assert "parent" in bench.guard.why(2)


def test_a_lower_grant_takes_from_all_and_is_met():
    bench = below([0, 0, 60, 60], 400)
    bench.follow(30)
    assert bench.guard.fullest_da() == 400
    bench.guard.grant(250)
    bench.follow(12)
    assert bench.guard.grant_met(bench.ledger.granted_da) and 240 < bench.guard.fullest_da() <= 250
    assert min(bench.guard.want_da) >= 60, "nobody had to stop"


def test_the_reason_names_the_grant_and_the_reserves_in_it():
    bench = below([0, 60], 130)
    bench.follow(30)
    text = bench.guard.why(0)
    assert "parent" in text and "13.0 A" in text and "reserve b 6.0 A" in below_one_that_waits().why(0)


def below_one_that_waits():
    bench = below([0, 60], 100)
    bench.guard.demand(1, False)
    bench.follow(5)
    return bench.guard


def test_evses_without_watchdog_share_only_the_permanent_count_of_the_parent():
    """Else it is given what no permit lets out, and the others wait for an order that never leaves."""
    facts = site([mute_evse("a"), evse("b")], [circuit(rating=630)], restart_hold_ms=5000, raise_hold_ms=2000)
    facts["parent"] = {"fallback_da": 80, "power_on_da": 80}
    bench = Bench(facts, guard_class=CascadedGuard).start()
    bench.guard.grant(200)
    for e in (0, 1):
        bench.guard.demand(e, True)
    bench.follow(40)
    assert bench.guard.want_da[0] == bench.bound(0) == 80
    assert bench.guard.want_da[1] == bench.bound(1) == 120, "the rest of the grant is the other's"


def test_other_load_of_the_site_is_not_part_of_the_grant():
    bench = below([0, 60], 200, [circuit(rating=400, assumed=150)])
    bench.follow(30)
    assert bench.guard.fullest_da() == 200
    assert bench.guard.margin_da(0) == [50] * 3


def test_a_moved_terminal_counts_in_the_grant_where_it_was():
    """Rule 15: on a phase that only the old place loads, the parent believes that current, and nobody else takes it."""
    facts = site([evse("a", terminals=[[0]]), evse("b", terminals=[[1]])], [circuit(rating=630)])
    facts["parent"] = {"fallback_da": 0, "power_on_da": 0}
    kept = Bench(facts, guard_class=CascadedGuard).guard.evidence_dump()
    facts["evses"][0]["terminals"] = [[2]]
    bench = Bench(facts, kept, CascadedGuard)
    bench.guard.grant(200)
    bench.tick(100)
    assert bench.guard.sums_da() == [160, 160, 160]
    assert min(bench.ledger.margin.free_da(key) for key in bench.ledger.evse_states[1].on_keys) == 40
    assert [bench.ledger.sums[key] for key in bench.ledger.grant_keys] == bench.guard.sums_da()
