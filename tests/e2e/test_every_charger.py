"""Every charger that the profiles know, on a bench of its own: after each way of losing it, its car charges again."""

import tempfile
import tomllib
from pathlib import Path

import pytest
from stand import ROOT, Stand, running

from ampacity_host.configure import SiteErrors, check_report, load_site
from sites import bus, circuit, evse, head
from tests.deep import sample

PROFILES = {path.stem[5:]: tomllib.loads(path.read_text()) for path in sorted((ROOT / "firmware/ampacity/profiles").glob("evse-*.toml"))}
MONITORED = ("chargex-aqueduct",)  # may not regulate
DECLARED = ({"power_on_a": 6.0}, {"fallback_a": 6.0}, {})  # what goes with one device does not with another


def site(kind, unit, declared):
    link = PROFILES[kind]["link"]
    if link["media"] == ["tcp"]:
        line = bus(kind="tcp", host="127.0.0.1", private=True)
    else:
        serial = next(medium for medium in link["media"] if medium != "tcp")
        line = bus(kind=serial, baud=link.get("baud", 19200), parity=link.get("parity", "E"), stop=link.get("stop", 1))
    return head("bench", voltage=230) + circuit("main", 125.0, assumed_other_a=20.0) + line + evse(unit, "main", kind=kind, **declared)


def accepted(kind):
    """The text of a site with one such device that the check takes."""
    for unit in (1, 2):
        for declared in DECLARED:
            text = site(kind, unit, declared)
            with tempfile.TemporaryDirectory() as folder:
                path = Path(folder) / "site.toml"
                path.write_text(text)
                try:
                    if check_report(load_site(path))["ok"]:
                        return text
                except SiteErrors:
                    pass
    raise AssertionError(kind)


@pytest.mark.parametrize("kind", sample([kind for kind in PROFILES if kind not in MONITORED], 8))
def test_after_a_dead_primary_and_a_cut_line_its_car_charges_again(kind):
    with running(accepted(kind), "--clock", "virtual") as rig:
        stand, name = Stand(rig, True), rig.ready["evses"][0]
        charges = lambda: stand.amps(name) > 6.5 and stand.primary["evses"][name]["online"]  # noqa: E731  more than any falls back to
        rig.plug(evse=name)
        stand.until(charges, 300_000, 2_000)
        rig.primary(action="kill")
        stand.pass_ms(90_000)
        rig.primary(action="start")
        stand.pass_ms(1_000)
        stand.until(charges, 400_000, 2_000)
        rig.fault(kind="cut", target=name)
        stand.pass_ms(90_000)
        rig.fault(kind="cut", target=name, on=False)
        stand.until(charges, 400_000, 2_000)
        assert stand.violations_ms() == 0
