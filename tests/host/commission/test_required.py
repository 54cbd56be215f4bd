"""A site with require_tested and a declared power-on value: nothing charges there before it was seen, serial number by serial number."""

import json
import re

import pytest
from wired_site import Desk, Installer, plug, yard

from ampacity_host.commission.guide import Guide
from ampacity_host.commission.report import fetch
from tests.deep import sample

SITE = """
[site]
name = "court"
require_tested = true

[[circuit]]
name = "main"
rating_a = 63.0
assumed_other_a = 20.0
meter = "grid"

[[bus]]
name = "rs485-1"
kind = "rtu"
port = "virtual"

[[bus]]
name = "lan"
kind = "tcp"
host = "127.0.0.1"
tcp_port = 5020
private = true

[[meter]]
name = "grid"
profile = "eastron-sdm630"
bus = "rs485-1"
unit = 100

[[evse]]
name = "c"
kind = "keba-p30"
bus = "lan"
unit = 255
circuit = "main"
max_a = 16.0
power_on_a = 0.0
"""


class Electrician(Installer):
    """Switches c off at its breaker when asked to, on again after 10 s, and waits a minute."""

    since_ms = None
    allows_da = 0

    def poll(self, evse, step):
        if step != "power-on":
            return super().poll(evse, step)
        desk, now_ms = self.bench.fault_injector, self.bench.t_ms
        if self.since_ms is None:
            self.since_ms = now_ms
            desk.set("power_off", "c", True, {})
        elif now_ms - self.since_ms == 10_000:
            self.bench.hosts["c"].device.power_on_da = self.allows_da
            desk.set("power_off", "c", False, {})
        return "next" if now_ms - self.since_ms > 75_000 else None


def court_after(tmp_path, allows_da=0):
    bench = yard(tmp_path, SITE)
    bench.start()
    plug(bench, "c")
    bench.run_ms(50_000)
    link = Desk(bench)
    assert "not commissioned" in link.ask("why c") and bench.plant.point["c"].amps_da == 0
    assert "declared" in link.ask("gaps")
    installer = Electrician(bench)
    installer.allows_da = allows_da
    Guide(link, installer, installer.screen, link.sleep).run([])
    return bench, link, fetch(link, [], None)


def test_a_confirmed_declaration_also_counts_after_a_restart_of_the_primary(tmp_path):
    bench, link, report = court_after(tmp_path)
    assert report["outcome"] == "passed" and not report["findings"]
    assert [step["figures"]["seen_da"] <= 3 for step in report["evses"][0]["steps"] if "seen_da" in step["figures"]] == [True]
    assert link.ask("gaps") == "no evidence is missing"
    bench.primary.kill()
    bench.flush()
    bench.primary.start()
    bench.run_ms(120_000)
    assert bench.plant.point["c"].amps_da >= 150
    bench.fault_injector.set("swapped", "c", True, {})
    bench.run_ms(30_000)
    assert "swapped" in link.ask("why c")
    link.ask("accept c")
    bench.run_ms(90_000)
    assert "not commissioned" in link.ask("why c") and bench.plant.point["c"].amps_da == 0


def test_a_higher_power_on_value_than_declared_fails_and_counts(tmp_path):
    bench, link, report = court_after(tmp_path, allows_da=100)
    assert [row["code"] for row in report["findings"]] == ["power-on"]
    assert re.search(r"(9\.9|10\.\d) A after power-on, expected 0\.0 A", report["findings"][0]["text"])
    bench.run_ms(61_000)  # the rest after its pause
    assert "not commissioned" in link.ask("why c")
    assert bench.plant.point["c"].amps_da == 0


@pytest.mark.parametrize("line", sample(["commission report --json", "commission report c", "commission status --json"], 3))
def test_the_reports_of_the_console_are_json_too(tmp_path, line):
    bench = yard(tmp_path, SITE)
    bench.start()
    bench.run_ms(40_000)
    link = Desk(bench)
    link.ask("commission start c")
    bench.run_ms(5_000)
    link.ask("commission skip")
    assert json.loads(link.ask(line))
