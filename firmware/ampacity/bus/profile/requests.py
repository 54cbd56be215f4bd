"""The requests of one device: readings, settings and features, and whether one that keeps a limit alive may leave (rule 5)."""

from ampacity.bus.client.request import ORDER, ROUTINE, Request

if False:  # for the type checker
    from typing import Any

    from ampacity.bus.profile.evse_device import EvseDevice

DENIED_MS = 100  # the guard refused: ask again in the next safety tick


class Requests:
    """Requests to one EVSE, made for the parts of its driver.

    `feed`: the write that keeps its watchdog from firing, [] for none; `feed_ms`: how often; 0: nothing to feed. `fed_ms`: when it was
    fed last, -1 for never. `reads_feed`: any reading feeds it.
    """

    fed_ms = -1
    feed_denied = False  # the last frame that may feed had to wait

    def __init__(self, device: "EvseDevice") -> None:
        self._device = device
        watchdog = device.table["watchdog"]
        self.reads_feed = bool(watchdog["reads_feed"])
        self.feed: list[Any] = watchdog["feed"]
        self.feed_ms = self._feed_period_ms(watchdog["feed_ms"])

    def _feed_period_ms(self, asked_ms: int) -> int:
        """A quarter of its watchdog's time, or what the profile asks for where that time is not ours; 0: nothing to feed."""
        quarter_ms = self._device.targets["watchdog"] // 4
        return min(quarter_ms, asked_ms) if quarter_ms and asked_ms else quarter_ms or asked_ms

    def watchdog_taken(self, taken_ms: "int | None") -> None:
        """The device holds another time of its watchdog than was written: it is fed a quarter of that at the latest. None: as written."""
        if taken_ms and self.feed_ms:
            self.feed_ms = min(self.feed_ms, max(1, taken_ms // 4))

    def pdu(self, pdu: bytes, priority: int, tag: "tuple[Any, ...]") -> Request:
        """A request with these bytes; tag[0] names the part that gets the answer."""
        table = self._device.table
        reply_length = 5 if pdu[0] in (5, 6, 16) else None
        return Request(self._device.unit, pdu, priority, table["reply_ms"], reply_length, table["gap_ms"], tag)

    def write(self, write: "list[Any]", priority: int, tag: "tuple[Any, ...]") -> Request:
        """A write of the profile that carries no limit. Raises InvariantBroken for a forbidden value."""
        return self.pdu(self._device.recipe.pdu(write, 0, self._device.targets), priority, tag)

    def read(self, group: str, priority: int, now_ms: int) -> "Request | None":
        """The next span of a group of readings; None: it would feed, and may not."""
        if self.reads_feed and not self.may_feed("read", now_ms):
            return None
        device = self._device
        at = device.cycles[group].begin(now_ms)
        return device.readings.request(device.unit, group, at, priority, device.table["reply_ms"], device.table["gap_ms"])

    def take_live(self, now_ms: int) -> "Request | None":
        """The next span of the live readings."""
        return self.read("live", ROUTINE, now_ms)

    def take_proof(self, now_ms: int) -> "Request | None":
        """The readings that prove an order: a group of their own, or the live ones."""
        return self.read("proof", ORDER, now_ms) if "proof" in self._device.cycles else self.take_live(now_ms)

    def take_settings(self, now_ms: int) -> "Request | None":
        """The next span of the settings, in their turn."""
        return self.read("settings", ROUTINE, now_ms)

    def take_slow(self, now_ms: int) -> "Request | None":
        """The next span of what is read seldom."""
        return self.read("slow", ROUTINE, now_ms)

    def may_feed(self, hold: str, now_ms: int) -> bool:
        """Ask whether a frame that keeps a limit alive may leave now, and record that it does. hold: what waits if not."""
        device = self._device
        self.feed_denied = not device.guard.may_feed(device.index, now_ms)
        if self.feed_denied:
            device.hold_ms[hold] = now_ms + DENIED_MS
            return False
        device.guard.fed(device.index, now_ms)
        if hold == "feed" or not (self.feed or device.table["order"]["refresh"]):  # a reading that only may feed does not count
            self.fed_ms = now_ms
        return True

    def may_read(self, now_ms: int) -> bool:
        """May a reading leave now? Asks, and records nothing."""
        return not self.reads_feed or self._device.guard.may_feed(self._device.index, now_ms)
