"""What is known about each device, from where, and how old it is (rules 6 and 8).

Only what was read back from that very device, or what its maker documents as fixed, counts. A value
that is missing is replaced by the worst it could be, and `gaps` says what that costs. Evidence and
fingerprint survive a reboot of the primary in the journal (dump and load); orders do not.
"""

from ampacity.circuit.trusted.tree import Evse

KEYS = ("watchdog_ms", "fallback_da", "power_on_da", "max_da", "mode_ok", "fingerprint")
SEEN_KEYS = ("watchdog_ms", "fallback_da", "power_on_da", "holds")
NEVER_MS = -(1 << 40)


class Evidence:
    """The evidence about one EVSE. What only a commissioning test brings stands in the class until then."""

    distrusted = False  # its watchdog was seen not to act
    tested = False  # it passed a commissioning test
    tested_fingerprint: "str | None" = None  # the device that was tested
    seen: "dict[str, int]" = {}  # by that test, replaced whole: watchdog_ms, fallback_da, power_on_da, holds (1: its last order, in a long silence)

    def __init__(self, evse: Evse) -> None:
        self.evse = evse
        self.values: dict[str, object] = {}
        self.read_ms: dict[str, int] = {}  # what an audit asks for, since the device was last lost; empty: not audited
        self.known_fingerprint = evse.fingerprint
        self.needed = needed_keys(evse)

    def put(self, key: str, value: object, now_ms: int) -> bool:
        """A value was read back. Returns True if it differs from what was known."""
        changed = self.values.get(key) != value
        self.values[key] = value
        if key == "fingerprint" or key in self.needed:
            self.read_ms[key] = now_ms
        if key == "fingerprint" and self.known_fingerprint is None and isinstance(value, str):
            self.known_fingerprint = value
        return changed

    def forget_audit(self) -> None:
        """The device was lost: what was read stays true of its silence, but must be read again."""
        self.read_ms = {}

    def number(self, key: str, otherwise: int) -> int:
        value = self.values.get(key)
        return value if isinstance(value, int) else otherwise

    def max_da(self) -> int:
        """The most the hardware can offer: never less than the site file says."""
        return max(self.evse.max_da, self.number("max_da", 0))

    def mode_ok(self) -> bool:
        """False only if the device was read in a mode in which it does not obey."""
        return self.values.get("mode_ok", True) is not False

    def watchdog_ms(self) -> int:
        """The proven watchdog time, or 0: none that counts."""
        if self.evse.watchdog_ms <= 0 or self.distrusted or not self.mode_ok():
            return 0
        if self.evse.kind == "local":
            return self.evse.watchdog_ms
        if self.evse.kind == "ampacity":  # every grant carries its lease
            proven = "fallback_da" in self.values or self.evse.watchdog_fixed
            return max(self.evse.watchdog_ms, self.number("watchdog_ms", 0), self.seen.get("watchdog_ms", 0)) if proven else 0
        read_ms = self.number("watchdog_ms", -1)
        if read_ms < 0:
            read_ms = self.evse.watchdog_ms if self.evse.watchdog_fixed else 0
        if not read_ms or not ("fallback_da" in self.values or self.evse.fallback_fixed):
            return 0
        return max(read_ms, self.seen.get("watchdog_ms", 0))

    def holds(self) -> bool:
        """Does it hold its last order in silence, by its maker's word or a test of this very device (rule 7)?"""
        return self.evse.holds or self.seen.get("holds", 0) > 0

    def fallback_da(self) -> int:
        """The value it falls back to; only meaningful with a proven watchdog."""
        return max(self.number("fallback_da", self.evse.fallback_da), self.seen.get("fallback_da", 0))

    def power_on_da(self) -> int:
        """The most after any restart: documented, declared, read back, seen, else the hardware maximum."""
        if self.evse.kind == "local":
            return 0
        return max(self._told_power_on_da(), self.seen.get("power_on_da", 0))

    def _told_power_on_da(self) -> int:
        """Without what a test has seen, except where nobody told anything."""
        evse = self.evse
        if "power_on_da" in self.values:
            return self.number("power_on_da", evse.max_da)
        if evse.kind == "ampacity":
            return self.number("fallback_da", self.max_da())
        if evse.power_on_source == "documented" or (evse.power_on_source == "declared" and (self.tested or not evse.require_tested)):
            return evse.power_on_da
        return self.seen["power_on_da"] if "power_on_da" in self.seen else self.max_da()

    def sure_da(self) -> int:
        """What it draws without asking by what is known, not by what is feared: 0 where nothing is known."""
        sure = 0
        told = self.evse.kind != "ampacity" and self.evse.power_on_source in ("documented", "declared")
        if told or "power_on_da" in self.values or "power_on_da" in self.seen:
            sure = self.power_on_da()
        return max(sure, self.fallback_da()) if self.watchdog_ms() > 0 else sure

    def fresh(self, now_ms: int) -> bool:
        """Rule 8: may an order above the reserve follow, by what was read within boot_ms?"""
        if self.evse.survives or self.evse.kind in ("local", "ampacity"):
            return True
        for key in self.needed:
            if now_ms - self.read_ms.get(key, NEVER_MS) > self.evse.boot_ms:
                return False
        return True

    def audited(self) -> bool:
        """Rule 6: the same device, and its settings read, since it was last lost."""
        if self.known_fingerprint is not None and not self.same_device():
            return False
        for key in self.needed:
            if key not in self.read_ms:
                return False
        return True

    def same_device(self) -> bool:
        return "fingerprint" in self.read_ms and self.values.get("fingerprint") == self.known_fingerprint

    def swapped(self) -> bool:
        """Rule 6: another device answers at this address."""
        return (
            self.known_fingerprint is not None
            and "fingerprint" in self.read_ms
            and self.values.get("fingerprint") != self.known_fingerprint
        )

    def accept_device(self) -> None:
        """The installer commissions what answers now as the device of this place."""
        value = self.values.get("fingerprint")
        self.known_fingerprint = value if isinstance(value, str) else None
        if self.known_fingerprint != self.tested_fingerprint or self.known_fingerprint is None:
            self.commissioned(False, False, {})

    def commissioned(self, tested: bool, distrusted: bool, seen: "dict[str, int]") -> None:
        """What a test of this very device has shown: it holds for no other."""
        self.tested = tested
        self.distrusted = distrusted
        self.seen = {key: seen[key] for key in SEEN_KEYS if key in seen}
        self.tested_fingerprint = self.known_fingerprint

    def gaps(self) -> list[str]:
        """Missing evidence, one sentence each, with the test or reading that would free it."""
        found = [key + " was not read back; read it" for key in self.needed if key not in self.values]
        if self.evse.require_tested and not self.tested:
            found.append("it was not commissioned; `commission start %s`" % self.evse.name)
        if self.evse.power_on_source == "declared" and not self.tested:
            found.append("power-on value %d.%d A is declared; a commissioning test would show it" % divmod(self.evse.power_on_da, 10))
        if self.evse.power_on_source == "unknown" and "power_on_da" not in self.values and self.evse.kind == "profile":
            found.append("power-on value is unknown and counts as the hardware maximum; declare or test it")
        if self.evse.shared_feed:
            found.append("others may feed its watchdog; declare its bus private where they cannot")
        if self.distrusted:
            found.append("its watchdog did not act; test it")
        return found

    def dump(self) -> dict[str, object]:
        """JSON-able; what is journalled of this device."""
        kept: dict[str, object] = {key: self.values[key] for key in KEYS if key in self.values and key != "mode_ok"}
        kept["known_fingerprint"] = self.known_fingerprint
        kept["distrusted"] = self.distrusted
        kept["tested"] = self.tested
        kept["tested_fingerprint"] = self.tested_fingerprint
        kept["seen"] = dict(self.seen)
        return kept

    def load(self, kept: dict[str, object]) -> None:
        """Take over what the journal holds; it still has to be read again before it is audited."""
        for key in KEYS:
            if key in kept and key != "fingerprint":
                self.values[key] = kept[key]
        fingerprint = kept.get("known_fingerprint")
        if self.known_fingerprint is None and isinstance(fingerprint, str):
            self.known_fingerprint = fingerprint
        if kept.get("distrusted"):
            self.distrusted = True
        if kept.get("tested_fingerprint") == self.known_fingerprint:
            self.tested = bool(kept.get("tested", False))
            self.tested_fingerprint = self.known_fingerprint
            seen = kept.get("seen")
            if isinstance(seen, dict):
                self.seen = {key: seen[key] for key in SEEN_KEYS if isinstance(seen.get(key), int)}


def needed_keys(evse: Evse) -> tuple[str, ...]:
    """What must be read back from this device before it counts as audited."""
    if evse.kind == "local":
        return ()
    if evse.kind == "ampacity":
        return ("fallback_da",)
    keys = []
    if evse.watchdog_ms > 0 and not evse.watchdog_fixed:
        keys.append("watchdog_ms")
    if evse.watchdog_ms > 0 and not evse.fallback_fixed:
        keys.append("fallback_da")
    if evse.power_on_source == "settings":
        keys.append("power_on_da")
    return tuple(keys)
