"""What a site's file gets to know of a device from its profile: the profile's part of the compiled site's entries.

Everything that the safety sums rest on comes from here, with its basis. Nothing is guessed: what the profile does
not document and the installer does not declare counts as the worst the device can do.
"""

from ampacity.circuit.trusted.errors import Rejected
from ampacity_host.profiles.loader import blocked, reads_feed, usable
from ampacity_host.profiles.undocumented import off_refused
from ampacity_host.profiles.units import WATTS, da, fraction, ms

UNKNOWN_BOOT_MS = 500
UNKNOWN_REFRESH_MS = 500
STANDARD_SETTLE_MS = 5000
PILOT_MAX_A = 80
DEFAULT_WATCHDOG_S = 10


def evse_facts(profile: dict, site_evse: dict) -> dict:
    """The profile's part of an EVSE entry of the site facts (currents in da, times in ms).

    site_evse: the entry of the site file (max_a, and optionally min_a, fallback_a, watchdog_s, power_on_a).
    Raises Rejected for values that the device cannot take; `blocked` says why it may not regulate, else None.
    """
    order = profile.get("order", {})
    max_da = _max_da(order, site_evse)
    watchdog = _watchdog(profile, site_evse, max_da)
    power_on_da, source = _power_on(profile, site_evse, max_da, watchdog["fallback_da"])
    link = profile["link"]
    facts = {
        "max_da": max_da, "min_da": _min_da(order, site_evse, max_da), "step_da": _step_da(profile),
        "power_on_da": power_on_da, "power_on_source": source,
        "settle_ms": max(STANDARD_SETTLE_MS, profile.get("car", {}).get("settle_ms", 0)), "latency_ms": link["latency_ms"],
        "boot_ms": _boot_ms(link, site_evse), "survives": bool(profile.get("settings", {}).get("survive_restart", False)),
        "holds": bool(profile.get("silence", {}).get("holds", False)), "proof": profile.get("proof", {}).get("kind", "measured"),
        "poll_feeds": reads_feed(profile), "one_client": link.get("clients") == 1,
        "fingerprint": site_evse.get("fingerprint"), "blocked": blocked(profile),
    }  # fmt: skip
    facts.update(watchdog)
    return facts | _phase_switch(profile, site_evse) | _off_shows(profile, site_evse) | _by_power(profile)


def _by_power(profile: dict) -> dict:
    """Ordered in watts, which count as if one phase drew them all; an order of the maximum is one of all phases (compiler.py)."""
    return {"by_power": True} if in_watts(profile) and not profile["order"].get("balances") else {}


def in_watts(profile: dict) -> bool:
    """Are its orders watts, which the voltage of the site converts?"""
    order = profile.get("order")
    return bool(order) and profile["registers"][order["limit"]].get("unit") in WATTS


def _off_shows(profile: dict, site_evse: dict) -> dict:
    """What this unit was seen to show as its limit while it is off, where no document says it: then other things prove its pause."""
    shows = site_evse.get("off_shows")
    if shows is None:
        return {}
    refused = off_refused(profile)
    if refused:
        raise Rejected("off_shows", shows, refused)
    return {"off_shows": shows}


def _boot_ms(link: dict, site_evse: dict) -> int:
    """The least time that it needs to restart and listen again: the installer may have timed it."""
    return ms(site_evse["boot_s"]) if "boot_s" in site_evse else link.get("boot_ms", UNKNOWN_BOOT_MS)


def _phase_switch(profile: dict, site_evse: dict) -> dict:
    """Only where the installer asks for it: the hardware may not be fitted, and contactors wear."""
    if not site_evse.get("phase_switch"):
        return {}
    if "phases" not in profile:
        raise Rejected("phase_switch", True, "false: no register of this device is known to switch its phases")
    return {"phase_switch": True}


def _max_da(order: dict, site_evse: dict) -> int:
    most = da(order.get("max_a", PILOT_MAX_A)) if order else 0
    max_da = da(site_evse.get("max_a", order.get("max_a", 0)))
    if order and not max_da:
        raise Rejected("max_a", 0, "what its switch or its rating plate says: no register limit is documented")
    if most and max_da > most:
        raise Rejected("max_a", site_evse["max_a"], f"at most {most / 10} A: the device offers no more")
    return max_da


def _min_da(order: dict, site_evse: dict, max_da: int) -> int:
    least = da(order.get("min_a", 6))
    min_da = max(least, da(site_evse.get("min_a", 0)))
    if min_da > max_da:
        raise Rejected("min_a", site_evse.get("min_a", least / 10), f"{least / 10} to {max_da / 10} A")
    return min_da


def _step_da(profile: dict) -> int:
    order = profile.get("order")
    if not order:
        return 1
    if "step_a" in order:
        return max(1, da(order["step_a"]))
    register = profile["registers"][order["limit"]]
    if register.get("unit") != "A" or register["type"].startswith("f"):
        return 1
    return max(1, -(-fraction(register).numerator // fraction(register).denominator))


def _watchdog(profile: dict, site_evse: dict, max_da: int) -> dict:
    dog = profile.get("watchdog")
    if not dog or not usable(dog):
        return {"watchdog_ms": 0, "watchdog_tolerance_ms": 0, "watchdog_fixed": False, "fallback_fixed": False, "fallback_da": max_da}
    fixed = "fixed_s" in dog
    watchdog_ms = ms(dog["fixed_s"]) if fixed else _watchdog_ms(dog, site_evse)
    tolerance_ms = max(1000, watchdog_ms * max(10, dog.get("tolerance_percent", 10)) // 100)
    fallback_da = _fallback_da(dog, site_evse, max_da)
    return {
        "watchdog_ms": watchdog_ms, "watchdog_tolerance_ms": tolerance_ms, "watchdog_fixed": fixed,
        "fallback_fixed": "fallback_fixed_a" in dog, "fallback_da": fallback_da,
    }  # fmt: skip


def _watchdog_ms(dog: dict, site_evse: dict) -> int:
    wanted_ms = ms(site_evse.get("watchdog_s", max(DEFAULT_WATCHDOG_S, dog.get("min_s", 0))))
    if not ms(dog.get("min_s", 0)) <= wanted_ms <= ms(dog["max_s"]):
        raise Rejected("watchdog_s", wanted_ms / 1000, f"{dog.get('min_s', 0)} to {dog['max_s']} s")
    return wanted_ms


def _fallback_da(dog: dict, site_evse: dict, max_da: int) -> int:
    if "fallback_fixed_a" in dog:
        return da(dog["fallback_fixed_a"])
    fallback_da = da(site_evse.get("fallback_a", 0))
    ranges = [(da(low), min(da(high), max_da)) for low, high in dog.get("fallback_values_a", [])]
    if not any(low <= fallback_da <= high for low, high in ranges):
        raise Rejected("fallback_a", site_evse.get("fallback_a", 0), _spelled(ranges))
    return fallback_da


def _power_on(profile: dict, site_evse: dict, max_da: int, fallback_da: int) -> "tuple[int, str]":
    known = profile.get("power_on")
    declared_da = min(da(site_evse["power_on_a"]), max_da) if "power_on_a" in site_evse else None
    if declared_da is not None:  # no less than what its pause counts as
        declared_da = max(declared_da, da(profile.get("order", {}).get("pause_counts_a", 0)))
    if known and "register" in known:
        return _settable_power_on(known, declared_da, max_da), "settings"
    if declared_da is not None and (known is None or known.get("declarable")):
        return declared_da, "declared"
    if known is None:
        return max_da, "unknown"
    value = {"max": max_da, "fallback": fallback_da}.get(known["allows"]) if isinstance(known["allows"], str) else da(known["allows"])
    if declared_da is not None and declared_da > value:  # the installer knows of something worse
        return declared_da, "declared"
    return min(value, max_da), "documented"


def _settable_power_on(known: dict, wanted_da: "int | None", max_da: int) -> int:
    """What its register must show: the site's choice, else the least it can be set to, else the maximum."""
    ranges = [(da(low), min(da(high), max_da)) for low, high in known.get("values_a", [])]
    if not ranges:
        return max_da if wanted_da is None else wanted_da
    chosen_da = ranges[0][0] if wanted_da is None else wanted_da
    if not any(low <= chosen_da <= high for low, high in ranges):
        raise Rejected("power_on_a", chosen_da / 10, _spelled(ranges))
    return chosen_da


def _spelled(ranges: list) -> str:
    return " or ".join(f"{low / 10} to {high / 10} A" if high > low else f"{low / 10} A" for low, high in ranges)


def meter_facts(profile: dict, site_meter: dict) -> dict:
    """The profile's part of a meter entry: inputs (currents it measures), coarse, timeout_ms, frozen_ms,
    sample_ms (how old what it shows may be when its answer comes: its own refresh and latency).

    Raises Rejected when the site maps more phases than the meter has inputs. inputs 0: counted as no meter.
    """
    inputs = sum(1 for name in profile["reads"]["live"] if name.startswith("current_l"))
    phases = site_meter.get("phases")
    if phases is not None and len(phases) > inputs:
        raise Rejected("phases", phases, f"at most {inputs} phases: the meter measures {inputs} currents")
    measure = profile.get("measure", {})
    return {
        "inputs": inputs, "coarse": bool(measure.get("coarse", False)), "max_da": da(measure.get("max_a", 1000)),
        "sample_ms": profile["link"]["latency_ms"] + measure.get("refresh_ms", UNKNOWN_REFRESH_MS),
        "timeout_ms": ms(site_meter.get("meter_timeout_s", 5)), "frozen_ms": ms(site_meter.get("meter_frozen_s", 5)),
    }  # fmt: skip
