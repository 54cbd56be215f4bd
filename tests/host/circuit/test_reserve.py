"""For any facts of an EVSE: the check, the boot and the running ledger count one reserve and one default state."""

from hypothesis import given, settings
from hypothesis import strategies as st

from ampacity.circuit.trusted.device.reserve import Declared, declared, reserve_da
from ampacity.circuit.trusted.ledger import Ledger
from ampacity.circuit.trusted.site.check import ReserveSums, check_site
from ampacity.circuit.trusted.site.tree import Site

NOW_MS = 1000
AMPS = st.sampled_from((0, 60, 80, 100, 160, 200))
FLAG = st.booleans()
EVSE = st.fixed_dictionaries(
    {
        "kind": st.sampled_from(("profile", "profile", "ampacity", "local")), "circuit": st.integers(0, 1),
        "terminals": st.sampled_from(([[0]], [[1]], [[0], [1]], [[0, 1]])), "max_da": st.sampled_from((60, 160, 320)), "min_da": st.just(60),
        "fallback_da": AMPS, "watchdog_ms": st.sampled_from((0, 4000, 10000)), "watchdog_fixed": FLAG, "fallback_fixed": FLAG,
        "power_on_da": AMPS, "power_on_source": st.sampled_from(("documented", "declared", "settings", "unknown")),
        "holds": FLAG, "poll_feeds": FLAG, "one_client": FLAG, "primary": FLAG, "bus": st.integers(0, 1),
    }
)  # fmt: skip
SITE = st.fixed_dictionaries(
    {"evses": st.lists(EVSE, min_size=1, max_size=4), "tested": FLAG, "other_da": AMPS, "rating_da": st.sampled_from((160, 320, 630))}
)


def site_of(drawn):
    evses = [dict(each, name=f"e{index}", unit=index + 1) for index, each in enumerate(drawn["evses"])]
    for each in evses:
        for key in ("fallback_da", "power_on_da"):
            each[key] = min(each[key], each["max_da"])
    circuits = [{"name": name, "parent": parent, "rating_da": [drawn["rating_da"]] * 2, "assumed_other_da": [drawn["other_da"]] * 2, "meter": -1}
                for name, parent in (("main", -1), ("row", 0))]  # fmt: skip
    buses = [{"name": "wire", "kind": "rtu", "port": "virtual"}, {"name": "lan", "kind": "tcp", "host": "10.0.0.1", "private": False}]
    return {"phases": 2, "require_tested": drawn["tested"], "circuits": circuits, "buses": buses, "meters": [], "evses": evses}


def read(ledger):
    """Every device answers as it was declared."""
    for s in ledger.evse_states:
        for key, value in declared(s.evse).items():
            ledger.intake.put_evidence(s.index, key, value, NOW_MS)


@settings(deadline=None, max_examples=400)
@given(SITE)
def test_before_anything_is_read_the_ledger_counts_no_less_than_the_check_and_after_it_the_same(drawn):
    site = Site(site_of(drawn))
    ledger, promised = Ledger(site, NOW_MS), ReserveSums(site_of(drawn)).reserve_da
    assert all(s.reserve_da >= da for s, da in zip(ledger.evse_states, promised, strict=True))
    read(ledger)
    assert [s.reserve_da for s in ledger.evse_states] == promised


@settings(deadline=None, max_examples=400)
@given(SITE, st.dictionaries(st.sampled_from(("watchdog_ms", "fallback_da", "power_on_da", "holds")), st.sampled_from((0, 1, 60, 120))), FLAG, FLAG)
def test_test_results_count_alike_in_the_check_and_in_the_ledger(drawn, seen, tested, distrusted):
    facts = site_of(drawn)
    site = Site(facts)
    ledger = Ledger(site, NOW_MS)
    for s in ledger.evse_states:
        ledger.intake.put_evidence(s.index, "fingerprint", "S%d" % s.index, NOW_MS)
        s.evidence.commissioned(tested, distrusted, seen)
    read(ledger)
    for s in ledger.evse_states:
        ledger.bounds.update(s)
    journal = {"evses": {s.evse.name: s.evidence.dump() for s in ledger.evse_states}}
    assert ReserveSums(facts, journal).reserve_da == [s.reserve_da for s in ledger.evse_states]


@settings(deadline=None, max_examples=400)
@given(SITE)
def test_where_the_check_passes_the_default_state_of_the_ledger_fits(drawn):
    facts = site_of(drawn)
    if any(found["code"] == "reserves" for found in check_site(facts)):
        return
    ledger = Ledger(Site(facts), NOW_MS)
    read(ledger)
    for s in ledger.evse_states:  # nobody was ordered anything: silence freed all that it frees
        s.book.drop_all()
        ledger.bounds.update(s)
    for key in range(ledger.site.size):
        standing = sum(ledger.margin.default_state_da(s) * s.on_keys.count(key) for s in ledger.evse_states)
        assert standing + ledger.assumed_da[key] <= ledger.cap_da[key]
    for s in ledger.evse_states:
        assert ledger.permits._rule_7_default(s, s.reserve_da)


@settings(deadline=None, max_examples=200)
@given(EVSE)
def test_less_evidence_never_counts_less(drawn):
    evse = Site(site_of({"evses": [drawn], "tested": False, "other_da": 0, "rating_da": 320})).evses[0]
    known = Declared(evse)
    promised = reserve_da(evse, known)
    for key in list(known.values):
        less = Declared(evse)
        del less.values[key]
        if key != "power_on_da" or evse.kind != "ampacity":  # which starts with its fallback, where it says nothing else
            assert reserve_da(evse, less) >= promised
