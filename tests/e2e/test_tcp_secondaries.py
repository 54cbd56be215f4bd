"""Our own secondaries over Modbus/TCP: the rig on both clocks, plain and with certificates, on both runtimes."""

import tempfile
from pathlib import Path

import pytest
from stand import Stand, running

from certificates import Authority

SITE = """
[site]
name = "lan"
[[circuit]]
name = "main"
rating_a = 32
[[bus]]
name = "lan"
kind = "tcp"
{bus}
[[evse]]
name = "one"
kind = "ampacity"
bus = "lan"
host = "{host_one}"
unit = 1
circuit = "main"
max_a = 16
{one}
[[evse]]
name = "two"
kind = "ampacity"
bus = "lan"
host = "{host_two}"
unit = 1
circuit = "main"
max_a = 16
watchdog_s = 5
{two}
"""
PLAIN = SITE.format(bus="", host_one="10.0.0.1", host_two="10.0.0.2", one="", two="")


def secure(folder):
    """A site file whose bus has tls, with certificates in the folder."""
    ca = Authority()
    (folder / "root.pem").write_text(ca.root)
    for name, role in (("primary", "Primary"), ("one", None), ("two", None)):
        ca.issue("localhost", role=role).files(folder, name)

    def own(name):
        return f'certificate_pem = "{folder}/{name}.pem"\nkey_pem = "{folder}/{name}.key.pem"'

    bus = f'tls = true\nroot_pem = "{folder}/root.pem"\n' + own("primary")
    return SITE.format(bus=bus, host_one="10.0.0.1", host_two="10.0.0.2", one=own("one"), two=own("two"))


def charge(stand):
    stand.until(lambda: stand.primary and stand.primary["mode"] == "regulating", 60_000)
    for name in ("one", "two"):
        stand.rig.plug(evse=name)
    stand.until(lambda: min(stand.amps("one"), stand.amps("two")) > 15, 40_000)


def lost_and_found(stand):
    """One is cut off: its lease lapses and it pauses; then it comes back."""
    rig = stand.rig
    rig.fault(kind="cut", target="two")
    stand.until(lambda: stand.amps("two") == 0, 25_000)
    assert stand.amps("one") > 15 and stand.truth["evses"]["two"]["watchdog"] in ("expired", "none")
    rig.fault(kind="cut", target="two", on=False)
    stand.until(lambda: stand.amps("two") > 15, 90_000)


def test_they_charge_fall_back_and_return_on_the_virtual_clock():
    with running(PLAIN, "--clock", "virtual") as rig:
        stand = Stand(rig, True)
        charge(stand)
        assert stand.truth["evses"]["one"]["watchdog"] == "armed"
        lost_and_found(stand)
        rig.fault(kind="power_off", target="one")
        stand.until(lambda: stand.amps("one") == 0, 2_000)
        stand.pass_ms(20_000)
        assert not stand.primary["evses"]["one"]["online"]
        rig.fault(kind="power_off", target="one", on=False)
        stand.until(lambda: stand.amps("one") > 15, 90_000)
        rig.fault(kind="foreign_client", target="lan", writes=True)
        stand.pass_ms(20_000)
        assert min(stand.amps("one"), stand.amps("two")) > 15  # another identity is not obeyed while a lease runs
        rig.primary(action="kill")
        stand.pass_ms(40_000)
        assert stand.violations_ms() == 0


@pytest.mark.parametrize("runtime", ["cpython", "micropython"])
def test_with_certificates_they_charge_fall_back_and_return_on_the_real_clock(runtime):
    with tempfile.TemporaryDirectory() as folder, running(secure(Path(folder)), "--clock", "real", "--runtime", runtime) as rig:
        stand = Stand(rig, False)
        charge(stand)
        lost_and_found(stand)
        assert stand.violations_ms() == 0 and rig.worst()["stall_ms"] < 2_000


def test_a_bus_with_tls_is_refused_on_the_virtual_clock(tmp_path):
    import subprocess
    import sys

    (tmp_path / "site.toml").write_text(secure(tmp_path))
    command = [sys.executable, "-m", "ampacity_host", "rig", "--site", str(tmp_path / "site.toml"), "--clock", "virtual"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 2 and "bus lan has tls; use --clock real" in done.stderr
