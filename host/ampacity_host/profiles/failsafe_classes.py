"""Behaviour of a device after loss of the primary, as one letter; and the class that counts until it is tested."""

from ampacity.circuit.trusted.errors import Rejected
from ampacity.circuit.trusted.site.check import declared_da
from ampacity.circuit.trusted.site.tree import Evse
from ampacity_host.profiles.facts import evse_facts
from ampacity_host.profiles.loader import usable

CLASSES = {
    "A": "watchdog and fallback are set over the bus and read back",
    "B": "a fixed timer, then nothing flows",
    "C": "a watchdog whose time, fallback or feeding is not known, or not ours to set",
    "N": "no watchdog, or none found",
}
SETTLE_MS = 5000


def device_class(profile: dict) -> str:
    """A, B, C or N; see CLASSES."""
    dog = profile.get("watchdog")
    if not dog:
        return "N"
    if not usable(dog):
        return "C"
    return "B" if "fixed_s" in dog and dog.get("fallback_fixed_a") == 0 else "A"


def reserves_da(profile: dict, max_a: int = 16) -> "tuple[int, int]":
    """What an EVSE of max_a counts at all times: as its documents have it, and with the least that may be declared or set."""
    least = {"max_a": max_a, "power_on_a": 0.0}
    return _reserve_da(profile, {"max_a": max_a}), _reserve_da(profile, least)


def _reserve_da(profile: dict, site: dict) -> int:
    for _ in range(3):
        try:
            facts = evse_facts(profile, site)
            break
        except Rejected as refused:  # take the least that it can be set to
            site = site | {refused.field: 6.0 if refused.field != "power_on_a" or site["power_on_a"] == 0.0 else site["max_a"]}
    return declared_da(Evse(0, facts | {"name": "", "kind": "profile", "terminals": [[0]]}, SETTLE_MS))
