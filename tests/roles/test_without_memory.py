"""A primary on a medium that cannot be written, or not even read: it starts, raises nothing that it could forget, and says so."""

import sys

from helper_garage import Garage, evse, site

from ampacity.base.keep_running import keep_running
from ampacity.console.console import Console

sys.path.append("tests/store")
from helper_media import Refusing

OCPP = {"version": "2.0.1", "identity": "T-1", "url": "ws://one.example", "security_profile": 1, "password": "0123456789abcdef"}


def charging(files, **changes):
    facts = site(**changes)
    facts["evses"][1] = evse("evse-2", "ampacity", bus=0, unit=2, fallback_da=60, power_on_da=60)
    garage = Garage(facts, files)
    garage.unit.secondary.map.set_settings(60, 160, 60, 10000)
    garage.port.car = garage.unit.port.car = "C"
    return garage


def shown(garage):
    return Console(garage.primary.console).line("show", "viewer", 0)


def test_a_read_only_medium_that_never_stored_the_site_permits_only_the_reserves():
    for worn in (False, True):
        files = Refusing(worn)
        files.refuses = True
        garage = charging(files)
        garage.run(60000)
        assert garage.amps_da()[0] == 0 and garage.amps_da()[1] <= 60, worn
        assert "mode safe" in shown(garage) and "at its reserve" in shown(garage) and "not kept: " in shown(garage)
        assert "reserve" in garage.view("evse-1")["why"] and garage.platform.resets == []
        files.refuses = False
        garage.run(5000)
        if not worn:
            assert garage.platform.resets == ["immediate"]  # by itself
            garage.start().run(90000)
            assert min(garage.amps_da()) > 60 and "storage" not in shown(garage)


def test_a_medium_worn_out_over_a_restart_permits_only_the_reserves():
    files = Refusing(worn=True)
    garage = charging(files).run(70000)
    assert min(garage.amps_da()) > 60
    files.refuses = True
    garage.start().run(60000)
    assert garage.amps_da()[1] <= 60 and "`relearn`" in shown(garage)
    console = Console(garage.primary.console)
    assert "storage" in console.line("relearn --yes", "installer", garage.now_us // 1000)
    files.refuses = False
    garage.start().run(60000)
    assert garage.amps_da()[1] > 60  # all that was kept is still there


def test_a_medium_that_is_readable_again_leads_to_a_restart_that_reads_it():
    files = Refusing(worn=True)
    garage = charging(files).run(70000)
    kept = {name: files.read(name) for name in files.list() if name[:4] not in ("iden", "live")}
    files.refuses = True
    garage.start().run(30000)
    files.refuses = False
    garage.run(5000)
    assert "immediate" in garage.platform.resets
    assert {name: files.read(name) for name in kept} == kept and "latched.set" not in files.list()
    garage.start().run(60000)
    assert min(garage.amps_da()) > 60 and "storage" not in shown(garage)


def test_a_read_only_medium_that_stored_the_site_continues_and_reports_what_is_not_stored():
    files = Refusing()
    garage = charging(files).run(70000)
    files.refuses = True
    garage.start().run(60000)
    assert min(garage.amps_da()) > 60
    assert "not kept: identity" in shown(garage) and any("not kept" in line[3] for line in garage.log.since(0))


def test_a_station_without_storage_runs_and_reports_a_problem_to_the_csms():
    for worn in (False, True):
        files = Refusing(worn)
        files.refuses = True
        garage = charging(files, ocpp=OCPP).run(5000)
        assert garage.primary.upstream.station.problem, worn
        garage.start().run(5000)
        assert garage.primary.upstream.station.problem, worn


def test_an_unreadable_access_record_gives_no_installer_rights():
    files = Refusing(worn=True)
    garage = charging(files)
    files.refuses = True
    assert garage.start().primary.access.is_set()


async def test_a_loop_that_finds_no_memory_not_even_for_its_log_line_starts_again():
    primary, starts = Garage().primary, []
    pauses_ms, add = [], primary.log.add

    async def sleep_ms(duration_ms):
        pauses_ms.append(duration_ms)
        if len(pauses_ms) == 1:
            raise MemoryError("no room for a pause")

    def refuse(level, text, now_ms):
        raise MemoryError("no room for a line")

    async def start():
        starts.append(len(pauses_ms))
        primary.log.add = add if len(starts) == 2 else refuse
        if len(starts) < 4:
            raise MemoryError("no room")

    primary.clock.sleep_ms = sleep_ms
    await keep_running("upstream", start, primary.clock, primary.log)
    assert starts == [0, 2, 3, 4]  # a pause before each but the first; one of them was given up
    assert primary.log.counters["loop_failures"] == 4
    assert [line[3] for line in primary.log.since(0) if "upstream: " in line[3]]
