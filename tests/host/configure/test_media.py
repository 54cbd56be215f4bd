"""What a bus speaks and what a device speaks: serial in two spellings, TCP, and serial devices behind a gateway."""

import pytest

from ampacity_host.configure import SiteErrors, check_report, compile_site, load_site

SITE = """
[site]
name = "media"
voltage = 230

[[circuit]]
name = "main"
rating_a = 63.0

[[bus]]
name = "line"
{bus}

[[evse]]
name = "box"
kind = "{kind}"
bus = "line"
unit = {unit}
circuit = "main"
max_a = 16.0
{more}
"""
ASCII = 'kind = "ascii"\nport = "virtual"\nbaud = 38400\nparity = "E"'
RTU = 'kind = "rtu"\nport = "virtual"'
TCP = 'kind = "tcp"\nhost = "10.0.0.9"\nprivate = true'
GATEWAY = TCP + "\ngateway = true\ntransit_s = 5"


def site(tmp_path, bus, kind, unit=2, more=""):
    path = tmp_path / "site.toml"
    path.write_text(SITE.format(bus=bus, kind=kind, unit=unit, more=more))
    return path


def refusal(path):
    with pytest.raises(SiteErrors) as refused:
        load_site(path)
    return str(refused.value)


def test_an_ascii_line_is_a_serial_line_with_another_encoding(tmp_path):
    facts = compile_site(load_site(site(tmp_path, ASCII, "abl-emh1")))
    bus = facts["buses"][0]
    assert bus["kind"] == "rtu" and bus["framing"] == "ascii" and bus["baud"] == 38400
    assert bus["transit_ms"] == -(-513 * 11 * 1000 // 38400)


def test_an_ascii_device_is_refused_on_an_rtu_line_and_vice_versa(tmp_path):
    assert "is rtu, but the device supports ascii" in refusal(site(tmp_path, RTU, "abl-emh1"))
    assert "is ascii, but the device supports rtu" in refusal(site(tmp_path, ASCII, "heidelberg-energy-control"))
    assert 'is ascii, and kind "ampacity" needs rtu or tcp' in refusal(site(tmp_path, ASCII, "ampacity"))


@pytest.mark.parametrize("bus", [ASCII, RTU])
def test_a_serial_line_has_a_port_and_no_host(tmp_path, bus):
    assert "host: does not belong" in refusal(site(tmp_path, bus + '\nhost = "10.0.0.9"', "abl-emh1"))
    assert "tls" in refusal(site(tmp_path, bus + "\ntls = true", "abl-emh1"))


def far(address):
    return RTU.replace('port = "virtual"', 'port = "%s"' % address)


def test_a_line_behind_a_device_server_is_serial_and_its_frames_may_be_late(tmp_path):
    bus = compile_site(load_site(site(tmp_path, far("socket://10.0.0.7:4196"), "heidelberg-energy-control")))["buses"][0]
    assert (bus["kind"], bus["port"], bus["transit_ms"], bus["private"]) == ("rtu", "socket://10.0.0.7:4196", 60000, False)
    named = site(tmp_path, far("socket://10.0.0.7:4196") + "\ntransit_s = 3\nprivate = true", "heidelberg-energy-control")
    assert [compile_site(load_site(named))["buses"][0][key] for key in ("transit_ms", "private")] == [3000, True]


def test_an_address_of_a_device_server_is_numeric(tmp_path):
    for address in ("socket://server:4196", "socket://10.0.0.7", "tcp://10.0.0.7:4196"):
        assert "socket://HOST:PORT" in refusal(site(tmp_path, far(address), "heidelberg-energy-control"))
    assert "private: does not belong" in refusal(site(tmp_path, RTU + "\nprivate = true", "heidelberg-energy-control"))


def test_a_serial_device_behind_a_gateway_is_polled_by_tcp(tmp_path):
    facts = compile_site(load_site(site(tmp_path, GATEWAY, "heidelberg-energy-control")))
    assert facts["buses"][0]["kind"] == "tcp" and facts["evses"][0]["transit_ms"] == 5000
    assert check_report(load_site(site(tmp_path, GATEWAY, "heidelberg-energy-control")))["ok"]


def test_without_a_gateway_the_required_entry_is_named(tmp_path):
    text = refusal(site(tmp_path, TCP, "heidelberg-energy-control"))
    assert "is tcp, but the device supports rtu" in text and "gateway = true" in text


def test_frames_for_a_whole_line_do_not_pass_a_gateway(tmp_path):
    assert "is tcp, but the device supports rtu" in refusal(site(tmp_path, GATEWAY, "smartevse-v3-node"))


def test_the_line_behind_a_gateway_costs_its_time(tmp_path):
    slow = check_report(load_site(site(tmp_path, GATEWAY, "delta-ac-max", more="power_on_a = 6.0\nfallback_a = 6.0")))["buses"][0]["cycle_ms"]
    fast = check_report(load_site(site(tmp_path, TCP, "delta-ac-max", more="power_on_a = 6.0\nfallback_a = 6.0")))["buses"][0]["cycle_ms"]
    assert slow > fast + 50


def test_phases_are_switched_only_where_a_register_does_it(tmp_path):
    asked = "phase_switch = true"
    facts = compile_site(load_site(site(tmp_path, TCP, "keba-p30", 255, asked + "\npower_on_a = 0.0")))
    assert facts["evses"][0]["phase_switch"] is True
    assert "phase_switch" in refusal(site(tmp_path, RTU, "heidelberg-energy-control", 2, asked))
    assert 'kind "ampacity" cannot switch its phases' in refusal(site(tmp_path, RTU, "ampacity", 2, asked))
    one = asked + '\nphases = ["L1"]\npower_on_a = 0.0'
    assert "needs an EVSE on three phases" in refusal(site(tmp_path, TCP, "keba-p30", 255, one))
