"""Independent simulated devices on the buses of a simulated site.

They are built on pymodbus and on the manufacturers' documents, not on the profiles' register tables: a wrong profile must
fail here. From a profile they take only its name and its connection.
"""

import tomllib
from functools import partial
from pathlib import Path

from ampacity_host.places import PROFILES
from ampacity_host.rig.devices import description
from ampacity_host.rig.devices.amperfied import Amperfied
from ampacity_host.rig.devices.described_evse import DescribedEvse
from ampacity_host.rig.devices.described_meter import ChainedMeter, DescribedMeter
from ampacity_host.rig.devices.device import Device
from ampacity_host.rig.devices.heidelberg import Heidelberg
from ampacity_host.rig.devices.kathrein import Kathrein
from ampacity_host.rig.devices.keba import Keba
from ampacity_host.rig.devices.meter_models import AbbB23, Em24, Sdm72, Sdm630
from ampacity_host.rig.devices.serve import serve_tcp
from ampacity_host.rig.devices.smartevse import SharingNode
from ampacity_host.rig.devices.sunspec import CHAINS, SunSpecDevice

SPECIAL: dict = {
    "amperfied-connect": Amperfied,
    "heidelberg-energy-control": Heidelberg,
    "kathrein-kwb": Kathrein,
    "keba-p30": Keba,
    "smartevse-v3-node": SharingNode,
}


def _described(name: str, *arguments: object) -> Device:
    return DescribedEvse(description.load("evse", name), *arguments)


EVSES: dict = {name: partial(_described, name) for name in description.names("evse")} | SPECIAL

def _described_meter(name: str, *arguments: object) -> Device:
    return DescribedMeter(description.load("meter", name), *arguments)


METERS: dict = {name: partial(_described_meter, name) for name in description.names("meter")}
METERS |= {"abb-b23-b24": AbbB23, "carlo-gavazzi-em24": Em24, "eastron-sdm630": Sdm630, "eastron-sdm72-v2": Sdm72, "sunspec-20x": ChainedMeter}
METERS |= {name: partial(SunSpecDevice, models) for name, models in CHAINS.items()}

__all__ = ["EVSES", "METERS", "Device", "make_device", "serve_tcp"]


def make_device(
    profile: "dict | str | Path", unit: int, plant: object, clock: object = None, seed: int = 1,
    framing: "str | None" = None, site: "dict | None" = None,
) -> Device:  # fmt: skip
    """A device as described by its manufacturer.

    profile: a loaded profile, its name, or its file. plant: the circuit that it measures and switches (see EvseDevice,
    MeterDevice). clock: anything with now_ms(). framing: "rtu" or "tcp", default the profile's first. site: the entry of the
    site file; its max_a is the setting of the device's switch, its power_on_a the installer's setting. ValueError: no such
    simulated device.
    """
    table = _profile(profile)
    name = table["name"]
    now_ms = clock.now_ms() if clock is not None else 0  # type: ignore[attr-defined]
    framing = framing or table["link"]["media"][0]
    latency_ms = table["link"]["latency_ms"]
    if name in METERS:
        return METERS[name](unit, plant, seed, framing, latency_ms, now_ms)
    if name not in EVSES:
        raise ValueError(f"no simulated device {name!r}; there are {', '.join(sorted(EVSES | METERS))}")
    site = site or {}
    max_da = round(float(site.get("max_a") or table["order"].get("max_a", 32)) * 10)
    power_on_da = round(float(site["power_on_a"]) * 10) if "power_on_a" in site else None
    return EVSES[name](unit, plant, seed, framing, latency_ms, now_ms, max_da, power_on_da)


def _profile(profile: "dict | str | Path") -> dict:
    if isinstance(profile, dict):
        return profile
    places = (Path(profile), PROFILES / f"{profile}.toml", PROFILES / f"evse-{profile}.toml", PROFILES / f"meter-{profile}.toml")
    for path in places:
        if path.is_file():
            return tomllib.loads(path.read_text())
    raise ValueError(f"there is no profile {profile!r} in {PROFILES}")
