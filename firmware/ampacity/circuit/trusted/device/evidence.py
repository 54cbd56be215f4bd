"""What is known about each device, from where, and how old it is (rules 6 and 8).

Only values read back from the device, or documented as fixed by its manufacturer, count. A value
that is missing is replaced by the worst it could be, and `gaps` says what that costs. Evidence and
fingerprint survive a reboot of the primary in the journal (dump and load); orders do not.
"""

from ampacity.circuit.trusted.device import reserve
from ampacity.circuit.trusted.device.reserve import SEEN_KEYS
from ampacity.circuit.trusted.site.tree import Evse

KEYS = ("watchdog_ms", "fallback_da", "power_on_da", "max_da", "mode_ok", "fingerprint")
OURS_NEEDED = ("fallback_da",)  # of our own secondaries
NEVER_MS = -(1 << 40)


class Evidence:
    """The evidence about one EVSE. Results of commissioning tests are class attributes until a test sets them."""

    distrusted = False  # its watchdog was seen not to act
    tested = False  # it passed a commissioning test
    tested_fingerprint: "str | None" = None  # the device that was tested
    needed: "tuple[str, ...]" = OURS_NEEDED  # what must be read back before it counts as audited
    seen: "dict[str, int]" = {}  # by that test, replaced whole: watchdog_ms, fallback_da, power_on_da, holds (1: its last order, in a long silence)

    def __init__(self, evse: Evse) -> None:
        self.evse = evse
        self.values: dict[str, object] = {}
        self.read_ms: dict[str, int] = {}  # what an audit asks for, since the device was last lost; empty: not audited
        self.known_fingerprint = evse.fingerprint
        if needed_keys(evse) != OURS_NEEDED:
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

    def max_da(self) -> int:
        """The hardware maximum in da: the larger of the site file and what was read back."""
        return reserve.hardware_da(self.evse, self)

    def mode_ok(self) -> bool:
        """False only if the device was read in a mode in which it does not obey."""
        return self.values.get("mode_ok", True) is not False

    def watchdog_ms(self) -> int:
        """The proven watchdog time, or 0: none that counts."""
        return reserve.watchdog_ms(self.evse, self)

    def fallback_da(self) -> int:
        """The current in da to which its watchdog takes it, or a higher one that a test showed; only meaningful with a proven watchdog."""
        return reserve.fallback_da(self.evse, self)

    def power_on_da(self) -> int:
        """The most that it allows after a restart, in da (rule 8); the hardware maximum where nothing is known."""
        return reserve.power_on_da(self.evse, self)

    def known_reserve_da(self) -> int:
        """The current that it draws without an order by known evidence, in da; without an allowance for unknown values, so 0 if none is known."""
        known = 0
        stated = self.evse.kind != "ampacity" and self.evse.power_on_source in ("documented", "declared")
        if stated or "power_on_da" in self.values or "power_on_da" in self.seen:
            known = self.power_on_da()
        return max(known, self.fallback_da()) if self.watchdog_ms() > 0 else known

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
        """Was its fingerprint read since it was last lost, and is it the known one (rule 6)?"""
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
        found = [key + " was not read back" for key in self.needed if key not in self.values]
        if self.evse.require_tested and not self.tested:
            found.append("not commissioned; `commission start %s`" % self.evse.name)
        if self.evse.power_on_source == "declared" and not self.tested:
            found.append("power-on value %d.%d A is declared, not tested; `commission start` tests it" % divmod(self.evse.power_on_da, 10))
        known = "power_on_da" in self.values or "power_on_da" in self.seen
        if self.evse.power_on_source == "unknown" and self.evse.kind == "profile" and not known:
            found.append("power-on value unknown, the hardware maximum counts; declare it, or `commission start` tests it")
        if self.evse.shared_feed:
            found.append("other clients may feed its watchdog; declare its bus private if none can")
        if self.distrusted:
            found.append("its watchdog did not act; repeat the commissioning test")
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
        return OURS_NEEDED
    keys = []
    if evse.watchdog_ms > 0 and not evse.watchdog_fixed:
        keys.append("watchdog_ms")
    if evse.watchdog_ms > 0 and not evse.fallback_fixed:
        keys.append("fallback_da")
    if evse.power_on_source == "settings":
        keys.append("power_on_da")
    return tuple(keys)
