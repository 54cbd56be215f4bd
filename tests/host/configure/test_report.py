"""`ampacity check`: what it refuses, the sums and times it prints, and what missing evidence costs."""

import json
import tomllib
from pathlib import Path
from types import SimpleNamespace

import pytest
from typer.testing import CliRunner

from ampacity.store.disk_files import DiskFiles
from ampacity.store.document_store import DocumentStore
from ampacity_host.cli import app
from ampacity_host.configure import check_report, compile_site, load_site
from ampacity_host.configure.analysis.budgets import site_budgets
from ampacity_host.configure.analysis.line_timing import BusTiming, character_us, exchange_ms, frame_ms
from ampacity_host.configure.analysis.site_report import circuit_sums, evidence

SITES = Path(__file__).parent / "sites"
REFUSED = sorted((SITES / "refused").glob("*.toml"))
GARAGE = SITES / "good" / "garage.toml"
RTU = {"kind": "rtu", "baud": 19200, "parity": "E", "stop": 1}


@pytest.fixture
def edited(tmp_path):
    """A good site file with some text replaced, as a path."""

    def write(*edits, name="garage"):
        text = (SITES / "good" / f"{name}.toml").read_text()
        for old, new in edits:
            assert old in text
            text = text.replace(old, new)
        path = tmp_path / "site.toml"
        path.write_text(text)
        return path

    return write


def command(*words):
    return CliRunner().invoke(app, [str(word) for word in words], env={"COLUMNS": "140"})


@pytest.mark.parametrize("path", REFUSED, ids=lambda path: path.stem)
def test_a_site_that_fails_the_check_is_refused_with_its_reason(path):
    code, where = path.read_text().split("\n")[0].removeprefix("#! ").split()
    result = check_report(load_site(path))
    refused = {(found["code"], found["where"]) for found in result["findings"] if found["level"] == "error"}
    assert not result["ok"] and refused == {(code, where)}
    assert all(found["fix"] for found in result["findings"])


@pytest.mark.parametrize("path", sorted((SITES / "good").glob("*.toml")), ids=lambda path: path.stem)
def test_a_valid_site_passes_the_check(path):
    done = command("check", path)
    assert done.exit_code == 0 and "the check passes." in done.stdout


@pytest.mark.parametrize("path", sorted((SITES / "good").glob("*.toml")), ids=lambda path: path.stem)
def test_no_heading_and_no_cell_is_cut_on_80_columns(path):
    shown = CliRunner().invoke(app, ["check", str(path)], env={"COLUMNS": "80"}).stdout
    assert "…" not in shown and "seconds" in shown
    assert max(len(line) for line in shown.splitlines() if line.startswith(("┃", "│"))) <= 80


def test_the_sums_of_every_circuit_and_phase(edited):
    path = edited(("fallback_a = 0.0", "fallback_a = 6.0"), ('phases = ["L2", "L3", "L1"]', 'phases = ["L2"]'))
    rows = {(row["circuit"], row["phase"]): row for row in check_report(load_site(path))["circuits"]}
    assert len(rows) == 6
    wanted = {"rating_a": 63.0, "reserves_a": 6.0, "assumed_other_a": 20.0, "free_a": 37.0, "limits_a": 48.0}
    assert {key: rows["main", "L2"][key] for key in wanted} == wanted
    assert (rows["main", "L1"]["reserves_a"], rows["main", "L1"]["limits_a"]) == (0.0, 32.0)
    assert rows["row-a", "L2"]["free_a"] == 26.0


@pytest.mark.parametrize(("meter", "declared", "other_a"), [
    (False, {"main": (20, 0), "row": (30, 0), "end": (4, 0)}, {"main": 30, "row": 30, "end": 4}),
    (False, {"main": (0, 0), "row": (5, 0), "end": (9, 0)}, {"main": 9, "row": 9, "end": 9}),
    (False, {"main": (0, 40), "row": (0, 0), "end": (0, 0)}, {"main": 0, "row": 0, "end": 0}),
    (True, {"main": (5, 0), "row": (0, 12), "end": (2, 16)}, {"main": 28, "row": 2, "end": 2}),
    (True, {"main": (20, 16), "row": (7, 0), "end": (0, 0)}, {"main": 20, "row": 7, "end": 0}),
])
def test_what_is_left_counts_other_load_and_generation_declared_below(meter, declared, other_a):
    circuits = [{"name": name, "parent": at - 1, "rating_da": [630], "meter": 0 if meter and not at else -1, "voltage": 230,
                 "assumed_other_da": [other * 10], "generation_da": [fed * 10]} for at, (name, (other, fed)) in enumerate(declared.items())]
    facts = compile_site(load_site(GARAGE)) | {"phases": 1, "circuits": circuits, "evses": []}
    rows = {row["circuit"]: row for row in circuit_sums(facts)}
    assert {name: row["assumed_other_a"] for name, row in rows.items()} == other_a
    assert {name: row["free_a"] for name, row in rows.items()} == {name: 63 - other for name, other in other_a.items()}


def test_the_check_warns_of_evses_that_can_never_get_an_order_and_passes(edited):
    path = edited(("rating_a = 63.0", "rating_a = 63.0\ngeneration_a = 60.0"))
    done = command("check", path)
    assert done.exit_code == 0 and "evse-1: never charges" in done.stdout and "60.0 A that generation may hide" in done.stdout, done.stdout


def test_the_check_warns_of_an_unbalance_limit_on_phases_that_no_meter_shows(edited):
    limit = ("rating_a = 63.0", "rating_a = 63.0\nmax_unbalance_a = 16.0")
    (meter,) = tomllib.loads(GARAGE.read_text())["meter"]
    one_phase = [('profile = "%s"' % meter["profile"], 'profile = "eastron-sdm120"'), ("unit = %d\nphases = [" % meter["unit"], "unit = 99\n#")]
    done = command("check", edited(limit))
    assert done.exit_code == 0 and "max_unbalance_a" not in done.stdout, done.stdout
    done = command("check", edited(limit, *one_phase))
    assert done.exit_code == 0 and "the limit of 16.0 A counts what is declared: L2 20.0 A, L3 20.0 A" in done.stdout, done.stdout


def test_json_is_one_object_with_the_same_facts():
    done = command("check", GARAGE, "--json")
    result = json.loads(done.stdout)
    assert done.exit_code == 0 and result["ok"] is True and result["site"] == "garage"
    assert {"warnings", "findings", "circuits", "buses", "budgets", "evidence", "could_fall_back_to_6_a"} <= set(result)


def test_json_of_a_broken_file_lists_its_mistakes():
    path = SITES / "mistakes" / "several-at-once.toml"
    done = command("check", path, "--json")
    result = json.loads(done.stdout)
    assert done.exit_code == 1 and result["ok"] is False and len(result["mistakes"]) == 5
    assert set(result["mistakes"][0]) == {"file", "line", "where", "field", "value", "allowed", "level", "text"}


def test_mistakes_are_reported_one_per_line():
    done = command("check", SITES / "mistakes" / "several-at-once.toml")
    assert done.exit_code == 1
    assert [line[:7] for line in done.stdout.splitlines()] == ["error: "] * 5


def test_a_missing_file_is_wrong_usage():
    done = command("check", "/nowhere.toml")
    assert done.exit_code == 2 and "no site file /nowhere.toml" in done.stderr


def test_the_budget_is_the_sum_of_its_parts(edited):
    facts = compile_site(load_site(edited(("watchdog_s = 10", "watchdog_s = 60"))))
    main, row = site_budgets(facts)
    parts = [main[key] for key in ("meter_age_ms", "decide_ms", "bus_ms", "device_ms", "car_ms")]
    assert main["total_ms"] == sum(parts) and main["decide_ms"] == 100 and main["car_ms"] == 5000
    assert main["meter_age_ms"] > 0 and row["meter_age_ms"] == 0
    assert main["exposure_ms"] == 60000 + 6000 + (5000 + 200) + 147  # watchdog, tolerance, settle with the device's latency, its line


def test_a_meter_of_the_circuit_shows_a_current_above_its_rating_before_evses_were_read_and_one_below_does_not(edited):
    facts = compile_site(load_site(edited()))
    own, _ = site_budgets(facts)
    facts["circuits"][1]["meter"], facts["circuits"][0]["meter"] = facts["circuits"][0]["meter"], -1
    below, row = site_budgets(facts)
    assert row["meter_well_ms"] == own["meter_well_ms"] and row["reading_ms"] == own["reading_ms"] > 2 * 800
    assert below["reading_ms"] == 0 and below["well_ms"] == own["well_ms"] + own["reading_ms"]
    assert below["meter_age_ms"] == own["meter_age_ms"] + own["reading_ms"] // 2


def test_a_frame_waits_for_the_readings_of_a_slow_line_for_three_seconds_at_most(edited):
    facts = compile_site(load_site(edited()))
    facts["buses"][0]["baud"] = 300
    assert site_budgets(facts)[0]["reading_ms"] == 6_000
    facts["evses"] = []
    assert site_budgets(facts)[0]["reading_ms"] == 0


def test_a_frame_above_a_primary_waits_until_its_oldest_reading_is_newer(edited):
    facts = compile_site(load_site(edited()))
    facts["evses"][0] |= {"primary": True, "below_reading_ms": 2_500}
    assert 2 * (2_500 + 300) < site_budgets(facts)[0]["reading_ms"] < 2 * (2_500 + 300 + 800)
    facts["buses"][0]["baud"] = 300
    assert site_budgets(facts)[0]["reading_ms"] == 10_000


def test_the_exposure_of_a_device_without_watchdog_is_unlimited(edited):
    facts = compile_site(load_site(edited()))
    facts["evses"][1]["watchdog_ms"] = 0
    assert [budget["exposure_ms"] for budget in site_budgets(facts)] == [None, None]


def test_characters_on_the_wire():
    assert character_us(RTU) == 573  # 11 bits at 19200
    assert frame_ms(RTU, 8) == 7  # 4.584 ms and 2.005 ms of silence
    assert exchange_ms(RTU, 8, 61, 5) == 49
    assert exchange_ms({"kind": "tcp"}, 8, 61, 5) == 20


def test_a_cycle_grows_with_its_units_and_silent_ones_at_most_double_it():
    unit = {"profile": None, "kind": "ampacity", "bus": 0}

    def cycle(count):
        facts = {"buses": [{"name": "line", **RTU}], "evses": [dict(unit) for _ in range(count)], "meters": [], "profiles": {}}
        return BusTiming(facts, 0).cycle_ms

    assert cycle(1) < cycle(2) < cycle(8) < cycle(32)
    assert cycle(32) <= 2 * 16 * 49 + 207 + 2 * frame_ms(RTU, 21 + 64)


def test_declared_and_unknown_values_are_listed_with_their_cost():
    evse = {
        "name": "one", "power_on_source": "unknown", "max_da": 320, "fallback_da": 60, "power_on_da": 320, "watchdog_ms": 10000, "holds": False,
        "circuit": 0, "kind": "ampacity",
    }  # fmt: skip
    site = {"circuits": [{"meter": 0, "parent": -1}], "meters": [{"name": "grid"}], "require_tested": False}
    rows = evidence({**site, "evses": [evse]})
    assert [(row["evse"], row["costs_a"]) for row in rows] == [("one", 26.0)]
    declared = {**evse, "power_on_source": "declared", "power_on_da": 0}
    assert evidence({**site, "evses": [declared]})[0]["costs_a"] == 0.0
    assert evidence({**site, "evses": [declared], "require_tested": True})[0]["costs_a"] == 26.0
    dumb = {**declared, "power_on_source": "documented", "watchdog_ms": 0}
    assert [row["costs_a"] for row in evidence({**site, "evses": [dumb]})] == [32.0, 32.0]
    known = SimpleNamespace(seen={"power_on_da": 60, "holds": 1}, tested=True)
    for each, left in ((evse, []), (declared, []), (dumb, [32.0])):
        assert [row["costs_a"] for row in evidence({**site, "evses": [each]}, [known])] == left, "what a test has shown is not missing"


@pytest.mark.parametrize(("kind", "told"), [("evse-wb-din", True), ("heidelberg-energy-control", False)])
def test_unmeasured_current_counts_again_at_the_meter_and_this_is_reported(edited, kind, told):
    path = edited(('kind = "ampacity"', f'kind = "{kind}"'), ("power_on_a = 0.0", "power_on_a = 6.0"))
    said = [row for row in check_report(load_site(path))["evidence"] if "unmeasured" in row["what"]]
    assert [(row["evse"], row["costs_a"]) for row in said] == ([("evse-2", 16.0)] if told else [])


def test_the_check_prints_how_many_evses_could_fall_back_to_six_amperes(edited):
    assert check_report(load_site(GARAGE))["could_fall_back_to_6_a"] == 1
    full = edited(("assumed_other_a = 20.0", "assumed_other_a = 60.0"))
    assert check_report(load_site(full))["could_fall_back_to_6_a"] == 0


@pytest.mark.parametrize(
    ("assumed_a", "fallback_a", "left_a"), [(57.0, 0.0, None), (57.5, 0.0, 5.5), (57.0, 6.0, None), (57.5, 6.0, 5.5), (63.0, 0.0, 0.0)]
)
def test_the_check_names_a_circuit_on_which_no_car_can_charge_without_its_meter(edited, assumed_a, fallback_a, left_a):
    path = edited(("assumed_other_a = 20.0", f"assumed_other_a = {assumed_a}"), ("fallback_a = 0.0", f"fallback_a = {fallback_a}"))
    rows = check_report(load_site(path))["needs_its_meter"]
    assert rows == ([] if left_a is None else [{"circuit": "main", "left_a": left_a, "needs_a": 6.0}])
    text = " ".join(command("check", path).output.split())
    assert ("main: without its meter" in text) == (left_a is not None)


def test_a_lost_meter_leaves_what_its_circuit_has_on_the_phases_of_an_evse_and_without_its_generation(edited):
    one_phase = ('phases = ["L2", "L3", "L1"]', 'phases = ["L2"]'), ('phases = ["L1", "L2", "L3"]\n\n[[evse]]', 'phases = ["L2"]\n\n[[evse]]')
    path = edited(("assumed_other_a = 20.0", "assumed_other_a = [63.0, 58.0, 63.0]"), *one_phase)
    assert check_report(load_site(path))["needs_its_meter"] == [{"circuit": "main", "left_a": 5.0, "needs_a": 6.0}]
    path = edited(("assumed_other_a = 20.0", "assumed_other_a = 20.0\ngeneration_a = 60.0"))
    assert check_report(load_site(path))["needs_its_meter"] == []


def test_less_other_load_than_below_is_a_warning(edited):
    path = edited(('parent = "main"\nrating_a = 32.0', 'parent = "main"\nrating_a = 32.0\nassumed_other_a = 25.0'))
    assert "assumed_other_a" in [warning.field for warning in load_site(path).warnings]


def test_tests_in_the_journal_of_the_controller_count(edited, tmp_path):
    device = ('kind = "ampacity"', 'kind = "evse-wb-din"'), ("power_on_a = 0.0", "power_on_a = 6.0")
    path = edited(*device, ("rating_a = 32.0", "rating_a = 32.0\nassumed_other_a = 20.0"))
    assert command("check", path).exit_code == 1
    (tmp_path / "store").mkdir()
    (tmp_path / "store" / "evidence.new").touch()
    assert command("check", path, "--data", tmp_path).exit_code == 1
    tests = {"known_fingerprint": "S1", "tested_fingerprint": "S1", "tested": True, "seen": {"holds": 1}}
    DocumentStore(DiskFiles(str(tmp_path / "store"))).put("evidence", {"format": 1, "evses": {"evse-2": tests}})
    done = command("check", path, "--data", tmp_path, "--json")
    assert done.exit_code == 0 and {row["reserves_a"] for row in json.loads(done.stdout)["circuits"]} == {6.0}


def test_an_outlet_that_nothing_measures_is_warned_of_with_what_is_then_assumed(tmp_path):
    for meter, told in (("none", ["evse-1"]), ("my_meter", []), (5, [])):
        (tmp_path / "boot.json").write_text(json.dumps({"role": "primary", "meter": meter}))
        result = json.loads(command("check", GARAGE, "--json", "--controller", tmp_path).stdout)
        warned = [row for row in result["findings"] if row["code"] == "unmeasured"]
        assert [row["where"] for row in warned] == told and result["ok"], meter
        assert all(row["level"] == "warning" and "counts with its order on every phase" in row["text"] for row in warned)
    (tmp_path / "boot.json").write_text('{"meter": "none"}')
    shown = " ".join(command("check", GARAGE, "--controller", tmp_path).stdout.split())
    assert 'warning: evse-1: boot.json has "meter": "none"' in shown and "the check passes." in shown


@pytest.mark.parametrize(("kind", "told"), [("evse-wb-din", ["evse-2"]), ("heidelberg-energy-control", [])])
def test_a_device_that_shows_no_current_is_warned_of(edited, kind, told):
    path = edited(('kind = "ampacity"', f'kind = "{kind}"'), ("power_on_a = 0.0", "power_on_a = 6.0"))
    rows = [row for row in check_report(load_site(path))["findings"] if row["code"] == "unmeasured"]
    assert [row["where"] for row in rows] == told and all("shows no current per phase" in row["text"] for row in rows)


def test_a_phase_that_no_meter_measures_is_a_finding_of_its_circuit_and_of_another_code_than_an_evse_that_nothing_measures():
    path = Path(__file__).with_name("sites") / "warnings" / "one-phase-meter-of-three-phases.toml"
    rows = [(row["code"], row["where"]) for row in check_report(load_site(path))["findings"] if "does not measure" in row["text"]]
    assert rows == [("uncounted", "main")]
