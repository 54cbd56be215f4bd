"""Rules 8 and 15: what a restart keeps, entry by entry, and what a journal of another shape asks for."""

from helper_circuit import Bench, circuit, evse, foreign_evse, meter_facts, mute_evse, site

from ampacity.circuit.trusted.site.migration import SiteMigration

ROWS = [circuit("main"), circuit("a", 0, 200), circuit("b", 0, 200)]
AT = "rs485-1/1 ampacity"


def kept_of(facts, *standing):
    bench = Bench(facts).start()
    for e, da in enumerate(standing):
        if da:
            bench.stand(da, e)
    return bench, bench.guard.evidence_dump()


def again(bench, facts=None):
    return Bench(facts or bench.facts, bench.guard.evidence_dump())


def test_the_journal_of_a_quiet_site_has_its_shape_and_no_distrust():
    bench, kept = kept_of(site([evse(), mute_evse("evse-2", circuit=1, terminals=[[1]], power_on_da=20)], ROWS[:2], [meter_facts()]))
    assert sorted(kept) == ["assumed", "assumed_here", "evses", "format", "site"] and kept["format"] == 1
    assert sorted(kept["evses"]) == ["evse-1", "evse-2"]
    assert kept["site"] == {
        "circuits": {"main": [320] * 3, "a": [200] * 3},
        "evses": {
            "evse-1": {"path": ["main"], "terminals": [[0], [1], [2]], "at": AT, "max": 160, "reserve": 0, "lapse": 16050},
            "evse-2": {"path": ["a", "main"], "terminals": [[1]], "at": "rs485-1/2 profile", "max": 160, "reserve": 20, "lapse": 0},
        },
    }


def test_assumptions_are_stored_per_circuit_and_phase_and_only_grow():
    facts = site([evse()], [circuit("main", assumed=90), circuit("a", 0, assumed=20)])
    bench, kept = kept_of(facts)
    bench.ledger.assumed_da[:] = bench.guard.other.assumed_here_da[:] = [91, 80, 93, 31, 32, 10]
    kept = bench.guard.evidence_dump()
    assert kept["assumed"] == kept["assumed_here"] == {"main": [91, 80, 93], "a": [31, 32, 10]}
    older = dict(kept)
    older.pop("assumed_here")
    for journal in (kept, older, dict(kept, assumed_here=None), dict(kept, assumed=None)):
        assert Bench(facts, journal).ledger.assumed_da == [91, 90, 93, 31, 32, 20]
    for wrong in (None, 3, {"main": [500]}, {"main": 500}, {"main": [500] * 4}):
        assert Bench(facts, dict(kept, assumed=wrong, assumed_here=wrong)).ledger.assumed_da[:3] == [90] * 3


def test_an_event_reported_before_a_restart_is_not_reported_again():
    facts = site([evse()], [circuit(rating=630, assumed=50, meter=0)], [meter_facts()])
    kept = dict(Bench(facts).guard.evidence_dump(), assumed={"main": [300] * 3}, assumed_here={"main": [300] * 3})
    for shown, told in ((309, 0), (310, 3)):
        bench = Bench(facts, kept).start()
        for _ in range(5):
            bench.meter(shown, shown, shown)
            bench.tick(1000)
        assert bench.ledger.assumed_da == [shown] * 3 and bench.kinds().count("assumed") == told


def test_a_greater_maximum_and_a_longer_watchdog_of_the_journal_count_from_the_first_moment():
    bench, kept = kept_of(site([foreign_evse()]))
    kept["evses"]["evse-1"]["max_da"] = 200
    kept["evses"]["evse-1"]["watchdog_ms"] = 60000
    kept["site"]["evses"]["evse-1"]["max"] = 160
    later = again(bench)
    assert later.bound() == 160 and later.ledger.margin.budget_ms == 16050
    later = Bench(bench.facts, kept)
    assert later.bound() == 200 and later.ledger.margin.budget_ms == 60000 + 6000 + 5000 + 50


def test_rule_6_a_unit_that_was_locked_as_another_one_stays_so_until_the_right_one_answers():
    bench = Bench(site([foreign_evse(fingerprint="SN1"), foreign_evse("evse-2")])).start()
    bench.guard.evidence(0, "fingerprint", "SN2", bench.now_ms)
    kept = bench.guard.evidence_dump()
    assert kept["swapped"] == ["evse-1"]
    later = Bench(bench.facts, kept)
    assert [later.guard.state(e) for e in (0, 1)] == ["swapped", "silent"] and later.bound() == 160
    assert later.guard.evidence_dump()["swapped"] == ["evse-1"]
    later.guard.evidence(0, "fingerprint", "SN2", later.now_ms)
    assert later.guard.state(0) == "swapped"
    later.guard.evidence(0, "fingerprint", "SN1", later.now_ms)
    assert later.guard.state(0) != "swapped" and "swapped" not in later.guard.evidence_dump()
    for wrong in (None, {}, "evse-1", ["evse-2x"]):
        assert Bench(bench.facts, dict(kept, swapped=wrong)).guard.state(0) == "silent"


def test_rule_10_a_lock_out_is_stored_from_the_contactor_step_on_with_its_level():
    for escalation_level, locked in ((1, None), (2, {"evse-1": 2}), (3, {"evse-1": 3})):
        bench = Bench(site([evse(), evse("evse-2")])).start()
        bench.ledger.evse_states[0].escalation_level = escalation_level
        kept = bench.guard.evidence_dump()
        assert kept.get("locked") == locked
        later = Bench(bench.facts, kept)
        assert later.guard.locked_out(0) == (escalation_level > 1) and not later.guard.locked_out(1)
        assert later.guard.open_feeder(0) == (escalation_level > 2)
    for wrong in (None, 3, {"evse-1": "x"}):
        assert not Bench(bench.facts, dict(kept, locked=wrong)).guard.locked_out(0)


def test_evidence_against_a_device_and_against_a_name_both_count():
    bench, kept = kept_of(site([mute_evse("a"), mute_evse("b")]))
    kept["locked"] = {"a": 2, "b": 3}
    kept["evses"]["b"]["distrusted"] = True
    kept["evses"]["a"]["fallback_da"], kept["evses"]["b"]["fallback_da"] = 10, 20
    swapped = Bench(site([mute_evse("b"), mute_evse("a")]), kept)  # the names were exchanged
    assert [s.escalation_level for s in swapped.ledger.evse_states] == [3, 3]
    assert [s.evidence.distrusted for s in swapped.ledger.evse_states] == [True, True]
    assert [s.evidence.values["fallback_da"] for s in swapped.ledger.evse_states] == [10, 20]
    for wrong in (None, 3, {"a": 3}):
        assert not Bench(site([mute_evse("a"), mute_evse("b")]), dict(kept, evses=wrong)).ledger.evse_states[1].evidence.distrusted


def test_an_isolated_evse_is_in_no_shape_and_its_evidence_is_kept():
    facts = site([foreign_evse(fingerprint=None), evse("evse-2")])
    bench = Bench(facts).start()
    bench.guard.evidence(0, "fingerprint", "SN1", bench.now_ms)
    bench.guard.isolate(0, True, bench.now_ms)
    kept = bench.guard.evidence_dump()
    assert sorted(kept["site"]["evses"]) == ["evse-2"]
    assert Bench(facts, kept).ledger.evse_states[0].evidence.known_fingerprint == "SN1"
    s = bench.ledger.evse_states[0]
    s.feeder_open = True
    assert sorted(bench.guard.evidence_dump()["site"]["evses"]) == ["evse-1", "evse-2"], "an open feeder is no word of a person"


def test_the_watchdog_of_a_disobeying_or_locked_evse_frees_nothing_after_its_removal():
    for disobeys, locked, lapse_ms in ((False, "", 16050), (True, "", 0), (False, "disobeyed", 0), (True, "disobeyed", 0)):
        bench = Bench(site([evse()])).start()
        bench.ledger.evse_states[0].disobeys, bench.ledger.evse_states[0].locked = disobeys, locked
        assert bench.guard.evidence_dump()["site"]["evses"]["evse-1"]["lapse"] == lapse_ms


def entry(name="gone", **more):
    found = {"path": ["main"], "terminals": [[0]], "at": "x/9 y", "max": 160, "reserve": 20, "lapse": 0}
    found.update(more)
    return {name: found}


def changed(evses=None, rated=None, before=None, **more):
    old = {"circuits": rated or {"main": [320] * 3}, "evses": evses or {}}
    if before is not None:
        old["before"] = before
    return SiteMigration(dict(site([evse()]), **more), old)


def added(change):
    return [each for each in change.facts["evses"] if each.get("removed")]


def test_a_removed_evse_keeps_its_place_and_its_evidence():
    ghost = added(changed(entry(lapse=16050)))[0]
    assert (ghost["name"], ghost["circuit"], ghost["terminals"], ghost["max_da"], ghost["watchdog_ms"]) == ("gone", 0, [[0]], 160, 16050)
    assert (ghost["fallback_da"], ghost["power_on_da"]) == (20, 20)
    ghost = added(changed(entry()))[0]
    assert (ghost["watchdog_ms"], ghost["fallback_da"], ghost["power_on_da"]) == (0, 20, 160)
    ghost = added(changed(entry(at="rs485-1/1 other", lapse=16050)))[0]
    assert ghost["watchdog_ms"] == 0, "frames for the one that has its address now may feed it"
    known = {"path": ["main"], "terminals": [[0]], "at": "x/9 y"}
    ghost = added(changed({"gone": known}))[0]
    assert (ghost["max_da"], ghost["fallback_da"], ghost["watchdog_ms"]) == (320, 320, 0), "of an earlier version's nothing is known"


def test_entries_without_the_expected_form_are_omitted():
    for more in ({"path": 3}, {"terminals": 3}, {"terminals": [3]}, {"terminals": [[0, 3]]}, {"terminals": [[0], [-1]]}, {"terminals": [["x"]]},
                 {"terminals": [[0, 9]]}):  # fmt: skip
        assert added(changed(entry(**more))) == [], more
    assert added(changed(before=[{"evses": [dict(entry()["gone"], name=7)]}])) == []
    assert len(added(changed(before=[{"evses": [dict(entry()["gone"], name="gone")]}]))) == 1
    assert len(added(changed(entry(terminals=[[0, 2], [1]])))) == 1
    assert len(added(changed(entry(path=["main", 7])))) == 1
    assert added(changed({"a": 3, "gone": entry()["gone"]}))[0]["name"] == "gone"


def test_only_the_newest_shape_names_a_device():
    before = [{"evses": {"older": {"path": ["main"], "terminals": [[0]], "at": AT, "max": 160}}}]
    for evses, name in (({"old": entry(at=AT)["gone"]}, "old"), ({}, "evse-1")):
        assert changed(evses, before=before).name_before(0, "evse-1") == name
    assert changed({"evse-1": entry()["gone"]}).name_before(0, "evse-1") == "", "that name was another device's"


def test_one_device_removed_in_two_shapes_counts_once():
    both = changed(entry(max=100), before=[{"evses": entry(max=160, path=["main"])}])
    assert len(added(both)) == 1 and [number for number, _ in both.carried_over] == [1, 1]
    assert len(added(changed({"a": entry(at="x/8 y")["gone"], "b": entry(at="x/9 y")["gone"]}))) == 2
    nameless = {name: {"path": ["main"], "terminals": [[0]]} for name in ("a", "b")}
    assert [each["name"] for each in added(changed(nameless))] == ["a", "b"]


def test_removed_devices_get_new_names():
    for count in (1, 2):
        evses = {"evse-1": entry(at="x/8 y")["gone"]}
        before = [{"evses": {"evse-1": entry(at="x/9 y")["gone"]}}] if count == 2 else None
        names = [each["name"] for each in added(changed(evses, before=before))]
        assert names == ["evse-1#2", "evse-1#3"][:count]


def test_the_smallest_former_rating_of_a_circuit_applies_per_phase():
    change = changed(rated={"main": [300, 200, 320]}, before=[{"circuits": {"main": [310, 150, 330]}}, {"circuits": {"main": [290, 400, 400]}}])
    assert change.ratings["main"] == [290, 150, 320]
    for wrong in ([1, 2], "abc", 7, None, [1, "x", 3], ["x", "y", "z"]):
        assert "main" not in changed(rated={"main": wrong}).ratings, wrong
    assert SiteMigration({"circuits": [{"name": "main"}], "evses": []}, {"circuits": {"main": [1, 2, 3]}}).ratings == {"main": [1, 2, 3]}


def test_a_device_below_a_removed_circuit_counts_below_every_new_one():
    circuits = [circuit("main"), circuit("new", 0), circuit("other", 0)]
    old = {"main": [320] * 3, "row": [100] * 3, "other": [320] * 3}
    held = changed(entry(path=["row", "main"]), old, circuits=circuits)
    assert held.carried_over[0][1]["path"] == ["row", "main", "new"] and added(held)[0]["circuit"] == 0
    gone = [each for each in held.facts["circuits"] if each.get("gone")]
    assert gone == [{"name": "row", "parent": 0, "rating_da": [100] * 3, "gone": True}]
    held = changed(entry(path=["other", "main"]), old, circuits=circuits)
    assert held.carried_over[0][1]["path"] == ["other", "main"] and added(held)[0]["circuit"] == 2
    assert not [each for each in held.facts["circuits"] if each.get("gone")]


def test_a_removed_circuit_remains_in_the_journal_while_a_device_belongs_to_it():
    bench = Bench(site([mute_evse("evse-1", circuit=1), evse("evse-2", circuit=2)], ROWS)).start()
    bench.stand(100, 0)
    facts = site([evse("evse-2", circuit=1)], [circuit("main"), circuit("b", 0, 200)])
    facts["evses"][0]["unit"] = 2
    once = Bench(facts, bench.guard.evidence_dump()).start()
    kept = once.guard.evidence_dump()
    assert sorted(kept["site"]["circuits"]) == ["b", "main"]
    assert kept["site"]["before"]["circuits"] == {"a": [200] * 3} and [e["name"] for e in kept["site"]["before"]["evses"]] == ["evse-1"]
    assert sorted(kept["evses"]) == ["evse-2"]
    once.guard.confirm_removed("evse-1", once.now_ms)
    once.tick(200)
    assert "before" not in once.guard.evidence_dump()["site"]


def test_a_moved_device_counts_at_both_places_and_one_with_a_lower_maximum_at_its_old_one():
    for more, held in (({}, 0), ({"terminals": [[0]]}, 1), ({"path": ["a", "main"]}, 1), ({"max": 161}, 1), ({"max": 160}, 0), ({"max": 100}, 0)):
        old = dict({"path": ["main"], "terminals": [[0], [1], [2]], "at": AT, "max": 160}, **more)
        assert len(changed({"evse-1": old}).carried_over) == held, more


def test_removed_devices_are_shown_with_the_time_of_their_release():
    bench, kept = kept_of(site([foreign_evse("evse-1", fallback_da=60), evse("evse-2")]), 100)
    facts = site([evse("evse-2")])
    facts["evses"][0]["unit"] = 2
    later = Bench(facts, kept)
    row = later.guard.removed_evses()[0]
    assert (row["name"], row["at"], row["most_da"], row["circuits"], row["reserve_da"]) == ("evse-1", "rs485-1/1 profile", 160, ["main"], 60)
    assert 16050 < row["falls_ms"] <= 30000
    falls_ms = row["falls_ms"]
    later.tick(1000)
    assert later.guard.removed_evses()[0]["falls_ms"] == falls_ms - 1000
    later.tick(40000)
    assert later.guard.removed_evses()[0]["falls_ms"] is None and later.guard.removed_evses()[0]["most_da"] == 60


def test_what_a_car_makes_of_its_orders_is_known_after_a_restart_until_it_is_unplugged():
    bench = Bench(site([evse(), mute_evse("evse-2")], ROWS)).start()
    bench.stand(60)
    bench.guard.plugged(0, True)
    bench.measure(0, 67, 67, 67)
    kept = bench.guard.evidence_dump()
    assert kept["overdraw"] == {"evse-1": 10}, "in steps of half an ampere"
    bench = Bench(bench.facts, kept)
    bench.guard.plugged(0, True)
    assert [s.overdraw_da for s in bench.ledger.evse_states] == [10, 0] and bench.ledger.evse_states[0].bound_da == 170
    bench.unplug()
    assert bench.ledger.evse_states[0].overdraw_da == 0 and "overdraw" not in bench.guard.evidence_dump()
    bench = Bench(bench.facts, kept)
    bench.unplug()
    assert bench.ledger.evse_states[0].overdraw_da == 0, "that car left before the start"
    bench = Bench(bench.facts, kept)
    bench.ledger.intake.accept_device(0, bench.now_ms, True)
    assert bench.ledger.evse_states[0].overdraw_da == 0, "of another device"
    for wrong, known in ((None, 0), ([7], 0), ({"evse-1": "7"}, 0), ({"evse-1": -7}, 0), ({"evse-1": 700}, 16), ({"evse-2": 5}, 0)):
        assert Bench(bench.facts, dict(kept, overdraw=wrong)).ledger.evse_states[0].overdraw_da == known, wrong


def test_a_journal_needs_a_person_when_it_was_late_for_five_seconds_without_a_break():
    bench = Bench(site([evse()])).start()
    barrier, waits = bench.ledger.journal_barrier, bench.guard.waits_for_journal
    barrier.written = barrier.version - 1
    assert not waits(bench.now_ms) and not waits(bench.now_ms + 4999)
    barrier.written = barrier.version
    assert not waits(bench.now_ms + 5000)
    barrier.written = barrier.version - 1
    assert not waits(bench.now_ms + 6000) and not waits(bench.now_ms + 10999)
    assert waits(bench.now_ms + 11000)
