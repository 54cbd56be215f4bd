"""How long a bus in service is left alone before the first question, and who cannot be waited for."""

import pytest

from ampacity.base.errors import Rejected
from ampacity.commission.identify import KnownDevice
from ampacity.profiles.known import KNOWN
from ampacity_host.scan.options import watchdogs_ms

SITE = """
[site]
name = "yard"
[[circuit]]
name = "main"
rating_a = 100.0
[[bus]]
name = "line"
kind = "rtu"
port = "virtual"
"""
EVSE = '[[evse]]\nname = "{name}"\nkind = "{kind}"\nbus = "line"\nunit = {unit}\ncircuit = "main"\nmax_a = 16.0\n{more}\n'


@pytest.fixture
def site(tmp_path):
    def written(*evses):
        path = tmp_path / "site.toml"
        entries = [EVSE.format(name=f"bay-{unit}", kind=kind, unit=unit, more=more) for unit, (kind, more) in enumerate(evses, 1)]
        path.write_text(SITE + "".join(entries))
        return path

    return written


def test_with_a_site_file_the_scan_waits_for_the_longest_watchdog_and_its_margin(site):
    path = site(("ampacity", "watchdog_s = 10"), ("ampacity", "watchdog_s = 2400"))
    assert 2_400_000 < watchdogs_ms(path, True) < 2_700_000


def test_the_scan_cannot_wait_for_a_device_without_a_watchdog(site):
    with pytest.raises(Rejected, match="bay-2 has no watchdog.*--standing"):
        watchdogs_ms(site(("ampacity", ""), ("kse-wbx", "")), True)


@pytest.mark.parametrize("rtu", [True, False])
def test_without_a_site_file_the_scan_waits_for_the_longest_factory_watchdog(rtu):
    times = [known.watchdog_ms for known in map(KnownDevice, KNOWN) if ("r" if rtu else "t") in known.media]
    assert watchdogs_ms(None, rtu) >= max(times) > 60_000
