"""Every device that is known and can be simulated, asked who it is: named, or among those that look alike."""

from types import SimpleNamespace

import pytest
from desk import START_US, Desk, device

from ampacity.commission.scan import Scan
from ampacity.commission.scan_text import units_for
from ampacity.profiles.known import KNOWN
from ampacity_host import profiles
from ampacity_host.profiles.known_lines import known_line
from tools import known_devices

SETTING = {"rtu": (9600, "N", 1), "ascii": (38400, "E", 1), "tcp": (0, "", 0)}
NOT_SIMULATED = {"chargex-aqueduct"}
NAMELESS = {"eastron-sdm72"}  # it shows a power alone, and any number may be one
TWINS = [  # registers alike, and none that names the device
    {"carlo-gavazzi-em24", "carlo-gavazzi-em340", "phoenix-eem-350"},
    {"eastron-sdm120", "eastron-sdm230", "eastron-sdm630", "eastron-sdm72-v2"},
    {"inepro-pro380", "wago-879-30xx"},
    {name for name in profiles.names("meter") if name.startswith("sunspec")},  # layouts of one chain of models
]


def cases():
    for kind in ("evse", "meter"):
        for name in profiles.names(kind):
            for medium in profiles.load(f"{kind}-{name}")["link"]["media"]:
                if medium in SETTING and name not in NOT_SIMULATED:
                    yield pytest.param(f"{kind}-{name}", name, medium, id=f"{name}-{medium}")


def examined(profile, medium, unit=5):
    setting = SETTING[medium]
    facts = {"kind": "rtu", "framing": "ascii"} if medium == "ascii" else {"kind": medium}
    scan = Scan(facts, [setting], [unit - 1, unit], KNOWN, START_US)
    if medium == "tcp":
        scan.connected(START_US)
    desk = Desk(scan, [(device(profile, unit, framing=medium), setting)])
    assert desk.run(60)
    return desk, scan.found()


@pytest.mark.parametrize("profile, name, medium", list(cases()))
def test_a_device_is_known(profile, name, medium):
    desk, found = examined(profile, medium)
    assert [row["unit"] for row in found] == [5] and not found[0]["note"]
    assert desk.now_us - START_US < 20_000_000
    if name in NAMELESS:
        assert found[0]["device"] is None and found[0]["answers"]
        return
    alike = next((family for family in TWINS if name in family), {name})
    assert found[0]["device"] in alike and {name, "sunspec"} & set(found[0]["fits"])
    assert set(found[0]["fits"]) <= alike


def test_a_device_that_ignores_addresses_is_reported_once():
    wallbox = device("evse-keba-p30", 1, framing="tcp")
    scan = Scan({"kind": "tcp"}, [], units_for(False, rtu=False), KNOWN, START_US)
    scan.connected(START_US)
    anywhere = SimpleNamespace(tick=wallbox.tick, receive=lambda data, now_us: [
        (frame[:6] + data[6:7] + frame[7:], at) for frame, at in wallbox.receive(data[:6] + b"\x01" + data[7:], now_us)])  # fmt: skip
    assert Desk(scan, [(anywhere, (0, "", 0))]).run(60)
    assert [(row["unit"], row["device"], row["note"]) for row in scan.found()] == [(1, "keba-p30", "answers at any address")]


def test_only_reads_are_sent():
    for profile, medium in (("evse-heidelberg-energy-control", "rtu"), ("meter-abb-b23-b24", "rtu"), ("evse-keba-p30", "tcp")):
        desk, _ = examined(profile, medium)
        at = 1 if medium == "rtu" else 7
        assert {frame[at] for _, _, frame in desk.sent} <= {1, 2, 3, 4, 43}


def test_only_registers_that_some_profile_lists_as_readable_are_read():
    readable = {(3, 0), (4, 0), (3, 40000)}
    for kind in ("evse", "meter"):
        for name in profiles.names(kind):
            profile = profiles.load(f"{kind}-{name}")
            for register in profile["registers"].values():
                if "r" in register.get("access", "rw"):
                    readable.add(({"coil": 1, "discrete": 2, "holding": 3, "input": 4}[register["in"]], register["at"]))
            readable |= {(3, at) for at in profile["link"].get("chain", {}).get("starts", [])}
    desk, _ = examined("evse-heidelberg-energy-control", "rtu")
    for _, _, frame in desk.sent:
        assert frame[1] == 43 or (frame[1], frame[2] << 8 | frame[3]) in readable


def test_the_line_of_each_profile_is_up_to_date():
    assert known_devices.PATH.read_text() == known_devices.text()
    assert len(KNOWN) == len(profiles.names("evse")) + len(profiles.names("meter"))


def test_a_line_has_these_parts():
    line = known_line(profiles.load("evse-heidelberg-energy-control"))
    assert line.startswith("heidelberg-energy-control evse r 19200E1 1-16 fits 15000 layout,4,4,1,u16,1,1,0,0,256..511 ")
    assert "sure" in known_line(profiles.load("meter-abb-b23-b24"))
