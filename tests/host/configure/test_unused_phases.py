"""`unused_phases` of a circuit: where a phase that a car does not use is lent, and what `ampacity check` says of its return."""

from ampacity_host.configure import check_report, compile_site, load_site

SITE = """
[site]
name = "lent"

[[circuit]]
name = "main"
rating_a = {rating}
{more}

[[bus]]
name = "line"
kind = "rtu"
port = "virtual"

[[meter]]
name = "m"
profile = "eastron-sdm630"
bus = "line"
unit = 100
meter_timeout_s = {timeout}

[[evse]]
name = "bay-1"
kind = "ampacity"
bus = "line"
unit = 1
circuit = "main"
max_a = {max_a}
{evse}
"""
METER = 'meter = "m"'


def both(tmp_path, more=METER, rating=63.0, max_a=32.0, evse="", timeout=5):
    path = tmp_path / "site.toml"
    path.write_text(SITE.format(more=more, rating=rating, max_a=max_a, evse=evse, timeout=timeout))
    site = load_site(path)
    report = check_report(site)
    return compile_site(site)["circuits"][0].get("frees_phases", False), report["budgets"][0], [one["code"] for one in report["findings"]]


def test_a_circuit_with_a_meter_frees_unused_phases(tmp_path):
    lent, budget, found = both(tmp_path)
    assert lent and not found
    assert budget["again_da"] == 950
    assert budget["again_ms"] < budget["again_cut_ms"]
    assert 5_000 < budget["again_ms"] <= budget["total_ms"]


def test_without_a_meter_no_phase_is_freed(tmp_path):
    lent, budget, _ = both(tmp_path, more="")
    assert not lent
    assert (budget["again_ms"], budget["again_da"]) == (0, 0)


def test_the_site_file_may_require_that_all_phases_count(tmp_path):
    lent, budget, _ = both(tmp_path, more=METER + '\nunused_phases = "count"')
    assert not lent and budget["again_ms"] == 0


def test_the_site_file_may_free_phases_without_a_meter(tmp_path):
    lent, budget, found = both(tmp_path, more='unused_phases = "free"')
    assert lent and not found
    assert budget["again_ms"] > 5_000


def test_a_breaker_that_the_return_of_one_car_would_trip_frees_no_phases_by_default(tmp_path):
    lent, _, found = both(tmp_path, rating=32.0)
    assert not lent and "breaker-phases" not in found


def test_freeing_phases_despite_such_a_breaker_gives_a_warning(tmp_path):
    _, _, found = both(tmp_path, more=METER + '\nunused_phases = "free"', rating=32.0)
    assert "breaker-phases" in found


def test_a_meter_without_a_current_for_each_phase_counts_as_none(tmp_path):
    path = tmp_path / "site.toml"
    path.write_text(SITE.format(more=METER, rating=32.0, max_a=32.0, evse="", timeout=5).replace("eastron-sdm630", "eastron-sdm72"))
    site = load_site(path)
    assert check_report(site)["ok"]
    assert compile_site(site)["circuits"][0]["meter"] == -1


def test_the_peak_is_that_of_an_evse_with_several_phases(tmp_path):
    _, budget, _ = both(tmp_path, evse='phases = ["L1"]')
    assert budget["again_da"] == 630


PRIMARY = """
[[evse]]
name = "below"
kind = "ampacity"
bus = "line"
unit = 2
circuit = "main"
max_a = 63
watchdog_s = 10
after_lease_s = 20
settle_s = 5
"""


def test_a_primary_below_leaves_no_phase_unused_and_takes_that_from_no_other(tmp_path):
    """What is below it counts on all phases, so nothing of that returns."""
    lent, budget, found = both(tmp_path, rating=40.0)
    with_primary, other, also_found = both(tmp_path, rating=40.0, evse=PRIMARY.replace("63", "40"))
    assert lent and with_primary and not found + also_found
    assert other["again_da"] == budget["again_da"] == 720 and other["again_cut_ms"] == budget["again_cut_ms"]
