"""Sites that `ampacity check` must refuse, warn of, or take."""

import json
import subprocess
import sys

import pytest

from tests.drawn.findings.scene import LAN, RTU, circuit, evse, meter, site, toml
from tests.drawn.printed import checked


def line(port, name="b"):
    return RTU.replace('"b"', '"%s"' % name).replace('"virtual"', '"%s"' % port)


def lan(host, name):
    return LAN.replace('"lan"', '"%s"' % name).replace('"127.0.0.1"', '"%s"' % host)


def two_at(bus_1, bus_2, kind="keba-p30", **more):
    return site(circuit("main", 63.0), bus_1, bus_2, evse("e1", kind, bus="x", unit=255, max_a=16.0, power_on_a=0.0, **more),
                evse("e2", kind, bus="y", unit=255, max_a=16.0, power_on_a=0.0, **more))


REFUSED = {
    "one line under two spellings": two_at(line("/dev/ttyS0", "x"), line("/dev/./ttyS0", "y"), "heidelberg-energy-control").replace("255", "5"),
    "one host in two cases": two_at(lan("box.local", "x"), lan("BOX.local", "y")),
    "one host with a trailing dot": two_at(lan("box.local", "x"), lan("box.local.", "y")),
    "one host by name and number": two_at(lan("localhost", "x"), lan("127.0.0.1", "y")),
    "generation without a meter": site(circuit("main", 63.0, generation_a=10.0), evse("e1", "local")),
    "one meter on two circuits": site(
        circuit("main", 63.0, meter="m"), circuit("row", 32.0, parent="main", meter="m"), RTU, meter(), evse("e1", "local", at="row")),
}


@pytest.mark.parametrize("what", sorted(REFUSED))
def test_the_check_refuses(tmp_path, what):
    path = tmp_path / "site.toml"
    path.write_text(REFUSED[what])
    report = checked(path)
    print("9 %s: %s" % (what, "taken" if report["ok"] else report["mistakes"][0]["text"]))
    assert not report["ok"]


def test_twenty_wall_boxes_on_a_lan_are_taken(tmp_path):
    boxes = [evse("e%d" % n, "keba-p30", max_a=16.0, bus="lan", unit=255, host="10.0.0.%d" % n, power_on_a=0.0, watchdog_s=10) for n in range(1, 21)]
    path = tmp_path / "site.toml"
    path.write_text(site(circuit("main", 125.0), LAN, *boxes))
    report = checked(path)
    print("10 twenty boxes on a LAN: %s" % (report["mistakes"] or report["findings"] or "taken"))
    assert report["ok"]


@pytest.mark.parametrize("fields", [("meter_timeout_s", "meter_frozen_s"), ("meter_timeout_s",), ("meter_frozen_s",)], ids="+".join)
def test_the_printed_time_holds_the_time_in_which_a_meter_is_lost(tmp_path, fields):
    path = tmp_path / "site.toml"
    times = {}
    for lost_s in (5, 60):
        grid = meter(**{"meter_timeout_s": 5, "meter_frozen_s": 5, **dict.fromkeys(fields, lost_s)})
        path.write_text(site(circuit("main", 63.0, meter="m", assumed_other_a=10.0), RTU, grid, evse("e1", "local")))
        report = checked(path)
        times[lost_s] = report["budgets"][0]["total_ms"] if report["ok"] else None
    print("9 printed with a timeout of 5 and 60 s: %s" % times)
    assert times[60] is None or times[60] >= times[5] + 50_000


def test_the_printed_time_holds_the_transit_of_a_gateway(tmp_path):
    path = tmp_path / "site.toml"
    gateway = toml("[[bus]]", name="gw", kind="tcp", host="10.0.0.9", gateway=True, private=True, transit_s=40)
    path.write_text(site(circuit("main", 63.0, meter="m", assumed_other_a=10.0), RTU, gateway, meter(), evse("e1", bus="gw", unit=1, watchdog_s=60)))
    done = subprocess.run([sys.executable, "-m", "ampacity_host", "check", "--json", str(path)], capture_output=True, text=True, check=False)
    row = json.loads(done.stdout)["budgets"][0]
    print("9 printed behind a gateway of 40 s: %s" % row)
    assert row["exposure_ms"] >= 100_000 and row["total_ms"] >= 40_000
