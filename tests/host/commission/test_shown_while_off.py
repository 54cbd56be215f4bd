"""A station that shows its maximum while it is off, on the virtual clock: dead, found out by its commissioning, and believed from then on."""

import asyncio

import pytest
from wired_site import Desk, Installer, plug, yard

from ampacity_host.commission.guide import Guide
from ampacity_host.rig.fault_injection import rogue_client
from tests.deep import sample

SITE = """
[site]
name = "yard"

[[circuit]]
name = "main"
rating_a = 22.0

[[bus]]
name = "lan"
kind = "tcp"
private = true

[[evse]]
name = "bay-1"
kind = "kathrein-kwb"
bus = "lan"
host = "127.0.0.1"
tcp_port = 1501
unit = 1
circuit = "main"
max_a = 16.0
power_on_a = 0.0

[[evse]]
name = "bay-2"
kind = "keba-p30"
bus = "lan"
host = "127.0.0.1"
tcp_port = 1502
unit = 255
circuit = "main"
max_a = 16.0
power_on_a = 0.0
watchdog_s = 20
"""
SHOWS = {
    "bay-1": "bay-1: while it is paused register limit_in_force (101) shows 16.0 A",
    "bay-2": "bay-2: while it is paused register limit_in_force (1100) shows 16.0 A",
}


def commissioned(tmp_path, name):
    bench = yard(tmp_path, SITE)
    bench.start()
    bench.fault_injector.set("off_shows", name, True, {})
    plug(bench, name, 3)
    bench.run_ms(60_000)
    assert not bench.view()["evses"][name]["measured_a"][0], "it charges without"
    left_out = {(name, step): "skip" for step in ("identity", "silence", "power-on", "steps")}
    desk, person = Desk(bench), Installer(bench, left_out)
    Guide(desk, person, person.screen, desk.sleep).run([name])
    return bench, person


def test_a_run_in_progress_is_joined(tmp_path):
    bench = yard(tmp_path, SITE)
    bench.start()
    plug(bench, "bay-1", 3)
    bench.run_ms(30_000)
    desk, person = Desk(bench), Installer(bench, {("bay-1", step): "skip" for step in ("identity", "silence", "power-on", "steps")})
    assert not desk.ask("commission start bay-1 --yes").startswith("error")
    Guide(desk, person, person.screen, desk.sleep).run(["bay-1"])
    assert any("joining it" in line for line in person.said)
    bench.close()


def desk_report(bench):
    return Desk(bench).ask("commission report")


def charges(bench, name):
    bench.run_ms(60_000)
    return bench.view()["evses"][name]["measured_a"][0] > 10


@pytest.mark.parametrize("name", sample(["bay-1", "bay-2"], 2, 1))
def test_commissioning_finds_the_values_that_a_station_shows_and_the_controller_uses_them(tmp_path, name):
    bench, person = commissioned(tmp_path, name)
    said = " ".join(person.said)
    assert "? " + SHOWS[name] in said and "is it paused?" in said, said
    assert 'fix: off_shows = "max" in its [[evse]]' in said and SHOWS[name] in desk_report(bench)
    assert charges(bench, name)
    asyncio.run(bench.primary_action("power_cycle"))
    bench.run_ms(60_000)
    assert charges(bench, name), "after a restart of the controller"
    bench.close()


def exchanged(bench, word="replace"):
    """Another unit of the same kind hangs there, shows its maximum while it is off, and is accepted."""
    bench.fault_injector.set("swapped", "bay-1", True, {})
    bench.run_ms(60_000)
    desk = Desk(bench)
    accepts = desk.ask("replace bay-1").split(" accepts it")[0].rsplit("replace", 1)[1] if word == "replace" else " bay-1"
    answer = desk.ask(word + accepts)
    assert answer.startswith("ok"), answer
    return desk


def test_another_unit_at_its_place_does_not_inherit_the_evidence(tmp_path):
    bench, _ = commissioned(tmp_path, "bay-1")
    assert charges(bench, "bay-1")
    desk = exchanged(bench)
    assert not charges(bench, "bay-1")
    assert "register limit_in_force (101) shows 16.0 A, ordered 0.0 A" in desk.ask("why bay-1")
    assert "`ampacity commission` determines" in desk.ask("why bay-1")
    bench.close()


def said_in_file(tmp_path, word="max"):
    bench = yard(tmp_path, SITE.replace('kind = "kathrein-kwb"\n', f'kind = "kathrein-kwb"\noff_shows = "{word}"\n'))
    bench.start()
    bench.fault_injector.set("off_shows", "bay-1", True, {})
    plug(bench, "bay-1", 3)
    assert charges(bench, "bay-1")
    return bench


@pytest.mark.parametrize("word", sample(["replace", "accept"], 2, 1))
def test_a_declaration_of_the_site_file_is_valid_only_for_its_unit_also_over_restarts(tmp_path, word):
    bench = said_in_file(tmp_path)
    desk = exchanged(bench, word)
    for _ in range(2):
        assert not charges(bench, "bay-1"), word
        why = desk.ask("why bay-1")
        assert "off_shows in the site file may describe another unit: `ampacity commission` tests" in why, why
        asyncio.run(bench.primary_action("power_cycle"))
        bench.run_ms(60_000)
    bench.close()


def test_commissioning_confirms_it_again_for_the_new_unit(tmp_path):
    bench = said_in_file(tmp_path)
    desk = exchanged(bench)
    bench.run_ms(180_000)  # the replacement is over
    left_out = {("bay-1", step): "skip" for step in ("identity", "silence", "power-on", "steps")}
    person = Installer(bench, left_out)
    Guide(desk, person, person.screen, desk.sleep).run(["bay-1"])
    assert charges(bench, "bay-1"), person.said
    asyncio.run(bench.primary_action("power_cycle"))
    bench.run_ms(60_000)
    assert charges(bench, "bay-1") and "off_shows" not in desk.ask("why bay-1")
    exchanged(bench)
    assert not charges(bench, "bay-1"), "a third one is not the second"
    bench.close()


def two_alike(tmp_path, kind="keba-p30", unit=255, watchdog_s=20, shows="max"):
    """Two of one kind on 22 A, which both charge. shows: what the site file says of their limit registers while they are off."""
    row = SITE[SITE.index('[[evse]]\nname = "bay-2"') :] + ('off_shows = "%s"\n' % shows if shows else "")
    row = row.replace("keba-p30", kind).replace("255", str(unit)).replace("watchdog_s = 20", f"watchdog_s = {watchdog_s}")
    bench = yard(tmp_path, SITE[: SITE.index("[[evse]]")] + row + row.replace("bay-2", "bay-1").replace("1502", "1501"))
    bench.start()
    for name in ("bay-1", "bay-2"):
        if shows:
            bench.fault_injector.set("off_shows", name, True, {})
        plug(bench, name, 3)
    bench.run_ms(90_000)
    return bench


def drawn(bench):
    return [bench.view()["evses"][name]["measured_a"][0] for name in ("bay-1", "bay-2")]


def test_two_that_show_their_maximum_while_they_are_off_share_the_whole_rating(tmp_path):
    bench = two_alike(tmp_path)
    assert sum(drawn(bench)) > 21, drawn(bench)
    bench.close()


@pytest.mark.parametrize(("kind", "unit"), sample([("kathrein-kwb", 1), ("keba-p30", 255)], 2))
def test_a_vehicle_that_stops_slowly_once_keeps_neither_its_station_nor_its_neighbour_from_charging(tmp_path, kind, unit):
    bench = two_alike(tmp_path, kind, unit, 60)
    desk = Desk(bench)
    bench.plant.point["bay-1"].car.hold_ms = 8_000
    desk.ask("limit bay-1 0")
    bench.run_ms(90_000)
    bench.plant.point["bay-1"].car.hold_ms = 0
    desk.ask("limit bay-1 off")
    bench.run_ms(120_000)
    assert sum(drawn(bench)) > 21 and min(drawn(bench)) > 10, (kind, drawn(bench))
    assert "foreign" not in desk.ask("log")
    bench.close()


def test_an_undeclared_paused_station_that_a_foreign_client_enables_is_an_alarm_as_long_as_it_charges(tmp_path, monkeypatch):
    monkeypatch.setattr(rogue_client, "WRITTEN_A", 16)
    bench = two_alike(tmp_path, "abb-terra-ac", 1, 60, shows=None)
    desk = Desk(bench)
    desk.ask("limit bay-1 0")
    bench.run_ms(60_000)
    assert drawn(bench) == [0.0, 16.0]
    bench.fault_injector.set("foreign_client", "bay-1", True, {"writes": True})
    bench.run_ms(25_000)
    first, second = drawn(bench)
    assert first > 6 and not second, "what a foreign client lets loose is not of the plan: the other one stops"
    assert desk.ask("log").count("bay-1 shows a limit of 16.0 A that was not ordered") > 1
    bench.close()
