"""What a bench can do to our own controllers: hardware that does not do its part, a slow disk, a name that leads nowhere."""


import pytest
from test_virtual_bench import READY_MS, SITE, amps, bench, plug_all

from ampacity_host.rig.base.bench import over_tcp
from ampacity_host.rig.control_channel.fields import FieldError, Fields
from ampacity_host.rig.virtual.virtual_bench import VirtualBench
from ampacity_host.rig.virtual.virtual_csms import attach_csms
from simulated import set_up
from tests.deep import sample

OCPP = """
[ocpp]
version = "2.0.1"
identity = "AMP-0001"
url = "ws://127.0.0.1:9000"
security_profile = 1
password = "0123456789abcdef"
"""


def with_csms(tmp_path):
    path = tmp_path / "site.toml"
    path.write_text(SITE + OCPP)
    setup = set_up(path, csms=True)
    ocpp, setup.facts["ocpp"] = setup.facts["ocpp"], None
    one = VirtualBench(setup.facts, setup.seed)
    csms = attach_csms(one, ocpp["version"], ocpp)
    one.start()
    one.run_ms(READY_MS)
    return one, csms


def charging(tmp_path):
    one = bench(tmp_path)
    plug_all(one)
    one.run_ms(30_000)
    assert min(amps(one).values()) >= 60
    return one


def test_a_secondary_with_a_broken_watchdog_holds_its_limit(tmp_path):
    one = charging(tmp_path)
    before = amps(one)["b"]
    one.fault_injector.set("watchdog_broken", "b", True, {})
    one.fault_injector.set("cut", "b", True, {})
    one.run_ms(30_000)
    assert amps(one)["b"] == before
    one.fault_injector.set("watchdog_broken", "b", False, {})
    one.run_ms(10_000)
    assert amps(one)["b"] == 0


def test_a_secondary_that_keeps_its_setpoint_continues_with_it_after_a_restart(tmp_path):
    one = charging(tmp_path)
    before = amps(one)["b"]
    one.fault_injector.set("keep_setpoint", "b", True, {})
    one.primary.kill()
    one.fault_injector.set("restart", "b", True, {})
    one.run_ms(400)
    assert amps(one)["b"] == 0
    one.run_ms(20_000)
    assert amps(one)["b"] == before


def test_a_local_evse_has_no_line_to_disturb_and_the_answer_names_those_that_have(tmp_path):
    with pytest.raises(FieldError, match="rs485-1, lan, b, c, grid"):
        bench(tmp_path).fault_injector.set("noise", "a", True, {})


def test_frames_and_errors_of_a_tcp_bus_are_also_shown(tmp_path):
    one = charging(tmp_path)
    well = over_tcp("lan", one.view()["buses"])
    assert well["frames"] > 50 and 0 < well["cycle_ms"] < 1000
    one.fault_injector.set("noise", "lan", True, {"ber": 0.01})
    one.run_ms(30_000)
    assert over_tcp("lan", one.view()["buses"])["errors"] > well["errors"]


@pytest.mark.parametrize("kind", sample(["noise", "echo", "babble", "wrong_unit"], 2))
def test_the_line_behind_a_tcp_gateway_can_also_be_disturbed(tmp_path, kind):
    one = charging(tmp_path)
    one.fault_injector.set(kind, "lan", True, {"ber": 0.01})
    one.run_ms(60_000)
    assert not (kind in ("noise", "wrong_unit") and one.view()["evses"]["c"]["online"])
    one.fault_injector.set(kind, "lan", False, {})
    one.run_ms(120_000)
    assert one.view()["evses"]["c"]["online"] and amps(one)["c"] >= 60
    assert one.loop.problems == []


def test_a_hang_that_outlasts_the_hardware_watchdog_ends_in_a_reboot(tmp_path):
    one = charging(tmp_path)
    one.fault_injector.set("hang", "primary", True, {})
    one.run_ms(25_000)
    assert set(amps(one).values()) == {0} and one.restarts() == 0
    one.fault_injector.set("hang", "primary", False, {})
    one.run_ms(2_000)
    assert one.restarts() == 1 and one.primary.role.reset_history.reason == "Watchdog"
    one.run_ms(120_000)
    assert min(amps(one).values()) >= 60


def test_a_short_hang_is_only_a_pause(tmp_path):
    one = charging(tmp_path)
    one.fault_injector.set("hang", "primary", True, {})
    one.run_ms(600)
    one.fault_injector.set("hang", "primary", False, {})
    one.run_ms(3_000)
    assert one.restarts() == 0 and min(amps(one).values()) >= 60


def test_a_slow_disk_blocks_the_writing_controller(tmp_path):
    one = charging(tmp_path)
    one.fault_injector.set("slow_disk", "primary", True, {"ms": 700})
    one.primary.role.persistence.put("note", {"n": 1}, one.loop.now_ms)
    one.run_ms(3_000)
    assert one.view()["stall_ms"] >= 500
    one.fault_injector.set("slow_disk", "primary", False, {})
    one.run_ms(60_000)
    assert one.view()["mode"] == "regulating" and min(amps(one).values()) >= 60


def test_without_name_resolution_the_csms_connection_is_kept_and_no_new_one_is_made(tmp_path):
    one, _ = with_csms(tmp_path)
    one.run_ms(20_000)
    assert one.view()["ocpp"]["connected"]
    one.fault_injector.set("dns_down", "primary", True, {})
    one.run_ms(20_000)
    assert one.view()["ocpp"]["connected"]
    for on in (True, False):
        one.fault_injector.set("csms_down", "primary", on, {})
        one.run_ms(2_000)
    one.run_ms(120_000)
    assert not one.view()["ocpp"]["connected"]
    one.fault_injector.set("dns_down", "primary", False, {})
    one.run_ms(200_000)
    assert one.view()["ocpp"]["connected"]


async def test_a_store_is_seeded_and_a_variable_set_and_forgotten_through_the_console(tmp_path):
    one, _ = with_csms(tmp_path)
    await one.seed_store(Fields({"store": "auth_cache", "token": "04AA", "status": "Blocked", "group": "G"}))
    await one.seed_store(Fields({"store": "local_list", "token": "04BB"}))
    station = one.primary.role.upstream.station
    assert station.cache.find({"idToken": "04AA", "type": "ISO14443"}, 0, 0) == ("Blocked", "G")
    assert station.local_list.find({"idToken": "04BB", "type": "ISO14443"}, 0) == ("Accepted", "")
    before = station.model.text("AuthCtrlr", "LocalPreAuthorize")
    changed = before != "true"
    await one.config_set("AuthCtrlr/LocalPreAuthorize/Actual", changed)
    assert station.model.on("AuthCtrlr", "LocalPreAuthorize") == changed
    await one.config_delete("AuthCtrlr.LocalPreAuthorize")
    assert station.model.text("AuthCtrlr", "LocalPreAuthorize") == before
    wrong = {"store": "local_list", "token": "1", "status": "Odd"}
    for request in ({"store": "attic", "token": "1"}, {"store": "local_list", "token": "a b"}, wrong):
        with pytest.raises(FieldError):
            await one.seed_store(Fields(request))
    with pytest.raises(FieldError):
        await one.config_set("No.Such", 1)


async def test_a_setup_with_fewer_evses_counts_the_others_as_other_load(tmp_path):
    text = SITE.replace("max_a = 16.0\n\n", "max_a = 16.0\nfallback_a = 6.0\n\n", 1)
    one = bench(tmp_path, text)
    await one.provision(Fields({"evses": 1, "csms_url": "ws://127.0.0.1:9000", "config": {"AuthCtrlr.Enabled": False}}))
    config = one.primary_config()
    assert [evse["name"] for evse in config["evses"]] == ["a"]
    assert config["circuits"][0]["assumed_other_da"] == [260, 260, 260]
    assert config["ocpp"]["config"] == {"AuthCtrlr.Enabled": "false"}
    with pytest.raises(FieldError):
        await one.provision(Fields({"evses": 9}))


async def test_the_power_can_be_cut_in_a_write_of_the_next_start(tmp_path):
    one = charging(tmp_path)
    one.primary.kill()
    await one.cut_at_write(2)
    one.primary.start()
    one.run_ms(1_000)
    assert not one.primary.running
    one.primary.start()
    one.run_ms(60_000)
    assert one.view()["mode"] == "regulating"
