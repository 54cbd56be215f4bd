"""`ampacity replace` to its end: one of our own units and a wall box, each replaced, tested alone, and put on paper."""

import json

import pytest
from typer.testing import CliRunner
from wired_site import Desk, Installer, plug, yard

from ampacity_host.cli import app
from ampacity_host.commission.guide import Guide
from ampacity_host.commission.report import fetch, holds, read, write
from ampacity_host.scan import replace


class Hurried(Installer):
    """The same screen and person for every guide that is made."""

    def guide(self, link, person, screen):
        return Guide(link, self, self.screen, Desk(self.bench).sleep)


@pytest.fixture
def site(tmp_path, monkeypatch):
    bench = yard(tmp_path)
    bench.start()
    for name in ("evse-1", "evse-2", "evse-3", "evse-4"):
        plug(bench, name)
    bench.run_ms(30_000)
    desk, person = Desk(bench), Hurried(bench)
    desk.set_password()
    monkeypatch.setattr(replace, "open_link", lambda controller: desk)
    monkeypatch.setattr(replace, "Guide", person.guide)
    monkeypatch.setattr(replace, "KeyboardInstaller", lambda: person)
    monkeypatch.setattr(replace.time, "sleep", desk.sleep)
    yield bench, desk, person
    bench.close()


def run(*words):
    return CliRunner().invoke(app, ["replace", *words, "--controller", "127.0.0.1:1", "--by", "Ada"])


def test_a_unit_is_replaced_completely_tested_alone_and_appended(site, tmp_path):
    bench, desk, person = site
    person.guide(desk, None, None).run(["evse-1", "evse-2"])
    out = tmp_path / "yard.html"
    write(fetch(desk, [{"bus": "rs485-1", "found": [], "verdict": ""}], "Ada"), out.with_suffix(".json"))
    before = read(out.with_suffix(".json"))
    bench.fault_injector.set("swapped", "evse-2", True, {})
    bench.run_ms(20_000)
    assert desk.ask("replace evse-2").endswith("replace evse-2 serial=yard-evse-2-1 accepts it")
    result = run("evse-2", "--serial", "yard-evse-2-1", "--out", str(out), "--json")
    assert result.exit_code == 0, result.output + person._text.getvalue()
    report = read(out.with_suffix(".json"))
    assert holds(report) and report["outcome"] == "passed" and report["head"]["signed"]["by"] == "Ada"
    old, new = before["evses"], report["evses"]
    assert old[0] == new[0] and [sheet["name"] for sheet in new] == ["evse-1", "evse-2"] and report["scans"] == before["scans"]
    assert (old[1]["serial"], new[1]["serial"]) == ("yard-evse-2", "yard-evse-2-1") and report["head"]["began"] == before["head"]["began"]
    (row,) = report["head"]["replaced"]
    assert (row["old"], row["new"], row["outcome"]) == ("yard-evse-2", "yard-evse-2-1", "passed")
    assert ["fallback", 0, 0, True, "fallback"] in row["settings"] and ["ok", "fallback 0.0 A, read back"] in row["lines"]
    page = out.read_text()
    assert "yard-evse-2 replaced by yard-evse-2-1, passed; settings fallback 0.0 A" in page
    bench.run_ms(60_000)
    assert [evse["order_a"] for evse in bench.view()["evses"].values()] == [16.0] * 4


def test_an_unfinished_replacement_can_be_restarted(site, tmp_path):
    bench, desk, person = site
    bench.fault_injector.set("swapped", "evse-2", True, {})
    bench.run_ms(20_000)
    assert desk.ask("replace evse-2 serial=yard-evse-2-1").startswith("ok   evse-2: serial number yard-evse-2-1 accepted")
    bench.run_ms(300)
    assert desk.ask("replace stop") == "ok"
    assert desk.ask("replace evse-2") == (
        "evse-2: serial number yard-evse-2-1 was accepted, the rest was not done; replace evse-2 serial=yard-evse-2-1 starts again")
    result = run("evse-2", "--serial", "yard-evse-2-1", "--no-test", "--json")
    assert result.exit_code == 0, result.output
    status = json.loads(result.stdout.strip().split("\n")[-1])
    assert (status["old"], status["new"], status["outcome"]) == ("yard-evse-2", "yard-evse-2-1", "passed")
    assert "nothing was replaced" in desk.ask("replace evse-2")


def test_an_unwritable_page_is_reported_with_the_place_of_the_reports(site, tmp_path):
    bench, desk, person = site
    person.words = {("evse-2", step): "skip" for step in ("identity", "steps", "silence")}
    bench.fault_injector.set("swapped", "evse-2", True, {})
    bench.run_ms(20_000)
    result = run("evse-2", "--serial", "yard-evse-2-1", "--out", str(tmp_path / "no" / "yard.html"))
    assert result.exit_code == 2 and "No such file" in result.output and "commission report" in result.output
