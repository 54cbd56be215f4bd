"""What an EVSE may draw without asking, and in the default state: one answer for the check, the boot and the ledger.

Pure functions of the facts of an EVSE (`evse`) and of what is known of its device (`known`): what was read back from it
(`values`), what a commissioning test has seen of it (`seen`, `tested`) and whether its watchdog did not act (`distrusted`).
The ledger's `known` is its Evidence. Before anything was read it is Declared: a device that is as its site file says, so the
check promises what the ledger finds, if the device is so; what is not read yet counts as the worst.
"""

from ampacity.circuit.trusted.site.tree import Evse

SEEN_KEYS = ("watchdog_ms", "fallback_da", "power_on_da", "holds")  # what a commissioning test may have seen

if False:  # for the type checker
    from typing import Protocol

    class Known(Protocol):
        """What is known of one device."""

        values: "dict[str, object]"
        seen: "dict[str, int]"
        tested: bool
        distrusted: bool


class Declared:
    """What will be known of a device that is as its site file says; `kept`: what a journal holds of tests of it."""

    def __init__(self, evse: Evse, tested: bool = False, kept: "dict[str, object] | None" = None) -> None:
        self.values = declared(evse)
        self.seen: dict[str, int] = {}
        self.tested = tested
        self.distrusted = False
        if kept and evse.fingerprint in (None, kept.get("known_fingerprint")):
            self._tests(kept)

    def _tests(self, kept: "dict[str, object]") -> None:
        """Of the very device that was tested; that a watchdog did not act is heeded in any case."""
        self.distrusted = bool(kept.get("distrusted"))
        seen = kept.get("seen")
        if kept.get("tested_fingerprint") == kept.get("known_fingerprint"):
            self.tested = self.tested or bool(kept.get("tested"))
            if isinstance(seen, dict):
                self.seen = {key: seen[key] for key in SEEN_KEYS if isinstance(seen.get(key), int)}


def declared(evse: Evse) -> "dict[str, object]":
    """What reading it will show, where it is as its facts say."""
    values: dict[str, object] = {}
    if evse.watchdog_ms > 0 and evse.kind != "local":
        values["watchdog_ms"] = evse.watchdog_ms
        values["fallback_da"] = evse.fallback_da
    if evse.kind == "ampacity" or evse.power_on_source == "settings":
        values["power_on_da"] = evse.power_on_da
    return values


def _number(known: "Known", key: str, otherwise: int) -> int:
    value = known.values.get(key)
    return value if isinstance(value, int) else otherwise


def hardware_da(evse: Evse, known: "Known") -> int:
    """The most the hardware can offer: never less than the site file says."""
    return max(evse.max_da, _number(known, "max_da", 0))


def watchdog_ms(evse: Evse, known: "Known") -> int:
    """The proven watchdog time, or 0: none that counts."""
    if evse.watchdog_ms <= 0 or known.distrusted or known.values.get("mode_ok", True) is False:
        return 0
    if evse.kind == "local":
        return evse.watchdog_ms
    if evse.kind == "ampacity":  # every grant carries its lease
        proven = "fallback_da" in known.values or evse.watchdog_fixed
        return max(evse.watchdog_ms, _number(known, "watchdog_ms", 0), known.seen.get("watchdog_ms", 0)) if proven else 0
    read_ms = _number(known, "watchdog_ms", -1)
    if read_ms < 0:
        read_ms = evse.watchdog_ms if evse.watchdog_fixed else 0
    if not read_ms or not ("fallback_da" in known.values or evse.fallback_fixed):
        return 0
    return max(read_ms, known.seen.get("watchdog_ms", 0))


def holds(evse: Evse, known: "Known") -> bool:
    """True if it keeps its last order without communication, by its manufacturer or a test of this device (rule 7)."""
    return evse.holds or known.seen.get("holds", 0) > 0


def fallback_da(evse: Evse, known: "Known") -> int:
    """The value it falls back to; only meaningful with a proven watchdog."""
    return max(_number(known, "fallback_da", evse.fallback_da), known.seen.get("fallback_da", 0))


def power_on_da(evse: Evse, known: "Known") -> int:
    """The most after any restart: documented, declared, read back, seen, else the hardware maximum."""
    if evse.kind == "local":
        return 0
    return max(_stated_power_on_da(evse, known), known.seen.get("power_on_da", 0))


def _stated_power_on_da(evse: Evse, known: "Known") -> int:
    """Without test results, except where nothing is declared."""
    if "power_on_da" in known.values:
        return _number(known, "power_on_da", hardware_da(evse, known))
    if evse.kind == "ampacity":
        return _number(known, "fallback_da", hardware_da(evse, known))
    if evse.power_on_source == "documented" or (evse.power_on_source == "declared" and (known.tested or not evse.require_tested)):
        return evse.power_on_da
    return known.seen["power_on_da"] if "power_on_da" in known.seen else hardware_da(evse, known)


def reserve_da(evse: Evse, known: "Known") -> int:
    """Rule 4: current that it may draw without an order, at any time, in da; never available to others."""
    reserve = power_on_da(evse, known)
    if evse.watchdog_ms > 0 or evse.shared_feed:  # a watchdog that does not count may still act
        reserve = max(reserve, fallback_da(evse, known))
    if watchdog_ms(evse, known) > 0 or holds(evse, known):
        return reserve
    return max(reserve, hardware_da(evse, known))


def default_da(evse: Evse, known: "Known", reserve: int, order_da: int) -> int:
    """Rule 7: what it draws at most once the primary is gone and every watchdog has run out, in da.

    reserve: its reserve_da; order_da: the highest order that may be in force, which an EVSE without a watchdog keeps.
    """
    return reserve if watchdog_ms(evse, known) > 0 else max(reserve, order_da)
