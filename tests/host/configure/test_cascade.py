"""Site files of primaries below primaries: what a parent counts for a site is what that site can keep."""

import shutil
from pathlib import Path

import pytest

from ampacity.circuit.trusted.site.check import declared_da
from ampacity.circuit.trusted.site.tree import Site
from ampacity.roles.configuration.compiled_site import checked
from ampacity_host.configure import SiteErrors, check_report, compile_site, load_site, secondary_config

SITES = Path(__file__).parent / "sites" / "hierarchy"
POST_MS = 12000 + 1200 + 5000 + 200 + 147  # watchdog, tolerance, settle, latency, one frame on its line


@pytest.fixture
def folder(tmp_path):
    shutil.copytree(SITES, tmp_path, dirs_exist_ok=True)
    return tmp_path


@pytest.fixture
def edit(folder):
    def edited(name, old, new):
        path = folder / f"{name}.toml"
        text = path.read_text()
        assert old in text
        path.write_text(text.replace(old, new))

    return edited


def entry(facts, name):
    return next(evse for evse in facts["evses"] if evse["name"] == name)


def mistakes(path):
    with pytest.raises(SiteErrors) as caught:
        load_site(path)
    return [str(mistake) for mistake in caught.value.mistakes]


def test_a_site_shows_upward_the_sums_of_what_is_below():
    parent = compile_site(load_site(SITES / "row.toml"))["parent"]
    assert (parent["fallback_da"], parent["power_on_da"], parent["lease_ms"]) == (60, 60, 8000)
    assert parent["max_da"] == 250, "two of 16 A on L2, and the rating is 25 A"
    assert parent["after_lease_ms"] == POST_MS
    assert (parent["name"], parent["port"], parent["unit"], parent["baud"]) == ("garage-line", "/dev/ttyAMA9", 7, 19200)


def test_the_watchdog_toward_a_parent_is_the_lease_and_the_largest_end_below():
    facts = compile_site(load_site(SITES / "garage.toml"))
    row = entry(facts, "row")
    assert (row["primary"], row["lease_ms"], row["watchdog_ms"]) == (True, 8000, 8000 + POST_MS)
    assert (row["fallback_da"], row["power_on_da"], row["max_da"], row["terminals"]) == (60, 60, 250, [[1], [2], [0]])
    site = Site(facts)
    assert declared_da(site.evses[1]) == 60
    assert facts["parent"]["after_lease_ms"] == site.evses[1].lapse_ms(row["watchdog_ms"]) > 8000 + POST_MS
    assert facts["parent"]["fallback_da"] == 60 and facts["parent"]["max_da"] == 400


def test_three_levels_hold_and_can_be_run():
    site = load_site(SITES / "street.toml")
    assert check_report(site)["ok"], check_report(site)["findings"]
    facts = compile_site(site)
    assert checked(facts)["name"] == "street"
    assert entry(facts, "garage")["watchdog_ms"] == 10000 + compile_site(load_site(SITES / "garage.toml"))["parent"]["after_lease_ms"]


def test_numbers_may_describe_a_site_without_its_file():
    entry_ = entry(compile_site(load_site(SITES / "street.toml")), "by-numbers")
    assert (entry_["lease_ms"], entry_["watchdog_ms"], entry_["settle_ms"], entry_["fallback_da"]) == (10000, 50000, 6000, 120)


def test_the_check_prints_the_numbers_that_describe_the_site():
    told = check_report(load_site(SITES / "row.toml"))["parent"]
    assert told == {"max_a": 25.0, "fallback_a": 6.0, "watchdog_s": 8.0, "after_lease_s": POST_MS / 1000, "settle_s": 5.0}


def test_a_primary_below_has_no_configuration_of_a_secondary():
    with pytest.raises(KeyError):
        secondary_config(compile_site(load_site(SITES / "garage.toml")), "row")


def test_an_evse_below_without_watchdog_counts_its_maximum_for_the_parent(edit, folder):
    more = '[[evse]]\nname = "holds"\nkind = "esp32-evse"\nbus = "posts"\nunit = 9\ncircuit = "row"\nmax_a = 16.0\n'
    edit("row", '[[evse]]\nname = "post-2"', more + '\n[[evse]]\nname = "post-2"')
    facts = compile_site(load_site(folder / "row.toml"))
    holds = Site(facts).evses[1]
    assert (holds.watchdog_ms, declared_da(holds), facts["parent"]["fallback_da"]) == (0, 60, 60 + 160)


def test_a_fallback_below_the_reserves_is_refused(edit, folder):
    edit("row", "lease_s = 8", "lease_s = 8\nfallback_a = 5.0")
    found = check_report(load_site(folder / "row.toml"))["findings"]
    assert [each["code"] for each in found] == ["parent-fallback"] and found[0]["missing_da"] == 10
    assert "row.toml" in mistakes(folder / "garage.toml")[0] and "refused" in mistakes(folder / "garage.toml")[0]


def test_an_evse_that_no_grant_can_serve_is_named(edit, folder):
    edit("row", "lease_s = 8", "lease_s = 8\nmax_a = 8.0")
    found = check_report(load_site(folder / "row.toml"))["findings"]
    assert found and {each["code"] for each in found} == {"parent-grant"} and {each["level"] for each in found} == {"warning"}
    assert all("can never start" in each["text"] and each["missing_da"] > 0 for each in found), found


def test_a_rating_that_the_sums_below_do_not_fit_is_refused_with_the_amperes(edit, folder):
    edit("garage", "assumed_other_a = 10.0", "assumed_other_a = 37.0")
    found = check_report(load_site(folder / "garage.toml"))["findings"]
    assert found[0]["code"] == "reserves" and found[0]["missing_da"] == 30


def test_a_lease_shorter_than_three_cycles_of_its_line_is_refused(edit, folder):
    edit("row", "lease_s = 8", "lease_s = 1")
    edit("garage", "port = \"/dev/ttyAMA0\"", "port = \"/dev/ttyAMA0\"\nbaud = 1200")
    edit("row", "unit = 7", "unit = 7\nbaud = 1200")
    assert "watchdog-cycle" in [each["code"] for each in check_report(load_site(folder / "garage.toml"))["findings"]]


@pytest.mark.parametrize(("name", "old", "new", "said"), [
    ("garage", "unit = 7", "unit = 8", "its [parent] says 7"),
    ("garage", 'phases = ["L2", "L3", "L1"]', 'phases = ["L2"]', "the site below has 3"),
    ("garage", 'phases = ["L2", "L3", "L1"]', "max_a = 16.0", "is derived from"),
    ("garage", '"row.toml"', '"nowhere.toml"', "No such file"),
    ("garage", '"row.toml"', '"garage.toml"', "leads back"),
    ("row", "max_a = 16.0\nfallback_a", "fallback_a", "max_a: is missing"),
    ("row", 'port = "/dev/ttyAMA9"', 'port = "/dev/ttyAMA0"', "port of its own"),
    ("row", "unit = 7", "unit = 7\nparity = \"N\"", "parity E"),
    ("garage", 'kind = "local"', 'kind = "local"\nafter_lease_s = 4', 'belongs to kind "ampacity"'),
    ("street", "after_lease_s = 40\n", "", "write after_lease_s"),
    ("row", '[site]\n', '[site]\nvoltage = 220\n', '"row.toml" has 220 V between a line and neutral, this file 230 V; write the same'),
])  # fmt: skip
def test_a_mismatch_between_two_files_is_reported(edit, folder, name, old, new, said):
    edit(name, old, new)
    assert any(said in each for each in mistakes(folder / "street.toml")), mistakes(folder / "street.toml")


def test_a_site_without_neutral_is_not_below_one_with_it(edit, folder):
    edit("row", "[site]\n", '[site]\nsystem = "delta-it"\nvoltage = 230\n')
    edit("row", 'phases = ["L2"]', 'phases = ["L2-L3"]')
    assert any('"row.toml" has system "delta-it", this file "wye"; write the system' in each for each in mistakes(folder / "garage.toml"))


def test_the_lines_of_a_site_with_fewer_lines_are_named(edit, folder):
    edit("row", "[site]\n", "[site]\nphases = 1\n")
    edit("row", 'phases = ["L2"]\n', "")
    edit("garage", 'phases = ["L2", "L3", "L1"]', "")
    assert mistakes(folder / "garage.toml")[0].endswith(
        'phases: is missing: the site below has 1 of the 3 lines; name the lines that feed it, such as ["L2"]')
    edit("garage", "unit = 7", 'unit = 7\nphases = ["L3"]')
    assert entry(compile_site(load_site(folder / "garage.toml")), "row")["terminals"] == [[2]]


def test_a_split_phase_site_is_not_below_two_lines_of_a_wye_supply(edit, folder):
    """Between its lines are 240 V, and between those 208 V."""
    edit("row", "[site]\n", '[site]\nsystem = "split"\n')
    edit("row", 'phases = ["L2"]\n', "")
    edit("garage", "[site]\n", "[site]\nvoltage = 120\n")
    edit("garage", 'phases = ["L2", "L3", "L1"]', 'phases = ["L2", "L3"]')
    (mistake,) = mistakes(folder / "garage.toml")
    said = 'site: "row.toml" has system "split", this file "wye", with another voltage between two lines; write the system of the supply'
    assert said in mistake


@pytest.mark.parametrize(("name", "old", "new", "said"), [
    ("row", "assumed_other_a = 0", "assumed_other_a = [0, 0, 11]", "assumed_other_a: is less than the sum of the circuits and sites below it"),
    ("row", "assumed_other_a = 0", "assumed_other_a = [0, 10, 10]", None),
    ("garage", "assumed_other_a = 10.0", "assumed_other_a = [0, 0, 10.0]", None),
    ("garage", "assumed_other_a = 10.0\n", "", "assumed_other_a: is missing and counts as 0 A; write the worst case"),
])  # fmt: skip
def test_other_load_of_a_site_below_belongs_to_that_of_its_parent(edit, folder, name, old, new, said):
    edit(name, old, new)
    warnings = [str(each) for each in load_site(folder / "garage.toml").warnings]
    assert len(warnings) == bool(said) and all(said in each for each in warnings), warnings


def test_generation_of_a_site_below_belongs_to_that_of_its_parent(edit, folder):
    meter = '\nmeter = "grid"%s\n\n[[meter]]\nname = "grid"\nprofile = "carlo-gavazzi-em24-e1"\nbus = "lan"\nunit = 9\n'
    meter += '\n[[bus]]\nname = "lan"\nkind = "tcp"\nhost = "10.0.0.9"\n'
    edit("row", "assumed_other_a = 0", "assumed_other_a = 0" + meter % "\ngeneration_a = [0, 16, 0]")
    assert not load_site(folder / "garage.toml").warnings, "without a meter nothing hides behind it"
    edit("garage", "assumed_other_a = 10.0", "assumed_other_a = 10.0" + meter % "")
    (warning,) = [str(each) for each in load_site(folder / "garage.toml").warnings]
    assert "generation_a: is, with that of the circuits below, less than that of the sites below it; add 16 A, which they declare" in warning


def test_a_circular_reference_between_files_is_reported(edit, folder):
    text = (folder / "row.toml").read_text()
    round_ = '[[evse]]\nname = "round"\nkind = "ampacity"\nsite = "garage.toml"\nbus = "posts"\nunit = 4\ncircuit = "row"\n'
    (folder / "row.toml").write_text(text + "\n" + round_)
    assert any("leads back" in each for each in mistakes(folder / "street.toml"))
