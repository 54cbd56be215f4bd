"""A TCP bus is as many lines as it has hosts and ports: each is asked by itself, and only what shares one waits for it."""

import pytest
from typer.testing import CliRunner

from ampacity.bus.leases.grant_numbers import GrantNumbers
from ampacity.roles.control.buses import Buses
from ampacity_host.cli import app
from ampacity_host.configure import check_report, compile_site, load_site
from ampacity_host.configure.analysis.budgets import site_budgets
from ampacity_host.configure.analysis.line_timing import check_watchdogs, lines_of

HEAD = """
[site]
name = "lan"

[[circuit]]
name = "main"
rating_a = {rating}

[[bus]]
name = "lan"
kind = "tcp"
private = true
{bus}
"""
EVSE = """
[[evse]]
name = "e{n}"
kind = "{kind}"
bus = "lan"
host = "{host}"
unit = {unit}
circuit = "main"
max_a = 16.0
power_on_a = 0.0
watchdog_s = {watchdog}
"""


def wall_boxes(count, kind="keba-p30", hosts=None, watchdog=10):
    """So many wall boxes on as many hosts; hosts: how many share them."""
    return "".join(
        EVSE.format(n=n, kind=kind, host=f"10.0.{n % (hosts or count) // 200}.{1 + n % (hosts or count) % 200}",
                    unit=255 if hosts is None else 1 + n // hosts, watchdog=watchdog)
        for n in range(count)
    )  # fmt: skip


@pytest.fixture
def site(tmp_path):
    def write(evses, bus="", rating=6300):
        path = tmp_path / "site.toml"
        path.write_text(HEAD.format(rating=float(rating), bus=bus) + evses)
        return load_site(path)

    return write


@pytest.mark.parametrize("count", [1, 20, 60])
def test_any_number_of_wallboxes_with_separate_hosts_takes_no_longer_than_one(site, count):
    result = check_report(site(wall_boxes(count)))
    assert result["ok"] and result["findings"] == []
    assert len(result["buses"]) == count and {row["units"] for row in result["buses"]} == {1}
    alone = check_report(site(wall_boxes(1)))["buses"][0]
    assert {row["cycle_ms"] for row in result["buses"]} == {alone["cycle_ms"]}
    assert [row["host"] for row in result["buses"]] == [entry["host"] for entry in compile_site(site(wall_boxes(count)))["evses"]]


def test_units_behind_one_gateway_are_one_line(site):
    result = check_report(site(wall_boxes(16, "heidelberg-energy-control", hosts=1, watchdog=5), "gateway = true"))
    assert [(row["host"], row["units"]) for row in result["buses"]] == [("10.0.0.1", 16)]
    found = [each for each in result["findings"] if each["code"] == "watchdog-cycle"]
    assert len(found) == 16 and "fewer units on lan 10.0.0.1:502" in found[0]["fix"] and "baud" not in found[0]["fix"]


def test_two_gateways_share_the_units_between_them(site):
    one = lines_of(compile_site(site(wall_boxes(16, "heidelberg-energy-control", hosts=1, watchdog=5), "gateway = true")))
    two = lines_of(compile_site(site(wall_boxes(16, "heidelberg-energy-control", hosts=2), "gateway = true")))
    assert [len(line.units) for line in two] == [8, 8]
    assert all(line.well_ms * 2 == one[0].well_ms for line in two)


def test_a_single_host_too_slow_for_its_watchdog_is_reported_only_with_its_watchdog(site):
    facts = compile_site(site(wall_boxes(1)))
    facts["evses"][0]["watchdog_ms"] = 1000
    (found,) = check_watchdogs(facts)
    assert found["fix"] == "watchdog_s = 3 if the device supports it" and "lan 10.0.0.1:502" in found["text"]


def test_one_slow_line_does_not_slow_the_others(site):
    many = wall_boxes(12, "heidelberg-energy-control", hosts=1, watchdog=2).replace('bus = "lan"', 'bus = "far"').replace("10.0", "10.1")
    text = wall_boxes(8, "ampacity").replace('name = "e', 'name = "own-') + many
    bus = '\n[[bus]]\nname = "far"\nkind = "tcp"\ngateway = true\nprivate = true\n'
    result = check_report(site(text, bus))
    assert {found["where"] for found in result["findings"] if found["code"] == "watchdog-cycle"} == {f"e{n}" for n in range(12)}
    assert [row["units"] for row in result["buses"]] == [1] * 8 + [12]


def test_the_lines_are_those_that_the_controller_connects(site):
    facts = compile_site(site(wall_boxes(6, "ampacity", hosts=3), "gateway = true"))

    class Platform:
        clock = None
        connect = abort = None

    buses = Buses(facts, None, Platform(), None, GrantNumbers(1, 1), None)
    assert [wire.name for wire in buses.wires] == [line.where for line in lines_of(facts)]
    assert [len(wire.members) for wire in buses.wires] == [len(line.units) for line in lines_of(facts)]


def test_a_grant_to_a_secondary_over_tcp_has_its_own_time(site):
    (line,) = lines_of(compile_site(site(wall_boxes(4, "ampacity", hosts=1), "gateway = true")))
    assert line.orders_ms >= 4 * 20 and line.broadcast_ms == 0


def test_the_table_shows_equal_lines_in_one_row(site):
    path = site(wall_boxes(20)).path
    done = CliRunner().invoke(app, ["check", str(path)], env={"COLUMNS": "140"})
    row = next(line for line in done.stdout.splitlines() if line.startswith("│ lan"))
    assert [cell.strip() for cell in row.split("│")[1:4]] == ["lan", "20", "1"]


def test_the_budget_of_a_circuit_uses_the_line_of_its_slowest_device(site):
    direct, behind = site_budgets(compile_site(site(wall_boxes(20))))[0], site_budgets(compile_site(site(wall_boxes(1))))[0]
    assert direct["total_ms"] == behind["total_ms"]
