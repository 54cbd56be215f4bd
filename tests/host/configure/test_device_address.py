"""One spelling for one place: hosts and serial ports as they are written, and what they lead to."""

import pytest

from ampacity_host.configure import SiteErrors, compile_site, load_site
from ampacity_host.configure.site_file.device_address import host_of, line, plain

SITE = """
[site]
name = "yard"

[[circuit]]
name = "main"
rating_a = 63.0

[[bus]]
name = "one"
kind = "rtu"
port = "{}"

[[bus]]
name = "two"
kind = "rtu"
port = "{}"
"""


@pytest.mark.parametrize("group", [
    ("localhost", "LOCALHOST", "localhost.", "127.0.0.1", "127.1", "0x7f000001", "127.000.000.001", "::1", "0:0:0:0:0:0:0:1", "0.0.0.0", "::",
     "::ffff:127.0.0.1", "ip6-localhost", "box.localhost"),
    ("10.0.0.7", "10.7", "10.0.7", "167772167", "::ffff:10.0.0.7", "010.000.000.007"),
    ("fe80::1", "FE80::1", "fe80:0:0:0:0:0:0:1", "fe80::0001"),
    ("wallbox.lan", "WallBox.LAN", "wallbox.lan."),
    ("127.0.0.2",), ("wallbox",), ("wallbox-2.lan",), ("1.2.3.4.example",), ("999.1.1.1",), ("10a",), ("ff02::zz",),
])  # fmt: skip
def test_spellings_of_a_host_are_one_and_other_hosts_are_others(group):
    others = {"localhost", "10.0.0.7", "fe80::1", "wallbox.lan", "127.0.0.2", "wallbox"} - set(group)
    assert len({host_of(each) for each in group}) == 1
    assert host_of(group[0]) not in {host_of(each) for each in others}


def test_a_host_is_compiled_in_lower_case_without_its_last_dot():
    assert (plain("Box-1.LAN."), plain("localhost"), plain("10.0.0.7")) == ("box-1.lan", "localhost", "10.0.0.7")


@pytest.mark.parametrize("group", [
    ("/dev/ttyS9", "/dev/./ttyS9", "//dev//ttyS9", "/dev/../dev/ttyS9"),
    ("socket://localhost:4196", "socket://127.0.0.1:4196", "socket://127.0.0.1:04196"),
    ("uart:1",), ("uart:2",), ("/dev/ttys9",), ("socket://127.0.0.1:4197",),
])  # fmt: skip
def test_spellings_of_a_serial_port_are_one_and_other_ports_are_others(group):
    others = {"/dev/ttyS9", "socket://localhost:4196", "uart:1", "uart:2"} - set(group)
    assert len({line(each) for each in group}) == 1
    assert line(group[0]) not in {line(each) for each in others}


def test_a_link_to_a_serial_device_is_that_device(tmp_path):
    device, link = tmp_path / "ttyS9", tmp_path / "by-id"
    device.touch()
    link.symlink_to(device)
    path = tmp_path / "site.toml"
    path.write_text(SITE.format(device, link))
    with pytest.raises(SiteErrors) as caught:
        load_site(path)
    assert [(mistake.where, mistake.field) for mistake in caught.value.mistakes] == [('bus "two"', "port")]


def test_the_controller_gets_one_spelling(tmp_path):
    path = tmp_path / "site.toml"
    text = SITE.format("virtual", "virtual") + '\n[[bus]]\nname = "lan"\nkind = "tcp"\ngateway = true\n'
    for unit, host in ((1, "Gateway.LAN"), (2, "gateway.lan.")):
        text += f'\n[[evse]]\nname = "e{unit}"\nkind = "ampacity"\nbus = "lan"\nunit = {unit}\nhost = "{host}"\ncircuit = "main"\nmax_a = 16.0\n'
    path.write_text(text)
    assert [evse["host"] for evse in compile_site(load_site(path))["evses"]] == ["gateway.lan"] * 2
