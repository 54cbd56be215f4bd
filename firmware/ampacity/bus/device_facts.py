"""What a driver knows of its device: plain facts, written by the driver alone, read by the roles; and what all drivers have in common."""

if False:  # for the type checker
    from typing import Protocol

    class DriverGuard(Protocol):
        """What drivers of devices behind a profile request from the safety core and report to it
        (circuit/guard.py); evse, meter: indexes in the site."""

        def send(self, evse: int, most_da: int, now_ms: int, held: bool = False) -> "int | None": ...
        def answered(self, evse: int, order_id: int, now_ms: int, certain: bool = False) -> None: ...
        def refused(self, evse: int, order_id: int, now_ms: int) -> None: ...
        def proven(self, evse: int, order_id: int, limit_da: int, now_ms: int) -> None: ...
        def reported(self, evse: int, limit_da: int, now_ms: int) -> None: ...
        def measured(self, evse: int, amps_da: "list[int] | None", sample_ms: int, now_ms: int) -> None: ...
        def evidence(self, evse: int, key: str, value: object, now_ms: int) -> None: ...
        def heard(self, evse: int, now_ms: int) -> None: ...
        def lost(self, evse: int, now_ms: int) -> None: ...
        def duplicate(self, evse: int, now_ms: int) -> None: ...
        def may_feed(self, evse: int, now_ms: int) -> bool: ...
        def fed(self, evse: int, now_ms: int) -> None: ...
        def state(self, evse: int) -> str: ...
        def reserve_da(self, evse: int) -> int: ...
        def audit_due(self, evse: int) -> bool: ...
        def resend_due(self, evse: int) -> bool: ...
        def phases_sent(self, evse: int, terminals: "list[int]", now_ms: int) -> bool: ...
        def phases_shown(self, evse: int, terminals: "list[int]", now_ms: int) -> None: ...
        def phases_proven(self, evse: int, terminals: "list[int]", now_ms: int) -> None: ...
        def meter(self, meter: int, amps_da: "list[int] | None", now_ms: int, raw_mark: int) -> None: ...


ALL_TRAFFIC, READS_ONLY, NO_TRAFFIC = 0, 1, 2  # what is sent to a device: less of it in a test of its fail-safe
IDLE_POLL_MS = 2000  # between two readings of one that may draw nothing, and draws nothing
STEADY_POLL_MS = 800  # of one whose current is steady: the guard brackets a meter's frame by readings of a second
DRAWS_DA = 10  # a car that draws


class DeviceFacts:
    """Facts of one device. What was never read, or what it cannot show, is None.

    online: it answers and its audit is done. state: pilot letter "A".."F" (with the digit where the
    device tells: "B1", "C2"). plugged: a car is there, as last seen: an error state does not show it.
    amps_da: one entry a terminal, deci-ampere, >= 0. volts_dv: one entry a terminal. limit_da: the limit
    that the device reports in force. contactor_closed: its feedback. fault: text, None when well.
    updated_ms: when the newest reading came, -1 for never. energy_ms: when its energy was asked for, None: with that
    reading. power_asked_ms: when a power that is read seldom was asked for, None: with the currents. trouble: text, None
    when none: what keeps it from charging though it is no fault of the device. remark: text, None when none: what it shows
    otherwise than its profile says, though it charges.
    """

    power_w: "int | None" = None
    fault: "str | None" = None
    trouble: "str | None" = None
    remark: "str | None" = None
    energy_ms: "int | None" = None
    power_asked_ms: "int | None" = None

    def __init__(self) -> None:
        self.online = False
        self.state: str | None = None
        self.plugged: bool | None = None
        self.charging = False
        self.amps_da: list[int] | None = None
        self.volts_dv: list[int] | None = None
        self.energy_wh: int | None = None
        self.limit_da: int | None = None
        self.serial: str | None = None
        self.firmware: str | None = None
        self.contactor_closed: bool | None = None
        self.updated_ms = -1
