"""`ampacity check` and devices whose settings cannot be read in the time for which they hold (rule 8)."""

import pytest

from ampacity_host.configure import check_report, load_site

SITE = """
[site]
name = "slow"

[[circuit]]
name = "main"
rating_a = 63.0

[[bus]]
name = "line"
{bus}

[[evse]]
name = "bay-1"
kind = "{kind}"
bus = "line"
unit = 1
circuit = "main"
max_a = 16.0
power_on_a = 0.0
watchdog_s = 60
{more}
"""
SERIAL = 'kind = "rtu"\nport = "virtual"\nbaud = 9600'
FAR = 'kind = "rtu"\nport = "socket://10.0.0.9:4001"\nbaud = 1200'


def slow(tmp_path, bus, kind="abb-terra-ac", more=""):
    path = tmp_path / "site.toml"
    path.write_text(SITE.format(bus=bus, kind=kind, more=more))
    return [found for found in check_report(load_site(path))["findings"] if found["code"] == "too-slow"]


def test_a_local_line_is_never_too_slow_for_a_sequence_of_answers(tmp_path):
    assert slow(tmp_path, SERIAL) == []


def test_a_device_that_cannot_be_read_in_time_through_a_gateway_is_reported_with_both_times(tmp_path):
    (found,) = slow(tmp_path, FAR)
    assert found["level"] == "warning" and found["where"] == "bay-1" and "boot_s" in found["fix"]
    assert found["text"].startswith("bus too slow: reading its settings takes 0.7 s, a restart may take only 0.5 s")


def test_a_longer_measured_restart_time_is_used(tmp_path):
    assert slow(tmp_path, FAR, more="boot_s = 2.0") == []


@pytest.mark.parametrize("kind", ["ampacity", "local"])
def test_kinds_of_this_firmware_have_no_boot_s(tmp_path, kind):
    path = tmp_path / "site.toml"
    path.write_text(SITE.format(bus=SERIAL, kind=kind, more="boot_s = 2.0"))
    with pytest.raises(Exception) as raised:
        load_site(path)
    assert "boot_s" in str(raised.value)


CROWD = """
[site]
name = "crowd"

[[circuit]]
name = "main"
rating_a = 250.0
assumed_other_a = 100.0
{meter}

[[bus]]
name = "line"
kind = "rtu"
port = "virtual"
baud = {baud}

[[bus]]
name = "meters"
kind = "rtu"
port = "/dev/ttyS9"
"""
METER = '[[meter]]\nname = "m"\nprofile = "eastron-sdm630"\nbus = "meters"\nunit = 100\n'


def old(tmp_path, count, baud, metered=True):
    text = CROWD.format(meter='meter = "m"' if metered else "", baud=baud) + (METER if metered else "")
    unit = '[[evse]]\nname = "e{0}"\nkind = "ampacity"\nbus = "line"\nunit = {0}\ncircuit = "main"\nmax_a = 16.0\n'
    path = tmp_path / "site.toml"
    path.write_text(text + "".join(unit.format(n) for n in range(1, count + 1)))
    return [found for found in check_report(load_site(path))["findings"] if found["code"] == "slow-line"]


def test_a_line_whose_readings_are_too_old_next_to_a_meter_is_reported(tmp_path):
    (found,) = old(tmp_path, 60, 9600)
    assert (found["level"], found["where"]) == ("warning", "line") and "fewer units on line" in found["fix"], found
    assert found["text"].startswith("one cycle of its 60 units takes 5.")
    assert old(tmp_path, 60, 9600, metered=False) == old(tmp_path, 40, 19200) == old(tmp_path, 30, 9600) == []
    assert len(old(tmp_path, 40, 9600)) == 1
