"""Are the settings of a device still there (rule 8)? When they must be read for an order, and what is reported to the guard."""

from ampacity.bus.profile.evse_device import ONLINE
from ampacity.bus.profile.proof.liveness import Liveness, SettingsTiming, too_slow
from ampacity.bus.profile.requests import DENIED_MS

if False:  # for the type checker
    from ampacity.bus.profile.evse_device import EvseDevice
    from ampacity.bus.profile.trouble import Trouble


class SettingsCheck:
    """`liveness`: since when it has not restarted; `timing`: are its settings read soon enough for an order to follow?"""

    _reported_ms = -1  # when the settings last went to the guard

    def __init__(self, device: "EvseDevice", trouble: "Trouble") -> None:
        self._device = device
        self._trouble = trouble
        self.liveness = Liveness(device.site.get("boot_ms", 0), bool(device.site.get("held")))
        self.timing = SettingsTiming()

    def fresh(self, now_ms: int) -> bool:
        """Shown within the time that a restart takes; or in a whole round for this order, in the same life of the device: then
        that is reported to the guard again."""
        device = self._device
        if device.table["survives"] or "settings" not in device.cycles:
            return True
        fields = [row[0] for span in device.table["reads"]["settings"] for row in span[3]]
        since_ms = now_ms - device.site["boot_ms"]
        if self.timing.begun and not device.cycles["settings"].at:
            since_ms = self.liveness.since(now_ms)
        if not device.readings.asked_since(fields, since_ms):
            return False
        if now_ms - self._reported_ms > device.site["boot_ms"] >> 1 and self.liveness.seen_ms > self._reported_ms:
            self.report("settings", self.liveness.seen_ms)
        self.timing.done()
        self._trouble.fast_enough()
        return True

    def stale(self, most_da: int, now_ms: int) -> bool:
        """Is a write of most_da above the reserve, and are the settings not proven to be there still?"""
        return most_da > self._device.reserve_da() and not self.fresh(now_ms)

    def may_read(self, hold: str, now_ms: int) -> bool:
        """May settings be read now for what waits for them? Not at once again where a whole round was too late."""
        device = self._device
        cycle, lowering = device.cycles["settings"], device.order.lowering
        if cycle.at or self.timing.may_begin(now_ms, lowering):
            return True
        taken_ms = max(cycle.done_ms - cycle.started_ms, device.site["latency_ms"])
        if self.timing.late and taken_ms > device.site["boot_ms"]:  # else silences, or the line, made it too late
            self._trouble.too_slow(too_slow(taken_ms, device.site["boot_ms"]))
        device.hold_ms[hold] = now_ms + DENIED_MS if lowering else self.timing.hold_ms
        return False

    def report(self, group: str, now_ms: int) -> None:
        """Tell the guard what a group of readings shows of the settings; one that did not hold is read and written again."""
        device = self._device
        shown = [row[0] for span in device.table["reads"][group] for row in span[3]]
        for key, value in device.audit.evidence(shown):
            device.guard.evidence(device.index, key, value, now_ms)
        if group == "settings":
            self._reported_ms = now_ms
        if device.link == ONLINE and not device.audit.settled():
            device.facts.online = False
            device.recheck(now_ms)

    def shown(self) -> "tuple[list[tuple[str, int, int | str | None, bool, str]], int, str | None]":
        """(settings as SettingsAudit.shown has them, since when they were read, what is wrong with the device or None)."""
        device = self._device
        reads = device.table["reads"]
        fields = [row[0] for span in reads.get("settings", []) for row in span[3]]
        fields += [row[0] for span in reads.get("identity", []) for row in span[3]]
        read_ms = min([device.readings.asked_ms[index] for index in fields]) if fields else 1 << 60
        return device.audit.shown(), read_ms if device.link == ONLINE else -1, device.audit.wrong()
