"""What a refused site needs, all at once: the lines are pasted as they are printed, and the check passes."""

import random
import re
import sys
import tomllib
from pathlib import Path

import pytest
from typer.testing import CliRunner

sys.path.insert(0, str(Path(__file__).parents[2]))

from ampacity_host.cli import app  # noqa: E402
from ampacity_host.configure import SiteErrors, check_report, load_site  # noqa: E402
from drawn.sites_at_random import Draft  # noqa: E402
from tests.deep import sample  # noqa: E402

SITES = Path(__file__).parent / "sites"
DRAWN, AT_ONCE = 60, 20
YARD = """[site]
name = "yard"

[[circuit]]
name = "main"
rating_a = 50.0
assumed_other_a = 20.0

[[bus]]
name = "lan"
kind = "tcp"

"""
KEBA = """[[evse]]
name = "bay-%d"
kind = "keba-p30"
bus = "lan"
host = "192.168.1.1%d"
unit = 255
circuit = "main"
max_a = 32.0

"""


def report_of(path, text):
    path.write_text(text)
    return check_report(load_site(path))


def pasted(text, changes):
    """As a person does it: each line below its header, or in place of the line that is named."""
    lines = text.splitlines()
    below = {}
    for row in changes:
        for each in row["lines"]:
            if each["line"]:
                lines[each["line"] - 1] = each["toml"]
            else:
                below.setdefault(row["line"], []).append(each["toml"])
    return "\n".join("\n".join([line, *below.get(number, [])]) for number, line in enumerate(lines, 1)) + "\n"


def keys(changes):
    return [each["toml"].split(" = ")[0] for row in changes for each in row["lines"]]


def test_devices_on_a_network_get_their_three_lines_at_once_and_no_larger_mains(tmp_path):
    text = YARD + "".join(KEBA % (n, n) for n in range(3))
    report = report_of(tmp_path / "site.toml", text)
    assert not report["ok"] and report["fixes"]["passes"]
    assert keys(report["fixes"]["changes"]) == ["private", "power_on_a", "power_on_a", "power_on_a"]
    assert [row["name"] for row in report["fixes"]["changes"]] == ["lan", "bay-0", "bay-1", "bay-2"]
    assert report_of(tmp_path / "site.toml", pasted(text, report["fixes"]["changes"]))["ok"]
    fixes = [each["fix"] for each in report["findings"] if each["code"] == "reserves"]
    assert fixes and all(fix.startswith("lan: private = true; bay-0: power_on_a = 0.0") and "of at least" not in fix for fix in fixes)


def test_only_what_is_needed_is_changed(tmp_path):
    text = YARD.replace("50.0", "62.0") + KEBA % (1, 1) + KEBA % (2, 2)
    report = report_of(tmp_path / "site.toml", text)
    assert not report["ok"] and keys(report["fixes"]["changes"]) == ["private", "power_on_a"]


def test_the_switch_in_the_device_comes_before_copper_and_copper_last(tmp_path):
    one = KEBA.replace("keba-p30", "goe-charger") % (1, 1)
    text = YARD.replace("assumed_other_a = 20.0", "assumed_other_a = 40.0").replace("private", "private") + one
    report = report_of(tmp_path / "site.toml", text)
    assert keys(report["fixes"]["changes"]) == ["max_a"] and report["fixes"]["changes"][0]["lines"][0]["line"]
    assert report_of(tmp_path / "site.toml", pasted(text, report["fixes"]["changes"]))["ok"]
    text = YARD.replace("assumed_other_a = 20.0", "assumed_other_a = 49.0") + one
    report = report_of(tmp_path / "site.toml", text)
    assert "rating_a" in keys(report["fixes"]["changes"]) and report["fixes"]["passes"]
    assert report_of(tmp_path / "site.toml", pasted(text, report["fixes"]["changes"]))["ok"]


@pytest.mark.parametrize("path", sorted((SITES / "refused").glob("*.toml")), ids=lambda path: path.stem)
def test_sites_refused_for_other_reasons_also_pass_with_the_proposed_lines(tmp_path, path):
    report = report_of(tmp_path / "site.toml", path.read_text())
    assert not report["ok"] and report["fixes"]["passes"], report["findings"]
    assert report_of(tmp_path / "site.toml", pasted(path.read_text(), report["fixes"]["changes"]))["ok"]


def drawn(seed):
    """A drawn site in good form that the check refuses for its sums or times, or None."""
    draft = Draft(random.Random(seed))
    for circuit in draft.circuits:
        circuit["rating_a"] = max(circuit["rating_a"], 32.0)  # thinner than one EVSE is a mistake of form
    return draft.text()


@pytest.mark.parametrize("first", sample(range(0, DRAWN, AT_ONCE), 3))
def test_proposed_lines_make_generated_sites_pass(tmp_path, first):
    refused = passed = 0
    path = tmp_path / "site.toml"
    for seed in range(first, first + AT_ONCE):
        text = drawn(seed)
        try:
            report = report_of(path, text)
        except SiteErrors:
            continue
        if report["ok"]:
            assert report["fixes"] == {"passes": True, "changes": [], "left": []}
            continue
        if not report["fixes"]["passes"]:  # a timer that nobody can set, on a line that is too slow for it
            assert all("fewer units" in left for left in report["fixes"]["left"]) and report["fixes"]["left"], (seed, report["fixes"])
            continue
        refused += 1
        again = report_of(path, pasted(text, report["fixes"]["changes"]))
        assert again["ok"], (seed, report["fixes"], again["findings"])
        passed += 1
    assert refused == passed >= 2, (refused, passed)


def test_each_ampere_of_a_reserve_has_its_cause(tmp_path):
    text = YARD.replace("50.0", "200.0") + KEBA % (1, 1) + KEBA.replace("max_a = 32.0", "max_a = 32.0\nfallback_a = 10.0\npower_on_a = 6.0") % (2, 2)
    for more in ("", "private = true\n"):
        report = report_of(tmp_path / "site.toml", text.replace('kind = "tcp"\n', 'kind = "tcp"\n' + more))
        spans = {}
        for row in report["reserves"]:
            assert row["from_a"] == spans.get(row["evse"], 0.0) < row["to_a"] and row["cause"]
            spans[row["evse"]] = row["to_a"]
        assert sum(spans.values()) == report["circuits"][0]["reserves_a"]
    second = [(row["to_a"], row["cause"].split(":")[0]) for row in report["reserves"] if row["evse"] == "bay-2"]
    assert second == [(6.0, "power_on_a"), (10.0, "fallback_a")]


def test_the_text_for_people_shows_the_lines_as_toml(tmp_path):
    path = tmp_path / "site.toml"
    path.write_text(YARD + "".join(KEBA % (n, n) for n in range(3)))
    done = CliRunner().invoke(app, ["check", str(path)])
    block = done.stdout[done.stdout.index("# With these lines") : done.stdout.index("yard: the check fails")]
    told = tomllib.loads(re.sub(r"\[\[(\w+)\]\]", r"[[\1]]", block))
    assert told == {"bus": [{"private": True}], "evse": [{"power_on_a": 0.0}] * 3}
    assert "baud" not in done.stdout
