"""The whole of it on the bench: a yard with wires, a CT, an address and a watchdog that are not as they should be."""

import json

import pytest
from wired_site import Desk, Installer, noisy, plug, yard

from ampacity_host.commission.command import report_command
from ampacity_host.commission.guide import Guide
from ampacity_host.commission.html_report import html
from ampacity_host.commission.report import fetch, holds, read, write


def spoilt(tmp_path):
    """Four things are wrong: evse-2's wires, the CT of L3, evse-4's address (it is 3 as well), evse-3's watchdog."""
    bench = yard(tmp_path)
    bench.fault_injector.set("miswired", "evse-2", True, {"phases": ["L2", "L3", "L1"]})
    bench.start()
    bench.fault_injector.set("reversed", "grid", True, {"inputs": ["L3"]})
    bench.fault_injector.set("watchdog_broken", "evse-3", True, {})
    bench.fault_injector.set("same_unit", "evse-4", True, {"unit": 3})
    noisy(bench)
    return bench


@pytest.fixture(scope="module")
def recorded(tmp_path_factory):
    """(report, what the screen said, the bench afterwards) of a guided run in which the address is put right."""
    bench = spoilt(tmp_path_factory.mktemp("yard"))
    bench.run_ms(20_000)
    link = Desk(bench)
    link.set_password()
    installer = Installer(bench)
    guide = Guide(link, installer, installer.screen, link.sleep)
    guide.scan()
    for name, phases in (("evse-1", 1), ("evse-2", 1), ("evse-3", 1), ("evse-4", 3)):
        plug(bench, name, phases)
    guide.run([])
    return fetch(link, guide.scans, "Ada Lovelace"), installer.said, bench


def found(report, code):
    return [row for row in report["findings"] if row["code"] == code]


def test_the_duplicate_unit_is_found_and_corrected_before_any_order(recorded):
    report, said, _bench = recorded
    double = found(report, "duplicate-unit")
    assert double and all("unit 3" in row["text"] and "two devices" in row["text"] and "corrected" in row["text"] for row in double)
    assert all("unique address" in row["fix"] and row["level"] == "warning" for row in double)
    assert any("two devices" in line for line in said)


def test_the_wrongly_wired_phases_are_found_with_the_right_setting(recorded):
    rows = found(recorded[0], "phases")
    assert [row["text"] for row in rows] == ["evse-2: terminal 1 loads L2, the site file declares L1"]
    assert 'phases = ["L2", "L3", "L1"]' in rows[0]["fix"]


def test_the_reversed_ct_is_found_once_and_at_the_meter(recorded):
    rows = found(recorded[0], "ct-reversed")
    assert len(rows) == 1 and rows[0]["where"] == "grid" and rows[0]["text"].startswith("CT on L3 of meter grid counts backwards")


def test_the_broken_watchdog_is_found_by_the_silence_test_and_counts_from_then_on(recorded):
    report, _said, bench = recorded
    rows = found(report, "watchdog")
    assert [row["where"] for row in rows] == ["evse-3"] and "class N" in rows[0]["text"] and "reserve 16.0 A" in rows[0]["text"]
    assert bench.view()["evses"]["evse-3"]["reserve_a"] == 16.0
    assert bench.view()["evses"]["evse-2"]["reserve_a"] == 0.0


def test_there_are_no_further_findings_and_the_rest_passes(recorded):
    report, _said, _bench = recorded
    assert sorted({row["code"] for row in report["findings"]}) == ["ct-reversed", "duplicate-unit", "phases", "watchdog"]
    assert {sheet["name"]: sheet["outcome"] for sheet in report["evses"]} == {
        "evse-1": "passed", "evse-2": "failed", "evse-3": "failed", "evse-4": "passed"}
    assert report["outcome"] == "failed"


def test_every_measurement_is_in_the_report_with_its_time(recorded):
    report, _said, _bench = recorded
    for sheet in report["evses"]:
        assert sheet["serial"] and len(sheet["samples"]) > 30
        times = [row[0] for row in sheet["samples"]]
        assert times == sorted(times) and sheet["began_ms"] <= times[0] and times[-1] <= sheet["ended_ms"]
    silence = report["evses"][1]["steps"][3]["figures"]
    assert silence["claimed_watchdog_ms"] == 10000 and 7500 <= silence["fell_ms"] <= 16000 and silence["before_da"] >= 140
    assert report["head"]["firmware"] and len(report["head"]["site_sha256"]) == 64


def test_the_report_is_signed_and_sealed_and_any_change_is_detected(recorded, tmp_path, capsys):
    report = json.loads(json.dumps(recorded[0]))
    assert report["head"]["signed"]["by"] == "Ada Lovelace" and holds(report)
    path = tmp_path / "report.json"
    write(report, path)
    assert report_command(path, None) == 0
    assert "as it was written" in capsys.readouterr().out
    changed = read(path)
    changed["evses"][2]["outcome"] = "passed"
    write(changed, path)
    assert report_command(path, None) == 1
    assert "CHANGED" in capsys.readouterr().out


def test_the_page_is_complete_and_self_contained(recorded):
    page = html(recorded[0])
    assert page.count("<svg") == 4 and "http" not in page and "<script" not in page
    told = ("evse-2: terminal 1 loads L2", "CT on L3 of meter grid counts backwards", "class N", "two devices", "Ada Lovelace")
    assert all(words in page for words in (*told, recorded[0]["sha256"]))


def leaves(value, way=()):
    """(way, text) of every text in a document."""
    if isinstance(value, str):
        yield way, value
    for key, below in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        yield from leaves(below, (*way, key))


def test_the_content_of_a_changed_report_is_text_on_the_page_or_refused(recorded):
    refused = 0
    for way, text in leaves(json.loads(json.dumps(recorded[0] | {"head": recorded[0]["head"] | {"began": "now", "ended": "then"}}))):
        report = json.loads(json.dumps(recorded[0]))
        place = report
        for key in way[:-1]:
            place = place[key]
        place[way[-1]] = text + "'><script>"
        try:
            assert "<script>" not in html(report), way
        except (KeyError, TypeError, ValueError, IndexError):
            refused += 1
    assert refused < 40


def test_no_circuit_was_overloaded_while_it_was_tested(recorded):
    from ampacity_host.rig.plant.worst import worst_circuits

    bench = recorded[2]
    assert sum(sum(circuit["over_ms"]) for circuit in worst_circuits(bench.plant).values()) == 0
