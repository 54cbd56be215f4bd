"""What both engines share, that of a serial line and that of a TCP connection: drivers, schedule, permission, counters."""

from ampacity.bus.client.schedule import Schedule

if False:  # for the type checker
    from collections.abc import Callable
    from typing import Any

    from ampacity.bus.client.request import Request
    from ampacity.bus.client.schedule import Slot

KINDS = ("frames", "replies", "timeouts", "crc_errors", "exceptions", "unexpected", "late", "echoes", "foreign", "garbage", "doubles")


class Engine:
    """drivers: contract of a driver (client/request.py); schedule: replaces the default Schedule.

    `counters`: frames sent, replies, failures by kind, and cycle_ms. Each engine puts a request on its wire itself, in `_send`.
    """

    _send: "Callable[[Slot, Request, int], tuple[bytes, int]]"

    def __init__(self, drivers: "list[Any]", schedule: "Any" = None) -> None:
        self._schedule: Any = schedule or Schedule(drivers)
        self._permitted = [driver for driver in drivers if hasattr(driver, "permit")]
        self._request: Any = None  # the Request that waits for its reply
        self._slot: Any = None
        self.counters = {}
        for kind in KINDS:
            self.counters[kind] = 0
        self.counters["cycle_ms"] = 0

    def permit(self, until_ms: int) -> None:
        """Until then orders, refreshes and frames that feed may leave; lowers always may (rule 11)."""
        self._schedule.permit_until_ms = until_ms
        for driver in self._permitted:
            driver.permit(until_ms)

    def fill(self, driver: "Any") -> None:
        """From now on this driver gets the time that no other needs; None: none does."""
        self._schedule.filler = driver

    def _send_next(self, now_us: int) -> "tuple[bytes | None, int]":
        schedule, now_ms = self._schedule, now_us // 1000
        for _ in range(len(schedule.slots) or 1):  # without slots, too, the schedule sets the time of the next call
            slot = schedule.pick(now_us)
            if slot is None:
                break
            request = slot.driver.take(now_ms)
            if request is not None:
                request.sent_ms = now_ms
                return self._send(slot, request, now_us)
            schedule.refused(slot, now_us)
        return None, max(schedule.wake_us, now_us + 1000)
